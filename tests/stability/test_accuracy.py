import numpy as np
import pytest

from kernelstab.stability import accuracy


def test_numbers_by_hand():
    # difference (0, 3, 4): l2 5, sup 4; reference norm 10, peak 8
    # PSNR = 10 log10(64 / (25/3)) = 10 log10(7.68)
    a = accuracy([6.0, 3.0, 12.0], [6.0, 0.0, 8.0])
    assert (a.error, a.relative_error, a.sup_error) == (5.0, 0.5, 4.0)
    assert a.psnr == pytest.approx(10 * np.log10(7.68), rel=1e-14)


def test_a_bright_spurious_pixel_does_not_raise_psnr():
    x = np.ones(16)
    good, spurious = x + 0.1, x + 0.1
    spurious[0] = 50.0
    assert accuracy(spurious, x).psnr < accuracy(good, x).psnr


def test_psnr_is_not_symmetric_and_exact_is_infinite():
    assert accuracy([2.0, 0.0], [1.0, 0.0]).psnr == pytest.approx(10 * np.log10(2))
    assert accuracy([1.0, 0.0], [2.0, 0.0]).psnr == pytest.approx(10 * np.log10(8))
    assert accuracy([1.0], [1.0]).psnr == np.inf


def test_complex_images_compare_by_modulus():
    assert accuracy([1j, 0.0], [1.0, 0.0]).error == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize(("reconstruction", "reference", "message"), [
    ([1.0], [0.0], "reference must not be zero"),
    ([1.0, 2.0], [1.0], r"reconstruction must have shape \(1,\)"),
    ([np.nan], [1.0], "reconstruction must be finite"),
])
def test_bad_input_is_named(reconstruction, reference, message):
    with pytest.raises(ValueError, match=message):
        accuracy(reconstruction, reference)
