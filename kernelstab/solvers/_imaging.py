"""One way to run an engine on an imaging problem, and to say what came out."""

import warnings

from kernelstab._checks import as_number
from kernelstab._engines.monitor import Monitor
from kernelstab._errors import NotConverged
from kernelstab.solvers.solution import Solution


def run(problem, engine, name, *, budget, callback=None, progress=None, history=False,
        scale=None) -> Solution:
    """Call ``engine(watch)`` unless zero is optimal, and make a ``Solution`` of the best point.

    ``problem`` has what a ``Monitor`` asks of a ``Problem``, and ``zero_is_optimal``; the engine returns
    words for the method. With ``scale`` the points of the problem are coefficients times it.

    Warns
    -----
    NotConverged
        If the tolerance is not met, or Ctrl-C ended the engine.
    """
    watch, interrupted = Monitor(problem, callback, progress, history, scale), False
    watch.begin(budget)
    try:
        if problem.zero_is_optimal:
            system = problem.system
            watch(0, 0 * problem.correlation, image=0 * system.y, dual=system.y)
            words = "closed form"
        else:
            words = engine(watch)
    except KeyboardInterrupt:
        if watch.best is None:
            raise
        words, interrupted = "interrupted", True
    best = watch.best
    if not watch.finished:
        ended = "was interrupted" if interrupted else "stopped"
        warnings.warn(f"{name} {ended} after {watch.done} iterations at relative gap "
                      f"{best.relative_gap:.1e}, infeasible by {best.feasibility:.1e}", NotConverged,
                      stacklevel=4)
    x = best.x if scale is None else best.x / scale
    return Solution(x, best.dual, best.objective, best.dual_objective, best.gap, best.relative_gap,
                    best.residual, best.feasibility, watch.done, watch.finished, f"{name} by {words}",
                    watch.history, interrupted=interrupted)


def posed(eta, lam) -> tuple:
    """Return the form of the problem and its level, of which exactly one must be given."""
    if (eta is None) == (lam is None):
        raise ValueError(f"exactly one of eta and lam must be given, got eta={eta} and lam={lam}")
    if lam is None:
        return "qcbp", as_number(eta, "eta", low=0)
    return "lasso", as_number(lam, "lam", low=0, strict=True)
