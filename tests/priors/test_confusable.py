"""Details that noise can hide, by hand, on matrices and on fast transforms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.operators import SubsampledFourier, masks
from kernelstab.priors import Everything, confusable_detail, detail_interval, removable_detail


def test_confusable_by_hand():
    # ||A u|| = ||(3, 4)|| / 10 = 1/2 for the unit vector along (0, 2): 2 * 0.25 / 0.5 = 1
    A = [[1.0, 0.3], [0.0, 0.4]]
    found = confusable_detail(A, [0.0, 2.0], 0.25)
    np.testing.assert_allclose((found.lower, found.upper, found.gain), (1.0, 1.0, 0.5))
    assert found.lower < 1.0 < found.upper
    assert not found.in_kernel
    np.testing.assert_allclose(found.x_alt, [0.0, 1.0])
    # y = A d / 2 lies 0.25 from both
    np.testing.assert_allclose(found.y, [0.15, 0.2])
    for explanation in (found.x, found.x_alt):
        np.testing.assert_allclose(np.linalg.norm(A @ explanation - found.y), 0.25)
    assert repr(found) == "<ConfusableDetail eps=0.25: size 1 to 1, gain 0.5>"


def test_without_noise_only_the_kernel_hides():
    seen = confusable_detail([[1.0, 0.0]], [1.0, 1.0], 0.0)
    assert (seen.lower, seen.upper) == (0.0, 0.0)
    hidden = confusable_detail([[1.0, 0.0]], [0.0, 1.0], 0.0)
    assert hidden.in_kernel
    assert (hidden.lower, hidden.upper) == (0.0, np.inf)
    with_noise = confusable_detail([[1.0, 0.0]], [0.0, 1.0], 0.1)
    assert with_noise.lower > 1e10
    np.testing.assert_allclose(np.linalg.norm(with_noise.x - with_noise.x_alt), with_noise.lower)


def test_an_image_that_is_measured_by_a_fast_transform():
    A = SubsampledFourier(masks.standard(64), real=True)
    u = np.zeros((64, 64))
    u[30:32, 30:32] = 7.0
    found = confusable_detail(A, u, 0.01)
    gain = np.linalg.norm(A.matvec(u.ravel())) / 14.0                    # ||u|| = 7 sqrt(4)
    np.testing.assert_allclose((found.lower, found.upper), 0.02 / gain, rtol=1e-9)
    assert found.x.shape == (4096,)
    for explanation in (found.x, found.x_alt):
        assert np.linalg.norm(A.matvec(explanation) - found.y) <= 0.01 * (1 + 1e-9)


def test_removable_by_hand():
    # A u = 2, r = y - A x_hat = 0.5, eps = 1: |0.5 + 2 t| <= 1 for t in [-0.75, 0.25]
    found = removable_detail([[2.0, 0.0]], [2.5], [1.0, 9.0], [3.0, 0.0], 1.0)
    np.testing.assert_allclose((found.lower, found.upper, *found.inner), (-0.75, 0.25, -0.75, 0.25))
    assert found.lower < found.inner[0] < found.inner[1] < found.upper
    np.testing.assert_allclose((found.gain, found.residual), (2.0, 0.5))
    # the image shows 1 of it, at least 3/4 stays
    np.testing.assert_allclose(found.certified_level(1.0), 0.75)
    assert repr(found) == "<RemovableDetail eps=1: t in [-0.75, 0.25]>"


def test_a_detail_in_the_kernel_can_go_altogether():
    found = removable_detail([[2.0, 0.0]], [2.0], [1.0, 9.0], [0.0, 1.0], 0.5)
    assert (found.lower, found.upper) == (-np.inf, np.inf)
    assert found.certified_level(9.0) == -np.inf


def test_an_image_at_the_rim_of_the_noise():
    # r = eps exactly, along A u: t in [-2 eps / ||A u||, 0]
    found = removable_detail([[2.0, 0.0]], [3.0], [1.0, 0.0], [1.0, 0.0], 1.0)
    assert found.lower <= -1.0
    assert found.upper >= 0.0
    np.testing.assert_allclose((found.lower, found.upper), (-1.0, 0.0), atol=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.floats(0.01, 3.0), st.booleans())
def test_exactly_these_multiples_explain_the_data(seed, eps, is_complex):
    rng = np.random.default_rng(seed)
    A, x_hat, u = rng.standard_normal((4, 6)), rng.standard_normal(6), rng.standard_normal(6)
    if is_complex:
        A = A + 1j * rng.standard_normal((4, 6))
    e = rng.standard_normal(4)
    y = A @ x_hat + 0.7 * eps * e / np.linalg.norm(e)
    found = removable_detail(A, y, x_hat, u, eps)
    u = u / np.linalg.norm(u)
    misfit = lambda t: np.linalg.norm(A @ (x_hat - t * u) - y)           # noqa: E731
    assert found.lower < found.inner[0] < 0 < found.inner[1] < found.upper
    np.testing.assert_allclose((found.lower, found.upper), found.inner, rtol=1e-9)
    for end in found.inner:
        np.testing.assert_allclose(misfit(end), eps)
    assert misfit(found.upper * (1 + 1e-6)) > eps > misfit(found.upper * (1 - 1e-6))
    assert misfit(found.lower * (1 + 1e-6)) > eps > misfit(found.lower * (1 - 1e-6))


def test_other_truths_may_lack_more():
    # removing only u leaves at least 3/4 of it, but the interval over all signals is not bounded
    A, y, x_hat, u = [[1.0, 1.0]], [1.0], [1.0, 0.0], [1.0, 0.0]
    assert removable_detail(A, y, x_hat, u, 0.25).certified_level(1.0) == pytest.approx(0.75)
    assert detail_interval(A, y, u, Everything(), 0.25).lower == -np.inf


def test_bad_input():
    with pytest.raises(ValueError, match=r"u must not be zero, got norm 0\.0"):
        confusable_detail([[1.0, 0.0]], [0.0, 0.0], 0.1)
    with pytest.raises(ValueError, match="u must have 2 entries, got 3"):
        confusable_detail([[1.0, 0.0]], [0.0, 0.0, 1.0], 0.1)
    with pytest.raises(ValueError, match="eps must lie in"):
        confusable_detail([[1.0, 0.0]], [0.0, 1.0], np.inf)
    with pytest.raises(ValueError, match=r"x_hat must explain the data to within eps = 0\.1, got residual 1"):
        removable_detail([[1.0, 0.0]], [2.0], [1.0, 0.0], [1.0, 0.0], 0.1)
    with pytest.raises(ValueError, match="y must have shape"):
        removable_detail([[1.0, 0.0]], [2.0, 1.0], [1.0, 0.0], [1.0, 0.0], 0.1)
