"""Results whose witnesses are a signal and its negative, and results without bound."""

from math import sqrt

import numpy as np

from kernelstab.kernel.sizes.result import KernelSize

EPS = float(np.finfo(np.float64).eps)
_AGREE = 1e-8                       # relative gap up to which two ends are called one value
_SCALES = (1e-70, 1e70)             # magnitudes whose squares and ratios are far from both ends of the floats


def dense(operator, eps, prior) -> np.ndarray:
    """Return the matrix of an operator, after a check that no magnitude leads out of the floats.

    >>> from kernelstab.kernel import Ball
    >>> from kernelstab.operators import as_operator
    >>> dense(as_operator([[1.0, 0.0]]), 1e-200, Ball(1.0))
    Traceback (most recent call last):
        ...
    ValueError: eps must be 0 or between 1e-70 and 1e+70 in magnitude, got 1e-200; change the units
    """
    matrix = operator.to_dense()
    for name, value in (("A", matrix), ("eps", eps), *prior.spec().items()):
        size = 0.0 if isinstance(value, str) or value is None else float(np.abs(value).max())
        if size and not _SCALES[0] <= size <= _SCALES[1]:
            raise ValueError(f"{name} must be 0 or between {_SCALES[0]:g} and {_SCALES[1]:g} in magnitude, "
                             f"got {size:g}; change the units")
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
