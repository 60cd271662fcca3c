"""Angles, distances and parts with respect to the null space."""

import numpy as np
import pytest
from scipy.linalg import subspace_angles

from kernelstab.kernel import kernel_angles, kernel_projector, nullspace_basis, split_detail, visibility
from kernelstab.operators import Radon, SubsampledFourier, gaussian, masks


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
    np.testing.assert_allclose(kernel_angles([[1.0, 0.0]], [[1e-9], [1.0]]).angles, [1e-9], atol=1e-15)


def test_visibility_of_tight_operators_obeys_pythagoras():
    A = SubsampledFourier(masks.standard(16), real=True)
    seen = visibility(A, np.random.default_rng(1).standard_normal((16, 16)))
    np.testing.assert_allclose(seen.gain**2 + seen.kernel_fraction**2, 1.0)
    assert 0.8 < seen.kernel_fraction < 0.87                 # about sqrt(0.7) for noise at rate 0.3
    np.testing.assert_allclose(np.cos(seen.angle), seen.kernel_fraction)


def test_parts_are_orthogonal_and_sum_to_the_detail():
    A = Radon((5, 5), 3)
    d = np.random.default_rng(2).standard_normal((5, 5))
    parts = split_detail(A, d)
    np.testing.assert_allclose(parts.visible + parts.invisible, d.ravel(), atol=1e-15)
    assert abs(parts.visible @ parts.invisible) < 1e-12
    assert parts.residual == np.linalg.norm(A @ parts.invisible) < 1e-13
    matrix = A.to_dense()
    np.testing.assert_allclose(parts.visible, np.linalg.pinv(matrix) @ (matrix @ d.ravel()), atol=1e-12)
    np.testing.assert_allclose(visibility(A, d).distance, np.linalg.norm(parts.visible))
    # d = (3, 1) and A = (1, 1): (2, 2) is seen, (1, -1) is not
    parts = split_detail([[1.0, 1.0]], [3.0, 1.0])
    assert repr(parts).startswith("<DetailParts visible 2.82843, invisible 1.41421, residual ")


@pytest.mark.parametrize("columns", [1, 3, 4])
def test_angles_agree_with_scipy(columns):
    A = gaussian(5, 9, rng=3)                               # kernel of dimension 4
    basis = np.random.default_rng(4).standard_normal((9, columns))
    found = kernel_angles(A, basis)
    expected = np.sort(subspace_angles(nullspace_basis(A).basis, basis))
    np.testing.assert_allclose(found.angles, expected, atol=1e-12)
    # each direction makes its own angle, and together they span the columns
    for angle, direction in zip(found.angles, found.directions.T):
        np.testing.assert_allclose(visibility(A, direction).angle, angle, atol=1e-12)
    np.testing.assert_allclose(found.directions @ (found.directions.T @ basis), basis, atol=1e-12)


def test_angles_by_hand():
    # the kernel of (1, i) is spanned by (1, i); against the axis (1, 0) the cosine is 1/sqrt(2)
    np.testing.assert_allclose(kernel_angles([[1.0, 1.0j]], [[1.0], [0.0]]).angles, [np.pi / 4])
    # three directions against a kernel of dimension 1: two right angles are left
    found = kernel_angles(kernel_projector([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.eye(3))
    np.testing.assert_allclose(found.angles, [0.0, np.pi / 2, np.pi / 2], atol=1e-15)
    # a trivial kernel is at right angles to everything
    np.testing.assert_allclose(kernel_angles(np.eye(2), [[1.0], [1.0]]).angles, [np.pi / 2])


def test_bad_bases():
    with pytest.raises(ValueError, match=r"basis must have 2 rows, got shape \(3, 1\)"):
        kernel_angles([[1.0, 0.0]], np.ones((3, 1)))
    with pytest.raises(ValueError, match="basis must have independent columns"):
        kernel_angles([[1.0, 0.0]], np.ones((2, 2)))
    with pytest.raises(ValueError, match="basis must have independent columns"):
        kernel_angles([[1.0, 0.0]], np.ones((2, 3)))
    with pytest.raises(ValueError, match="basis must be finite"):
        kernel_angles([[1.0, 0.0]], [[np.nan], [1.0]])


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_details_of_any_size(scale):
    # the square of the norm would be 0 or infinite: 3-4-5 all the same
    seen = visibility([[1.0, 0.0]], [3.0 * scale, 4.0 * scale])
    np.testing.assert_allclose((seen.kernel_fraction, seen.gain, seen.distance / scale), (0.8, 0.6, 3.0))
    parts = split_detail([[1.0, 0.0]], [3e-300, 4e-300])
    assert repr(parts) == "<DetailParts visible 3e-300, invisible 4e-300, residual 0.0e+00>"
