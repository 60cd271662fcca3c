"""Search for the perturbation of bounded size that harms a reconstruction most."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from kernelstab._checks import as_count, as_generator, as_number
from kernelstab._engines.worst_case import Objective, ascend, probe
from kernelstab.maps import has_gradient, pullback

METHODS = ("auto", "gradient", "probing")


@dataclass(frozen=True)
class WorstCase:
    """The worst perturbation that a search found, with all that is needed to check it again.

    Attributes
    ----------
    map : str
        Name of the map.
    method : {"gradient", "probing"}
        How it was searched.
    eps : float
        Radius of the ball, in measurement units.
    y : ndarray, shape (m,)
        The clean measurement.
    perturbation : ndarray, shape (m,)
        The perturbation; zero if nothing worse than the clean measurement was found.
    clean, reconstruction : ndarray, shape (N,)
        Outputs of the map without and with the perturbation.
    reference : ndarray, shape (N,)
        What errors are measured against: the truth if it was given, else ``clean``.
    evaluations, gradients : int
        What the search spent, the clean evaluation included.
    """

    map: str
    method: str
    eps: float
    y: np.ndarray
    perturbation: np.ndarray
    clean: np.ndarray
    reconstruction: np.ndarray
    reference: np.ndarray
    evaluations: int
    gradients: int

    @property
    def clean_error(self) -> float:
        """Euclidean distance of the clean output to the reference, signal units."""
        return float(np.linalg.norm(self.clean - self.reference))

    @property
    def error(self) -> float:
        """Euclidean distance of the perturbed output to the reference, signal units."""
        return float(np.linalg.norm(self.reconstruction - self.reference))

    @property
    def sup_error(self) -> float:
        """Largest entry of the same difference."""
        return float(np.max(np.abs(self.reconstruction - self.reference)))

    @property
    def local_lipschitz_lower(self) -> float:
        """Distance of the two outputs divided by the norm of the perturbation.

        A lower bound of the local Lipschitz constant at ``y`` for every radius of at least that norm.
        """
        size = float(np.linalg.norm(self.perturbation))
        return float(np.linalg.norm(self.reconstruction - self.clean)) / size if size > 0 else 0.0

    def __repr__(self):
        return (f"<WorstCase {self.map}: error {self.clean_error:.4g} -> {self.error:.4g} (at least) "
                f"for eps {self.eps:.3g}, {self.method}>")


def worst_case(psi, y, eps, *, reference=None, method="auto", restarts=1, budget=400,
               rng=0) -> WorstCase:
    r"""Maximise :math:`\|\Psi(y+e)-r\|` over :math:`\|e\|\le\varepsilon`, as far as a search can.

    What is found is a fact about the map; what is not found proves nothing. Run
    :func:`~kernelstab.stability.linear_control` with the same settings to see whether the
    search would have found a known worst case.

    Parameters
    ----------
    psi : map
        See :func:`kernelstab.maps.as_map`.
    y : ndarray, shape (m,)
        The clean measurement, real or complex; perturbations are of the same kind.
    eps : float
        Radius of the ball, absolute, in measurement units. Published budgets are fractions of
        different norms: of the sampled data ``y``, or of the full k-space of the image, which is
        larger.
    reference : ndarray, shape (N,), optional
        The signal :math:`r`. The truth makes the search look for the largest *error*; the
        default :math:`\Psi(y)` for the largest *change*, a lower bound of the local
        Lipschitz constant times ``eps``.
    method : {"auto", "gradient", "probing"}
        ``"gradient"`` needs ``psi.vjp``: the leading direction of the derivative by Lanczos
        iteration, then projected ascent from it and from random starts. ``"probing"``
        needs evaluations only; one for every real measurement gives the whole derivative.
        ``"auto"`` takes gradients if there are any.
    restarts : int
        Number of random starts, for ``"gradient"``.
    budget : int
        Evaluations of the map; a gradient counts as one more.
    rng : int or Generator
        Seed of the search. The same seed gives the same perturbation.

    Raises
    ------
    ValueError
        If an argument is out of range or the map returns NaN or infinity.

    Notes
    -----
    The gradient is that of :math:`\tfrac12\|\Psi(y+e)-r\|^2`, namely
    :math:`J(y+e)^*(\Psi(y+e)-r)` through every path from the measurement to the output.
    Every iterate inside the ball is compared with the best, which is what is returned.
    For a linear map the worst case is :math:`\varepsilon\sigma_{\max}`; both methods reach
    it (the second with 3 evaluations more than real measurements).

    Examples
    --------
    The gains of this map are 3 and 1, so the worst case lies on the first axis:

    >>> from kernelstab.maps import LinearMap
    >>> found = worst_case(LinearMap(np.diag([3.0, 1.0])), np.zeros(2), 0.5)
    >>> found
    <WorstCase linear: error 0 -> 1.5 (at least) for eps 0.5, gradient>
    >>> np.abs(found.perturbation).round(6), round(found.local_lipschitz_lower, 6)
    (array([0.5, 0. ]), 3.0)
    """
    eps = as_number(eps, "eps", low=0, strict=True)
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if method == "auto":
        method = "gradient" if has_gradient(psi) else "probing"
    if method == "gradient" and not has_gradient(psi):
        raise ValueError(f"method must be 'probing' or 'auto' for a map without vjp, got {method!r}")
    budget, restarts = as_count(budget, "budget", low=20), as_count(restarts, "restarts")
    generator = as_generator(rng)
    derivative = partial(pullback, psi) if method == "gradient" else None
    objective = Objective(psi, derivative, y, eps, budget, reference)
    if method == "gradient":
        ascend(objective, restarts, generator)
    else:
        probe(objective, generator)
    perturbation = objective.perturbation(objective.best_step)
    return WorstCase(getattr(psi, "name", type(psi).__name__), method, eps, objective.y, perturbation,
                     objective.clean, objective.best_output, objective.reference, objective.evaluations,
                     objective.gradients)
