"""Kernel size of the ball of the 1-norm, between ascent and three proved bounds."""

from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._rng import as_generator
from kernelstab.operators import as_operator
from kernelstab.priors._convex import solved
from kernelstab.priors._l1_norm import Farthest, fill, matrix_bound
from kernelstab.priors._polytope_norm import farthest_lower
from kernelstab.priors._symmetric import EPS, dense, jung, symmetric
from kernelstab.priors.ellipsoid import kernel_basis
from kernelstab.priors.priors import L1Ball
from kernelstab.priors.result import KernelSize, LinearMap


def l1_ball_kernel_size(A, prior, eps=0.0, *, tol=None, constants=None, starts=4, rng=0) -> KernelSize:
    r"""Enclose the kernel size of :math:`\{\|x\|_1\le t\}` with Euclidean errors and noise.

    Half the size is the largest :math:`\|v\|_2` with :math:`\|v\|_1\le t`, :math:`\|Av\|_2\le\varepsilon`,
    the maximum of a convex function. Below stands the best pair that ascent found; above the least of

    - what the bounds :math:`|v_i|\le b_i=t\|e_i-A^Tq_i\|_\infty+\varepsilon\|q_i\|_2`, true for every
      :math:`q_i`, leave room for: the largest norm with :math:`|v_i|\le b_i`, :math:`\|v\|_1\le t`;
    - :math:`(t^2\max|Y_{ij}|+\beta\varepsilon^2)^{1/2}` with :math:`Y+\beta A^TA\succeq I`, since
      :math:`v^TYv\le\|v\|_1^2\max|Y_{ij}|`;
    - :math:`tC/\sqrt s+D\varepsilon`, :math:`C=(1+3\rho)/(2-2\rho)`, :math:`D=2\tau/(1-\rho)`, if the
      matrix has the robust null space property
      :math:`\|v_S\|_2\le(\rho/\sqrt s)\|v_{S^c}\|_1+\tau\|Av\|_2` for all :math:`|S|\le s`.

    The minimiser of the 1-norm among the signals that explain the data belongs to their fibre, so its
    error is at most the size. The best error of any map is between half of it and what Jung's
    theorem leaves.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    prior : L1Ball
    eps : float
        Euclidean noise level.
    tol : float, optional
        Singular values of :math:`A` up to this count as zero. Default
        :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.
    constants : (int, float, float), optional
        :math:`(s,\rho,\tau)` of a robust null space property that is known to hold; it is not checked.
    starts : int
        Number of random starts of the ascent.
    rng : int or Generator

    Returns
    -------
    KernelSize
        Never ``exact`` unless the kernel is trivial and there is no noise.

    Raises
    ------
    ValueError
        If the matrix is complex, the prior is not an L1Ball, or a number is out of range.

    Notes
    -----
    Cost: ``N`` linear (without noise) or second-order cone programs, a hundred or so more for the ascent,
    and a semidefinite program of size ``N`` if that is at most 40.

    Examples
    --------
    The kernel of (1, 1) is spanned by (1, -1); on the unit ball that is (1/2, -1/2), of norm 1/sqrt 2:

    >>> from kernelstab.priors import L1Ball
    >>> size = l1_ball_kernel_size([[1.0, 1.0]], L1Ball(1.0))
    >>> round(size.lower**2, 6), round(size.upper**2, 6)
    (2.0, 2.0)
    """
    operator = as_operator(A)
    if not operator.is_real:
        raise ValueError(f"A must be real for a ball of the 1-norm, got dtype {operator.dtype}")
    if not isinstance(prior, L1Ball):
        raise ValueError(f"prior must be an L1Ball, got {prior!r}")
    eps, radius = as_number(eps, "eps", low=0.0), prior.radius
    starts, rng = as_count(starts, "starts"), as_generator(rng)
    matrix, n = dense(operator, eps, prior), operator.shape[1]
    hidden, _ = kernel_basis(matrix, tol)
    if eps == 0 and hidden.shape[1] == 0:
        return symmetric(prior, eps, matrix, np.zeros(n), 0.0, dual={"kind": "injective"},
                         optimal=LinearMap(np.linalg.pinv(matrix)), optimal_error=0.0)
    basis = hidden if eps == 0 else np.eye(n)
    farthest = Farthest(matrix, radius, eps, basis)
    points, duals, bounds = [], [], []
    for unit in np.eye(n):
        v, q = farthest(unit)
        points.append(v)
        duals.append(q)
        bounds.append(farthest.bound(unit, q))
    v = farthest_lower(lambda objective: farthest(objective)[0], points, starts, rng, steps=20)
    uppers = [(fill(bounds, radius) * (1 + n * EPS), {"kind": "coordinates", "q": np.array(duals)}),
              matrix_bound(matrix, radius, eps, basis)]
    if constants is not None:
        uppers.append(_robust_bound(constants, radius, eps, n))
    half, dual = min(uppers, key=lambda upper: upper[0])
    dimension = basis.shape[1]
    return symmetric(prior, eps, matrix, v, half, exact=False, dual=dual, optimal=BasisPursuit(matrix, eps),
                     optimal_error=2 * half, c_opt_upper=2 * half * jung(dimension) * (1 + 8 * EPS))


def _robust_bound(constants, radius, eps, n):
    """Return half the size as the robust null space property bounds it."""
    s, rho, tau = constants
    s = as_count(s, "s", low=1, high=n)
    rho = as_number(rho, "rho", low=0.0, high=1.0 - EPS)
    tau = as_number(tau, "tau", low=0.0)
    half = (1 + 3 * rho) / (2 - 2 * rho) * radius / sqrt(s) + 2 * tau / (1 - rho) * eps
    return half * (1 + 16 * EPS), {"kind": "robust-nsp", "s": s, "rho": rho, "tau": tau}


@dataclass(frozen=True)
class BasisPursuit:
    r"""The map :math:`y\mapsto\arg\min\{\|z\|_1:\|Az-y\|_2\le\varepsilon\}`, as solved.

    >>> BasisPursuit(np.array([[1.0, 2.0]]), 0.0)([2.0]).round(6) + 0.0
    array([0., 1.])
    """

    matrix_a: np.ndarray = field(repr=False)
    eps: float

    def __call__(self, y):
        """Return the minimiser, or raise ValueError if no signal explains the data."""
        import cvxpy as cp

        z = cp.Variable(self.matrix_a.shape[1])
        gap = self.matrix_a @ z - np.asarray(y)
        near = gap == 0 if self.eps == 0 else cp.norm2(gap) <= self.eps
        if not solved(cp.Problem(cp.Minimize(cp.norm1(z)), [near])):
            raise ValueError(f"y must be explained by some signal within {self.eps}, got {y!r}")
        return z.value
