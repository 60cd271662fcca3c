r"""The Tikhonov reconstruction whose worst error for these data is proved, and two signals that force it."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_number, check_scales
from kernelstab.operators import as_operator
from kernelstab.priors.ball import Ball


@dataclass(frozen=True)
class TikhonovCentre:
    r"""A reconstruction and its certified error over all signals of a ball that explain the data.

    Attributes
    ----------
    centre : ndarray, shape (N,)
        :math:`z=Q^{-1}\mu A^*y` with :math:`Q=\lambda I+\mu A^*A`.
    lower, upper : float
        The least worst-case error of any reconstruction of these data lies between; ``upper`` is
        what that of ``centre`` does not exceed.
    exact : bool
        Whether both agree to 1e-6 of the radius; so it is if the null space is not trivial.
    lam, mu : float
        The multipliers; ``mu`` is infinite where the data are equations (:math:`\varepsilon=0`).
    x, x_alt : ndarray, shape (N,)
        Two signals that explain the data, twice ``lower`` apart.
    radius, eps : float
        The ball and the noise level.
    """

    centre: np.ndarray = field(repr=False)
    lower: float
    upper: float
    exact: bool
    lam: float
    mu: float
    x: np.ndarray = field(repr=False)
    x_alt: np.ndarray = field(repr=False)
    radius: float
    eps: float

    def __repr__(self):
        return (f"<TikhonovCentre R={self.radius:g}, eps={self.eps:g}: "
                f"{self.lower:.10g} <= error <= {self.upper:.10g}>")


def tikhonov_centre(A, y, radius, eps=0.0) -> TikhonovCentre:
    r"""Reconstruct by Tikhonov with the parameter whose worst error for these data is provably least.

    Let :math:`\lambda,\mu\ge0` with :math:`Q=\lambda I+\mu A^*A\succeq I` and :math:`b=\mu A^*y`. For every
    :math:`x` with :math:`\|x\|\le R` and :math:`\|Ax-y\|\le\varepsilon`

    .. math:: \|x-z\|^2\le\|x-z\|^2+\lambda(R^2-\|x\|^2)+\mu(\varepsilon^2-\|Ax-y\|^2)
              \le\gamma=\lambda R^2+\mu(\varepsilon^2-\|y\|^2)+\langle b,Q^{-1}b\rangle

    with :math:`z=Q^{-1}b`, since the middle is a concave quadratic of :math:`x` whose maximum over all
    :math:`x` is :math:`\gamma`. The least :math:`\gamma` is found in one variable, because it is
    attained where the smallest eigenvalue of :math:`Q` is 1.

    With a null space that means :math:`\lambda=1`, and the bound is attained: :math:`R^2-\gamma` is then the
    dual function of :math:`\min\{\|x\|^2:\|Ax-y\|\le\varepsilon\}`, the best :math:`z` is that signal of
    least norm, and :math:`z\pm\sqrt\gamma\,n` with a unit vector :math:`n` of the null space both explain the
    data.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real, or of any size and field if :math:`AA^*=cI` (``tight``): then
        :math:`z=(1-\varepsilon/\|y\|)A^*y/c` and :math:`\gamma=R^2-(\|y\|-\varepsilon)^2/c` for
        :math:`\|y\|\ge\varepsilon`.
    y : array_like, shape (m,)
    radius : float
        :math:`R`, a bound of the norm of the signal.
    eps : float
        Noise level; zero takes :math:`Ax=y` as satisfied up to :math:`10^{-9}\|y\|`.

    Returns
    -------
    TikhonovCentre

    Raises
    ------
    ValueError
        If no signal of the ball explains the data, or the matrix is complex and not tight.

    Notes
    -----
    Cost: one singular value decomposition; for a tight operator two applications of :math:`A^*` and one
    or two of :math:`A`.

    Examples
    --------
    One of two coordinates is measured as 3 with noise 0.5, and the norm is at most 5. The seen one is at
    least 2.5, so the hidden one is within the root of 25 - 6.25:

    >>> found = tikhonov_centre([[1.0, 0.0]], [3.0], 5.0, 0.5)
    >>> found.centre.round(6), round(found.upper**2, 6), round(found.lower**2, 6)
    (array([2.5, 0. ]), 18.75, 18.75)
    """
    A = as_operator(A)
    ball, eps = Ball(radius), as_number(eps, "eps", low=0.0)
    y = as_array(y, "y", shape=(A.shape[0],), real=A.is_real and A.tight is None)
    check_scales(A, y=y, eps=eps)
    found = ball.best_answer(A, y, eps)
    return TikhonovCentre(**found._asdict(), radius=ball.radius, eps=eps)
