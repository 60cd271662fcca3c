import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.operators import gaussian
from kernelstab.solvers import lasso


def test_orthogonal_columns_by_hand():
    # columns of length 2: each entry solves min (2t - c)^2/2 + |t|: t = soft(2c, 1)/4
    y = np.array([3.0, -1.0, 0.25])
    s = lasso(2 * np.eye(3), y, 1.0)
    np.testing.assert_allclose(s.x, [5 / 4, -1 / 4, 0.0], atol=1e-12)
    # residual (1/2, -1/2, 1/4): half of 9/16, plus 3/2
    assert s.objective == pytest.approx(9 / 32 + 3 / 2)
    np.testing.assert_allclose(s.dual, [0.5, -0.5, 0.25], atol=1e-12)


def test_complex_entries_are_thresholded_by_modulus():
    # |3 + 4i| = 5 shrinks to 4 with the same phase
    np.testing.assert_allclose(lasso(np.eye(1), [3 + 4j], 1.0).x, [0.8 * (3 + 4j)], atol=1e-12)


@pytest.mark.parametrize("factor", [1.0, 1.5])
@pytest.mark.parametrize("unit", [1.0, 1j])
def test_zero_from_the_largest_correlation_on(factor, unit):
    A, y = gaussian(8, 20, rng=1).matrix * unit, np.cos(np.arange(8.0))
    largest = np.abs(A.conj().T @ y).max()
    s = lasso(A, y, factor * largest * (1 + 1e-12))
    assert s.iterations == 0
    np.testing.assert_array_equal(s.x, 0)
    assert lasso(A, y, 0.99 * largest).x.any()


def test_stationarity():
    A, y, lam = gaussian(15, 40, rng=2).matrix, np.sin(np.arange(15.0)), 0.05
    s = lasso(A, y, lam, tol=1e-12)
    slope = A.T @ (y - A @ s.x)
    on = s.x != 0
    assert 3 < on.sum() < 40
    np.testing.assert_allclose(slope[on], lam * np.sign(s.x[on]), atol=1e-6)
    assert np.abs(slope).max() <= lam * (1 + 1e-6)


def test_the_gap_does_not_cancel_at_small_prices():
    # the halves of the naive gap |y|^2/2 - |u - y|^2/2 carry rounding errors of 1e-15, the
    # objective is 8 lam = 7e-9: a relative gap of 1e-9 cannot be seen that way
    s = lasso(np.eye(2), [3.0, -5.0], 2.0**-30, tol=1e-12)
    np.testing.assert_array_equal(s.x, [3 - 2.0**-30, 2.0**-30 - 5])
    assert s.converged
    assert 0 <= s.gap <= 1e-12 * s.objective


def test_zero_data_and_zero_matrix():
    np.testing.assert_array_equal(lasso(np.eye(2), np.zeros(2), 1.0).x, 0)
    s = lasso(np.zeros((2, 3)), [3.0, 4.0], 1.0)
    assert (s.converged, s.objective) == (True, 12.5)


@pytest.mark.parametrize("lam", [0.0, -1.0, np.inf, "1e"])
def test_lam_must_be_a_positive_number(lam):
    with pytest.raises(ValueError, match="lam must"):
        lasso(np.eye(2), np.ones(2), lam)


def test_the_true_support_is_found():
    A, x = gaussian(40, 100, rng=4).matrix, np.zeros(100)
    x[[3, 30, 77]] = 1.0, -2.0, 1.5
    s = lasso(A, A @ x, 0.01)
    assert set(np.flatnonzero(np.abs(s.x) > 0.1)) == {3, 30, 77}
    np.testing.assert_allclose(s.x, x, atol=0.05)


def test_a_gap_within_the_tolerance_without_digits_to_tell_ends_the_search():
    # (1, 0, 0) meets the data exactly, but rounding of Ax alone could move the objective 20 by 1e69.
    A = np.full((20, 3), 1e50)
    with pytest.warns(NotConverged, match="no digits to tell"):
        found = lasso(A, A[:, 0], 20.0)
    assert not found.converged
    assert found.iterations < 100
    assert found.objective == pytest.approx(20.0)
    assert found.x.sum() == pytest.approx(1.0)
