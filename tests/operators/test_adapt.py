"""Whatever users hand in becomes an operator or one clear line."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from kernelstab.operators import (
    DenseOperator,
    FunctionOperator,
    SparseOperator,
    as_operator,
    gaussian,
)

_MATRIX = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])


@pytest.mark.parametrize(("thing", "kind"), [
    (_MATRIX, DenseOperator), (_MATRIX.tolist(), DenseOperator), (_MATRIX.astype(int), DenseOperator),
    (sp.csr_array(_MATRIX), SparseOperator), (sp.csc_matrix(_MATRIX), SparseOperator),
    (aslinearoperator(_MATRIX), FunctionOperator),
    ((lambda x: _MATRIX @ x, lambda y: _MATRIX.T @ y), FunctionOperator),
    ([lambda x: _MATRIX @ x, lambda y: _MATRIX.T @ y], FunctionOperator),
])
def test_every_form_is_the_same_matrix(thing, kind):
    A = as_operator(thing, (2, 3), (3, 1))
    assert type(A) is kind
    assert A.image_shape == (3, 1)
    np.testing.assert_allclose(A.to_dense(), _MATRIX)
    np.testing.assert_allclose(A.H @ [1.0, 1.0], [1.0, 2.0, 3.0])
    assert 3.0 <= A.norm_upper < 3.9


def test_operators_pass_through():
    A = gaussian(2, 4, rng=0)
    assert as_operator(A) is A
    assert as_operator(A, shape=(2, 4), image_shape=(4,)) is A


def test_complex_functions():
    A = as_operator((lambda x: 1j * x, lambda y: -1j * y), shape=(2, 2), dtype=complex)
    np.testing.assert_allclose(A.to_dense(), 1j * np.eye(2))


def test_functions_may_return_images_and_single_precision():
    A = as_operator((lambda x: x.reshape(2, 2).T.astype(np.float32), lambda y: y.reshape(2, 2).T),
                    shape=(4, 4), image_shape=(2, 2), tolerance=1e-4)
    assert (A @ np.arange(4.0)).dtype == np.float64
    np.testing.assert_allclose(A @ np.arange(4.0), [0, 2, 1, 3])


def test_claims_are_kept():
    A = as_operator((lambda x: 2 * x, lambda y: 2 * y), shape=(3, 3), tight=4.0)
    assert A.tight == 4.0
    assert 2.0 <= A.norm_upper < 2.0 + 1e-9
    assert as_operator((lambda x: 2 * x, lambda y: 2 * y), shape=(3, 3), norm_upper=2.5).norm_upper == 2.5


def test_norm_of_a_large_operator_is_not_guessed():
    n = 5000
    large = as_operator((lambda x: x, lambda y: y), shape=(n, n))
    with pytest.raises(ValueError, match=r"norm_upper must be given for an operator of shape \(5000, 5000\)"):
        large.norm_upper  # noqa: B018


def _pair(forward, adjoint=lambda y: y):
    return lambda **options: as_operator((forward, adjoint), shape=(3, 3), **options)


_STATE = np.random.default_rng(0)
BAD = {
    "wrong adjoint": (_pair(np.cumsum, np.cumsum), {}, r"adjoint must satisfy <Ax, y> = <x, A\*y>, got"),
    "affine": (_pair(lambda x: x + 1.0), {}, "operator must be linear, got relative error"),
    "absolute value": (_pair(np.abs), {}, "operator must be linear"),
    "random": (_pair(lambda x: x + 1e-12 * _STATE.standard_normal(3)), {}, "operator must be deterministic"),
    "nan": (_pair(lambda x: x * np.nan), {}, "operator must give finite values"),
    "zero": (_pair(lambda x: 0 * x, lambda y: 0 * y), {}, r"operator must not be zero, got rank 0 and shape"),
    "forward of wrong size": (_pair(lambda x: x[:2]), {}, r"forward must return 3 numbers .* shape \(2,\)"),
    "adjoint of wrong size": (_pair(lambda x: x, lambda y: y[:1]), {}, "adjoint must return 3 numbers"),
    "text": (_pair(lambda x: ["a"] * 3), {}, "forward must return 3 numbers .* dtype <U1"),
    "tight": (_pair(lambda x: x), {"tight": 2.0}, r"tight must satisfy AA\* = tight I, got 2.0"),
    "norm": (_pair(lambda x: x), {"norm_upper": 0.5}, r"norm_upper must be at least \|\|A\|\| >= 1, got 0.5"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_functions(name):
    build, options, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_bad_things():
    no_adjoint = LinearOperator((2, 2), matvec=lambda x: x, dtype=float)
    for thing, options, message in [
        (no_adjoint, {}, "operator must have an adjoint"),
        (lambda x: x, {}, r"operator must be a pair \(forward, adjoint\)"),
        ((lambda x: x, lambda y: y), {}, r"shape must be given as \(m, N\)"),
        (_MATRIX, {"shape": (3, 2)}, r"shape must be that of the operator, \(2, 3\), got \(3, 2\)"),
        (aslinearoperator(_MATRIX), {"shape": (3, 2)}, "shape must be that of the operator"),
        (gaussian(2, 4, rng=0), {"image_shape": (2, 2)}, "image_shape must be that of the operator"),
        ("matrix", {}, "matrix must be a numeric array"),
        (_MATRIX * 0, {}, "matrix must not be zero"),
        (sp.csr_array((2, 2)), {}, "matrix must not be zero"),
    ]:
        with pytest.raises(ValueError, match=message):
            as_operator(thing, **options)


def _raise(error):
    raise error


@pytest.mark.parametrize(("error", "message"), [
    (RuntimeError("my bug\nmore"), "RuntimeError: my bug"), (TypeError(), "TypeError"),
    (SystemExit(1), "SystemExit: 1"), (ValueError("no"), "ValueError: no")])
def test_what_users_functions_raise_is_one_line(error, message):
    with pytest.raises(ValueError, match=f"^forward raised {message}$") as caught:
        as_operator((lambda x: _raise(error), lambda y: y), shape=(3, 3))
    assert caught.value.__cause__ is error
    with pytest.raises(ValueError, match=f"^adjoint raised {message}$"):
        as_operator((lambda x: x, lambda y: _raise(error)), shape=(3, 3))
    with pytest.raises(ValueError, match=f"^adjoint raised {message}$"):
        as_operator(LinearOperator((3, 3), matvec=lambda x: x, rmatvec=lambda y: _raise(error), dtype=float))


def test_an_interrupt_passes():
    with pytest.raises(KeyboardInterrupt):
        as_operator((lambda x: _raise(KeyboardInterrupt()), lambda y: y), shape=(3, 3))
