"""How close each map comes to the truth from clean data."""

import warnings
from dataclasses import dataclass

import numpy as np

from kernelstab._errors import NotConverged
from kernelstab.report.numbers import plain, series


@dataclass(frozen=True, repr=False, eq=False)
class Accuracy:
    r"""Errors of every map on every image, from :math:`y=Ax` without noise.

    Attributes
    ----------
    reconstructions : dict of str to ndarray, shape (n, N)
    psnr, relative, sup : dict of str to ndarray, shape (n,)
        :math:`10\log_{10}(\text{peak}^2N/\|\Psi(Ax)-x\|^2)` in dB, :math:`\|\Psi(Ax)-x\|_2/\|x\|_2`,
        and :math:`\|\Psi(Ax)-x\|_\infty` in signal units.
    gaps : dict of str to ndarray, shape (n,)
        Relative duality gaps, for the maps that solve a convex problem.
    converged : dict of str to ndarray of bool, shape (n,)
        Whether the solver met its tolerance, for the same maps.
    peak : float
        The largest possible value: 1 for images in [0, 1], else the largest modulus.
    """

    reconstructions: dict
    psnr: dict
    relative: dict
    sup: dict
    gaps: dict
    converged: dict
    peak: float

    def __repr__(self):
        means = ", ".join(f"{name} {np.mean(values):.2f} dB" for name, values in self.psnr.items())
        return f"<Accuracy {means}>"

    def to_json(self) -> dict:
        """Return all numbers with units and kinds."""
        return {"peak": self.peak, "maps": {
            name: {"psnr": series(self.psnr[name], unit="dB"), "relative_error": series(self.relative[name]),
                   "sup_error": series(self.sup[name], unit="signal")}
            | ({"relative_duality_gap": series(self.gaps[name], "upper"),
                "converged": self.converged[name].tolist()} if name in self.gaps else {})
            for name in self.psnr}}


def measure_accuracy(A, maps, images, tick=lambda: None) -> Accuracy:
    """Reconstruct every image with every map.

    Parameters
    ----------
    A : ForwardOperator, shape (m, N)
    maps : dict of str to ReconstructionMap
    images : ndarray, shape (n, N)
    tick : callable
        Called after each reconstruction.

    Examples
    --------
    The map that answers zero misses (3, 4) by 5, which is all of it:

    >>> from kernelstab.operators import as_operator
    >>> a = measure_accuracy(as_operator(np.eye(1, 2)), {"zero": lambda y: np.zeros(2)}, np.array([[3.0, 4]]))
    >>> a.relative["zero"].tolist(), a.sup["zero"].tolist(), a.peak
    ([1.0], [4.0], 4.0)
    """
    images = np.asarray(images)
    peak = peak_value(images)
    data = [A.matvec(x) for x in images]
    found = {name: [_solve(psi, y, tick) for y in data] for name, psi in maps.items()}
    outputs = {name: np.array([x for x, _ in rows]) for name, rows in found.items()}
    solved = {name: [s for _, s in rows] for name, rows in found.items() if rows[0][1] is not None}
    errors = {name: x - images for name, x in outputs.items()}
    norms = {name: np.linalg.norm(e, axis=1) for name, e in errors.items()}
    return Accuracy(
        outputs,
        {name: psnr(n, peak, images.shape[1]) for name, n in norms.items()},
        {name: n / np.linalg.norm(images, axis=1) for name, n in norms.items()},
        {name: np.max(np.abs(e), axis=1) for name, e in errors.items()},
        {name: np.array([s.relative_gap for s in rows]) for name, rows in solved.items()},
        {name: np.array([s.converged for s in rows]) for name, rows in solved.items()},
        peak)


def psnr(errors, peak: float, size: int) -> np.ndarray:
    """Return the peak signal-to-noise ratio in dB from Euclidean errors.

    An error of 1 per pixel at peak 10 is 20 dB; no error is infinitely many:

    >>> psnr([3.0, 0.0], 10.0, 9).tolist()
    [20.0, inf]
    """
    with np.errstate(divide="ignore"):
        return 10 * np.log10(peak**2 * size / np.asarray(errors, dtype=float) ** 2)


def peak_value(images) -> float:
    """Return 1 for images in [0, 1], else the largest modulus.

    >>> peak_value([[0.0, 0.5]]), peak_value([[-2.0, 1.0]])
    (1.0, 2.0)
    """
    images = np.asarray(images)
    if not np.iscomplexobj(images) and images.min() >= 0 and images.max() <= 1:
        return 1.0
    return plain(float(np.max(np.abs(images))))


def _solve(psi, y, tick):
    """Return the reconstruction, and the solution with its duality gap if the map solves a problem."""
    solve = getattr(psi, "solve", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)      # recorded as ``converged`` instead
        solution = solve(y) if callable(solve) else None
        if solution is None:
            x = psi(y)
        else:
            x = solution.x if solution.image is None else solution.image
    tick()
    return np.asarray(x).ravel(), solution
