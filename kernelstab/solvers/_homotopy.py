"""The exact path of the LASSO for real dense matrices, walked down to the level asked for.

All three forms lie on this one path: the LASSO at ``lambda`` itself, basis pursuit at its end,
the constraint ``||r|| = eta`` and the square-root LASSO's ``lambda = level * ||r||`` at a point
that has a closed form on each of the path's straight pieces.
"""

import numpy as np

STRETCH = 4 * 10**8   # entries passed over between two reports of a long walk


def solve(problem, start, watch) -> str:
    """Walk from the zero solution to the level of ``problem``; the starting point is not used."""
    from kernelstab._engines.duality_gap import KINDS
    from kernelstab.solvers import _homotopy_jit as loops

    system, words = problem.system, "homotopy, compiled"
    A, y, correlation = locked(system.matrix), locked(system.y), locked(problem.correlation)
    kind, level, nonneg = KINDS[kind_of(problem.form, problem.level)], problem.level, problem.nonneg
    (m, n), gram, fresh = A.shape, np.empty((0, 0)), True
    state = loops.allocate(m, n)
    numbers, most = state.numbers, 1 + STRETCH // A.size
    while True:
        left = watch.budget - int(numbers[loops.STEPS])
        x, pulled, image, dual = np.empty(n), np.empty(n), np.empty(m), np.empty(m)
        loops.stretch(A, gram, y, correlation, state, fresh, kind, level, nonneg, min(left, most),
                      x, image, dual, pulled)
        fresh = False
        done = watch(int(numbers[loops.STEPS]), x, image, dual, pulled)
        if done or numbers[loops.STATUS] != loops.WALKING:
            return words


def kind_of(form, level) -> str:
    """Return which of the four stopping rules of the walk belongs to a problem."""
    return "basis-pursuit" if form == "qcbp" and level == 0 else form


def locked(array):
    """Return a read-only view in C order (a copy of other orders), so that one variant is compiled."""
    view = array.view() if array.flags.c_contiguous else np.ascontiguousarray(array)
    view.setflags(write=False)
    return view
