"""One call of a solver for cone programs whose answer nobody trusts."""

import warnings
from contextlib import suppress


def attempt(problem) -> None:
    """Solve a program of cvxpy with Clarabel; after a failure its variables may hold None.

    The bounds are evaluated afresh from whatever came out, so an inaccurate answer or none is no error.
    """
    import cvxpy as cp

    with suppress(cp.SolverError), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        problem.solve(solver=cp.CLARABEL)
