"""Results whose witnesses are a signal and its negative, and results without bound."""

from math import sqrt

import numpy as np

from kernelstab.priors._scales import check_scales
from kernelstab.priors.result import KernelSize

EPS = float(np.finfo(np.float64).eps)
_AGREE = 1e-8                       # relative gap up to which two ends are called one value


def dense(operator, eps, prior) -> np.ndarray:
    """Return the matrix of an operator, after a check that no magnitude leads out of the floats."""
    matrix = operator.to_dense()
    check_scales(operator, eps=eps, **prior.spec())
    return matrix


def symmetric(prior, eps, matrix, v, half_upper, *, norm="2", exact=True, dual, optimal=None,
              optimal_error=None, c_opt_upper=None, interrupted=False) -> KernelSize:
    """Make the result of a symmetric prior from a member ``v`` and the bound of half the size.

    Both ``v`` and ``-v`` explain the data 0. The upper bound is never put below what was measured, and the
    result is only called exact if both ends agree.
    """
    distance = 2 * float(np.linalg.norm(v, np.inf if norm == "inf" else 2))
    lower = distance * (1 - (len(v) + 4) * EPS)
    upper = max(2 * half_upper, lower)
    exact = exact and upper <= lower * (1 + _AGREE)
    # the error of any map bounds c_opt, and so does the size: every member of a fibre is a centre
    known = [upper, *(bound for bound in (optimal_error, c_opt_upper) if bound is not None)]
    return KernelSize(prior, eps, norm, lower, upper, exact, lower / 2, max(min(known), lower / 2), v, -v,
                      None, optimal, dual, matrix, optimal_error=optimal_error, interrupted=interrupted)


def unbounded(prior, eps, matrix, x, x_alt, *, norm="2") -> KernelSize:
    """Make the result of a prior that contains all multiples of a pair with equal measurements."""
    inf = float("inf")
    return KernelSize(prior, eps, norm, inf, inf, True, inf, inf, x, x_alt, x - x_alt, None,
                      {"kind": "ray"}, matrix)


def jung(dimension) -> float:
    r"""Return :math:`\sqrt{d/(2(d+1))}`: radius over diameter of a set in ``d`` dimensions, at most.

    >>> jung(1), round(jung(2), 6)
    (0.5, 0.57735)
    """
    return sqrt(dimension / (2 * (dimension + 1)))
