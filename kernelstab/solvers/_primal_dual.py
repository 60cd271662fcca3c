"""The primal-dual method, restarted by the duality gap, for a constraint on the residual or its price."""

from kernelstab.solvers._restarts import restarted
from kernelstab.solvers._spheres import DenseSphere, OperatorSphere


def solve(problem, start, watch) -> str:
    """Run the loop in coordinates where the matrix has orthonormal rows, if it is dense or tight."""
    sphere = OperatorSphere(problem) if problem.system.matrix is None else DenseSphere(problem)
    vars(problem).pop("correlation", None)  # as long as a point; it comes back if anybody asks
    restarted(problem, sphere, start.x, -sphere.lower(start.dual), watch)
    return f"restarted primal-dual, {sphere.kind}"
