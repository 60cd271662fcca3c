"""Randomness comes from a seed or a generator, never from nowhere."""

import numpy as np
import pytest

from kernelstab._rng import as_generator


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
