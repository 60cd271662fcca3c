"""The finding on accuracy: how close each map comes to the truth from clean data."""

from dataclasses import dataclass

import numpy as np

from kernelstab.report.numbers import at_most, counted, percent, readable, series
from kernelstab.report.sections import Finding
from kernelstab.stability import accuracy


@dataclass(frozen=True, repr=False, eq=False)
class Accuracies(Finding):
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

    name = "accuracy"
    label = "Accuracy"
    basic = True
    conventions = {
        "PSNR": "ten times the decimal logarithm of the largest pixel of the truth, squared, over the mean "
                "squared error, in dB; the peak is never taken from the reconstruction",
    }

    reconstructions: dict
    psnr: dict
    relative: dict
    sup: dict
    gaps: dict
    converged: dict

    @classmethod
    def measure(cls, task, tick=lambda: None) -> "Accuracies":
        """Reconstruct every image with every map.

        A map with ``solve(y)`` is asked for its solution, which carries the duality gap.

        Examples
        --------
        The map that answers zero misses (3, 4) by 5, which is all of it:

        >>> from kernelstab.report.inputs import pose
        >>> from kernelstab.report.sections import AuditTask
        >>> problem = pose(np.eye(1, 2), {"zero": lambda y: np.zeros(2)}, np.array([[3.0, 4]]))
        >>> a = Accuracies.measure(AuditTask(problem))
        >>> a.relative["zero"].tolist(), a.sup["zero"].tolist()
        ([1.0], [4.0])
        """
        images = task.problem.images
        data = [task.problem.A.matvec(x) for x in images]
        found = {name: [_solve(psi, y, tick) for y in data] for name, psi in task.problem.maps.items()}
        outputs = {name: np.array([x for x, _ in rows]) for name, rows in found.items()}
        solved = {name: [s for _, s in rows] for name, rows in found.items() if rows[0][1] is not None}
        errors = {name: [accuracy(u, x) for u, x in zip(rows, images)] for name, rows in outputs.items()}

        def column(field):
            return {name: np.array([getattr(e, field) for e in rows]) for name, rows in errors.items()}

        return cls(outputs, column("psnr"), column("relative_error"), column("sup_error"),
                   {name: np.array([s.relative_gap for s in rows]) for name, rows in solved.items()},
                   {name: np.array([s.converged for s in rows]) for name, rows in solved.items()})

    def sentence(self, name) -> str:
        """Say the mean PSNR of the map and of the others."""
        means = {key: f"{np.mean(values):.1f} dB" for key, values in self.psnr.items()}
        others = ", ".join(f"{key} {means[key]}" for key in means if key != name)
        return (f"From clean data {name} reconstructs {counted(len(self.psnr[name]), 'image')} with "
                f"{means[name]} on average" + (f" ({others})." if others else "."))

    def rows(self, names) -> list:
        """Return PSNR, errors, and duality gaps if there are some."""
        rows = [
            [f"PSNR in dB, mean of {len(self.psnr[names[0]])} images"]
            + [f"{np.mean(self.psnr[n]):.1f}" for n in names],
            ["PSNR in dB, worst image"] + [f"{np.min(self.psnr[n]):.1f}" for n in names],
            ["relative error, mean"] + [percent(float(np.mean(self.relative[n]))) for n in names],
            ["largest pixel error (sup), mean"] + [readable(float(np.mean(self.sup[n])), 2) for n in names],
        ]
        if self.gaps:
            rows.append(["relative duality gap, largest"] + [
                at_most(float(np.max(self.gaps[n])), 2) if n in self.gaps else "" for n in names])
        return rows

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


def _solve(psi, y, tick):
    """Return the reconstruction, and the solution with its duality gap if the map solves a problem."""
    solve = getattr(psi, "solve", None)
    solution = solve(y) if callable(solve) else None
    image = getattr(solution, "image", None)
    x = psi(y) if image is None else image
    tick()
    return np.asarray(x).ravel(), solution
