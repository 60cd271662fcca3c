"""The Fourier operator against the definition of the transform, entry by entry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.operators import SubsampledFourier, masks


def _rows(shape):
    """The unitary DFT as a matrix, straight from its formula; row index and pixel index in C order."""
    places = list(np.ndindex(shape))
    phase = [[sum(k * j / n for k, j, n in zip(row, pixel, shape)) for pixel in places] for row in places]
    return np.exp(-2j * np.pi * np.array(phase)) / np.sqrt(len(places))


def _real_rows(mask):
    """The real coordinates by the words of the docstring: self, then rep real, then rep imaginary."""
    places = list(np.ndindex(mask.shape))
    own, rep = [], []
    for flat, k in enumerate(places):
        mirror = places.index(tuple(-i % n for i, n in zip(k, mask.shape)))
        if mask[k] and flat == mirror:
            own.append(flat)
        elif mask[k] and flat < mirror:
            rep.append(flat)
    rows = _rows(mask.shape)
    return np.concatenate([rows[own].real, np.sqrt(2) * rows[rep].real, np.sqrt(2) * rows[rep].imag])


SHAPES = [(4, 4), (5, 3), (3, 6), (6, 5), (1, 8), (1, 7), (6, 1), (1, 1), (2, 2), (1,), (7,), (8,), (2, 2, 2),
          (3, 4, 2), (2, 3, 5), (4, 1, 3), (2, 1, 3, 2)]


@pytest.mark.parametrize("shape", SHAPES)
def test_complex_matrix_is_the_definition(shape):
    mask = np.arange(np.prod(shape)).reshape(shape) % 3 != 1
    A = SubsampledFourier(mask)
    np.testing.assert_allclose(A.to_dense(), _rows(shape)[mask.ravel()], atol=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_real_matrix_is_the_definition(shape):
    mask = masks.symmetrise(np.arange(np.prod(shape)).reshape(shape) % 3 != 1)
    A = SubsampledFourier(mask, real=True)
    assert A.shape == (mask.sum(), mask.size)
    np.testing.assert_allclose(A.to_dense(), _real_rows(mask), atol=1e-13)


def test_four_pixels_by_hand():
    # F of [[1, 2], [3, 5]] is half of: sum 11, columns 4 - 7, rows 3 - 8, and 1 - 2 - 3 + 5; all real
    A = SubsampledFourier(np.ones((2, 2), dtype=bool), real=True)
    np.testing.assert_allclose(A @ [1.0, 2.0, 3.0, 5.0], [5.5, -1.5, -2.5, 0.5])


def test_four_samples_by_hand():
    # F of (1, 2, 3, 5) is half of 11; -2 + 3i; 4 - 7; and the conjugate of the second: k = 0 and 2 are
    # their own mirrors, k = 1 speaks for 3, times root 2
    A = SubsampledFourier(np.ones(4, dtype=bool), real=True)
    np.testing.assert_allclose(A @ [1.0, 2.0, 3.0, 5.0], [5.5, -1.5, -np.sqrt(2), 1.5 * np.sqrt(2)])
    # without the mean and the last
    B = SubsampledFourier([0, 1, 1, 0])
    np.testing.assert_allclose(B @ [1.0, 2.0, 3.0, 5.0], [-1 + 1.5j, -1.5])
    assert B.image_shape == (4,)


def test_a_cube_by_hand():
    # a cube of 8 is real at every frequency, 8^(-1/2) times sums with signs: of 1 at (0, 1, 1) they are
    # (-1)^(k2 + k3), in C order + - - + + - - +
    A = SubsampledFourier(np.ones((2, 2, 2), dtype=bool), real=True)
    x = np.zeros((2, 2, 2))
    x[0, 1, 1] = 1.0
    np.testing.assert_allclose(A @ x.ravel(), np.array([1, -1, -1, 1] * 2) / np.sqrt(8))
    assert A.image(A.rmatvec(A @ x.ravel())).shape == (2, 2, 2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_real_rows_are_orthonormal_and_kspace_is_the_masked_transform(shape, seed):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.5
    mask.flat[0] = True
    mask = masks.symmetrise(mask)
    A = SubsampledFourier(mask, real=True)
    dense = A.to_dense()
    np.testing.assert_allclose(dense @ dense.T, np.eye(len(dense)), atol=1e-13)
    x = rng.standard_normal(shape)
    spectrum = np.fft.fftn(x, norm="ortho")
    np.testing.assert_allclose(A.to_kspace(A @ x.ravel()), np.where(mask, spectrum, 0), atol=1e-13)
    np.testing.assert_allclose(A.from_kspace(spectrum), A @ x.ravel(), atol=1e-13)


def test_real_and_complex_measurements_have_the_same_energy():
    mask = masks.standard(32)
    x = np.random.default_rng(0).standard_normal(1024)
    real, full = SubsampledFourier(mask, real=True), SubsampledFourier(mask)
    assert real.shape == full.shape
    np.testing.assert_allclose(np.linalg.norm(real @ x), np.linalg.norm(full @ x))
    np.testing.assert_allclose(real.H @ (real @ x), (full.H @ (full @ x)).real, atol=1e-13)
    np.testing.assert_allclose(full.to_kspace(full @ x), real.to_kspace(real @ x), atol=1e-13)


def test_kspace_that_is_not_hermitian_is_projected():
    # a lone value 2 at frequency 1 of length 4 has Hermitian part 1 at 1 and 1 at 3: y = sqrt 2 times (1, 0)
    A = SubsampledFourier(np.array([[False, True, False, True]]), real=True)
    np.testing.assert_allclose(A.from_kspace([[0, 2, 0, 0]]), [np.sqrt(2), 0.0])


def test_spec_and_mask_are_fixed():
    mask = masks.standard(16)
    A = SubsampledFourier(mask, real=True)
    spec = A.spec()
    assert (spec["kind"], spec["real"]) == ("fourier2d", True)
    assert SubsampledFourier(np.ones(3)).spec()["kind"] == "fourier"
    assert SubsampledFourier(np.ones((1, 3, 1))).spec()["kind"] == "fourier"
    np.testing.assert_array_equal(spec["mask"], masks.standard(16))
    mask[0, 0] = False                                   # the caller's array is not ours
    assert A.mask[0, 0]
    with pytest.raises(ValueError, match="read-only"):
        A.mask[0, 0] = False


def test_bad_masks():
    with pytest.raises(ValueError, match=r"mask must be symmetric.* holds \(0, 1\) and not its mirror"):
        SubsampledFourier([[1, 1, 0]], real=True)
    with pytest.raises(ValueError, match="mask must hold at least one sample"):
        SubsampledFourier(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"symmetric.* holds \(0, 1, 2\) and not its mirror"):
        SubsampledFourier([[[0, 0, 0], [0, 0, 1]]], real=True)
    with pytest.raises(ValueError, match=r"mask must have at least 1 dimension, got shape \(\)"):
        SubsampledFourier(True)
    with pytest.raises(ValueError, match="mask must hold bool values, got dtype float64"):
        SubsampledFourier(np.full((2, 2), 0.5))


CENTRED = {
    "variable density": lambda shape: masks.variable_density(shape, 0.3, centre=2, symmetric=True, rng=1),
    "multilevel": lambda shape: masks.multilevel(shape, 0.3, levels=8, full=1, symmetric=True, rng=1),
    "lines": lambda shape: masks.cartesian_lines(shape, 0.3, centre=0.2, symmetric=True, rng=1),
    "radial": lambda shape: masks.radial(shape, 0.3),
}


@pytest.mark.parametrize("pattern", CENTRED)
@pytest.mark.parametrize("shape", [(16, 16), (32, 20), (17, 32), (31, 31), (64, 64)])
@pytest.mark.parametrize("real", [True, False])
def test_a_mask_drawn_with_the_zero_frequency_in_the_middle(pattern, shape, real):
    mask = CENTRED[pattern](shape)
    moved = np.fft.fftshift(mask)
    expected = SubsampledFourier(mask, real=real)            # no warning: an error in these tests
    A = SubsampledFourier(moved, real=real, centred=True)
    np.testing.assert_array_equal(A.mask, mask)
    x = np.random.default_rng(0).standard_normal(mask.size)
    y = A.matvec(x)
    np.testing.assert_array_equal(y, expected.matvec(x))
    np.testing.assert_array_equal(A.to_kspace(y), np.fft.fftshift(expected.to_kspace(y)))
    np.testing.assert_allclose(A.from_kspace(A.to_kspace(y)), y, atol=1e-12)
    full = np.fft.fftshift(np.fft.fftn(x.reshape(shape), norm="ortho"))
    np.testing.assert_allclose(A.from_kspace(full), y, atol=1e-12)
    with pytest.warns(UserWarning, match="mask looks as if the zero frequency .* pass centred=True"):
        np.testing.assert_array_equal(SubsampledFourier(moved).mask, moved)     # the default is not shifted


@pytest.mark.filterwarnings("ignore:mask looks")
def test_a_centred_mask_of_odd_sides_is_not_sent_to_symmetrise():
    moved = np.fft.fftshift(CENTRED["radial"]((17, 31)))
    with pytest.raises(ValueError, match="if the zero frequency stands in its middle, pass centred=True"):
        SubsampledFourier(moved, real=True)


def test_lines_and_volumes_drawn_from_the_middle_are_recognised():
    block = np.zeros((8, 8, 8), dtype=bool)
    block[3:6, 3:6, 3:6] = True
    signal = np.fft.fftshift(masks.variable_density((64,), 0.3, centre=2, rng=1))
    measured = np.fft.fftshift(masks.standard(64))
    measured[0, 0] = True                                    # the mean is measured by chance
    for mask in (block, block[4], signal, measured):
        with pytest.warns(UserWarning, match="centred=True"):
            SubsampledFourier(mask)
        SubsampledFourier(mask, centred=False)
        assert SubsampledFourier(mask, centred=True).mask.flat[0]


@given(st.integers(0, 2**32), st.sampled_from([(8,), (5, 3), (16, 16), (4, 1, 3)]), st.floats(0.1, 0.9))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_masks_without_a_preference_are_not_taken_for_centred(seed, shape, rate):
    mask = np.random.default_rng(seed).random(shape) < rate
    mask.flat[0] |= not mask.any()
    assert not masks.looks_centred(mask)
    assert not masks.looks_centred(np.ones(shape, dtype=bool))


def test_centred_must_be_a_flag():
    with pytest.raises(ValueError, match="centred must be True or False, got 1"):
        SubsampledFourier(np.ones((2, 2), dtype=bool), centred=1)
