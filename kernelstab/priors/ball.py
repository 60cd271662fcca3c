"""Kernel size of a ball: the radius, or what the noise level lets through."""

import numpy as np

from kernelstab._checks import as_number
from kernelstab.operators import as_operator
from kernelstab.priors._symmetric import dense
from kernelstab.priors.priors import Ball
from kernelstab.priors.result import KernelSize
from kernelstab.priors.subspace import linear_range_size


def ball_kernel_size(A, prior, eps=0.0, *, tol=None) -> KernelSize:
    r"""Return :math:`2\min(R,\varepsilon/\sigma_{\min})`, with :math:`\sigma_{\min}=0` if A has a kernel.

    Without noise the pseudo-inverse is optimal, and even the centre of every fibre
    :math:`A^\dagger y+\{n\in N(A):\|n\|^2\le R^2-\|A^\dagger y\|^2\}`. With noise and a kernel the
    smallest worst-case error is :math:`R`, which the map 0 attains already; the worst case is
    then no guide, and the centre of the fibre of one ``y`` is what to ask for.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex.
    prior : Ball
    eps : float
        Euclidean noise level.
    tol : float, optional
        As in :func:`~kernelstab.priors.subspace.subspace_kernel_size`.

    Returns
    -------
    KernelSize

    Raises
    ------
    ValueError
        If the prior is not a ball, or ``eps`` or ``tol`` is negative.

    Notes
    -----
    Cost: one singular value decomposition.

    Examples
    --------
    A hidden coordinate: the poles of the ball look alike. Without one, noise 0.1 is divided by 0.5:

    >>> from kernelstab.priors import Ball
    >>> hidden = ball_kernel_size(np.eye(2, 3), Ball(2.1))
    >>> round(hidden.upper, 6), np.abs(hidden.x)
    (4.2, array([0. , 0. , 2.1]))
    >>> round(ball_kernel_size(np.diag([1.0, 0.5]), Ball(2.1), eps=0.1).upper, 6)
    0.4
    """
    operator = as_operator(A)
    if not isinstance(prior, Ball):
        raise ValueError(f"prior must be a Ball, got {prior!r}")
    eps = as_number(eps, "eps", low=0.0)
    return linear_range_size(dense(operator, eps, prior), prior, np.eye(operator.shape[1]), prior.radius, eps,
                             tol)
