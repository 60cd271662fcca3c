"""Best approximations in the maximum norm, against linear programs and closed forms."""

import numpy as np
import pytest
from scipy.optimize import linprog

from kernelstab._engines.chebyshev import chebyshev_fits


def _rows(seed, m, n, is_complex):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n)) + (1j * rng.standard_normal((m, n)) if is_complex else 0)
    return np.linalg.svd(A, full_matrices=False)[2].conj().T


def _residuals(V, targets, fits):
    return np.abs(targets - fits.coefficients @ V.T).max(axis=1)


def test_against_linear_programs():
    V, targets = _rows(1, 5, 9, False), np.random.default_rng(2).standard_normal((6, 9))
    found = _residuals(V, targets, chebyshev_fits(V, targets))
    for residual, target in zip(found, targets):
        # min t: V g - t <= target, -V g - t <= -target
        lower = np.hstack([V, -np.ones((9, 1))])
        answer = linprog([0, 0, 0, 0, 0, 1], A_ub=np.vstack([lower, np.hstack([-V, -np.ones((9, 1))])]),
                         b_ub=np.concatenate([target, -target]), bounds=[(None, None)] * 6)
        np.testing.assert_allclose(residual, answer.fun, atol=1e-9)


@pytest.mark.parametrize(("m", "n"), [(3, 8), (6, 12), (11, 12)])
def test_complex_residuals_meet_their_duals(m, n):
    V = _rows(m, m, n, True)
    targets = np.zeros((5, n), dtype=complex)
    targets[:, 0], targets[:, 1] = 1.0, np.exp(1j * np.arange(5))
    fits = chebyshev_fits(V, targets)
    assert fits.coefficients.shape == (5, m)
    assert fits.duals.shape == (5, n)
    # for v orthogonal to the columns: Re <phi, v> = Re <phi - V g, v> <= residual times the 1-norm of v
    v = fits.duals - (fits.duals @ V.conj()) @ V.T
    lower = (targets.conj() * v).real.sum(axis=1) / np.abs(v).sum(axis=1)
    residuals = _residuals(V, targets, fits)
    assert (lower <= residuals + 1e-14).all()
    assert (residuals - lower).max() < 2e-10


def test_real_data_in_complex_arithmetic():
    V, targets = _rows(3, 4, 7, False), np.eye(7)
    real = _residuals(V, targets, chebyshev_fits(V, targets))
    both = _residuals(V, targets, chebyshev_fits(V, targets.astype(complex)))
    np.testing.assert_allclose(both, real, atol=3e-10)


def test_targets_that_cannot_be_moved_or_are_reached():
    # V spans the first axis of two: (1, 0) is reached, (0, 1) keeps its residual 1
    V = np.array([[1.0], [0.0]])
    targets = np.eye(2)
    found = _residuals(V, targets, chebyshev_fits(V, targets))
    np.testing.assert_allclose(found, [0.0, 1.0], atol=1e-9)


def test_a_singular_step_ends_with_what_is_there(monkeypatch):
    def fail(*_):
        raise np.linalg.LinAlgError

    monkeypatch.setattr(np.linalg, "solve", fail)
    fits = chebyshev_fits(np.ones((2, 1)) / np.sqrt(2), np.eye(2))
    assert not fits.coefficients.any()
    assert fits.duals.shape == (2, 2)
