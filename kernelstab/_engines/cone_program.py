"""The one call of a solver for cone programs."""

import warnings
from contextlib import suppress


def solve_cone_program(program, solver="CLARABEL", **tolerances) -> bool:
    """Solve a program of cvxpy; return whether every variable has a value, accurate or not.

    Nobody trusts the answer: bounds are evaluated afresh from whatever came out, so that an inaccurate
    answer or none is no error, and the doubts of the solver are not repeated.
    """
    import cvxpy as cp

    with suppress(cp.SolverError), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        program.solve(solver=solver, **tolerances)
    return all(variable.value is not None for variable in program.variables())
