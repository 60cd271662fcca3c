"""What is subspace pursuit's own: its iterates, and that the residual falls strictly."""

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.solvers import subspace_pursuit


def by_definition(A, y, s, count):
    def fit(support):
        return np.linalg.lstsq(A[:, support], y)[0]

    support = np.sort(np.argsort(-np.abs(A.T @ y))[:s])
    sizes = [np.linalg.norm(y - A[:, support] @ fit(support))]
    for _ in range(count - 1):
        r = y - A[:, support] @ fit(support)
        union = np.union1d(support, np.argsort(-np.abs(A.T @ r))[:s])
        support = np.sort(union[np.argsort(-np.abs(fit(union)))[:s]])
        sizes.append(np.linalg.norm(y - A[:, support] @ fit(support)))
    return sizes


@pytest.mark.parametrize("seed", range(5))
def test_the_iterates_are_those_of_the_definition_while_they_fall(seed):
    rng = np.random.default_rng(seed)
    A, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    s = subspace_pursuit(A, y, 4, history=True)
    sizes = by_definition(A, y, 4, len(s.history) + 1)
    np.testing.assert_allclose(s.history[:, 2], sizes[:-1], rtol=1e-10)
    assert np.all(np.diff(s.history[:, 2]) < 0)
    assert sizes[-1] >= sizes[-2] * (1 - 1e-12)  # why it stopped
    assert s.converged


def test_the_budget():
    rng = np.random.default_rng(1)
    A, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    with pytest.warns(NotConverged, match="budget spent"):
        s = subspace_pursuit(A, y, 4, max_iter=1)
    assert s.iterations == 1
    np.testing.assert_array_equal(np.flatnonzero(s.x), np.sort(np.argsort(-np.abs(A.T @ y))[:4]))
