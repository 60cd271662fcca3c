import numpy as np
import pytest

from kernelstab.data import dial
from kernelstab.kernel import kernel_projector
from kernelstab.maps import ClipDecoder, PseudoInverse
from kernelstab.operators import SubsampledFourier, gaussian, masks
from kernelstab.stability import planted_detail

A = gaussian(6, 10, rng=0)
RNG = np.random.default_rng(1)
X, DETAIL = RNG.standard_normal(10), 0.3 * RNG.standard_normal(10)


def test_pseudo_inverse_shows_the_visible_part():
    # A^+ A keeps the part outside the kernel, whose share of the squared norm is sin^2
    curve = planted_detail(PseudoInverse(A), A, X, DETAIL)
    np.testing.assert_allclose(curve.present - curve.absent, np.sin(curve.angles) ** 2, atol=1e-12)
    np.testing.assert_allclose(curve.kernel_fraction, np.cos(curve.angles))
    assert curve.size == pytest.approx(np.linalg.norm(DETAIL))
    assert curve.measured[0] < 1e-14
    assert np.all(np.diff(curve.measured) > 0)


def test_invisible_detail_is_shown_in_both_or_in_neither():
    curve = planted_detail(PseudoInverse(A), A, X, DETAIL, angles=[0.0])
    assert curve.present[0] == pytest.approx(curve.absent[0], abs=1e-12)


def test_a_map_that_knows_the_detail_hallucinates_it():
    # the clip decoder is exact at x and at x + d: noise A d of small norm turns one into the other
    theta = 0.1
    d = dial(kernel_projector(A).matvec, DETAIL, theta)
    psi = ClipDecoder(A, X, X + d)
    curve = planted_detail(psi, A, X, DETAIL, angles=[theta])
    assert (curve.present[0], curve.absent[0]) == pytest.approx((1.0, 0.0), abs=1e-12)
    assert curve.false_positive[0] == pytest.approx((1.0, 1.0))
    assert curve.false_negative[0] == pytest.approx((0.0, 0.0))
    assert curve.measured[0] == pytest.approx(np.linalg.norm(A.matvec(d)))


def test_coefficients_lie_in_their_intervals():
    curve = planted_detail(PseudoInverse(A), A, 0.01 * X, DETAIL)
    said = 0
    for theta, interval in enumerate(curve.false_positive):
        if interval is not None:
            said += 1
            assert interval[0] - 1e-12 <= curve.present[theta] <= interval[1] + 1e-12
    low, high = curve.false_negative[0]
    assert np.all((low - 1e-12 <= curve.absent) & (curve.absent <= high + 1e-12))
    assert said >= 5


def test_where_the_error_swallows_the_detail_nothing_is_said():
    # a kernel part of x of norm about 2 is lost by A^+, the detail has norm 0.003
    curve = planted_detail(PseudoInverse(A), A, X, 0.01 * DETAIL)
    assert set(curve.false_positive) == set(curve.false_negative) == {None}


def test_fourier_images_in_image_form():
    F = SubsampledFourier(masks.standard(16), real=True)
    detail = np.zeros((16, 16))
    detail[6:9, 6:9] = 1.0
    curve = planted_detail(PseudoInverse(F), F, np.ones((16, 16)), detail, angles=[0.0, np.pi / 4, np.pi / 2])
    np.testing.assert_allclose(curve.present - curve.absent, [0.0, 0.5, 1.0], atol=1e-12)
    np.testing.assert_allclose(curve.measured, 3 * np.sin(curve.angles), atol=1e-12)


@pytest.mark.parametrize(("detail", "x", "message"), [
    (np.zeros(10), X, "detail must not be zero"),
    (DETAIL, X[:4], "x must have 10 entries, got 4"),
    (np.full(10, np.nan), X, "detail must be finite"),
])
def test_bad_input_is_named(detail, x, message):
    with pytest.raises(ValueError, match=message):
        planted_detail(PseudoInverse(A), A, x, detail)
