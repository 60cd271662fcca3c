"""Iterative hard thresholding: gradient steps, and only the largest entries stay."""

from typing import NamedTuple

import numpy as np

from kernelstab.solvers.greedy._columns import combination, largest
from kernelstab.solvers.greedy._walk import Point, walked
from kernelstab.solvers.solution import Solution

_MARGIN = 0.01  # the step stays this part below the longest one that is sure to lower the residual
_SHRINK = 2.0


def iht(A, y, s, normalised=True, *, tol=1e-6, max_iter=5000, x0=None, callback=None, progress=None,
        history=False) -> Solution:
    r"""Recover ``s`` entries by iterative hard thresholding, with steps that cannot diverge.

    For real and complex data. Entries compete by their moduli as they are: columns of about
    equal norm are meant.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data.
    s : int
        Number of entries, up to ``min(m, N)``.
    normalised : bool
        Whether the step adapts to the columns in use (normalised iterative hard thresholding).
        Otherwise it is :math:`0.99/\|A\|^2` throughout, safe and slow.
    tol : float
        Stop when a step on an unchanged support moves by at most ``tol * ||x||``, or when the
        residual is at most ``tol * ||y||``.
    max_iter : int
        Budget of iterations. Beyond it the last point is returned with a warning.
    x0 : ndarray (N,) or Solution, optional
        Where to start; its ``s`` largest entries count.
    callback : callable, optional
        Called as ``callback(iteration, x, residual)`` after every iteration.
    progress : callable, optional
        Called as ``progress(done, total, note)`` after every iteration.
    history : bool
        Whether to record (iteration, :math:`\|x\|_1`, residual).

    Returns
    -------
    Solution
        The last point; it fits its support only as well as ``tol`` asks. ``gap`` is its duality
        gap as a candidate for the least :math:`\|z\|_1` subject to
        :math:`\|Az-y\|\le\|Ax-y\|`, ``dual`` the point that proves it; a gap of 0 proves that it
        is also the answer of :func:`qcbp` at this level, a large gap says nothing about sparsity.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, or ``s`` is not in ``1..min(m, N)``.
        Also if floating point cannot hold the answer, or an operator changes sizes by a factor
        below 1e-50 or above 1e50.

    Warns
    -----
    NotConverged
        If the budget ends first, or Ctrl-C ends the run.

    Notes
    -----
    A step goes from :math:`x` to the ``s`` largest entries of :math:`x+\mu g` with
    :math:`g=A^*(y-Ax)`. That point :math:`z` is closest to :math:`x+\mu g` of all with ``s`` entries,
    :math:`x` among them, so :math:`\mathrm{Re}\langle g,z-x\rangle\ge\|z-x\|^2/(2\mu)` and

    .. math:: \tfrac12\|y-Az\|^2\le\tfrac12\|y-Ax\|^2-\tfrac1{2\mu}\|z-x\|^2+\tfrac12\|A(z-x)\|^2 .

    The residual falls whenever :math:`\mu\le0.99\,\|z-x\|^2/\|A(z-x)\|^2`, which always holds for
    :math:`\mu\le0.99/\|A\|^2`. The normalised step :math:`\|g_S\|^2/\|A_Sg_S\|^2` minimises the
    residual along the entries in use; where another support comes out the inequality is tested, and
    the step halved until it holds. The plain step is small, and thresholds can hold it at a support
    that longer steps would leave.

    Stopping rule: see ``tol``; ``converged`` means that one of the two was met.

    Cost: for a matrix one pass (one product with the adjoint) per iteration, since the products with
    ``s`` columns are small; for an operator one product with the adjoint, and two with the
    operator (one without ``normalised``), and one more per shortened step.

    Examples
    --------
    >>> import numpy as np

    With orthogonal columns of one norm the first step is the last:

    >>> s = iht(2.0 * np.eye(4), [0.0, 3.0, 0.5, -2.0], 2)
    >>> s.x, s.residual, s.converged
    (array([ 0. ,  1.5,  0. , -1. ]), 0.5, True)
    """
    return walked("normalised iterative hard thresholding" if normalised else "iterative hard thresholding",
                  _normalised if normalised else _plain, A, y, s, tol=tol, max_iter=max_iter, x0=x0,
                  callback=callback, progress=progress, history=history)


class _Place(NamedTuple):
    """A sparse point, where it is not zero, and its residual."""

    x: np.ndarray
    support: np.ndarray
    residual: np.ndarray


def _normalised(task):
    """Let the columns in use set the step; remember it for gradients that vanish on them."""
    system, step = task.system, 0.0

    def propose(place, gradient):
        nonlocal step
        used = place.support if place.support.size else largest(gradient, task.s)
        part = gradient[used]
        image = combination(system, used, part)
        energy = np.vdot(image, image).real
        if energy > 0:
            step = np.vdot(part, part).real / energy
        if step == 0.0:
            step = _longest(system)
        trial = step
        while True:
            new = _threshold(task, place.x + trial * gradient)
            move, shift = new.x - place.x, place.residual - new.residual
            if np.array_equal(new.support, used):
                return new
            if trial * np.vdot(shift, shift).real <= (1 - _MARGIN) * np.vdot(move, move).real:
                return new
            trial /= _SHRINK

    return (yield from _walk(task, propose))


def _plain(task):
    """Take the step that is safe for every support."""
    step = _longest(task.system)

    def propose(place, gradient):
        return _threshold(task, place.x + step * gradient)

    return (yield from _walk(task, propose))


def _walk(task, propose):
    system = task.system
    x = np.zeros(system.shape[1], system.dtype)
    x[task.support] = task.values
    place = _Place(x, task.support, system.y - combination(system, task.support, task.values))
    for done in range(1, task.budget + 1):
        gradient = system.adjoint(place.residual) if place.support.size else task.correlation
        new = propose(place, gradient)
        yield Point(done, new.support, new.x[new.support], new.residual)
        moved = np.linalg.norm(new.x - place.x)
        settled = np.array_equal(new.support, place.support) and moved <= task.tol * np.linalg.norm(new.x)
        place = new
        if task.fitted(place.residual):
            return True, "exact fit"
        if settled:
            return True, "settled"
    return False, "budget spent"


def _threshold(task, target):
    support = largest(target, task.s)
    support = support[target[support] != 0]
    x = np.zeros_like(target)
    x[support] = target[support]
    return _Place(x, support, task.system.y - combination(task.system, support, x[support]))


def _longest(system):
    size = system.norm()
    return (1 - _MARGIN) / size**2
