"""What a result says about itself."""

from math import inf

import numpy as np

from kernelstab.kernel import DualGroup, NSPConstant


def _result(lower, upper, exact=True):
    groups = (DualGroup(np.array([[0], [2]]), np.array([[1], [1]], np.int8), np.array([[0.5], [0.25]])),
              DualGroup(np.array([[0, 2]]), np.array([[1, -1]], np.int8), np.array([[0.125]])))
    return NSPConstant(2, lower, upper, exact, (0, 2), (1, -1), np.array([0.5, 0.0, -0.5]), 0.0,
                       np.array([0.125]), groups, 1, 3, 5, False, np.array([[1.0, 2.0, 1.0]]))


def test_one_half_decides():
    assert _result(0.3, 0.4).holds is True
    assert _result(0.5, 0.6).holds is False
    assert _result(0.4, 0.5).holds is None


def test_rho_by_hand():
    # 0.2 / 0.8, and no finite constant if the kernel holds an s-sparse vector
    assert _result(0.1, 0.2).rho_upper == 0.25
    assert _result(1.0, 1.0).rho_upper == inf


def test_duals_by_support_and_signs():
    duals = _result(0.1, 0.2).duals
    assert list(duals) == [((0,), (1,)), ((2,), (1,)), ((0, 2), (1, -1))]
    np.testing.assert_array_equal(duals[(0, 2), (1, -1)], [0.125])


def test_one_line():
    assert repr(_result(0.25, 0.5, exact=False)) == (
        "<NSPConstant s=2, 0.25 <= alpha <= 0.5, support (0, 2), 1 of 3 supports, not finished>")
    assert repr(_result(0.25, 0.25).groups[0]) == "<DualGroup of 2 programs on 1 columns>"
