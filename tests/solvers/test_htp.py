"""What is HTP's own: its iterates, and how it ends."""

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.solvers import htp


def by_definition(A, y, s, count):
    x, sizes = np.zeros(A.shape[1]), []
    for _ in range(count):
        g = A.T @ (y - A @ x)
        top = np.argsort(-np.abs(g))[:s]
        step = np.sum(g[top] ** 2) / np.sum((A[:, top] @ g[top]) ** 2)
        support = np.argsort(-np.abs(x + step * g))[:s]
        x = np.zeros(A.shape[1])
        x[support] = np.linalg.lstsq(A[:, support], y)[0]
        sizes.append(np.linalg.norm(y - A @ x))
    return sizes


def test_the_iterates_are_those_of_the_definition():
    rng = np.random.default_rng(3)
    A, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    with pytest.warns(NotConverged, match="budget spent"):
        s = htp(A, y, 5, max_iter=2, history=True)
    np.testing.assert_allclose(s.history[:, 2], by_definition(A, y, 5, 2), rtol=1e-10)


def test_every_run_ends_in_a_fixed_point_or_a_circle():
    ends = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        A, y = rng.standard_normal((12, 30)), rng.standard_normal(12)
        try:
            s = htp(A, y, 4, max_iter=1000)
        except NotConverged as warning:
            ends.add(str(warning).split(", ")[1].split(" stopped")[0])
        else:
            ends.add(s.method.split(", ")[1])
            # a fixed point: one more step names the same support
            again = htp(A, y, 4, x0=s)
            assert again.iterations == 1
    assert "fixed point" in ends
    assert ends <= {"circle", "fixed point"}
