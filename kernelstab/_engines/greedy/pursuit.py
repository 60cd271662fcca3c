"""Orthogonal matching pursuit on several problems side by side, and step by step on one."""

import numpy as np
from scipy.linalg import solve_triangular

from kernelstab._engines.duality_gap import EPSILON
from kernelstab._engines.greedy.columns import column_norms, largest, lengths
from kernelstab._engines.greedy.points import Point, prove
from kernelstab._engines.problem import Judged
from kernelstab._engines.threads import in_order

TIE = 1e-12         # scores this close are equal: rounding must not decide between equal columns
PIVOT = 1e-10       # a column whose distance from the chosen ones is this part of its length depends on them
LOW, HIGH = 1e-60, 1e60   # between these a fourth power is a number, also that of a residual of rounding
LARGE = 1 << 18     # entries of a matrix from which columns are guessed in blocks
BLOCK = 32          # guesses in a block
CANDIDATES = 192    # columns gathered for a block
CHUNK = 128         # problems of a batch at a time: their correlations stay in the cache
ENTRIES = 1 << 23   # and their chosen columns in 64 MB

# Why a pursuit ended: enough columns; a residual of at most eta; no column correlates; the best one lies in
# the span of those chosen; numbers are too large or too small.
GOING, FULL, FITTED, NOTHING, DEPENDENT, EXTREME = range(6)


class Pursuits:
    """Pursuits side by side: row p of each array belongs to problem p.

    The chosen columns are ``triangle`` times the rows of ``basis``, which are orthonormal, and the data are
    ``coordinates`` times these plus ``residual``. A pursuit that has ended takes columns of zeros.
    """

    def __init__(self, Y, norms, etas, tol, atoms):
        size = lengths(Y)
        self.data, self.residual, self.etas, self.limit = Y, Y, etas, tol * size
        norms = np.broadcast_to(norms, (len(Y), norms.shape[-1]))
        self.weights = np.divide(1.0, norms, out=np.zeros(norms.shape), where=norms > 0)   # 0 once chosen
        self.columns, self.basis = np.zeros((2, len(Y), atoms, Y.shape[1]), Y.dtype)
        self.triangle = np.zeros((len(Y), atoms, atoms), Y.dtype)
        self.coordinates, self.picks = np.zeros((len(Y), atoms), Y.dtype), np.zeros((len(Y), atoms), int)
        self.done, self.counts, self.reasons = 0, np.zeros(len(Y), int), np.full(len(Y), GOING)
        longest, shortest = norms.max(axis=1), np.min(norms, axis=1, where=norms > 0.0, initial=np.inf)
        self._end(~((size >= LOW) & (size <= HIGH) & (shortest >= LOW) & (longest <= HIGH)
                    & (longest > 0.0)), EXTREME)
        self._end(size <= etas, FITTED)

    @property
    def going(self) -> bool:
        """Whether any of them has not ended."""
        return not self.reasons.all()

    def _end(self, which, reason):
        if which.any():
            self.reasons[which & (self.reasons == GOING)] = reason

    def leaders(self, correlations, weights):
        """Return the first column in each row whose correlation, by its length, is largest up to rounding."""
        scores = np.abs(correlations) * weights
        best = scores.max(axis=1)
        return (scores >= (1.0 - TIE) * best[:, None]).argmax(axis=1), best

    def step(self, correlations, columns_at, places=None):
        """Choose one more column of each problem, of all or among ``places``, by ``A^H r`` for these."""
        weights = self.weights if places is None else self.weights[:, places]
        picks, best = self.leaders(correlations, weights)
        picks = picks if places is None else places[picks]
        self._end(best <= self.limit, NOTHING)
        columns, k = columns_at(picks), self.done
        basis, units, products = self.basis[:, :k], columns, 0.0
        length = lengths(columns)
        for _ in range(2):   # twice is enough: what the first leaves of the span is rounding
            parts = (units[:, None].conj() @ basis.transpose(0, 2, 1)).conj()
            units, products = units - (parts @ basis)[:, 0], products + parts[:, 0]
        rest = lengths(units)
        self._end(rest <= PIVOT * length, DEPENDENT)
        kept = self.reasons == GOING
        if not kept.any():
            return
        units = units * np.divide(1.0, rest, out=np.zeros(rest.shape), where=kept)[:, None]
        shares = (units.conj() * self.residual).sum(axis=1)
        self.residual = self.residual - shares[:, None] * units
        self.columns[:, k], self.basis[:, k] = columns * kept[:, None], units
        self.triangle[:, k, :k], self.triangle[:, k, k] = products * kept[:, None], np.where(kept, rest, 1.0)
        self.coordinates[:, k], self.picks[:, k] = shares, picks
        self.weights[kept, picks[kept]] = 0.0
        self.counts += kept
        self.done += 1
        self._end(lengths(self.residual) <= self.etas, FITTED)
        if self.done == self.picks.shape[1]:
            self._end(kept, FULL)

    def back_to(self, count, residual):
        """Forget the last columns of a single pursuit."""
        undone = self.picks[0, count:self.done]
        self.weights[0, undone] = 1.0 / lengths(self.columns[0, count:self.done])
        self.done, self.counts[:], self.residual, self.reasons[:] = count, count, residual[None], GOING

    def fits(self, count):
        """Return the fits on the first columns, the shortest h with ``B^H h = sgn(x)``, and the residuals.

        What is rounding in ``x`` has no sign.
        """
        triangle = self.triangle[:, :count, :count]
        values = solved(triangle.transpose(0, 2, 1), self.coordinates[:, :count], lower=False)
        sizes = np.abs(values)
        clear = sizes > 16.0 * EPSILON * sizes.max(axis=1, initial=0.0)[:, None]
        signs = np.divide(values, sizes, out=np.zeros_like(values), where=clear)
        factors = solved(triangle.conj(), signs, lower=True)
        directions = (factors[:, None] @ self.basis[:, :count])[:, 0]
        return values, directions, self.data - (values[:, None] @ self.columns[:, :count])[:, 0]

    def point(self, count) -> Point:
        """Return the fit of a single pursuit on its first columns."""
        (values,), (direction,), (residual,) = self.fits(count)
        order = np.argsort(self.picks[0, :count])
        return Point(count, self.picks[0, :count][order], values[order], residual, direction)


def solved(triangles, right, lower):
    """Solve with triangles, a row of ``right`` for each; numpy solves stacks, without using the triangles."""
    if len(right) == 1 and right.size:
        return solve_triangular(triangles[0], right[0], lower=lower, check_finite=False)[None]
    return np.linalg.solve(triangles, right[:, :, None])[:, :, 0]


def pursue(task, norms):
    """Yield the points of one pursuit; return whether the stopping rule was met, and the way.

    A matrix of more than ``LARGE`` entries is gone through once for a block of columns, as one product of
    many residuals with it costs little more than one residual's.
    """
    system, longest, shortest = task.system, norms.max(), np.min(norms, where=norms > 0.0, initial=np.inf)
    if longest > 0.0 and not LOW <= shortest <= longest <= HIGH:
        raise ValueError("the norms of the columns must lie between 1e-60 and 1e60 or be zero, where those "
                         f"along y are of ordinary size, got {shortest} to {longest}: scale the columns, and "
                         "the entries of the answer alike")
    found = Pursuits(system.y[None], norms[None], task.eta, task.tol, min(task.s, task.budget))
    by_blocks = system.matrix is not None and system.matrix.size > LARGE

    def columns_at(places):
        if system.matrix is not None:
            return system.matrix.T[places]
        unit = np.zeros(system.shape[1], system.dtype)
        unit[places] = 1.0
        return system.forward(unit).astype(system.dtype)[None]

    def points(first):
        for count in range(first + 1 if task.each else max(found.done, first + 1), found.done + 1):
            yield found.point(count)

    start = task.start
    for place in start.support[np.argsort(-np.abs(start.values), kind="stable")]:
        column, first = columns_at(np.array([place])), found.done
        if found.reasons[0] in (NOTHING, DEPENDENT):
            found.reasons[:] = GOING
        if found.going:
            correlation = (column.conj() * found.residual).sum(axis=1)
            found.step(correlation[None], lambda _, column=column: column, np.array([place]))
            yield from points(first)
    if found.reasons[0] in (NOTHING, DEPENDENT):
        found.reasons[:] = GOING
    correlation = None if found.done else task.correlation
    looked = task.each or by_blocks or system.matrix is None
    while found.going:
        first = found.done
        correlation = system.adjoint(found.residual[0]) if correlation is None else correlation
        if by_blocks:
            correlation = take_block(found, system.matrix, correlation)
        else:
            found.step(correlation[None], columns_at)
            correlation = None
        if looked:
            yield from points(first)
    if not looked:
        yield found.point(found.done)
    reason, way = found.reasons[0], "an operator" if system.matrix is None else "a matrix"
    met = reason == FITTED if task.eta > 0 else reason != FULL or found.picks.shape[1] == task.s
    return met, f"{way}, by blocks" if by_blocks else way


def take_block(found, matrix, correlation):
    """Guess columns among those that correlate most; return the correlations after those that stand.

    All residuals met are checked against the whole matrix in one product. Guesses stand up to the first
    residual whose best column is another; its correlations choose the next candidates.
    """
    first, weights = found.done, found.weights.copy()
    places = np.union1d(largest(np.abs(correlation) * weights[0], CANDIDATES),
                        found.leaders(correlation[None], weights)[0])
    part, trail = matrix[:, places], []
    while found.going and len(trail) < BLOCK:
        found.step((found.residual.conj() @ part).conj(), lambda at: matrix.T[at], places)
        trail = [*trail, found.residual[0]][:found.done - first]
    if not trail:
        return correlation
    correlations = (np.conj(trail) @ matrix).conj()
    for right in range(1, len(trail)):
        weights[0, found.picks[0, first + right - 1]] = 0.0
        if found.leaders(correlations[right - 1:right], weights)[0] != found.picks[0, first + right]:
            found.back_to(first + right, trail[right - 1])
            return correlations[right - 1]
    if found.reasons[0] in (NOTHING, DEPENDENT):     # among the candidates
        found.reasons[:] = GOING
    return correlations[-1]


def pursuit_batch(A, Y, etas, tol, atoms, threads, progress):
    """Choose columns of ``A``, or of ``A[p]``, for the data ``Y[p]``: judgements, counts and reasons.

    Threads share the chunks; these, and so the answer, do not depend on the threads.
    """
    shared = A.ndim == 2
    with np.errstate(over="ignore"):     # what overflows is told apart by its size, in the reasons
        norms = column_norms(A)

    def work(part):
        with np.errstate(all="ignore"):
            return chunk(A if shared else A[part], Y[part], norms if shared else norms[part], etas[part], tol,
                         atoms)

    size = max(1, min(CHUNK, ENTRIES // (atoms * (2 * Y.shape[1] + atoms))))
    parts, done = [slice(first, first + size) for first in range(0, len(Y), size)], []
    for part, answer in in_order(work, parts, threads):
        done.append(answer)
        if progress is not None:
            progress(min(part.stop, len(Y)), len(Y), "problems")
    *fields, counts, reasons = (np.concatenate(field) for field in zip(*done))
    return Judged(*fields), counts, reasons


def chunk(A, Y, norms, etas, tol, atoms):
    """Return what came of a few problems: the fields of their judgement, the counts and the reasons."""
    rows, shared = np.arange(len(Y)), A.ndim == 2

    def adjoint(U):
        return ((U.conj() @ A) if shared else (U.conj()[:, None] @ A)[:, 0]).conj()

    def columns_at(places):
        return A.T[places] if shared else A[rows, :, places]

    found = Pursuits(Y, norms, etas, tol, atoms)
    while found.going:
        found.step(adjoint(found.residual), columns_at)
    values, directions, residuals = found.fits(found.done)
    x = np.zeros((len(Y), A.shape[-1]), Y.dtype)
    inside = np.arange(found.done) < found.counts[:, None]
    x[np.nonzero(inside)[0], found.picks[:, :found.done][inside]] = values[inside]
    longest = np.broadcast_to(norms, x.shape).max(axis=1)
    proof = prove(x, residuals, adjoint(residuals), directions, adjoint(directions), lengths(Y), longest)
    return *proof, found.counts, found.reasons
