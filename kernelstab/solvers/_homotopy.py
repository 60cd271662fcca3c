"""The exact path of the LASSO for real dense matrices, walked down to the level asked for.

All three forms lie on this one path: the LASSO at ``lambda`` itself, basis pursuit at its end,
the constraint ``||r|| = eta`` and the square-root LASSO's ``lambda = level * ||r||`` at a point
that has a closed form on each of the path's straight pieces.
"""

import numpy as np

AT_ONCE = 500_000     # entries of a matrix up to which the walk is one compiled call
STRETCH = 4 * 10**8   # entries passed over between two reports of a longer walk


def solve(problem, start, watch) -> str:
    """Walk from the zero solution to the level of ``problem``; the starting point is not used."""
    from kernelstab.solvers import _homotopy_jit as loops

    system, words = problem.system, "homotopy, compiled"
    A, y, correlation = locked(system.matrix), locked(system.y), locked(problem.correlation)
    kind, level, nonneg = loops.KINDS[kind_of(problem.form, problem.level)], problem.level, problem.nonneg
    if A.size <= AT_ONCE:
        x, image, dual, pulled, numbers = loops.solve(A, y, correlation, kind, level, nonneg, watch.budget)
        watch(int(numbers[loops.STEPS]), x, image, dual, pulled)
        return words
    state, gram = loops.allocate(*A.shape), np.empty((0, 0))
    loops.begin(state, correlation, y, nonneg)
    while True:
        left = watch.budget - int(state.numbers[loops.STEPS])
        loops.walk(A, gram, y, state, kind, level, nonneg, min(left, 1 + STRETCH // A.size))
        point = loops.pack(A, y, state, kind, level)
        if watch(int(state.numbers[loops.STEPS]), *point) or state.numbers[loops.STATUS] != loops.WALKING:
            return words


def kind_of(form, level) -> str:
    """Return which of the four stopping rules of the walk belongs to a problem."""
    return "basis-pursuit" if form == "qcbp" and level == 0 else form


def locked(array):
    """Return a read-only view in C order (a copy of other orders), so that one variant is compiled."""
    view = array.view() if array.flags.c_contiguous else np.ascontiguousarray(array)
    view.setflags(write=False)
    return view
