"""Coherence and isometry constants against the robust null space constants they bound."""

from math import sqrt

import numpy as np
import pytest
from scipy.linalg import hadamard

from kernelstab.kernel import coherence, robust_nsp
from kernelstab.kernel.robust_promises import coherence_robust_nsp, ric_robust_nsp


def test_coherence_gives_the_property():
    # (I | H_4): mu = 1/2, s = 1: rho = 1/2 and tau = 1, attained; random unit columns stay below
    A = np.hstack([np.eye(4), hadamard(4) / 2])
    promise = coherence_robust_nsp(coherence(A).mu, 1)
    np.testing.assert_allclose((promise.rho, promise.tau), (0.5, 1.0))
    np.testing.assert_allclose(robust_nsp(A, 1, 0.5).upper, promise.tau)
    B = np.linalg.qr(np.random.default_rng(0).standard_normal((20, 20)))[0][:18]
    B /= np.linalg.norm(B, axis=0)
    promise = coherence_robust_nsp(coherence(B).mu, 2)
    assert promise.applicable
    assert robust_nsp(B, 2, promise.rho).upper <= promise.tau
    assert coherence_robust_nsp(1.0, 2).reason == "s mu is not below 1 + mu"


def test_isometry_constants_give_the_property():
    # delta = 3/5: d = 4/5 - 3/20 = 13/20
    promise = ric_robust_nsp(0.6, 3)
    np.testing.assert_allclose((promise.rho, promise.tau), (12 / 13, sqrt(1.6) * 20 / 13))
    assert ric_robust_nsp(4 / sqrt(41) - 1e-9, 1).applicable
    assert not ric_robust_nsp(4 / sqrt(41) + 1e-9, 1).applicable
    assert not ric_robust_nsp(1.0, 1).applicable
    # nearly orthonormal columns: delta_2 from the Gram matrix of pairs
    A = np.linalg.qr(np.random.default_rng(1).standard_normal((12, 12)))[0][:11]
    pairs = [np.linalg.eigvalsh(A[:, [i, j]].T @ A[:, [i, j]]) for i in range(12) for j in range(i)]
    delta = max(abs(np.array(pairs) - 1).max(), 0)
    promise = ric_robust_nsp(delta, 1)
    if promise.applicable:
        assert robust_nsp(A, 1, promise.rho, norm="l2").upper <= promise.tau


def test_bad_input():
    with pytest.raises(ValueError, match="mu must lie in"):
        coherence_robust_nsp(1.5, 1)
    with pytest.raises(ValueError, match="delta must lie in"):
        ric_robust_nsp(-0.5, 1)
    with pytest.raises(ValueError, match="s must be at least 1, got 0"):
        ric_robust_nsp(0.5, 0)
