"""What instance optimality in the 2-norm costs."""

from math import sqrt

import numpy as np

from kernelstab.kernel.instance_optimality import instance_optimality_lower


def test_instance_optimality():
    # (1, 1): the projection has 1/2 on its diagonal: sqrt 2; the third draw of seed 11 was tabulated
    np.testing.assert_allclose(instance_optimality_lower([[1.0, 1.0]]), sqrt(2))
    rng = np.random.default_rng(11)
    for _ in range(3):
        A = rng.standard_normal((10, 12))
    A /= np.linalg.norm(A, axis=0)
    np.testing.assert_allclose(instance_optimality_lower(A), 1.2652, atol=5e-5)
    assert instance_optimality_lower(np.eye(3)) == 1.0
    assert instance_optimality_lower([[1.0, 0.0]]) == np.inf


def test_few_measurements_cost_much():
    # the trace of the projection is N - m, so its largest diagonal entry is at least 1 - m / N
    for m in (1, 5, 9):
        A = np.random.default_rng(m).standard_normal((m, 10))
        assert instance_optimality_lower(A) >= sqrt(10 / m) * (1 - 1e-12)
