"""The projection onto the null space, three ways; angles and distances of details."""

import pickle

import numpy as np
import pytest

from kernelstab._errors import NotConverged, UnclearRank
from kernelstab.kernel import kernel_part, kernel_projector, nullspace_basis, visibility
from kernelstab.operators import DenseOperator, Radon, SubsampledFourier, gaussian, masks, partial_orthogonal

_RANK_TWO = DenseOperator(np.outer([1, 2, 3], [1, 0, 1, 0]) + np.outer([1, 0, 1], [0, 1, 0, 1]))
CASES = {
    "gaussian": gaussian(5, 9, rng=0), "rank deficient": _RANK_TWO,
    "orthogonal": partial_orthogonal(4, 9, rng=0),
    "complex fourier": SubsampledFourier(masks.uniform((4, 4), 0.4, rng=0)), "radon": Radon((5, 5), 3),
    "tall": DenseOperator(np.vander([1.0, 2.0, 3.0, 4.0], 3)),
}


@pytest.mark.parametrize("method", ["closed form", "dense", "lsmr"])
@pytest.mark.parametrize("name", CASES)
def test_methods_agree_with_the_basis(name, method):
    A = CASES[name]
    if method == "closed form" and A.tight is None:
        with pytest.raises(ValueError, match="needs A A"):
            kernel_projector(A, method=method)
        return
    basis = nullspace_basis(A).basis
    P = kernel_projector(A, method=method)
    assert P.shape == (A.shape[1], A.shape[1])
    assert P.residual == 0.0
    dense = P @ np.eye(A.shape[1])
    np.testing.assert_allclose(dense, basis @ basis.conj().T, atol=1e-10)
    assert 0.0 <= P.residual < 1e-9
    np.testing.assert_allclose(P.H @ np.eye(A.shape[1]), dense, atol=1e-10)


def test_default_methods():
    assert kernel_projector(CASES["orthogonal"]).method == "closed form"
    assert kernel_projector(CASES["radon"]).method == "dense"
    # 180 x 24 bins of a 33 x 33 image would have 4.7 million entries
    assert kernel_projector(Radon((33, 33), 180, detectors=24)).method == "lsmr"
    with pytest.raises(ValueError, match='method must be "closed form", "dense" or "lsmr", got \'qr\''):
        kernel_projector(CASES["radon"], method="qr")


def test_a_wrong_tight_constant_shows_in_the_residual():
    A = partial_orthogonal(3, 6, rng=1)
    A.tight = 1.1
    P = kernel_projector(A)
    P.matvec(A.matrix[0])
    # (I - A^T A / 1.1) of a unit row leaves 1 - 1/1.1 = 0.0909 of it, seen in full
    np.testing.assert_allclose(P.residual, 1 - 1 / 1.1)
    # projected twice, as kernel_part does, the square of that is left
    np.testing.assert_allclose(np.linalg.norm(A @ kernel_part(A, A.matrix[0])), (1 - 1 / 1.1) ** 2)


def test_lsmr_says_when_it_stops_early():
    # singular values from 1 to 1e-9: twenty times the side is far too little
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0]
    A = DenseOperator(rotation * np.logspace(0, -9, 30))
    with pytest.warns(NotConverged, match="LSMR stopped after 600 steps"):
        kernel_projector(A, method="lsmr", tol=1e-15).matvec(np.ones(30))


def test_kernel_part_takes_images_and_projectors():
    A = SubsampledFourier(masks.standard(16), real=True)
    x = np.random.default_rng(0).standard_normal((16, 16))
    part = kernel_part(A, x)
    assert part.shape == (256,)
    assert np.linalg.norm(A @ part) < 1e-14 * np.linalg.norm(x)
    np.testing.assert_allclose(part, kernel_part(kernel_projector(A), x.ravel()))
    np.testing.assert_allclose(x.ravel() - part, A.H @ (A @ x.ravel()), atol=1e-14)
    with pytest.raises(ValueError, match="x must have 256 entries, got 4"):
        kernel_part(A, np.ones(4))


def test_dense_projectors_keep_one_factorisation_of_any_shape():
    # rank 2 in 3 x 4, and the same matrix standing up: the two projectors have traces 4 - 2 and 3 - 2
    wide = _RANK_TWO.to_dense()
    for matrix, trace in ((wide, 2), (wide.T, 1), (np.eye(3), 0), (np.vander([1.0, 2.0, 3.0], 5), 2)):
        P = kernel_projector(matrix, method="dense")
        dense = P @ np.eye(P.shape[0])
        np.testing.assert_allclose(np.trace(dense), trace, atol=1e-12)
        np.testing.assert_allclose(dense @ dense, dense, atol=1e-12)


def test_an_unclear_rank_is_said():
    with pytest.warns(UnclearRank, match="between 1 and 2"):
        kernel_projector(np.diag([1.0, 1e-15]))


# Details

def test_visibility_by_hand():
    # A = (2, 0): d = (3, 4) has the fraction 4/5 in the kernel, gain 6/5, and lies 3 away from the kernel
    seen = visibility([[2.0, 0.0]], [3.0, 4.0])
    np.testing.assert_allclose((seen.kernel_fraction, seen.gain, seen.distance), (0.8, 1.2, 3.0))
    np.testing.assert_allclose(seen.angle, np.arctan2(3.0, 4.0), rtol=1e-15)
    with pytest.raises(ValueError, match=r"d must not be zero, got norm 0\.0"):
        visibility([[2.0, 0.0]], [0.0, 0.0])
    with pytest.raises(ValueError, match="x must have 2 entries, got 3"):
        visibility([[2.0, 0.0]], [1.0, 0.0, 0.0])


def test_small_angles_keep_their_digits():
    # the cosine of 1e-9 is 1 in floats; the sine is not
    seen = visibility([[1.0, 0.0]], [1e-9, 1.0])
    assert seen.kernel_fraction == 1.0
    np.testing.assert_allclose(seen.angle, 1e-9, rtol=1e-12)


def test_visibility_of_tight_operators_obeys_pythagoras():
    A = SubsampledFourier(masks.standard(16), real=True)
    seen = visibility(A, np.random.default_rng(1).standard_normal((16, 16)))
    np.testing.assert_allclose(seen.gain**2 + seen.kernel_fraction**2, 1.0)
    assert 0.8 < seen.kernel_fraction < 0.87                 # about sqrt(0.7) for noise at rate 0.3
    np.testing.assert_allclose(np.cos(seen.angle), seen.kernel_fraction)


def test_what_is_visible_is_the_pseudo_inverse_of_the_data():
    A = Radon((5, 5), 3)
    d = np.random.default_rng(2).standard_normal((5, 5))
    visible = d.ravel() - kernel_part(A, d)
    matrix = A.to_dense()
    np.testing.assert_allclose(visible, np.linalg.pinv(matrix) @ (matrix @ d.ravel()), atol=1e-12)
    np.testing.assert_allclose(visibility(A, d).distance, np.linalg.norm(visible))


@pytest.mark.parametrize("method", ["closed form", "dense", "lsmr"])
def test_a_projector_is_pickled(method):
    projector = kernel_projector(partial_orthogonal(3, 5, rng=0), method=method)
    copy = pickle.loads(pickle.dumps(projector))
    assert copy.method == method
    np.testing.assert_array_equal(copy.matvec(np.ones(5)), projector.matvec(np.ones(5)))


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_details_of_any_size(scale):
    # the square of the norm would be 0 or infinite: 3-4-5 all the same
    seen = visibility([[1.0, 0.0]], [3.0 * scale, 4.0 * scale])
    np.testing.assert_allclose((seen.kernel_fraction, seen.gain, seen.distance / scale), (0.8, 0.6, 3.0))
