"""Solving a convex program whose answer is repaired afterwards, so that its accuracy is not believed."""

import warnings


def solved(problem) -> bool:
    """Solve a program approximately; return whether there are values, accurate or not."""
    import cvxpy as cp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            problem.solve(solver=cp.CLARABEL)
        except cp.error.SolverError:
            return False
    return all(variable.value is not None for variable in problem.variables())
