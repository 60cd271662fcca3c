"""A sparse recovery problem from files, its solution, and what to print of it."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kernelstab import solvers
from kernelstab._checks import as_array
from kernelstab._files import write_atomic
from kernelstab.certify import write_certificate
from kernelstab.report.inputs import one_array, read_arrays, read_matrix

PROBLEMS = {"lasso": "lam", "qcbp": "eta", "basis-pursuit": None, "sqrt-lasso": "lam"}


@dataclass(frozen=True, repr=False)
class SolvedProblem:
    """A solution next to the problem it belongs to.

    Attributes
    ----------
    name : {"lasso", "qcbp", "basis-pursuit", "sqrt-lasso"}
    parameter : float or None
        The regularisation weight or the noise level, whichever the problem has.
    shape : (int, int)
    solution : Solution
    """

    name: str
    parameter: float | None
    shape: tuple[int, int]
    solution: solvers.Solution = field(repr=False)

    def __repr__(self):
        return f"<SolvedProblem {self.name} {self.shape[0]} x {self.shape[1]}: {self.solution!r}>"

    def text(self) -> str:
        """Return what the command prints."""
        s = self.solution
        kind = "complex" if np.iscomplexobj(s.x) else "real"
        needs = PROBLEMS[self.name]
        given = "" if needs is None else f", {needs} = {self.parameter:.6g}"
        ended = "converged" if s.converged else "interrupted" if s.interrupted else "NOT CONVERGED"
        rows = [
            ("problem", f"{self.name}, {kind} {self.shape[0]} x {self.shape[1]}{given}"),
            ("method", f"{s.method}; {ended} after {s.iterations} iterations"),
            ("objective", f"{s.objective:.10g}, at least {s.dual_objective:.10g} by the dual point "
                          f"(floating point), relative gap {s.relative_gap:.1e}"),
            ("residual", f"{s.residual:.6g}, over the noise level by {s.feasibility:.1e}"),
            ("support", f"{np.count_nonzero(s.x)} of {s.x.size} entries"),
        ]
        if s.proofs is not None:
            rows += self._proved()
        return "\n".join(f"{name:<10} {words}" for name, words in rows)

    def _proved(self):
        from kernelstab.certify.constants.statement import readable

        proofs, sides = self.solution.proofs, {"lower": ">=", "upper": "<="}
        for entry in proofs.certificates["optimal-value"]["statements"]:
            yield "proved", f"least objective {sides[entry['side']]} {readable(entry['value'])}, exactly"
        if proofs.theta < 1:
            yield "proved", (f"theta <= {proofs.theta:.6g} < 1: signals with this support and these signs "
                             "are the only shortest ones with their measurements")
        for name, reason in proofs.missing.items():
            yield "no proof", f"of {name}: {reason}"

    def to_json(self) -> dict:
        """Return plain values; the arrays are in the file that :meth:`write` makes."""
        s, proofs = self.solution, self.solution.proofs
        fields = ("objective", "dual_objective", "gap", "relative_gap", "residual", "feasibility",
                  "iterations", "converged", "interrupted", "method")
        found = {"problem": self.name, "parameter": self.parameter, "shape": list(self.shape),
                 "support": np.flatnonzero(s.x).tolist()} | {name: getattr(s, name) for name in fields}
        if proofs is not None:
            bounds = {name: getattr(proofs, name) for name in ("lower", "upper", "theta")}
            found["proofs"] = {name: value if value < np.inf else None for name, value in bounds.items()}
            found["proofs"]["missing"] = proofs.missing
        return found

    def write(self, out=None, certificate=None) -> None:
        """Write ``x``, ``dual`` and the numbers to ``out`` (.npz), the proofs to ``certificate``."""
        s = self.solution
        if out is not None:
            stream = io.BytesIO()
            np.savez(stream, x=s.x, dual=s.dual, objective=s.objective, dual_objective=s.dual_objective,
                     relative_gap=s.relative_gap, feasibility=s.feasibility, converged=s.converged)
            write_atomic(out, stream.getvalue())
        if certificate is not None and s.proofs is not None:
            write_certificate(s.proofs.collection, Path(certificate))


def solve_files(matrix, data=None, *, problem=None, lam=None, eta=None, certify=False,
                **options) -> SolvedProblem:
    """Read a problem from files and solve it.

    Parameters
    ----------
    matrix : str or Path
        The matrix, see :func:`read_matrix`; or, without ``data``, an archive with ``A`` and ``y``
        and perhaps ``lam``, ``eta``, ``weights``.
    data : str or Path, optional
        The data, shape ``(m,)``.
    problem : str, optional
        ``lasso``, ``qcbp``, ``basis-pursuit`` or ``sqrt-lasso``; default: lasso if there is a
        ``lam``, qcbp if there is an ``eta``, basis pursuit otherwise.
    lam, eta : float, optional
        They come before what the archive holds.
    certify : bool
        Whether to prove the result, see :class:`kernelstab.solvers.SolutionProofs`.
    **options
        ``tol``, ``method``, ``max_iter``, ``nonneg``, ``progress`` of the solver.

    Raises
    ------
    ValueError
        If a file is missing or malformed, or the problem lacks its ``lam`` or ``eta`` or has one too many.
    """
    arrays = read_arrays(matrix, "problem") if data is None else {"y": _vector(data)}
    if data is None and not {"A", "y"} <= set(arrays):
        raise ValueError(f"problem: {matrix} must hold A and y "
                         "(or name a second file with the data)")
    A = as_array(arrays["A"], "A", ndim=2) if data is None else read_matrix(matrix, "matrix")
    given = {key: float(as_array(arrays[key], key, shape=())) if value is None and key in arrays else value
             for key, value in (("lam", lam), ("eta", eta))}
    name = problem or ("lasso" if given["lam"] is not None else
                       "qcbp" if given["eta"] is not None else "basis-pursuit")
    parameter = _parameter(name, given)
    if "weights" in arrays:
        options["weights"] = arrays["weights"]
    solver = getattr(solvers, name.replace("-", "_"))
    arguments = (A, arrays["y"]) if parameter is None else (A, arrays["y"], parameter)
    return SolvedProblem(name, parameter, tuple(A.shape), solver(*arguments, certify=certify, **options))


def _parameter(name, values):
    """Return the one of ``lam`` and ``eta`` that the problem needs, and refuse the other."""
    if name not in PROBLEMS:
        raise ValueError(f"problem must be one of {', '.join(PROBLEMS)}, got {name!r}")
    needed = PROBLEMS[name]
    given = sorted(key for key, value in values.items() if value is not None)
    if len(given) > 1:
        raise ValueError("lam and eta exclude each other, got both")
    if given != ([] if needed is None else [needed]):
        raise ValueError(f"problem {name} needs {needed or 'neither lam nor eta'}, "
                         f"got {', '.join(given) or 'none'}")
    return None if needed is None else values[needed]


def _vector(path):
    found = one_array(read_arrays(path, "data"), ("y",), path, "data")
    return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found     # a column, as MATLAB writes
