"""The finding on accuracy: how close each map comes to the truth from clean data."""

from dataclasses import dataclass

import numpy as np

from kernelstab.report.numbers import at_most, counted, percent, readable, series
from kernelstab.report.sections import Finding, row
from kernelstab.stability import accuracy


@dataclass(frozen=True, repr=False, eq=False)
class Accuracies(Finding):
    r"""Errors of every map on every image, from :math:`y=Ax` without noise, by the name of the map.

    ``psnr``, ``relative`` and ``sup`` are as :func:`kernelstab.stability.accuracy` defines them. ``gaps``
    (relative duality gaps) and ``converged`` are those of the maps that solve a convex problem. All are
    arrays over the images; ``reconstructions`` has the shape (n, N).
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
        """Reconstruct every image with every map; one with ``solve(y)`` is asked for its solution.

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
        outputs, errors, solved = {}, {}, {}
        for name, psi in task.problem.maps.items():
            found = [_solve(psi, y, tick) for y in data]
            outputs[name] = np.array([x for x, _ in found])
            errors[name] = [accuracy(u, x) for u, x in zip(outputs[name], images)]
            if found[0][1] is not None:
                solved[name] = [solution for _, solution in found]

        def column(records, field):
            return {name: np.array([getattr(e, field) for e in rows]) for name, rows in records.items()}

        return cls(outputs, column(errors, "psnr"), column(errors, "relative_error"),
                   column(errors, "sup_error"), column(solved, "relative_gap"), column(solved, "converged"))

    def sentence(self, name) -> str:
        """Say the mean PSNR of the map and of the others."""
        means = {key: f"{np.mean(values):.1f} dB" for key, values in self.psnr.items()}
        others = ", ".join(f"{key} {means[key]}" for key in means if key != name)
        return (f"From clean data {name} reconstructs {counted(len(self.psnr[name]), 'image')} with "
                f"{means[name]} on average" + (f" ({others})." if others else "."))

    def rows(self, names) -> list:
        count = len(self.psnr[names[0]])
        rows = [
            row(f"PSNR in dB, mean of {count} images", names, lambda n: f"{np.mean(self.psnr[n]):.1f}"),
            row("PSNR in dB, worst image", names, lambda n: f"{np.min(self.psnr[n]):.1f}"),
            row("relative error, mean", names, lambda n: percent(float(np.mean(self.relative[n])))),
            row("largest pixel error (sup), mean", names, lambda n: readable(float(np.mean(self.sup[n])), 2)),
        ]
        gaps = row("relative duality gap, largest", names,
                   lambda n: at_most(float(np.max(self.gaps[n])), 2) if n in self.gaps else "")
        return [*rows, gaps] if self.gaps else rows

    def to_json(self) -> dict:
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
