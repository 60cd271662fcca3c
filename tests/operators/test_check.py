"""Every operator obeys the laws, and the check notices each way of breaking one."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from kernelstab import operators as ops
from kernelstab.operators import check_operator, masks

_SMALL = masks.variable_density((12, 9), 0.4, symmetric=True, rng=1)
_SQUARE = masks.variable_density((16, 16), 0.3, symmetric=True, rng=2)
_LINE = masks.uniform(31, 0.5, symmetric=True, rng=7)
_CUBE = masks.variable_density((4, 6, 4), 0.4, symmetric=True, rng=9)
_WALSH = masks.variable_density((16, 8), 0.3, layout="sequency", rng=3)
_PARTS = np.random.default_rng(4).standard_normal((2, 5, 7))
_RANDOM = sp.random(10, 24, 0.3, random_state=5)

OPERATORS = {
    "dense": lambda: ops.DenseOperator([[1, 2, 0], [0, 3, 4]]),
    "dense complex": lambda: ops.DenseOperator(_PARTS[0] + 1j * _PARTS[1]),
    "gaussian": lambda: ops.gaussian(20, 36, image_shape=(6, 6), rng=0),
    "bernoulli": lambda: ops.bernoulli(7, 12, rng=0),
    "partial orthogonal": lambda: ops.partial_orthogonal(7, 12, rng=0),
    "fourier real": lambda: ops.SubsampledFourier(_SMALL, real=True),
    "fourier real, odd": lambda: ops.SubsampledFourier(masks.symmetrise(np.eye(7, 5)), real=True),
    "fourier real, one row": lambda: ops.SubsampledFourier(np.ones((1, 8), dtype=bool), real=True),
    "fourier complex": lambda: ops.SubsampledFourier(masks.uniform((8, 5), 0.5, rng=6)),
    "fourier real, 1-D": lambda: ops.SubsampledFourier(_LINE, real=True),
    "fourier real, 3-D": lambda: ops.SubsampledFourier(_CUBE, real=True),
    "fourier complex, 1-D": lambda: ops.SubsampledFourier(masks.uniform(24, 0.4, rng=8)),
    "fourier complex, 3-D": lambda: ops.SubsampledFourier(_CUBE),
    "fourier @ wavelet, 3-D": lambda: ops.SubsampledFourier(_CUBE) @ ops.WaveletSynthesis((4, 6, 4)),
    "hadamard": lambda: ops.SubsampledHadamard(_WALSH),
    "hadamard 1-D": lambda: ops.SubsampledHadamard(np.arange(32) % 3 == 0),
    "radon": lambda: ops.Radon((13, 10), 11),
    "radon, narrow bins": lambda: ops.Radon((6, 6), [0.0, 17.0, 45.0, 90.0, 300.0], width=0.4),
    "radon, wide bins": lambda: ops.Radon((12, 12), 5, width=3.0, detectors=3),
    "sparse": lambda: ops.SparseOperator(_RANDOM),
    "sparse complex": lambda: ops.SparseOperator(_RANDOM * (1 + 2j)),
    "blur": lambda: ops.gaussian_blur((12, 9), 1.3),
    "blur, lopsided": lambda: ops.Blur([[1.0, -2.0], [0.5, 3.0]], (5, 6)),
    "blur 1-D": lambda: ops.Blur([0.25, 0.5, 0.25], (9,)),
    "wavelet": lambda: ops.WaveletSynthesis((16, 16), "db4", level=2),
    "wavelet 1-D": lambda: ops.WaveletSynthesis((48,), "sym6"),
    "wavelet, long filter": lambda: ops.WaveletSynthesis((8, 8), "db8", level=3),
    "fourier @ wavelet": lambda: ops.SubsampledFourier(_SQUARE, real=True) @ ops.WaveletSynthesis((16, 16)),
    "complex fourier @ wavelet": lambda: ops.SubsampledFourier(_SQUARE) @ ops.WaveletSynthesis((16, 16)),
    "dense @ blur": lambda: ops.gaussian(5, 9, rng=1) @ ops.Blur([1.0, 1.0], (9,)),
    "user matrix": lambda: ops.as_operator([[1, 2], [3, 4]]),
    "user sparse": lambda: ops.as_operator(_RANDOM),
    "user LinearOperator": lambda: ops.as_operator(aslinearoperator(_RANDOM.tocsr())),
    "user functions": lambda: ops.as_operator((np.cumsum, lambda y: np.cumsum(y[::-1])[::-1]), shape=(6, 6)),
}


@pytest.fixture(params=OPERATORS, name="operator")
def _operator(request):
    return OPERATORS[request.param]()


def test_laws(operator):
    report = check_operator(operator, rng=0)
    assert report.ok, report
    assert report.norm_upper is not None
    assert (report.tight is None) == (operator.tight is None) == (report.projector is None)


def test_adjoint_is_the_conjugate_transpose_of_the_dense_form(operator):
    dense = operator.to_dense()
    assert dense.shape == operator.shape
    assert dense.dtype == operator.dtype
    adjoint = operator.H @ np.eye(operator.shape[0])
    assert adjoint.shape == (operator.shape[1], operator.shape[0])
    np.testing.assert_allclose(adjoint, dense.conj().T, atol=1e-12)
    first_two = np.eye(operator.shape[0])[:, :2]
    np.testing.assert_allclose(operator.rmatmat(first_two), dense[:2].conj().T, atol=1e-12)


def test_norm_bound_holds_against_the_singular_values(operator):
    assert np.linalg.norm(operator.to_dense(), 2) <= operator.norm_upper * (1 + 1e-13)


def test_products_accept_columns_integers_and_complex_vectors(operator):
    n = operator.shape[1]
    dense, x = operator.to_dense(), np.arange(n)
    np.testing.assert_allclose(operator @ x, dense @ x, atol=1e-11)
    column = operator @ (x[:, None] + 0.0)
    assert column.shape == (operator.shape[0], 1)
    np.testing.assert_allclose(operator @ (x + 1j * x[::-1]), dense @ (x + 1j * x[::-1]), atol=1e-11)
    y = np.arange(operator.shape[0]) * (1 - 2j)
    np.testing.assert_allclose(operator.rmatvec(y), dense.conj().T @ y, atol=1e-11)


def test_image_shape_holds_the_signal(operator):
    assert operator.image(np.zeros(operator.shape[1])).shape == operator.image_shape


class _Spoilt(ops.ForwardOperator):
    """A good operator with one method or claim replaced."""

    def __init__(self, good, forward=None, adjoint=None, **claims):
        super().__init__(good.shape, good.dtype, **claims)
        self._forward, self._backward = forward or good.matvec, adjoint or good.rmatvec

    def _matvec(self, x):
        return self._forward(np.ravel(x))

    def _rmatvec(self, y):
        return self._backward(np.ravel(y))


_GOOD = ops.gaussian(6, 10, rng=7)
_COMPLEX = ops.SubsampledFourier(masks.uniform((4, 4), 0.5, rng=0))
_NOISE = np.random.default_rng(8)
SPOILERS = {
    "adjoint of wrong sign": (lambda: _Spoilt(_GOOD, adjoint=lambda y: -_GOOD.rmatvec(y)), {"adjoint"}),
    "adjoint off by a millionth": (lambda: _Spoilt(_GOOD, adjoint=lambda y: (1 + 1e-6) * _GOOD.rmatvec(y)),
                                   {"adjoint"}),
    "transpose for adjoint": (lambda: _Spoilt(_COMPLEX, adjoint=lambda y: _COMPLEX.rmatvec(y.conj()).conj()),
                              {"adjoint"}),
    "affine": (lambda: _Spoilt(_GOOD, forward=lambda x: _GOOD.matvec(x) + 1e-3), {"linearity", "adjoint"}),
    "clipped at 100": (lambda: _Spoilt(_GOOD, forward=lambda x: np.clip(_GOOD.matvec(x), -100, 100)),
                       {"linearity", "adjoint"}),
    "tight claimed": (lambda: _Spoilt(_GOOD, tight=1.0, norm_upper=99.0), {"tight", "projector"}),
    "tight with the wrong constant": (lambda: _Spoilt(ops.partial_orthogonal(3, 6, rng=0), tight=1.01),
                                      {"tight", "projector"}),
    "norm too small": (lambda: _Spoilt(_GOOD, norm_upper=0.99 * np.linalg.norm(_GOOD.matrix, 2)),
                       {"norm_upper"}),
    "random": (lambda: _Spoilt(_GOOD, forward=lambda x: _GOOD.matvec(x) + 1e-13 * _NOISE.standard_normal(6)),
               {"deterministic"}),
    "not finite": (lambda: _Spoilt(_GOOD, forward=lambda x: _GOOD.matvec(x) * np.nan),
                   {"linearity", "adjoint", "finite"}),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_spoilers_are_named(name):
    build, failures = SPOILERS[name]
    report = check_operator(build(), rng=0)
    assert not report.ok
    assert set(report.failures) == failures, report
    assert all(law in repr(report) for law in failures)


def test_scipy_operators_are_checked_without_claims():
    report = check_operator(aslinearoperator(np.eye(3)), rng=0)
    assert report.ok
    assert (report.norm_upper, report.tight, report.projector) == (None, None, None)


def test_zero_operator_has_no_relative_error():
    zero = LinearOperator((2, 3), matvec=lambda x: np.zeros(2), rmatvec=lambda y: np.zeros(3), dtype=float)
    assert check_operator(zero).ok


def test_single_precision_passes_at_its_tolerance_only():
    matrix = _GOOD.matrix.astype(np.float32)
    single = LinearOperator((6, 10), matvec=lambda x: matrix @ x.astype(np.float32),
                            rmatvec=lambda y: matrix.T @ y.astype(np.float32), dtype=np.float64)
    assert "linearity" in check_operator(single).failures
    assert check_operator(single, tolerance=1e-4).ok


@pytest.mark.parametrize("matrix", [_PARTS[0], _PARTS[0].tolist(), _PARTS[0] + 1j * _PARTS[1], _RANDOM,
                                    _RANDOM.tocsr()])
def test_matrices_are_checked_as_they_are(matrix):
    report = check_operator(matrix, rng=0)
    assert report.ok, report
    # the norm is bounded from both sides by the largest singular value
    largest = np.linalg.norm(matrix.toarray() if sp.issparse(matrix) else matrix, 2)
    assert 0.9 * largest <= report.norm_lower <= largest * (1 + 1e-12)
    assert report.norm_upper >= largest * (1 - 1e-12)


def test_a_scipy_operator_with_a_broken_adjoint_gets_its_report():
    broken = LinearOperator((3, 3), matvec=np.cumsum, rmatvec=np.cumsum, dtype=float)
    assert check_operator(broken, rng=0).failures == ("adjoint",)


def test_what_cannot_be_checked_is_named():
    with pytest.raises(ValueError, match=r"A must have an adjoint \(rmatvec\), got none"):
        check_operator(LinearOperator((2, 2), matvec=lambda x: x, dtype=float))
    with pytest.raises(ValueError, match="A must be an operator or a matrix, got functions"):
        check_operator((np.cumsum, np.cumsum))
    with pytest.raises(ValueError, match="matrix must be a numeric array"):
        check_operator("matrix")
