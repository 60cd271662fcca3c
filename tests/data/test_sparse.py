import numpy as np
import pytest

from kernelstab.data import sparse_vector


@pytest.mark.parametrize("s", [0, 1, 7, 30])
def test_sparsity_is_exact(s):
    x = sparse_vector(30, s, rng=s)
    assert x.shape == (30,)
    assert np.count_nonzero(x) == s


def test_support_is_uniform():
    rng = np.random.default_rng(0)
    hits = sum(sparse_vector(5, 2, values="signs", rng=rng) != 0 for _ in range(2000))
    # each index is hit with probability 2/5: mean 800, standard deviation sqrt(480) < 22
    assert np.abs(hits - 800).max() < 110


def test_signs():
    values = sparse_vector(100, 60, values="signs", rng=1)
    assert set(values[values != 0]) == {-1.0, 1.0}


def test_bad_input():
    with pytest.raises(ValueError, match="s must be between 0 and 3, got 4"):
        sparse_vector(3, 4, rng=0)
    with pytest.raises(ValueError, match="values must be"):
        sparse_vector(3, 1, values="uniform", rng=0)
