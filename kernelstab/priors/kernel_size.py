"""The kernel size of a matrix under any of the priors."""

import numpy as np

from kernelstab._checks import as_number
from kernelstab.priors.prior import as_prior
from kernelstab.priors.result import KernelSize

_NORMS = {2: "2", "2": "2", np.inf: "inf", "inf": "inf"}


def kernel_size(A, prior, eps=0.0, *, norm=2, **options) -> KernelSize:
    r"""Return how far apart two signals of a prior can lie that the measurements cannot tell apart.

    The kernel size :math:`\sup\{\|x-x'\|:x,x'\in M,\ \|A(x-x')\|\le2\varepsilon\}` is the largest diameter
    of a fibre :math:`\{x\in M:\|Ax-y\|\le\varepsilon\}`. The least worst-case error of any map, the
    largest radius of a fibre, lies between half of it and all of it:

    =============== ====================================== ==================== =======================
    prior           kernel size                            least error          map in ``optimal``
    =============== ====================================== ==================== =======================
    ``Ball``        exact, singular values                 half                 optimal
    ``Subspace``    exact, singular values                 half                 optimal
    ``Everything``  exact, singular values                 half                 optimal
    ``Ellipsoid``   exact, eigenvalues or two multipliers  half                 optimal, linear
    ``Polytope``    exact in the maximum norm, by linear   half; two-sided in   optimal, linear; in the
                    programs; two-sided in the Euclidean   the Euclidean norm   Euclidean norm bounded
    ``FiniteSet``   exact, pairs                           radii of fibres      centre of the fibre
    ``Sparse``      exact, enumeration                     half, Jung           a member of the fibre
    ``L1Ball``      two-sided                              half, Jung           a member of the fibre
    =============== ====================================== ==================== =======================

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    prior : Ball, Subspace, Everything, Ellipsoid, Polytope, FiniteSet, Sparse or L1Ball
    eps : float
        Noise level, in the maximum norm for a polytope, in the Euclidean norm else.
    norm : {2, inf}
        Norm of the errors, as a number or a string; ``inf`` is offered for a polytope, where it makes the
        size exact and the map optimal.
    **options
        Of the prior's method ``kernel_size``, such as ``tol``, ``max_supports``, ``constants``, ``rng``.

    Returns
    -------
    KernelSize

    Raises
    ------
    ValueError
        If the prior is none of these, the norm is not offered for it, or what the method
        of the prior raises.

    Examples
    --------
    The first two of three coordinates are measured; the poles of the ball of radius 2.1 look alike:

    >>> from kernelstab.priors import Ball
    >>> size = kernel_size(np.eye(2, 3), Ball(2.1))
    >>> round(size.upper, 6), round(size.c_opt_upper, 6)
    (4.2, 2.1)
    """
    eps = as_number(eps, "eps", low=0.0)
    if not isinstance(norm, (int, float, str, np.number)) or norm not in _NORMS:
        raise ValueError(f"norm must be 2 or inf, got {norm!r}")
    offered = as_prior(prior).norms
    if _NORMS[norm] not in offered:
        raise ValueError(f"norm must be 2 for the prior {prior!r}, got {norm!r}")
    if len(offered) > 1:
        options["norm"] = _NORMS[norm]
    return prior.kernel_size(A, eps, **options)
