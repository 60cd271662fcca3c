"""What is IHT's own: every step lowers the residual, and fixed points satisfy their inequality."""

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._errors import NotConverged
from kernelstab.solvers import iht


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_the_residual_never_rises(normalised, seed):
    rng = np.random.default_rng(seed)
    # columns of very different length: a step for short ones diverges on long ones
    A, y = rng.standard_normal((12, 30)) * 10.0 ** rng.uniform(-1, 1, 30), rng.standard_normal(12)
    s = iht(A, y, 4, normalised, history=True, max_iter=10_000)
    sizes = s.history[:, 2]
    assert np.all(np.diff(sizes) <= 1e-14 * sizes[0])
    assert s.converged


def test_a_limit_is_a_fixed_point_of_small_steps():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((12, 30)), rng.standard_normal(12)
    s = iht(A, y, 4, False, tol=1e-12, max_iter=10_000)
    g = A.T @ (y - A @ s.x)
    on = s.x != 0
    step = 0.99 / np.linalg.norm(A, 2) ** 2
    assert np.abs(g[on]).max() <= 1e-9
    assert step * np.abs(g[~on]).max() <= np.abs(s.x[on]).min() * (1 + 1e-9)


def test_the_plain_step_recovers_with_a_matrix_of_norm_one():
    rng = np.random.default_rng(2)
    A = np.linalg.qr(rng.standard_normal((40, 40)))[0][:34]
    x = np.zeros(40)
    x[[3, 17]] = 1.0, -2.0
    for given in (A, aslinearoperator(A)):
        s = iht(given, A @ x, 2, False, tol=1e-12)
        np.testing.assert_allclose(s.x, x, atol=1e-10)


def test_the_first_step_by_hand():
    # g = (3, 4); the larger entry is used: the step along it is 16/(4*4) = 1, the point (0, 4)
    with pytest.warns(NotConverged):
        s = iht(np.array([[1.0, 0.5], [0.0, 0.75**0.5]]), [3.0, (4 - 1.5) / 0.75**0.5], 1, max_iter=1)
    np.testing.assert_allclose(s.x, [0.0, 4.0], rtol=1e-14)


def test_the_step_is_kept_where_the_gradient_vanishes():
    # x = (4, 0) fits its own entry exactly, so its part of the gradient is zero
    s = iht(np.eye(2), [4.0, 1.0], 1, x0=[4.0, 0.0])
    assert s.x.tolist() == [4.0, 0.0]
    assert s.converged
