"""Bad input gives one line that names the argument and its value."""

import numpy as np
import pytest

from kernelstab._checks import as_array, as_count, as_generator, as_number, as_shape


@pytest.mark.parametrize(("value", "message"), [
    ([], r"y must not be empty, got shape \(0,\)"),
    ([1, np.nan, 2], r"y must be finite, got nan at index \(1,\)"),
    ([[1, 2], [3, -np.inf]], r"y must be finite, got -inf at index \(1, 1\)"),
    ([complex(0, np.nan)], r"y must be finite, got \S+ at index \(0,\)"),
    (["a"], r"y must be a numeric array, got dtype <U1"),
    (None, r"y must be a numeric array, got dtype object"),
    ([[1], [2, 3]], r"y must be a numeric array: "),
])
def test_what_is_no_finite_array_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        as_array(value, "y")


def test_shape_dimension_and_realness_are_checked():
    with pytest.raises(ValueError, match=r"y must have shape \(3,\), got \(2,\)"):
        as_array([1, 2], "y", shape=(3,))
    with pytest.raises(ValueError, match=r"y must have 2 dimension\(s\), got shape \(2,\)"):
        as_array([1, 2], "y", ndim=2)
    with pytest.raises(ValueError, match="y must be real, got dtype complex128"):
        as_array([1j], "y", real=True)


@pytest.mark.parametrize(("dtype", "wide"), [
    (bool, np.float64), (np.uint8, np.float64), (np.float32, np.float64), (np.complex64, np.complex128)])
def test_narrow_numbers_are_widened_without_changing_the_original(dtype, wide):
    original = np.ones(2, dtype)
    array = as_array(original, "y")
    assert array.dtype == wide
    assert original.dtype == dtype
    assert array.tolist() == [1, 1]


@pytest.mark.parametrize("value", [-1e-300, 1.5, np.nan, np.inf, "a", None, [1, 2]])
def test_a_number_outside_its_interval_is_refused(value):
    with pytest.raises(ValueError, match="^eta must "):
        as_number(value, "eta", low=0, high=1)


def test_ends_of_a_strict_interval_are_refused():
    assert as_number(0, "eta", low=0) == 0.0
    with pytest.raises(ValueError, match=r"eta must lie in \(0, 1\), got 0"):
        as_number(0, "eta", low=0, high=1, strict=True)


def test_counts():
    assert as_count(np.int64(3), "s") == 3
    assert as_count(3.0, "s") == 3
    with pytest.raises(ValueError, match="s must be at least 1, got 0"):
        as_count(0, "s", low=1)
    with pytest.raises(ValueError, match="s must be between 0 and 4, got 5"):
        as_count(5, "s", high=4)


@pytest.mark.parametrize("value", [2.5, True, "a", "3", None, np.nan, np.inf, [1, 2]])
def test_what_is_no_count_is_refused_by_name(value):
    with pytest.raises(ValueError, match="^s must be an integer, got "):
        as_count(value, "s")


def test_shapes():
    assert as_shape(5) == (5,)
    with pytest.raises(ValueError, match="shape must be at least 1, got 0"):
        as_shape((4, 0))
    with pytest.raises(ValueError, match=r"shape must have 2 dimension\(s\)"):
        as_shape((4,), ndim=2)


def test_a_generator_is_shared_not_copied():
    generator = np.random.default_rng(1)
    assert as_generator(generator) is generator


@pytest.mark.parametrize("seed", [3, np.int64(3), np.random.SeedSequence(3)])
def test_equal_seeds_give_equal_numbers(seed):
    expected = np.random.default_rng(3).integers(1000, size=4)
    assert as_generator(seed).integers(1000, size=4).tolist() == expected.tolist()


@pytest.mark.parametrize("rng", [None, True, 1.0, "7"])
def test_anything_else_is_refused(rng):
    with pytest.raises(ValueError, match=r"rng must be an integer seed or a numpy Generator, got "):
        as_generator(rng)


def test_real_numbers_stored_as_complex_are_told_how_to_become_real():
    with pytest.raises(ValueError, match=r"^y must be real, got dtype complex128; the imaginary part "
                                         r"of y is zero, so give y\.real$"):
        as_array(np.ones(2) + 0j, "y", real=True)
    with pytest.raises(ValueError, match="^y must be real, got dtype complex128$"):
        as_array(np.ones(2) + 1j, "y", real=True)


def test_a_vector_of_the_other_length_asks_about_the_matrix():
    with pytest.raises(ValueError, match=r"y must have shape \(2,\), got \(3,\); is the matrix transposed"):
        as_array(np.ones(3), "y", shape=(2,), other=3)
    with pytest.raises(ValueError, match=r"^y must have shape \(2,\), got \(4,\)$"):
        as_array(np.ones(4), "y", shape=(2,), other=3)


def test_a_copy_shares_no_memory():
    given = np.ones(2)
    assert as_array(given, "y") is given
    assert not np.shares_memory(as_array(given, "y", copy=True), given)


@pytest.mark.parametrize("value", [[2**53 + 1, 2], [2**53 + 1, 0.5],
                                   np.array([-2**53 - 1]), np.uint64([2**63 + 1])])
def test_integers_that_would_be_rounded_are_refused(value):
    with pytest.raises(ValueError, match="which would be rounded"):
        as_array(value, "A")
    assert as_array([2**54, 1], "A")[0] == 2.0**54
