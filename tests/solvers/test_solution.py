import dataclasses

import numpy as np
import pytest

from kernelstab.solvers import Solution


def test_a_solution_cannot_be_changed_and_fits_on_one_line():
    s = Solution(np.zeros(1000), np.zeros(500), 2.0, 1.9, 0.1, 0.05, 0.0, 1e-3, 42, True, "demo")
    with pytest.raises(dataclasses.FrozenInstanceError):
        s.gap = 0.0
    assert "\n" not in repr(s)
    assert "converged after 42 iterations" in repr(s)
    assert s.history is None
    assert s.image is None
