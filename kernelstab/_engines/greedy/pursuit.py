"""Orthogonal matching pursuit: one problem step by step, in three ways, and many problems at once."""

from typing import NamedTuple

import numpy as np

from kernelstab._engines.greedy.columns import largest
from kernelstab._engines.greedy.dual import Proof, proofs
from kernelstab._engines.greedy.task import Point, Task

AT_ONCE = 1 << 18   # entries up to which a matrix stays in the cache, and every step looks at all of it
BLOCK = 32          # guesses in the first block
LONGEST = 64        # guesses in a block at most
CANDIDATES = 192    # columns gathered for a block; more for long ones
PER_GUESS = 4


class Pursuits(NamedTuple):
    """What came of many problems, one row for each: points, what is proved, and the numbers of columns.

    ``fitted`` tells where a residual is at most the noise level, ``dependent`` where the best column was in
    the span of those chosen.
    """

    x: np.ndarray
    proof: Proof
    counts: np.ndarray
    fitted: np.ndarray
    dependent: np.ndarray


def pursuits(stack, Y, correlations, norms, etas, floors, atoms, gram=None, columns=None) -> Pursuits:
    """Choose columns of ``stack[p]``, or of ``stack[0]`` for all, for the data ``Y[p]``, and fit them.

    The rows of ``correlations`` are ``y^H A``; they are used up. With ``gram``, the Gram matrix of ``stack[0]``,
    and its ``columns`` as rows, correlations are not computed again but updated.
    """
    from kernelstab._engines.greedy import pursuit_jit as loops

    (count, m), n = Y.shape, stack.shape[2]
    found, weights = loops.found(count, atoms, Y, correlations), inverse(norms)
    if gram is None:
        work = loops.memory(atoms, m, m, n, Y.dtype)
        loops.by_columns(stack, Y, weights, etas, floors, atoms, work, found)
    else:
        work = loops.memory(atoms, n, m, n, Y.dtype)
        loops.by_gram(columns, gram, Y, weights, etas, floors, atoms, work, found)
    x, used = np.zeros((count, n), Y.dtype), np.arange(found.picks.shape[1]) < found.counts[:, None]
    x[np.nonzero(used)[0], found.picks[used]] = found.values[used]
    proof = proofs(found.picks, found.values, found.counts, np.linalg.norm(Y, axis=1),
                   np.broadcast_to(norms.max(axis=1), count).copy(), found.direction,
                   adjoints(stack, found.direction), found.residual, adjoints(stack, found.residual))
    return Pursuits(x, proof, found.counts, found.reasons == loops.FITTED, found.reasons == loops.DEPENDENT)


def adjoints(stack, vectors) -> np.ndarray:
    """Return ``u^H A`` for each row u, with ``stack[p]``, or with ``stack[0]`` for all."""
    if len(stack) == 1:
        return vectors.conj() @ stack[0]
    return np.matmul(vectors.conj()[:, None], stack)[:, 0]


def inverse(norms):
    """Return one over the norms of columns, and 0 for columns of norm zero."""
    return np.divide(1.0, norms, out=np.zeros(norms.shape), where=norms > 0)


class Pursuit:
    """One pursuit: the chosen columns with their triangular factor, the residual, and the weights of the rest.

    A small matrix is looked at whole in every step. Of a large one, many steps are guessed among the columns
    that correlate most, and checked in one pass: one product of a block of residuals with the matrix costs
    little more than one residual's, since the time goes into reading the matrix. Guesses stand up to the
    first residual whose best column is another; its correlations are then known and choose the next
    candidates. An operator takes a product with its adjoint to find a column, and one to fetch it.
    """

    def __init__(self, task: Task, norms):
        from kernelstab._engines.greedy import pursuit_jit as loops

        self.task, self.system, self.loops = task, task.system, loops
        (m, n), matrix = task.system.shape, task.system.matrix
        self.way = "operator" if matrix is None else "at once" if matrix.size <= AT_ONCE else "by blocks"
        self.atoms = min(task.s, task.budget)
        self.weights = inverse(norms)
        self.work = loops.memory(self.atoms, m, m, 0, task.system.dtype)
        self.picks, self.count, self.reason = np.zeros(self.atoms, np.int64), 0, None
        self.residual = task.system.y

    def points(self):
        """Yield the points; return whether the stopping rule was met, and the way."""
        start, block, correlation = self.task.start, BLOCK, None
        for place in start.support[np.argsort(-np.abs(start.values), kind="stable")]:
            if self.count < self.atoms:
                yield from self._accept(*self._guess(np.array([place]), None, self.count + 1))
        while self.count < self.atoms:
            if correlation is None:
                correlation = self._correlation()
            places, most = np.arange(self.weights.size), self.atoms
            if self.way == "by blocks":
                places = largest(np.abs(correlation) * self.weights, max(CANDIDATES, PER_GUESS * block))
                most = min(self.atoms, self.count + block)
            elif self.way == "operator":
                places, most = np.array([self._leader(correlation)]), self.count + 1
            chosen, trail = self._guess(places, correlation[places], most)
            if not chosen.size:
                break
            guessed, correlation = chosen.size, None
            if self.way == "by blocks":
                chosen, correlation = self._checked(chosen, trail)
                block = min(2 * block, LONGEST) if chosen.size == guessed else max(chosen.size, BLOCK // 2)
            yield from self._accept(chosen, trail)
            if self.way == "at once":
                break
        if self.task.eta > 0:
            met = self.reason == self.loops.FITTED
        else:
            met = self.reason != self.loops.FULL or self.atoms == self.task.s
        return met, self.way

    def _correlation(self):
        """Return ``r^H A`` for the residual."""
        return (self.system.adjoint(self.residual) if self.count else self.task.correlation).conj()

    def _leader(self, correlation):
        scores = np.abs(correlation * self.weights) ** 2
        return np.argmax(scores >= (1.0 - self.loops.TIE) * scores.max())

    def _columns(self, places):
        if self.system.matrix is not None:
            columns = self.system.matrix if places.size == self.weights.size else self.system.matrix[:, places]
        else:
            unit = np.zeros(self.system.shape[1], self.system.dtype)
            unit[places] = 1.0
            columns = self.system.forward(unit).astype(self.system.dtype)[:, None]
        return np.require(columns, None, ["C", "W"])   # the form for which the loop is compiled

    def _guess(self, places, correlation, atoms):
        """Choose among the columns ``places``; return those chosen, and the residuals met."""
        columns = self._columns(places)
        if correlation is None:
            correlation = self.residual.conj() @ columns
        found = self._run(columns, self.weights[places], correlation, self.count, atoms)
        self.reason, chosen = found.reasons[0], places[found.picks[0, self.count : found.counts[0]]]
        return chosen, self.work.trail[: chosen.size + 1].copy()

    def _checked(self, chosen, trail):
        """Return the guesses that stand, and the correlations of the residual after them."""
        correlations = trail[1:].conj() @ self.system.matrix
        for right in range(1, chosen.size):
            self.weights[chosen[right - 1]] = 0.0
            if self._leader(correlations[right - 1]) != chosen[right]:
                return chosen[:right], correlations[right - 1]
        return chosen, correlations[-1]

    def _accept(self, chosen, trail):
        """Take the columns, and yield their points, or the last one only if nobody looks."""
        first, self.count = self.count, self.count + chosen.size
        self.picks[first : self.count], self.weights[chosen] = chosen, 0.0
        self.residual = trail[chosen.size]
        for count in range(first + 1 if self.task.each else max(self.count, first + 1), self.count + 1):
            yield self._point(count)

    def _point(self, count):
        """Return the fit on the first columns: the loop with nothing to choose."""
        nothing = np.empty(0, self.system.dtype)
        found = self._run(np.empty((self.residual.size, 0), self.system.dtype), np.empty(0), nothing, count, count)
        order = np.argsort(self.picks[:count])
        return Point(count, self.picks[:count][order], found.values[0, :count][order], found.residual[0],
                     found.direction[0])

    def _run(self, columns, weights, correlation, count, atoms):
        task, loops, places = self.task, self.loops, weights.size
        found = loops.found(1, self.atoms, self.residual[None], correlation[None].copy())
        found.counts[0] = count
        work = self.work._replace(scores=np.empty(places), weights=np.empty(places))
        # The data are given once more, because a fit is measured against them.
        loops.by_columns(columns[None], task.system.y[None], weights[None], np.array([task.eta]),
                         np.array([task.tol * task.size]), atoms, work, found)
        return found
