"""The kernel size of a matrix under any of the priors."""

import numpy as np

from kernelstab._checks import as_number
from kernelstab.priors.ball import ball_kernel_size
from kernelstab.priors.ellipsoid import ellipsoid_kernel_size
from kernelstab.priors.l1_ball import l1_ball_kernel_size
from kernelstab.priors.polytope import polytope_kernel_size
from kernelstab.priors.priors import (
    Ball,
    Ellipsoid,
    Everything,
    FiniteSet,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
)
from kernelstab.priors.result import KernelSize
from kernelstab.priors.sparse import sparse_kernel_size
from kernelstab.priors.subspace import subspace_kernel_size

METHODS = {
    Ball: ball_kernel_size,
    Subspace: subspace_kernel_size,
    Everything: subspace_kernel_size,
    Ellipsoid: ellipsoid_kernel_size,
    Polytope: polytope_kernel_size,
    Sparse: sparse_kernel_size,
    L1Ball: l1_ball_kernel_size,
}


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
        Of the function for the prior, such as ``tol``, ``max_supports``, ``constants``, ``rng``.

    Returns
    -------
    KernelSize

    Raises
    ------
    ValueError
        If the prior is none of these, the norm is not offered for it, or what the function
        for the prior raises.

    Examples
    --------
    The first two of three coordinates are measured; the poles of the ball of radius 2.1 look alike:

    >>> size = kernel_size(np.eye(2, 3), Ball(2.1))
    >>> round(size.upper, 6), round(size.c_opt_upper, 6)
    (4.2, 2.1)
    """
    eps = as_number(eps, "eps", low=0.0)
    names = {2: "2", "2": "2", np.inf: "inf", "inf": "inf"}
    if not isinstance(norm, (int, float, str, np.number)) or norm not in names:
        raise ValueError(f"norm must be 2 or inf, got {norm!r}")
    if isinstance(prior, Polytope):
        options["norm"] = names[norm]
    elif names[norm] != "2":
        raise ValueError(f"norm must be 2 for the prior {prior!r}, got {norm!r}")
    if isinstance(prior, FiniteSet):
        from kernelstab.priors.finite import finite_kernel_size

        return finite_kernel_size(A, prior.signals, eps, **options)
    method = METHODS.get(type(prior))
    if method is None:
        known = ", ".join(kind.__name__ for kind in (*METHODS, FiniteSet))
        raise ValueError(f"prior must be one of {known}, got {prior!r}")
    return method(A, prior, eps, **options)
