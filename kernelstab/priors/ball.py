"""The ball of the Euclidean norm as a prior."""

from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array, as_number
from kernelstab._engines.feasible_sets.quadratic import QuadraticSet
from kernelstab._engines.feasible_sets.tikhonov import centre_of_ball
from kernelstab.priors.kernel_size import KernelSize
from kernelstab.priors.prior import Prior
from kernelstab.priors.subspace import linear_range_size


@dataclass(frozen=True)
class Ball(Prior):
    r"""Assume :math:`\|x\|_2\le R`.

    Parameters
    ----------
    radius : float
        :math:`R>0`.

    >>> Ball(2.0).contains([0.0, 3.0]), Ball(2.0).support([0.0, 3.0])
    (1.0, 6.0)
    """

    kind = "ball"
    radius: float

    def __post_init__(self):
        object.__setattr__(self, "radius", as_number(self.radius, "radius", low=0.0, strict=True))

    def contains(self, x) -> float:
        r"""Return :math:`\|x\|_2-R` as computed; not positive for a member."""
        return float(np.linalg.norm(as_array(x, "x", ndim=1))) - self.radius

    def support(self, c) -> float:
        r"""Return :math:`R\|c\|_2`."""
        return self.radius * float(np.linalg.norm(c))

    def kernel_size(self, A, eps=0.0, *, tol=None) -> KernelSize:
        r"""Return :math:`2\min(R,\varepsilon/\sigma_{\min})`, with :math:`\sigma_{\min}=0` if A has a kernel.

        Without noise the pseudo-inverse is optimal, and even the centre of every fibre
        :math:`A^\dagger y+\{n\in N(A):\|n\|^2\le R^2-\|A^\dagger y\|^2\}`. With noise and a kernel the
        smallest worst-case error is :math:`R`, which the map 0 attains already; the worst case is
        then no guide, and the centre of the fibre of one ``y`` is what to ask for.

        Parameters
        ----------
        A, eps
            Real or complex; Euclidean noise level.
        tol : float, optional
            As for a :class:`Subspace`.

        Examples
        --------
        A hidden coordinate: the poles of the ball look alike. Without one, noise 0.1 is divided by 0.5:

        >>> hidden = Ball(2.1).kernel_size(np.eye(2, 3))
        >>> round(hidden.upper, 6), np.abs(hidden.x)
        (4.2, array([0. , 0. , 2.1]))
        >>> round(Ball(2.1).kernel_size(np.diag([1.0, 0.5]), eps=0.1).upper, 6)
        0.4
        """
        matrix, eps = self.checked_matrix(A, eps)
        return linear_range_size(matrix, self, np.eye(matrix.shape[1]), self.radius, eps, tol)

    def feasible(self, A, y, eps, *, max_supports=None) -> QuadraticSet:
        """Return the members that explain the data."""
        return QuadraticSet(self.checked_matrix(A, eps, real=True)[0], y, eps, self, radius=self.radius)

    def best_answer(self, A, y, eps):
        """Return the Tikhonov reconstruction with the least error, and its error."""
        self.check(A.shape[1])
        return centre_of_ball(A, y, eps, self)

    def exact_dual(self, matrix, d, found) -> dict:
        """Return the dual vector as it is: the rest of the detail is bounded by the radius."""
        return {"q": found["q"]}
