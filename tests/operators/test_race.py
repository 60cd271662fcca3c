"""Budget, symmetry and ties of the race of keys."""

import numpy as np
import pytest

from kernelstab.operators.race import as_mask, as_shape, frequencies, mirror, race, sample_count, symmetrise


def test_smallest_keys_win_and_ties_go_in_flat_order():
    np.testing.assert_array_equal(race(np.array([3.0, 1.0, 1.0, 1.0, 0.0]), 0.6, False), [0, 1, 1, 0, 1])


def test_a_pair_is_taken_together_or_not_at_all():
    # length 5: pairs {1, 4} and {2, 3}, and 0 alone; budget 2 holds 0 and no pair
    keys = np.array([0.0, 1.0, 2.0, 2.0, 1.0])
    np.testing.assert_array_equal(race(keys, 0.4, True), [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(race(keys, 0.6, True), [1, 1, 0, 0, 1])
    with pytest.raises(ValueError, match="too small"):
        race(np.array([9.0, 1.0, 2.0, 2.0, 1.0]), 0.2, True)


def test_mirror_and_symmetrise():
    np.testing.assert_array_equal(mirror((2, 3)), [0, 2, 1, 3, 5, 4])
    np.testing.assert_array_equal(symmetrise([[0, 1, 0], [0, 0, 1]]), [[0, 1, 1], [0, 1, 1]])


def test_frequencies_of_both_layouts():
    np.testing.assert_array_equal(frequencies((4,), "fft")[0], [0, 1, -2, -1])
    np.testing.assert_array_equal(frequencies((4,), "sequency")[0], [0, 1, 2, 3])
    with pytest.raises(ValueError, match="layout must be"):
        frequencies((4,), "natural")


def test_sample_count_and_shapes():
    assert sample_count((10, 10), 0.333) == 33
    assert as_shape(5) == (5,)
    with pytest.raises(ValueError, match="rate must give at least one sample"):
        sample_count((2, 2), 0.1)
    with pytest.raises(ValueError, match=r"rate must lie in \[0.0, 1.0\], got 30"):
        sample_count((2, 2), 30)
    with pytest.raises(ValueError, match="shape must be at least 1, got 0"):
        as_shape((4, 0))
    with pytest.raises(ValueError, match=r"shape must have 2 dimension\(s\)"):
        as_shape((4,), ndim=2)


def test_as_mask_copies_zeros_and_ones():
    source = np.array([0, 1])
    mask = as_mask(source, "mask")
    assert mask.dtype == bool
    mask[0] = True
    assert source[0] == 0
    with pytest.raises(ValueError, match="pattern must hold bool values"):
        as_mask([0, 2], "pattern")
