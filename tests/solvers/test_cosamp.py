"""What is CoSaMP's own: its iterates, its refit, and how it ends."""

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.solvers import cosamp


def by_definition(A, y, s, count):
    """Return the residuals of the first iterates, by the definition alone."""
    x, sizes = np.zeros(A.shape[1]), []
    for _ in range(count):
        proxy = np.argsort(-np.abs(A.T @ (y - A @ x)), kind="stable")[: 2 * s]
        union = np.union1d(np.flatnonzero(x), proxy)
        b = np.zeros(A.shape[1])
        b[union] = np.linalg.lstsq(A[:, union], y)[0]
        x = np.zeros(A.shape[1])
        kept = np.argsort(-np.abs(b), kind="stable")[:s]
        x[kept] = b[kept]
        sizes.append(np.linalg.norm(y - A @ x))
    return sizes


def test_the_iterates_are_those_of_the_definition():
    rng = np.random.default_rng(11)
    A, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    s = None
    with pytest.warns(NotConverged, match="budget spent"):
        s = cosamp(A, y, 3, max_iter=3, history=True)
    np.testing.assert_allclose(s.history[:3, 2], by_definition(A, y, 3, 3), rtol=1e-10)
    # the last row is the refit of the best of them
    assert s.history[3, 2] <= s.history[:3, 2].min()
    support = np.flatnonzero(s.x)
    np.testing.assert_allclose(s.x[support], np.linalg.lstsq(A[:, support], y)[0], rtol=1e-9)


def test_a_circle_is_seen_and_ends_the_run():
    """Pure noise and a large support: the unions come again without settling."""
    ends = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        A, y = rng.standard_normal((12, 30)), rng.standard_normal(12)
        try:
            s = cosamp(A, y, 3, max_iter=500)
        except NotConverged as warning:
            ends.add(str(warning).split(", ")[1].split(" stopped")[0])
        else:
            ends.add(s.method.split(", ")[1])
            assert s.converged
    assert ends == {"circle", "fixed point"}


def test_more_columns_than_rows_in_the_union():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((6, 12))
    y = A[:, 4] * 2.0
    s = cosamp(A, y, 4)  # unions of up to 12 columns of length 6
    assert s.residual <= 1e-9 * np.linalg.norm(y)
