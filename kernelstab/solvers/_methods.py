"""The methods by name, what each can do, and the rule of ``method="auto"``."""

import importlib
from typing import NamedTuple

from kernelstab.solvers._problem import Problem

SMALL = 400_000   # entries of a real matrix up to which the whole path is the fastest


class Method(NamedTuple):
    """An engine: its modules (real, complex), the forms it solves, its default budget, what it needs."""

    real: str | None
    complex: str | None
    forms: tuple
    budget: int
    dense: bool = False
    box: bool = False

    def module(self, problem: Problem) -> str | None:
        """Return the module that solves problems of this arithmetic."""
        return self.complex if problem.system.dtype.kind == "c" else self.real


_ALL = ("lasso", "qcbp", "sqrt-lasso")
METHODS = {
    "homotopy": Method("_engines.lasso_path.path", None, _ALL, 100_000, dense=True),
    "working-set": Method("_engines.working_set.real", "_engines.working_set.complex", _ALL, 1_000,
                          dense=True),
    "fista": Method("_engines.first_order.fista", "_engines.first_order.fista", ("lasso",), 50_000, box=True),
    "primal-dual": Method("_engines.first_order.primal_dual", "_engines.first_order.primal_dual",
                          ("qcbp", "sqrt-lasso"), 20_000),
}


def chain(problem: Problem, method: str) -> list:
    """Return the engines to try in turn, as pairs (name, Method).

    ``auto``: real dense problems take the exact path when they are small and a working set
    otherwise, complex dense ones a working set; operators FISTA for the LASSO and the
    restarted primal-dual method for the rest, which is also the safety net behind a dense
    method that breaks down (columns that depend on each other). A LASSO with a box takes FISTA.
    A method asked for by name runs alone.

    Raises
    ------
    ValueError
        If the name is unknown or the method cannot do this problem.
    """
    if method == "auto":
        net = "fista" if problem.form == "lasso" else "primal-dual"
        names = [*_dense_order(problem), net] if problem.system.matrix is not None else [net]
        return [(name, METHODS[name]) for name in names
                if name in METHODS and refusal(problem, METHODS[name]) is None]
    known = sorted(name for name, m in METHODS.items() if problem.form in m.forms)
    if method not in known:
        raise ValueError(f"method must be 'auto' or one of {known}, got {method!r}")
    reason = refusal(problem, METHODS[method])
    if reason is not None:
        raise ValueError(f"method {method!r} needs {reason}")
    return [(method, METHODS[method])]


def refusal(problem: Problem, method: Method) -> str | None:
    """Return what the method lacks for this problem, or None."""
    system = problem.system
    if problem.form not in method.forms:
        return f"a problem of the form {' or '.join(method.forms)}"
    if method.dense and system.matrix is None:
        return "a dense matrix"
    if problem.box is not None and not method.box:
        return "a problem without box"
    if method.module(problem) is None:
        return "a real problem" if method.complex is None else "a complex problem"
    return None


def _dense_order(problem):
    if problem.system.dtype.kind == "c":
        return ["working-set"]
    m, n = problem.system.shape
    return ["homotopy", "working-set"] if m * n <= SMALL else ["working-set", "homotopy"]


def engine(method: Method, problem: Problem):
    """Import the module that solves this problem."""
    return importlib.import_module(f"kernelstab.{method.module(problem)}")
