"""The restarted primal-dual method for quadratically constrained basis pursuit."""

from kernelstab.solvers._restarts import restarted
from kernelstab.solvers._spheres import DenseSphere, OperatorSphere


def solve(problem, start, watch) -> str:
    """Run the loop in coordinates where the matrix has orthonormal rows, if it is dense or tight."""
    system, eta = problem.system, problem.level
    sphere = OperatorSphere(system, eta) if system.matrix is None else DenseSphere(system, eta)

    def report(done, best):
        watch(done, best.point, dual=sphere.lift(best.dual))

    restarted(sphere, start.x, -sphere.lower(start.dual), problem.tol, problem.size, watch.budget, report)
    return f"restarted primal-dual, {sphere.kind}"
