"""Controls of a worst-case search: a linear map whose worst case is known, and noise of equal norm.

Without the first, a small error may only mean that the search is poor; without the second, a large
one may be what any noise of that size does.
"""

from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array, as_count, as_generator, as_number, as_output
from kernelstab.maps import Map, PseudoInverse
from kernelstab.operators import as_operator
from kernelstab.stability.worst_case import WorstCase, worst_case

TRUSTED = 0.95
_SVD_ENTRIES = 2**21


@dataclass(frozen=True)
class LinearControl:
    """A search on a linear map whose worst case is known.

    Attributes
    ----------
    map : str
        Name of the linear map.
    known : float
        Its worst error, the largest singular value times the radius.
    search : WorstCase
        The search.
    """

    map: str
    known: float
    search: WorstCase

    @property
    def ratio(self) -> float:
        """Share of the worst error that the search found, at most 1 up to rounding."""
        return self.search.error / self.known

    @property
    def trusted(self) -> bool:
        """Whether the ratio exceeds 0.95."""
        return self.ratio > TRUSTED

    def __repr__(self):
        verdict = "trusted" if self.trusted else "NOT trusted"
        return f"<LinearControl {self.map}: found {self.ratio:.4f} of the known worst case, {verdict}>"


def linear_control(A, eps=1.0, *, method="auto", restarts=1, budget=400, rng=0) -> LinearControl:
    r"""Run the worst-case search on a linear map whose worst case is known exactly.

    Give it the settings of the search to be trusted. A linear map attains
    :math:`\max_{\|e\|\le\varepsilon}\|We\| = \varepsilon\sigma_{\max}(W)`, so the search has a
    number to meet. The map is the pseudo-inverse if ``A`` is not tight and small enough for a
    singular value decomposition; else one of the same shape with a hidden worst direction.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator of the maps under test.
    eps : float
        Radius, measurement units.
    method, restarts, budget, rng
        As for :func:`~kernelstab.stability.worst_case`; ``method="probing"`` for maps
        without gradient.

    Examples
    --------
    Gains 1 and 1/4, so the pseudo-inverse amplifies by 4:

    >>> linear_control(np.diag([1.0, 0.25]), eps=0.1)
    <LinearControl pseudo-inverse: found 1.0000 of the known worst case, trusted>
    """
    A = as_operator(A)
    linear: Map
    if A.tight is None and A.shape[0] * A.shape[1] <= _SVD_ENTRIES:
        linear = PseudoInverse(A)
        gain = float(np.linalg.norm(np.asarray(linear.matrix), 2))
    else:
        linear, gain = PlantedLinear(A.shape, is_complex=not A.is_real), 1.0
    eps = as_number(eps, "eps", low=0, strict=True)
    y = np.zeros(A.shape[0], dtype=A.dtype)
    search = worst_case(linear, y, eps, method=method, restarts=restarts, budget=budget, rng=rng)
    return LinearControl(linear.name, gain * eps, search)


class PlantedLinear(Map):
    r"""A linear map of any size with known singular values and one hidden worst direction.

    :math:`\Psi(y) = P\,D\,Hy` with the reflection :math:`H = I - 2hh^*`, the diagonal
    :math:`D = \mathrm{diag}(1, 2^{-1/2}, 3^{-1/2}, \dots)` and the padding :math:`P`, so the
    singular values are :math:`i^{-1/2}` and the worst direction is the first column of
    :math:`H`. Tight operators need it: their pseudo-inverse amplifies every direction
    alike, which any search can find. ``shape`` is that of the forward operator.

    >>> psi = PlantedLinear((3, 5))
    >>> worst = psi.vjp(np.zeros(3), np.eye(5)[0])
    >>> round(float(np.linalg.norm(worst)), 12), round(float(np.linalg.norm(psi(worst))), 12)
    (1.0, 1.0)
    """

    name = "planted linear map"

    def __init__(self, shape, *, is_complex=False):
        m, self._n = shape
        angle = np.arange(1.0, m + 1)
        mirror = np.cos(angle**2) + (1j * np.sin(angle**2) if is_complex else 0.0)   # no direction is special
        self._mirror = mirror / np.linalg.norm(mirror)
        self._kept = min(m, self._n)
        self._gains = 1 / np.sqrt(np.arange(1.0, self._kept + 1))

    def _reflect(self, y):
        return y - 2 * np.vdot(self._mirror, y) * self._mirror

    def __call__(self, y):
        turned = self._gains * self._reflect(as_array(y, "y", shape=self._mirror.shape))[:self._kept]
        return np.concatenate([turned, np.zeros(self._n - self._kept, dtype=turned.dtype)])

    def vjp(self, y, u):
        """Return the adjoint applied to ``u``; ``y`` does not matter."""
        head = np.zeros(len(self._mirror), dtype=np.result_type(self._mirror, u))
        head[:self._kept] = self._gains * np.asarray(u)[:self._kept]
        return self._reflect(head)


@dataclass(frozen=True)
class NoiseControl:
    """Errors under random perturbations of one norm.

    Attributes
    ----------
    map : str
        Name of the map.
    norm : float
        Norm of every perturbation, measurement units.
    errors : ndarray, shape (draws,)
        Distances of the outputs to the reference, signal units.
    clean_error : float
        The distance without perturbation.
    """

    map: str
    norm: float
    errors: np.ndarray
    clean_error: float

    @property
    def mean_estimate(self) -> float:
        """The mean error."""
        return float(self.errors.mean())

    def __repr__(self):
        return (f"<NoiseControl {self.map}: error {self.clean_error:.4g} -> mean {self.mean_estimate:.4g}, "
                f"max {self.errors.max():.4g} over {len(self.errors)} draws of norm {self.norm:.3g}>")


def equal_norm_noise(psi, y, norm, *, reference=None, draws=20, rng=0) -> NoiseControl:
    r"""Measure what random noise of the norm of a worst-case perturbation does.

    In ``m`` dimensions noise of norm :math:`\varepsilon` puts only about
    :math:`\varepsilon/\sqrt m` into any one direction, so for a linear map with one bad
    direction it does much less harm than the worst case. The ratio of the two errors is
    how special the worst case is.

    Parameters
    ----------
    psi : map
    y : ndarray, shape (m,)
        The clean measurement.
    norm : float
        Norm of the noise; take that of ``WorstCase.perturbation``.
    reference : ndarray, shape (N,), optional
        What errors are measured against; default ``psi(y)``.
    draws : int
        Number of perturbations.
    rng : int or Generator

    Examples
    --------
    An isometry moves every perturbation by its norm:

    >>> from kernelstab.maps import LinearMap
    >>> equal_norm_noise(LinearMap(np.eye(3)), np.zeros(3), 0.5, draws=4)
    <NoiseControl linear: error 0 -> mean 0.5, max 0.5 over 4 draws of norm 0.5>
    """
    y, norm, draws = as_array(y, "y", ndim=1), as_number(norm, "norm", low=0), as_count(draws, "draws", low=1)
    clean = as_output(psi, y, "map")
    reference = clean if reference is None else as_array(reference, "reference", shape=clean.shape)
    errors = np.array([np.linalg.norm(psi(y + _on_sphere(y, norm, seed)) - reference)
                       for seed in as_generator(rng).integers(2**32, size=draws)])
    return NoiseControl(getattr(psi, "name", type(psi).__name__), norm, errors,
                        float(np.linalg.norm(clean - reference)))


def _on_sphere(y, norm, seed):
    """Draw a perturbation of ``y``, uniform on the sphere of the given norm, real or complex like ``y``."""
    rng = np.random.default_rng(int(seed))
    draw = rng.standard_normal(y.size)
    if np.iscomplexobj(y):
        draw = draw + 1j * rng.standard_normal(y.size)
    return norm / np.linalg.norm(draw) * draw
