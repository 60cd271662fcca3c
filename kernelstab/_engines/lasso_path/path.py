"""The exact path of the LASSO for one real dense problem, with a monitor."""

import numpy as np

from kernelstab._engines.duality_gap import KINDS

STRETCH = 4 * 10**8   # entries passed over between two reports of a long path


def solve(problem, start, monitor) -> str:
    """Follow the path from the zero solution; the starting point is not used."""
    from kernelstab._engines.lasso_path.path_jit import FOLLOWING, STATUS, STEPS

    system = problem.system
    kind = kind_of(problem.form, problem.parameter)
    path = Path(system.matrix, system.y, problem.correlation, kind, problem.parameter, problem.nonneg)
    numbers, most = path.state.numbers, 1 + STRETCH // system.matrix.size
    while True:
        x, product, dual = path.follow(min(monitor.budget - int(numbers[STEPS]), most))
        done = monitor(int(numbers[STEPS]), x, product, dual)
        if done or numbers[STATUS] != FOLLOWING:
            return "homotopy, compiled"


def kind_of(form, parameter) -> int:
    """Return which of the four kinds a problem is."""
    return KINDS["basis-pursuit" if form == "qcbp" and parameter == 0 else form]


class Path:
    """One path that stops on its way; ``state`` tells where."""

    def __init__(self, matrix, y, correlation, kind, parameter, nonneg):
        from kernelstab._engines.lasso_path.active_set_jit import allocate
        from kernelstab._engines.lasso_path.judge_jit import FIELDS

        self.state, self.shape = allocate(*matrix.shape), matrix.shape
        matrix, y, correlation = (np.require(v, float, ["C", "W"])[None] for v in (matrix, y, correlation))
        self.given = (matrix, np.empty((0, 0)), y, correlation, np.array([kind]),
                      np.array([parameter], float), nonneg)
        self.verdicts = np.empty((1, FIELDS))
        self.fresh = True

    def follow(self, count) -> tuple:
        """Go on over at most ``count`` events; return the point there, ``Ax`` and its dual direction."""
        from kernelstab._engines.lasso_path.path_jit import follow

        (m, n), fresh, self.fresh = self.shape, self.fresh, False
        x, product, dual = np.empty((1, n)), np.empty((1, m)), np.empty((1, m))
        follow(*self.given, count, fresh, self.state, x, product, dual, self.verdicts)
        return x[0], product[0], dual[0]
