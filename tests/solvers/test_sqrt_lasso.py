"""The square-root LASSO by hand, and what makes it worth having."""

import numpy as np
import pytest

from kernelstab.solvers import lasso, sqrt_lasso


@pytest.mark.parametrize("method", ["auto", "homotopy", "working-set", "primal-dual"])
def test_orthonormal_columns_by_hand(method):
    # identity, y = (3, 4), lam = 0.1: the residual is lam*|r|*(1, 1) while both entries are used, so
    # |r| = 0.1 sqrt(2) |r| only for r = 0: the data are met; with lam = 0.8 > 1/sqrt(2) they are not:
    # one entry: x2 = t, r = (3, 4 - t) and 4 - t = 0.8 sqrt(9 + (4 - t)^2), so 4 - t = 4: zero is the limit
    eye = np.eye(2)
    met = sqrt_lasso(eye, [3.0, 4.0], 0.1, method=method, tol=1e-9)
    np.testing.assert_allclose(met.x, [3.0, 4.0], atol=1e-6)
    np.testing.assert_array_equal(sqrt_lasso(eye, [3.0, 4.0], 0.81, method=method).x, 0)
    # lam = 0.75: 4 - t = 0.75 |r|, |r|^2 = 9 + (4 - t)^2: |r| = 3 / sqrt(1 - 0.5625)
    length = 3 / np.sqrt(1 - 0.75**2)
    s = sqrt_lasso(eye, [3.0, 4.0], 0.75, method=method, tol=1e-10)
    np.testing.assert_allclose(s.x, [0.0, 4 - 0.75 * length], atol=1e-5)
    assert s.objective == pytest.approx(0.75 * s.x[1] + length, rel=1e-9)


def test_it_is_the_lasso_at_a_price_that_it_finds():
    rng = np.random.default_rng(4)
    A, y = rng.standard_normal((20, 50)), rng.standard_normal(20)
    s = sqrt_lasso(A, y, 3.0, tol=1e-10)
    assert s.residual > 0.1
    np.testing.assert_allclose(lasso(A, y, 3.0 * s.residual, tol=1e-10).x, s.x, atol=1e-7)


def test_the_price_does_not_depend_on_the_size_of_the_data():
    rng = np.random.default_rng(5)
    A, y = rng.standard_normal((20, 50)), rng.standard_normal(20)
    small, large = sqrt_lasso(A, y, 3.0, tol=1e-10), sqrt_lasso(A, 1e3 * y, 3.0, tol=1e-10)
    np.testing.assert_allclose(large.x, 1e3 * small.x, rtol=1e-8, atol=1e-6)
