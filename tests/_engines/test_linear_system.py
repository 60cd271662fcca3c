"""Operators of users: new arrays in double precision at every product, and an adjoint that is one."""

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator

from kernelstab._engines.linear_system import as_system
from kernelstab.operators import ForwardOperator, as_operator
from kernelstab.solvers import analysis, lasso, qcbp, tv, wavelet_qcbp

SQUARE = np.random.default_rng(7).standard_normal((6, 6))


def reusing(matrix):
    """Return an operator that writes all its answers into one buffer."""
    out = np.empty(len(matrix))
    return LinearOperator(matrix.shape, dtype=float, matvec=lambda x: np.dot(matrix, x.ravel(), out=out),
                          rmatvec=lambda u: np.dot(matrix.T, u.ravel(), out=out))


def argument():
    """Return the identity that hands back the array it was given."""
    return LinearOperator((16, 16), matvec=lambda v: v, rmatvec=lambda v: v, dtype=float)


@pytest.mark.parametrize("product", [lambda A: as_system(A, np.ones(6)).forward,
                                     lambda A: as_system(A, np.ones(6)).adjoint,
                                     lambda A: as_operator(A).matvec, lambda A: as_operator(A).rmatvec])
def test_a_buffer_that_is_used_again_does_not_change_earlier_values(product):
    product = product(reusing(SQUARE))
    first = product(np.ones(6))
    kept = first.copy()
    product(np.arange(6.0))
    np.testing.assert_array_equal(first, kept)


def test_an_operator_that_returns_its_argument_is_the_identity():
    y = np.repeat([0.0, 1.0], 8)
    np.testing.assert_allclose(tv(argument(), y, eta=0.5).objective, tv(np.eye(16), y, eta=0.5).objective,
                               rtol=1e-4)
    np.testing.assert_allclose(lasso(argument(), y, 0.25).x, np.repeat([0.0, 0.75], 8), atol=1e-6)


def test_answers_of_operators_in_single_precision_are_double():
    A = np.random.default_rng(31).standard_normal((20, 60)).astype("f")
    single = LinearOperator(A.shape, dtype="f", matvec=lambda v: A @ v.astype("f"),
                            rmatvec=lambda u: A.T @ u.astype("f"))
    y = A[:, 3].astype(float)
    found, plain = qcbp(single, y, 0.5, tol=1e-4), qcbp(A.astype(float), y, 0.5, tol=1e-4)
    assert found.x.dtype == found.dual.dtype == np.float64
    np.testing.assert_allclose(found.objective, plain.objective, rtol=1e-3)


@pytest.mark.parametrize("solve", [lambda A: lasso(A, np.ones(6), 0.5), lambda A: qcbp(A, np.ones(6), 0.5),
                                   lambda A: tv(A, np.ones(6), eta=0.5)])
@pytest.mark.parametrize("adjoint", [lambda u: -SQUARE.T @ u, lambda u: 2 * SQUARE.T @ u,
                                     lambda u: SQUARE @ u, lambda u: SQUARE.T @ u + 1e-3])
def test_a_wrong_adjoint_is_refused_before_the_first_step(solve, adjoint):
    wrong = LinearOperator((6, 6), matvec=lambda x: SQUARE @ x, rmatvec=adjoint, dtype=float)
    with pytest.raises(ValueError, match="adjoint must satisfy .* relative error"):
        solve(wrong)


def test_a_missing_adjoint_is_named():
    with pytest.raises(ValueError, match="must have an adjoint"):
        lasso(LinearOperator((6, 6), matvec=lambda x: SQUARE @ x, dtype=float), np.ones(6), 0.5)


@pytest.mark.parametrize("size", [1e-170, 1e-20, 1.0, 1e20, 1e150])
def test_the_defect_does_not_depend_on_units(size):
    right = LinearOperator((6, 6), dtype=float, matvec=lambda x: size * (SQUARE @ x),
                           rmatvec=lambda u: size * (SQUARE.T @ u))
    as_system(right, np.ones(6))
    wrong = LinearOperator((6, 6), matvec=lambda x: size * (SQUARE @ x),
                           rmatvec=lambda u: size * 1.001 * (SQUARE.T @ u), dtype=float)
    with pytest.raises(ValueError, match="adjoint must satisfy"):
        as_system(wrong, np.ones(6))


class Own(ForwardOperator):
    """A subclass of a user: the identity of 16 entries, or what its functions say."""

    def __init__(self, forward, adjoint):
        super().__init__((16, 16), float)
        self.functions = forward, adjoint

    def _matvec(self, x):
        return self.functions[0](x)

    def _rmatvec(self, y):
        return self.functions[1](y)


def doubled(v):
    v *= 2.0
    return v


BUFFER = np.empty(16)


def kept(v):
    BUFFER[:] = v.ravel()
    return BUFFER


KINDS = {
    "argument": (lambda v: v, lambda v: v, 1.0),
    "buffer": (kept, kept, 1.0),
    "in place": (doubled, doubled, 2.0),
    "single": (lambda v: v.astype("f"), lambda v: v.astype("f"), 1.0),
    "single, widened": (lambda v: v.astype("f").astype(float), lambda v: v.astype("f").astype(float), 1.0),
}
STEP = np.repeat([0.0, 1.0], 8)
SOLVERS = {
    "lasso": lambda A: lasso(A, STEP, 0.25), "qcbp": lambda A: qcbp(A, STEP, 0.5),
    "tv": lambda A: tv(A, STEP, eta=0.5), "tv lasso": lambda A: tv(A, STEP, lam=0.1),
    "analysis": lambda A: analysis(A, STEP, np.eye(16), 0.5, tol=1e-6),
    "wavelets": lambda A: wavelet_qcbp(A, STEP, 0.5, "haar", tol=1e-6),
}


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_entrance_takes_every_operator(solver, kind, own):
    forward, adjoint, factor = KINDS[kind]
    if own and kind == "in place":
        pytest.skip("a subclass owns its argument")
    A = (Own(forward, adjoint) if own
         else LinearOperator((16, 16), matvec=forward, rmatvec=adjoint, dtype=float))
    before = STEP.copy()
    found, plain = SOLVERS[solver](A), SOLVERS[solver](factor * np.eye(16))
    assert found.converged
    assert found.x.dtype == np.float64
    np.testing.assert_array_equal(STEP, before)
    np.testing.assert_allclose(found.objective, plain.objective, rtol=2e-4)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_entrance_refuses_a_wrong_adjoint(solver, own):
    wrong = (Own(lambda v: v, lambda v: -v) if own
             else LinearOperator((16, 16), matvec=lambda v: v, rmatvec=lambda v: -v, dtype=float))
    with pytest.raises(ValueError, match=r"adjoint must satisfy .* relative error .*as_operator"):
        SOLVERS[solver](wrong)


def test_operators_in_complex_single_precision_are_taken():
    rng = np.random.default_rng(0)
    A = (rng.standard_normal((20, 50)) + 1j * rng.standard_normal((20, 50))).astype("F")
    single = LinearOperator(A.shape, dtype="F", matvec=lambda v: A @ v.astype("F"),
                            rmatvec=lambda u: A.conj().T @ u.astype("F"))
    y = A[:, 3].astype(complex)
    np.testing.assert_allclose(lasso(single, y, 0.5, tol=1e-5).objective,
                               lasso(A.astype(complex), y, 0.5).objective, rtol=1e-4)
    assert as_operator(single).shape == A.shape


def test_the_adjoint_is_tested_once_for_each_object():
    count = []
    A = LinearOperator((6, 6), dtype=float, rmatvec=lambda u: SQUARE.T @ u,
                       matvec=lambda x: count.append(1) or SQUARE @ x)
    as_system(A, np.ones(6))
    after = len(count)
    as_system(A, np.ones(6))
    assert after <= 3
    assert len(count) == after


def test_complex_products_of_an_operator_declared_real_are_named():
    A = LinearOperator((6, 6), matvec=lambda v: 1j * v, rmatvec=lambda v: -1j * v, dtype=float)
    with pytest.raises(ValueError, match="forward must return real numbers .* give dtype=complex"):
        lasso(A, np.ones(6), 0.1)
