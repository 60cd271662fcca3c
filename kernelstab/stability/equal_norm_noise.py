"""Control of a worst-case search: random noise of equal norm.

Without it, a large error may be what any noise of that size does.
"""

from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array, as_count, as_generator, as_number


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
    mean_estimate, max_lower : float
        Their mean, an estimate, and their largest, a lower bound of the worst error.
    clean_error : float
        The distance without perturbation.
    seeds : tuple of int
        ``perturbation_of_norm(y, norm, rng=seeds[i])`` repeats draw ``i``.
    """

    map: str
    norm: float
    errors: np.ndarray
    mean_estimate: float
    max_lower: float
    clean_error: float
    seeds: tuple[int, ...]

    def __repr__(self):
        return (f"<NoiseControl {self.map}: error {self.clean_error:.4g} -> mean {self.mean_estimate:.4g}, "
                f"max {self.max_lower:.4g} over {len(self.errors)} draws of norm {self.norm:.3g}>")


def perturbation_of_norm(y, norm, *, rng) -> np.ndarray:
    """Draw a perturbation of ``y``, uniform on the sphere of the given norm, real or complex like ``y``.

    >>> round(float(np.linalg.norm(perturbation_of_norm(np.zeros(5), 2.0, rng=0))), 12)
    2.0
    """
    y, norm, rng = as_array(y, "y", ndim=1), as_number(norm, "norm", low=0), as_generator(rng)
    draw = rng.standard_normal(y.size)
    if np.iscomplexobj(y):
        draw = draw + 1j * rng.standard_normal(y.size)
    return norm / np.linalg.norm(draw) * draw


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

    Returns
    -------
    NoiseControl

    Examples
    --------
    An isometry moves every perturbation by its norm:

    >>> from kernelstab.maps import LinearMap
    >>> equal_norm_noise(LinearMap(np.eye(3)), np.zeros(3), 0.5, draws=4)
    <NoiseControl linear: error 0 -> mean 0.5, max 0.5 over 4 draws of norm 0.5>
    """
    y, draws = as_array(y, "y", ndim=1), as_count(draws, "draws", low=1)
    seeds = tuple(int(seed) for seed in as_generator(rng).integers(2**32, size=draws))
    clean = psi(y)
    reference = clean if reference is None else as_array(reference, "reference", shape=clean.shape)
    errors = np.array([np.linalg.norm(psi(y + perturbation_of_norm(y, norm, rng=seed)) - reference)
                       for seed in seeds])
    return NoiseControl(getattr(psi, "name", type(psi).__name__), float(norm), errors, float(errors.mean()),
                        float(errors.max()), float(np.linalg.norm(clean - reference)), seeds)
