"""Many small problems at once: one compiled loop over them, on as many threads as wished."""

import warnings
from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array, as_callable, as_flag, as_number, thread_count
from kernelstab._engines.lasso_path.path import kind_of, solve_rows
from kernelstab._engines.problem import row_units
from kernelstab._errors import NotConverged
from kernelstab.solvers.lasso import lasso
from kernelstab.solvers.qcbp import qcbp
from kernelstab.solvers.solution import Solution
from kernelstab.solvers.sqrt_lasso import sqrt_lasso

_SOLVERS = {"lasso": lasso, "qcbp": qcbp, "sqrt-lasso": sqrt_lasso}
_STEPS = 100_000        # events of one path; thousands are rare
_NUMBERS = "objective", "dual_objective", "gap", "relative_gap", "residual", "feasibility"


@dataclass(frozen=True, repr=False)
class BatchSolution:
    r"""The solutions of many problems of one kind, with their duality gaps.

    The attributes are those of :class:`kernelstab.solvers.Solution` with a leading axis for
    the problems; ``batch[i]`` is the i-th ``Solution``, ``len(batch)`` the number of problems.

    Attributes
    ----------
    x : ndarray, shape (B, N)
        The points.
    dual : ndarray, shape (B, m)
        The dual points; their constraints are met up to rounding.
    objective, dual_objective, gap, relative_gap, residual, feasibility : ndarray, shape (B,)
        What the points prove, recomputed from them alone.
    iterations : ndarray of int, shape (B,)
        Events on the path, or iterations of the method that took over.
    converged : ndarray of bool, shape (B,)
        Whether the tolerance was met.
    methods : list of str
        The algorithm of each problem.

    Examples
    --------
    >>> solve_batch("lasso", np.eye(2), [[3.0, 0.5], [0.0, 4.0]], 1.0)
    <BatchSolution of 2 problems: 2 converged, largest relative gap 0.0e+00>
    """

    x: np.ndarray
    dual: np.ndarray
    objective: np.ndarray
    dual_objective: np.ndarray
    gap: np.ndarray
    relative_gap: np.ndarray
    residual: np.ndarray
    feasibility: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    methods: list

    def __len__(self):
        return self.objective.size

    def __getitem__(self, i) -> Solution:
        return Solution(
            self.x[i], self.dual[i], objective=float(self.objective[i]),
            dual_objective=float(self.dual_objective[i]), gap=float(self.gap[i]),
            relative_gap=float(self.relative_gap[i]), residual=float(self.residual[i]),
            feasibility=float(self.feasibility[i]), iterations=int(self.iterations[i]),
            converged=bool(self.converged[i]), method=self.methods[i])

    def __repr__(self):
        return (f"<BatchSolution of {len(self)} problems: {int(self.converged.sum())} converged, "
                f"largest relative gap {self.relative_gap.max():.1e}>")


def solve_batch(problem, A, Y, level=0.0, *, nonneg=False, tol=1e-6, threads=None,
                progress=None) -> BatchSolution:
    r"""Solve many problems of one kind, for one matrix or a matrix each.

    Phase transitions and searches for adversarial noise solve thousands of small problems; here
    they cost no Python in between. For real problems the support is guessed first, except for basis pursuit;
    where that does not succeed they follow the exact path of the LASSO, which passes through the solutions of
    all four kinds of problems.

    Parameters
    ----------
    problem : str
        ``"lasso"``, ``"qcbp"``, ``"basis-pursuit"`` or ``"sqrt-lasso"``.
    A : ndarray, shape (m, N) or (B, m, N)
        One matrix for all problems, or one for each.
    Y : ndarray, shape (B, m)
        Data, one problem per row.
    level : float or ndarray, shape (B,)
        :math:`\lambda` for ``lasso`` and ``sqrt-lasso``, :math:`\eta` for ``qcbp``; ``basis-pursuit``
        has none and ignores it.
    nonneg : bool
        Whether to minimise over :math:`x\ge0` only (real problems).
    tol : float
        What counts as converged: a relative gap ``<= tol``, and infeasible by at most
        ``tol * ||y||``. The path itself is exact up to rounding.
    threads : int, optional
        How many threads share the problems; all processors by default. The answer does not depend
        on it.
    progress : callable, optional
        Called as ``progress(done, total, note)`` after every chunk of problems.

    Returns
    -------
    BatchSolution
        Every problem with its dual point and its gap.

    Raises
    ------
    ValueError
        If the problem is unknown, a shape does not fit, an entry is not finite, or a level is
        out of its range.

    Warns
    -----
    NotConverged
        Once, if any problem has not met the tolerance.

    Notes
    -----
    For a shared matrix the Gram matrix :math:`A^TA` is computed once where the batch is large
    enough to pay for it. A problem whose path does not meet the tolerance (columns dependent in
    working precision) is handed to the function for single problems; so are complex problems,
    one after the other.

    Cost: per problem and event one product with ``A``, or with the active rows of the Gram
    matrix; for a shared matrix the first and the last product are one for many problems. Memory: a square
    matrix of order ``min(m, N)`` and as many columns per thread.

    Examples
    --------
    With the identity the solutions are soft thresholding: 3 becomes 2, 0.5 becomes 0.

    >>> import numpy as np
    >>> batch = solve_batch("lasso", np.eye(2), [[3.0, 0.5], [0.0, 4.0]], 1.0)
    >>> batch.x
    array([[2., 0.],
           [0., 3.]])
    >>> batch.objective, batch[0].gap
    (array([2.625, 3.5  ]), 0.0)
    """
    name = str(problem).replace("_", "-")       # as the functions are called, too
    form = "qcbp" if name == "basis-pursuit" else name
    if form not in _SOLVERS:
        raise ValueError(f"problem must be one of {sorted([*_SOLVERS, 'basis-pursuit'])}, got {problem!r}")
    from kernelstab._engines.lasso_path.active_set_jit import EVENTS, GAP, MET

    A, Y = _arrays(A, Y)
    levels = np.zeros(len(Y)) if name == "basis-pursuit" else _levels(level, form, len(Y))
    tol, nonneg = as_number(tol, "tol", low=0), as_flag(nonneg, "nonneg")
    threads = thread_count(threads)
    progress = as_callable(progress, "progress")
    if np.result_type(A, Y).kind == "c":
        if nonneg:
            raise ValueError("nonneg must be False for complex problems")
        found, steps = _nothing(Y, A.shape[-1]), np.zeros(len(Y), np.int64)
        converged = np.zeros(len(Y), bool)
    else:
        kinds = np.where(levels > 0.0, kind_of(form, 1.0), kind_of(form, 0.0))
        told = None if progress is None else lambda done, total: progress(done, total, "paths")
        stack, Y = (np.require(array, float, ["C", "W"]) for array in (A if A.ndim == 3 else A[None], Y))
        X, duals, verdicts = solve_rows(stack, Y, kinds, np.array(levels, float), nonneg, tol, _STEPS,
                                        threads, told)
        if not np.isfinite(verdicts[:, GAP]).all():
            as_array(A, "A")
        found = {"x": X, "dual": duals, **dict(zip(_NUMBERS, verdicts.T[:len(_NUMBERS)].copy()))}
        converged, steps = verdicts[:, MET] > 0.0, verdicts[:, EVENTS].astype(int)
        sizes = np.abs(Y).max(axis=1)
        converged &= (sizes > 1e-140) | (sizes == 0.0)      # of others the squares are lost
        if form == "qcbp" and not levels.all():    # equations of many sizes are solved one by one
            converged &= (levels > 0.0) | np.array([row_units(matrix) is None for matrix in stack])
    methods = [f"{problem} by homotopy, compiled batch"] * len(Y)
    alone = np.flatnonzero(~converged)
    for done, i in enumerate(alone, 1):
        one = _single(form, A if A.ndim == 2 else A[i], Y[i], levels[i], tol, nonneg)
        steps[i], methods[i], converged[i] = one.iterations, one.method, one.converged
        for field, values in found.items():
            values[i] = getattr(one, field)
        if progress is not None:
            progress(done, alone.size, "one by one")
    if not converged.all():
        warnings.warn(f"{int((~converged).sum())} of {len(Y)} problems stopped, the worst at relative gap "
                      f"{found['relative_gap'].max():.1e}", NotConverged, stacklevel=2)
    return BatchSolution(**found, iterations=steps, converged=converged, methods=methods)


def _arrays(A, Y):
    """Check the shapes; whether many matrices are finite is left to the products with them."""
    A = np.asarray(A)
    if A.ndim not in (2, 3):
        raise ValueError(f"A must have shape (m, N) or (B, m, N), got {A.shape}")
    if A.ndim == 2 or A.dtype.kind not in "fc" or A.size == 0:
        A = as_array(A, "A")
    A = A.astype(np.result_type(A, np.float64), copy=False)
    Y = as_array(Y, "Y", ndim=2)
    if Y.shape[1] != A.shape[-2] or (A.ndim == 3 and len(A) != len(Y)):
        rows = f"({len(A) if A.ndim == 3 else 'B'}, {A.shape[-2]})"
        raise ValueError(f"Y must have shape {rows}, got {Y.shape}")
    return A, Y


def _levels(level, form, count):
    levels = as_array(level, "level", real=True)
    if levels.shape not in ((), (1,), (count,)):
        raise ValueError(f"level must be a number or have shape ({count},), got {levels.shape}")
    if levels.min() < 0 or (levels.min() == 0 and form != "qcbp"):
        raise ValueError(f"level must be {'at least' if form == 'qcbp' else 'above'} 0, got {levels.min()}")
    return np.broadcast_to(levels, (count,))


def _single(form, A, y, level, tol, nonneg):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)  # said once for the whole batch
        return _SOLVERS[form](A, y, float(level), tol=tol, nonneg=nonneg)


def _nothing(Y, n):
    """Return the fields of solutions that have yet to be found; a gap of infinity is not good enough."""
    found = {name: np.full(len(Y), np.inf if name == "relative_gap" else 0.0) for name in _NUMBERS}
    return {"x": np.zeros((len(Y), n), complex), "dual": np.zeros(Y.shape, complex), **found}
