r"""What one application of the forward matrix says about one detail, at any image size, without a prior."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_number, check_scales
from kernelstab.operators import as_operator

_UNIT = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class ConfusableDetail:
    r"""The largest multiple of a unit detail that data with noise can hide.

    Attributes
    ----------
    eps : float
    lower, upper : float
        :math:`2\varepsilon/\|Au\|` lies between; they differ by the rounding of :math:`\|Au\|`, and
        ``upper`` is infinite where that may be zero.
    gain : float
        :math:`\|Au\|` as computed, measurement units per signal unit.
    in_kernel : bool
        Whether the gain is no larger than its rounding error: then any multiple may be hidden.
    x, x_alt, y : ndarray, shape (N,), (N,), (m,)
        Zero and ``lower`` times the detail, and the data halfway that both explain with noise ``eps``; add
        any signal and its measurements.
    """

    eps: float
    lower: float
    upper: float
    gain: float
    in_kernel: bool
    x: np.ndarray = field(repr=False)
    x_alt: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)

    def __repr__(self):
        return (f"<ConfusableDetail eps={self.eps:g}: size {self.lower:.6g} to {self.upper:.6g}, "
                f"gain {self.gain:.3g}{', in the kernel' if self.in_kernel else ''}>")


@dataclass(frozen=True)
class RemovableDetail:
    r"""The multiples :math:`t` of a detail that an image can lose while it still explains the data.

    Attributes
    ----------
    eps : float
    lower, upper : float
        No multiple outside explains the data; infinite where the gain may be zero.
    inner : (float, float)
        Every multiple between does.
    gain, residual : float
        :math:`\|Au\|` and :math:`\|y-A\hat x\|` as computed.
    """

    eps: float
    lower: float
    upper: float
    inner: tuple[float, float]
    gain: float
    residual: float

    def certified_level(self, shown) -> float:
        r"""Return the level at which a shown detail is certainly present.

        If the image shows the multiple ``shown`` of the unit detail, at most ``upper`` of it can go, so
        every explanation :math:`\hat x-tu` still has ``shown - upper``. Only explanations that differ
        from the image in this detail are meant; a negative level certifies nothing.
        """
        return as_number(shown, "shown") - self.upper

    def __repr__(self):
        return f"<RemovableDetail eps={self.eps:g}: t in [{self.lower:.6g}, {self.upper:.6g}]>"


def confusable_detail(A, u, eps) -> ConfusableDetail:
    r"""Return how large a detail can be before the data must show it.

    Some data are explained by both :math:`x` and :math:`x+d` if and only if :math:`\|Ad\|\le2\varepsilon`:
    take the point halfway. So along a unit direction :math:`u` the largest confusable detail has size
    :math:`2\varepsilon/\|Au\|`, and every model errs by at least half of that for one of the two.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    u : array_like, shape (N,) or an image
        The direction; it is scaled to norm 1.
    eps : float
        Noise level.

    Raises
    ------
    ValueError
        If ``u`` is zero, a shape does not fit, or an entry is not finite.

    Notes
    -----
    Cost: one application of ``A``. Its rounding is taken to be below :math:`8\sqrt N`
    machine units times :math:`\|A\|_2`; matrices obey that on the average, fast transforms amply.

    Examples
    --------
    Attenuated to a tenth, a detail of size 2 hides in noise of level 0.1:

    >>> found = confusable_detail([[1.0, 0.0], [0.0, 0.1]], [0.0, 3.0], 0.1)
    >>> round(found.lower, 9), round(found.upper, 9), found.x_alt.round(9)
    (2.0, 2.0, array([0., 2.]))
    >>> confusable_detail([[1.0, 0.0]], [0.0, 1.0], 0.1).upper
    inf
    """
    A, u, eps, seen, gain, slack = _measured(A, u, eps)
    size = 2 * eps / (gain + slack) if gain + slack > 0 else np.inf
    shown = size if np.isfinite(size) else 1.0
    most = 2 * eps / (gain - slack) if gain > slack else np.inf
    return ConfusableDetail(eps, size, most, gain, gain <= slack, 0 * u, shown * u, (shown / 2) * seen)


def removable_detail(A, y, x_hat, u, eps) -> RemovableDetail:
    r"""Return how much of a detail can be taken out of an image that explains the data.

    With the residual :math:`r=y-A\hat x` the multiples are those with :math:`\|r+tAu\|\le\varepsilon`, the
    interval between the roots

    .. math:: t=\frac{-\langle r,Au\rangle\pm\sqrt{\langle r,Au\rangle^2
              +\|Au\|^2(\varepsilon^2-\|r\|^2)}}{\|Au\|^2} .

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    y : array_like, shape (m,)
    x_hat : array_like, shape (N,) or an image
        Output of a model.
    u : array_like, shape (N,) or an image
        The detail; it is scaled to norm 1.
    eps : float

    Raises
    ------
    ValueError
        If ``x_hat`` does not explain the data to within ``eps``, or the input is malformed.

    Notes
    -----
    Cost: two applications of ``A``; rounding as in :func:`confusable_detail`. Other truths may
    differ from the image in more than this detail; :func:`detail_interval` asks about all of them.

    Examples
    --------
    The image shows 1 of a detail of gain 1, exactly as the data; with noise 0.25 it stays above 0.75:

    >>> found = removable_detail([[0.0, 1.0]], [1.0], [5.0, 1.0], [0.0, 1.0], 0.25)
    >>> round(found.lower, 9), round(found.upper, 9), round(found.certified_level(1.0), 9)
    (-0.25, 0.25, 0.75)
    """
    A = as_operator(A)
    y, x_hat = as_array(y, "y", shape=(A.shape[0],)), _signal(A, x_hat, "x_hat")
    check_scales(y=y)
    _, u, eps, seen, gain, slack = _measured(A, u, eps)
    r = y - A.matvec(x_hat)
    residual = float(np.linalg.norm(r))
    error = slack * float(np.linalg.norm(x_hat)) + 8 * _UNIT * float(np.linalg.norm(y))
    if residual - error > eps:
        raise ValueError(f"x_hat must explain the data to within eps = {eps:g}, got residual {residual:.6g}")
    if gain <= slack:
        return RemovableDetail(eps, -np.inf, np.inf, (0.0, 0.0), gain, residual)
    product = float(np.real(np.vdot(r, seen)))
    # |t| is at most this, so the computed residual is off by no more than error + that * slack
    error += slack * (eps + residual + error) / (gain - slack)
    lower, upper = _roots(product, gain, residual, eps + error, 8 * _UNIT)
    inner = _roots(product, gain, residual, eps - error, -8 * _UNIT)
    return RemovableDetail(eps, lower, upper, inner, gain, residual)


def _roots(product, gain, residual, eps, rounding):
    """Solve for both ends; rounding of the formula goes outward, or inward if it is negative."""
    root = product**2 + gain**2 * (max(eps, 0.0) - residual) * (max(eps, 0.0) + residual)
    if root < 0 or eps < 0:
        return (0.0, 0.0)           # what is left is the image itself
    half = float(np.sqrt(root)) * (1 + rounding) + rounding * abs(product)
    return (-product - half) / gain**2, (-product + half) / gain**2


def _measured(A, u, eps):
    """Return what is asked, checked: operator, unit detail, noise, ``A u``, its norm, and its rounding."""
    A = as_operator(A)
    u, eps = _signal(A, u, "u"), as_number(eps, "eps", low=0.0)
    check_scales(A, eps=eps)
    length = float(np.linalg.norm(u))
    if length == 0:
        raise ValueError(f"u must not be zero, got norm {length}")
    u = u / length
    seen = A.matvec(u)
    slack = 8 * float(np.sqrt(A.shape[1])) * _UNIT * float(A.norm_upper)
    return A, u, eps, seen, float(np.linalg.norm(seen)), slack


def _signal(A, x, name):
    x = as_array(x, name)
    if x.size != A.shape[1]:
        raise ValueError(f"{name} must have {A.shape[1]} entries, got {x.size}")
    check_scales(**{name: x})
    return x.ravel()
