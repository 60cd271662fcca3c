"""Orthogonal matching pursuit: one problem step by step, in three ways, and many problems at once."""

from typing import NamedTuple

import numpy as np

from kernelstab._engines.duality_gap import QCBP
from kernelstab._engines.greedy.columns import largest
from kernelstab._engines.greedy.dual import DualProof
from kernelstab._engines.greedy.task import FITTED, FULL, Point, Task
from kernelstab._threads import in_order

AT_ONCE = 1 << 18   # entries up to which a matrix stays in the cache, and every step looks at all of it
BLOCK = 32          # guesses in the first block
LONGEST = 64        # guesses in a block at most
CANDIDATES = 192    # columns gathered for a block; more for long ones
PER_GUESS = 4
CHUNK = 128         # problems a thread takes at a time: their correlations stay in the cache
OWN = 64            # the same where each has a matrix of its own, which takes longer
GRAM_COLUMNS = 4096  # a Gram matrix of more columns takes more than 128 MB


class Pursuits(NamedTuple):
    """What came of many problems: points and what is proved, how many columns, and why no more."""

    proof: DualProof
    counts: np.ndarray
    reasons: np.ndarray


def pursuit_at_once(A, y, norms, eta, tol, atoms) -> Pursuits:
    """Choose columns of one small matrix, which are measured where ``norms`` is None."""
    from kernelstab._engines.greedy import pursuit_jit as loops

    Y, norms = y[None], np.empty((0, 0)) if norms is None else np.require(norms, None, ["C", "W"])[None]
    m, n = A.shape
    found, work = loops.fields(atoms, Y, n), loops.memory(atoms, m, m, n, y.dtype)
    with np.errstate(all="ignore"):     # what overflows is told apart by its size, in the reasons
        loops.by_columns(QCBP, A[None], Y, norms, np.array([eta]), tol, atoms, work, found)
    proof = DualProof(found.x[0], found.vectors[0, 0], *map(float, found.numbers[0]))
    return Pursuits(proof, found.counts[0], found.reasons[0])


def pursuit_batch(A, Y, etas, tol, atoms, threads, progress) -> Pursuits:
    """Choose columns of ``A``, or of ``A[p]``, for the data ``Y[p]``, in chunks that threads share.

    One matrix of few columns is used through its Gram matrix: correlations are updated, not computed again.
    Chunks, and so the answer, do not depend on the threads.
    """
    from kernelstab._engines.greedy import pursuit_jit as loops

    shared, (m, n) = A.ndim == 2, A.shape[-2:]
    by_gram = shared and n <= GRAM_COLUMNS
    found, unmeasured = loops.fields(atoms, Y, n), np.empty((0, 0))
    if by_gram:
        columns = np.require(A.T, None, ["C", "W"])
        gram = _product(columns, A)
        norms = np.sqrt(gram.diagonal().real)

    def work(part):
        rows, data, limits = loops.Found(*(field[part] for field in found)), Y[part], etas[part]
        memory = loops.memory(atoms, n if by_gram else m, m, n, Y.dtype)
        rest = limits, tol, atoms, memory, rows
        with np.errstate(all="ignore"):
            if by_gram:
                loops.by_gram(QCBP, A, columns, gram, data, _product(data, A), norms, *rest)
            else:
                loops.by_columns(QCBP, A[None] if shared else A[part], data, unmeasured, *rest)

    size = CHUNK if shared else OWN
    for part, _ in in_order(work, [slice(first, first + size) for first in range(0, len(Y), size)], threads):
        if progress is not None:
            progress(min(part.stop, len(Y)), len(Y), "problems")
    proof = DualProof(found.x, found.vectors[:, 0].copy(), *found.numbers.T.copy())
    return Pursuits(proof, found.counts, found.reasons)


def _product(rows, A):
    """Return ``u^H A`` for every row u; what is not finite is told apart by its size later."""
    with np.errstate(over="ignore", invalid="ignore"):
        return rows.conj() @ A


class Pursuit:
    """One pursuit: the chosen columns with their triangular factor, the residual, and the norms of the rest.

    A small matrix is looked at whole in every step. Of a large one, many steps are guessed among the columns
    that correlate most, and checked in one pass: one product of a block of residuals with the matrix costs
    little more than one residual's, since the time goes into reading the matrix. Guesses stand up to the
    first residual whose best column is another; its correlations are then known and choose the next
    candidates. An operator takes a product with its adjoint to find a column, and one to fetch it.
    """

    def __init__(self, task: Task, norms):
        from kernelstab._engines.greedy import pursuit_jit as loops

        self.task, self.system, self.loops = task, task.system, loops
        m, matrix = task.system.shape[0], task.system.matrix
        self.way = "operator" if matrix is None else "at once" if matrix.size <= AT_ONCE else "by blocks"
        self.atoms = min(task.s, task.budget)
        self.norms = norms.copy()   # zero for columns that are chosen
        self.work = loops.memory(self.atoms, m, m, 0, task.system.dtype)
        self.picks, self.count, self.reason = np.zeros(self.atoms, np.int64), 0, None
        self.residual = task.system.y

    def points(self):
        """Yield the points; return whether the stopping rule was met, and the way."""
        longest = self.norms.max()
        if longest > 0.0 and not self.loops.LOW <= longest <= self.loops.HIGH:
            raise ValueError("the norms of the columns must lie between 1e-60 and 1e60 where those along y "
                             f"are of ordinary size, got {longest}")
        start, block, correlation = self.task.start, BLOCK, None
        for place in start.support[np.argsort(-np.abs(start.values), kind="stable")]:
            if self.count < self.atoms:
                yield from self._accept(*self._guess(np.array([place]), self.count + 1))
        while self.count < self.atoms:
            if correlation is None:
                correlation = self._correlation()
            places, most = np.arange(self.norms.size), self.atoms
            if self.way == "by blocks":
                places = largest(self._scores(correlation), max(CANDIDATES, PER_GUESS * block))
                most = min(self.atoms, self.count + block)
            elif self.way == "operator":
                places, most = np.array([self._leader(correlation)]), self.count + 1
            chosen, trail = self._guess(places, most)
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
            met = self.reason == FITTED
        else:
            met = self.reason != FULL or self.atoms == self.task.s
        return met, self.way

    def _correlation(self):
        """Return ``r^H A`` for the residual."""
        return (self.system.adjoint(self.residual) if self.count else self.task.correlation).conj()

    def _scores(self, correlation):
        zeros = np.zeros(self.norms.size)
        return np.divide(np.abs(correlation), self.norms, out=zeros, where=self.norms > 0) ** 2

    def _leader(self, correlation):
        scores = self._scores(correlation)
        return np.argmax(scores >= (1.0 - self.loops.TIE) * scores.max())

    def _columns(self, places):
        if self.system.matrix is not None:
            whole = places.size == self.norms.size
            columns = self.system.matrix if whole else self.system.matrix[:, places]
        else:
            unit = np.zeros(self.system.shape[1], self.system.dtype)
            unit[places] = 1.0
            columns = self.system.forward(unit).astype(self.system.dtype)[:, None]
        return np.require(columns, None, ["C", "W"])   # the form for which the loop is compiled

    def _guess(self, places, atoms):
        """Choose among the columns ``places``; return those chosen, and the residuals met."""
        found = self._run(self._columns(places), self.norms[places], self.count, atoms)
        self.reason, chosen = found.reasons[0], places[found.picks[0, self.count : found.counts[0]]]
        return chosen, self.work.trail[: chosen.size + 1].copy()

    def _checked(self, chosen, trail):
        """Return the guesses that stand, and the correlations of the residual after them."""
        correlations = trail[1:].conj() @ self.system.matrix
        for right in range(1, chosen.size):
            self.norms[chosen[right - 1]] = 0.0
            if self._leader(correlations[right - 1]) != chosen[right]:
                return chosen[:right], correlations[right - 1]
        return chosen, correlations[-1]

    def _accept(self, chosen, trail):
        """Take the columns, and yield their points, or the last one only if nobody looks."""
        first, self.count = self.count, self.count + chosen.size
        self.picks[first : self.count], self.norms[chosen] = chosen, 0.0
        self.residual = trail[chosen.size]
        for count in range(first + 1 if self.task.each else max(self.count, first + 1), self.count + 1):
            yield self._point(count)

    def _point(self, count):
        """Return the fit on the first columns: the loop with nothing to choose."""
        nothing = np.empty((self.residual.size, 0), self.system.dtype)
        found = self._run(nothing, np.empty(0), count, count)
        order = np.argsort(self.picks[:count])
        return Point(count, self.picks[:count][order], found.values[0, :count][order], found.vectors[0, 1],
                     found.vectors[0, 0])

    def _run(self, columns, norms, count, atoms):
        task, loops, n = self.task, self.loops, norms.size
        found = loops.fields(self.atoms, self.residual[None], 0)
        found.counts[0] = count
        work = self.work._replace(scores=np.empty(n), weights=np.empty(n),
                                  correlations=np.empty((2, n), self.system.dtype))
        # The data are given beside the residual, because the fit is measured against them.
        loops.by_columns(QCBP, columns[None], task.system.y[None], norms[None], np.array([task.eta]),
                         task.tol, atoms, work, found)
        return found
