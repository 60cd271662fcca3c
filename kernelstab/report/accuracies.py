"""How close each map comes to the truth from clean data."""

from dataclasses import dataclass

import numpy as np

from kernelstab.report.numbers import series
from kernelstab.stability import accuracy


@dataclass(frozen=True, repr=False, eq=False)
class Accuracies:
    r"""Errors of every map on every image, from :math:`y=Ax` without noise.

    Attributes
    ----------
    reconstructions : dict of str to ndarray, shape (n, N)
    psnr, relative, sup : dict of str to ndarray, shape (n,)
        As :func:`kernelstab.stability.accuracy` defines them: dB with the peak of the truth,
        a pure number, signal units.
    gaps : dict of str to ndarray, shape (n,)
        Relative duality gaps, for the maps that solve a convex problem.
    converged : dict of str to ndarray of bool, shape (n,)
        Whether the solver met its tolerance, for the same maps.
    """

    reconstructions: dict
    psnr: dict
    relative: dict
    sup: dict
    gaps: dict
    converged: dict

    def __repr__(self):
        means = ", ".join(f"{name} {np.mean(values):.2f} dB" for name, values in self.psnr.items())
        return f"<Accuracies {means}>"

    def to_json(self) -> dict:
        """Return all numbers with units and kinds."""
        return {name: {"psnr": series(self.psnr[name], unit="dB"),
                       "relative_error": series(self.relative[name]),
                       "sup_error": series(self.sup[name], unit="signal")}
                | ({"relative_duality_gap": series(self.gaps[name], "upper"),
                    "converged": self.converged[name].tolist()} if name in self.gaps else {})
                for name in self.psnr}


def measure_accuracy(A, maps, images, tick=lambda: None) -> Accuracies:
    """Reconstruct every image with every map.

    Parameters
    ----------
    A : ForwardOperator, shape (m, N)
    maps : dict of str to ReconstructionMap
        A map with ``solve(y)`` is asked for its solution, which carries the duality gap.
    images : ndarray, shape (n, N)
    tick : callable
        Called after each reconstruction.

    Examples
    --------
    The map that answers zero misses (3, 4) by 5, which is all of it:

    >>> from kernelstab.operators import as_operator
    >>> a = measure_accuracy(as_operator(np.eye(1, 2)), {"zero": lambda y: np.zeros(2)}, np.array([[3.0, 4]]))
    >>> a.relative["zero"].tolist(), a.sup["zero"].tolist()
    ([1.0], [4.0])
    """
    images = np.asarray(images)
    data = [A.matvec(x) for x in images]
    found = {name: [_solve(psi, y, tick) for y in data] for name, psi in maps.items()}
    outputs = {name: np.array([x for x, _ in rows]) for name, rows in found.items()}
    solved = {name: [s for _, s in rows] for name, rows in found.items() if rows[0][1] is not None}
    errors = {name: [accuracy(u, x) for u, x in zip(rows, images)] for name, rows in outputs.items()}

    def column(field):
        return {name: np.array([getattr(e, field) for e in rows]) for name, rows in errors.items()}

    return Accuracies(outputs, column("psnr"), column("relative_error"), column("sup_error"),
                      {name: np.array([s.relative_gap for s in rows]) for name, rows in solved.items()},
                      {name: np.array([s.converged for s in rows]) for name, rows in solved.items()})


def _solve(psi, y, tick):
    """Return the reconstruction, and the solution with its duality gap if the map solves a problem."""
    solve = getattr(psi, "solve", None)
    solution = solve(y) if callable(solve) else None
    image = getattr(solution, "image", None)
    x = psi(y) if image is None else image
    tick()
    return np.asarray(x).ravel(), solution
