"""Sweeps over all column sets of one size, which close in on the spark from both sides."""

from collections.abc import Callable
from itertools import compress, islice
from math import comb, inf

import numpy as np
from scipy.linalg import qr, solve_triangular

from kernelstab._engines.supports import orders_to_search, pieces
from kernelstab._engines.threads import in_order

_PIECE = 200_000           # column sets of one piece: some hundredths of a second
_MANY = 10_000_000         # column sets: more are worth a sweep of smaller ones first
_ORDERS = 32               # bases whose left-over columns give the first upper bound


class Sweeps:
    """The bounds so far, and sweeps over all sets of one size that improve them.

    A subclass finds a first dependent set in ``begin``, if there is one, says in ``explore`` which sets of
    one piece are suspect, and in ``decide`` what they tell. Above 2, ``first_bound()`` is a lower bound.
    """

    begin: Callable
    explore: Callable
    decide: Callable

    def __init__(self, matrix, first_bound, budget, threads, progress):
        self.matrix, self.first_bound = matrix, first_bound
        self.budget, self.threads, self.progress = budget, threads, progress
        self.lower, self.upper, self.support, self.vector = 2, inf, (), ()
        self.evaluated, self.interrupted = 0, False

    def run(self):
        """Sweep until the bounds meet, the budget is spent, or Ctrl-C; in between nothing is lost."""
        self.begin()
        if self.upper in (1, 2, inf):
            self.lower = self.upper
        else:
            self.lower = min(self.upper, self.first_bound())
        try:
            while self.lower < self.upper:
                sizes = orders_to_search(self.matrix.shape[1], range(self.lower, int(self.upper)),
                                         self.budget - self.evaluated, _MANY)
                if not sizes:
                    break
                if self._sweep(sizes[0]):
                    self.lower = sizes[0] + 1
        except KeyboardInterrupt:
            self.interrupted = True
        return self

    def _sweep(self, size) -> bool:
        """Go through the sets of one size; False as soon as a dependent one lowers ``upper``."""
        total, done = comb(self.matrix.shape[1], size), 0
        answers = in_order(lambda job: self.explore(job[0], size), pieces(self.matrix.shape[1], size, _PIECE),
                           self.threads)
        try:
            for (prefix, count), answer in answers:
                done += count
                self.evaluated += count
                if self.decide(prefix, size, answer):
                    return False
                if self.progress is not None:
                    self.progress(done, total, f"{self.lower} <= spark <= {self.upper}")
        finally:
            answers.close()
        return True

    def offer(self, support, vector):
        """Keep a dependent set if it is the smallest so far."""
        if len(support) < self.upper:
            order = sorted(range(len(support)), key=lambda i: support[i])
            self.upper, self.support = len(support), tuple(int(support[i]) for i in order)
            self.vector = tuple(vector[i] for i in order)


class ExactSweeps(Sweeps):
    """Column sets modulo primes; dependences are decided over the rationals."""

    def __init__(self, matrix, *options):
        super().__init__(matrix, *options)
        self.primes, self.tables = primes_below(2**31), []

    def table(self, index):
        """Return the reduced rows modulo the prime of this number, the prime, and -1/p modulo 2^32."""
        while len(self.tables) <= index:
            p = next(self.primes)
            rows, pivots = reduced(residues(self.matrix, p), p)
            self.tables.append((rows, p, pivots))
        return self.tables[index]

    def begin(self):
        """Find a first dependent set among those that bases leave over.

        Modulo ``p`` the columns of a basis express every other one. Only finitely many primes
        give a smaller rank than the rationals, so that a dependent set is found or all columns are
        independent for one of the first primes.
        """
        for index in range(64):
            rows, p, pivots = self.table(index)
            n = self.matrix.shape[1]
            if len(pivots) == n:
                return
            rng = np.random.default_rng(0)
            orders = [np.arange(n), *(rng.permutation(n) for _ in range(_ORDERS - 1))]
            found = sorted({circuit for order in orders for circuit in left_over(rows, p, order)},
                           key=lambda circuit: (len(circuit), circuit))
            for circuit in islice(found, 64):
                exact = exact_circuit(self.matrix, circuit)
                if exact is not None:
                    self.offer(*exact)
                    return
        raise ArithmeticError("64 primes divide minors of the matrix")

    def explore(self, prefix, size, index=0):
        """Return dependent sets of one piece modulo a prime: all, or as many as there is room for."""
        from kernelstab._engines.supports.dependent_sets_jit import dependent_sets

        rows, p, _ = self.table(index)
        found, sizes = np.empty((256, size), dtype=np.int64), np.empty(256, dtype=np.int64)
        count = dependent_sets(rows.astype(np.uint64), np.uint64(p), np.uint64(-pow(p, -1, 2**32) % 2**32),
                               np.array(prefix, dtype=np.int64), size, found, sizes)
        return recorded(found, sizes, count)

    def decide(self, prefix, size, answer) -> bool:
        """Decide sets that are dependent modulo a prime; True if one of them truly is.

        If none is, the piece is searched again modulo the next prime: what an accident hid is seen there.
        """
        index = 0
        while answer:
            true = [exact for columns in answer if (exact := exact_circuit(self.matrix, columns)) is not None]
            for exact in true:
                self.offer(*exact)
            if true:
                return True
            index += 1
            answer = self.explore(prefix, size, index)
        return False


class FloatSweeps(Sweeps):
    """Column sets in floating point; a distance of at most ``tol`` from a span counts as none."""

    def __init__(self, matrix, tol, *options):
        super().__init__(matrix, *options)
        largest = np.abs(matrix).max(axis=0)
        scaled = matrix / np.where(largest > 0, largest, 1.0)
        self.lengths = np.where(largest > 0, largest * np.linalg.norm(scaled, axis=0), 1.0)
        self.unit = scaled / np.where(largest > 0, np.linalg.norm(scaled, axis=0), 1.0)
        self.tol, self.least = tol, inf

    def begin(self):
        """Find a first set that reads as dependent."""
        m, n = self.matrix.shape
        zero = np.flatnonzero(~self.matrix.any(axis=0))
        if len(zero):
            self.offer((int(zero[0]),), (1,))
            return
        for scale in 10.0 ** np.random.default_rng(0).uniform(0, 2, (_ORDERS, n)):
            for circuit in self._left_over(scale):
                if len(circuit) < self.upper and self.dependent(circuit, self.tol):
                    self.offer(circuit, circuit)
        if n > m:
            self.offer(range(m + 1), range(m + 1))

    def _left_over(self, scale):
        """Yield for each column outside a basis, found by pivoting, those that express it."""
        triangle, pivots = qr(self.unit * scale, mode="r", pivoting=True, check_finite=False)
        distances = np.abs(triangle.diagonal()) / scale[pivots[:min(triangle.shape)]]
        rank = int(np.argmax(np.append(distances, 0.0) <= self.tol))
        basis, outside = pivots[:rank], pivots[rank:]
        weights = solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:], check_finite=False)
        weights = weights * scale[basis, None] / scale[outside]
        for column, weight in zip(outside, weights.T):
            yield sorted(int(c) for c in [column, *basis[np.abs(weight) > 1e-6]])

    def null_vector(self):
        """Return a null vector of the columns found, and the least singular value of them at length one."""
        columns = list(self.support)
        values, vectors = np.linalg.svd(self.unit[:, columns], full_matrices=True)[1:]
        vector = vectors[-1].conj() / self.lengths[columns]
        least = float(values[-1]) if len(values) == len(columns) else 0.0
        return vector / np.linalg.norm(vector), least

    def dependent(self, columns, tol) -> bool:
        """Whether some column of a set lies within ``tol`` of the span of the earlier ones."""
        triangle = np.linalg.qr(self.unit[:, list(columns)], mode="r")
        return len(columns) > len(triangle) or bool((np.abs(np.diag(triangle)) <= tol).any())

    def explore(self, prefix, size):
        """Return the sets of one piece that read as dependent, and the least distance of the others."""
        from kernelstab._engines.supports.dependent_sets_jit import dependent_sets_float

        found, sizes = np.empty((256, size), dtype=np.int64), np.empty(256, dtype=np.int64)
        count, least = dependent_sets_float(self.unit, self.tol, np.array(prefix, dtype=np.int64), size,
                                            found, sizes)
        return recorded(found, sizes, count), least

    def decide(self, prefix, size, answer) -> bool:
        """Keep the smallest set of a piece; True if there is one."""
        sets, least = answer
        self.least = min(self.least, least)
        for columns in sets:
            self.offer(columns, columns)
        return bool(sets)


def left_over(rows, p, order):
    """Yield for each column outside the first basis in this order those that express it modulo ``p``."""
    table, pivots = reduced(rows[:, order], p)
    basis = np.array([order[c] for c in pivots])
    for place in sorted(set(range(len(order))) - set(pivots)):
        needed = basis[np.flatnonzero(table[:, place])]
        yield tuple(sorted(int(c) for c in [order[place], *needed]))


def recorded(found, sizes, count):
    """Return the sets that a compiled loop has recorded: as many as fit where it had no more room."""
    return [tuple(int(c) for c in found[i, :sizes[i]]) for i in range(count if count >= 0 else len(sizes))]


def primes_below(limit):
    """Yield the primes ``p = 1 mod 4`` below a limit, largest first: there ``-1`` has a square root.

    >>> from itertools import islice
    >>> list(islice(primes_below(2**31), 2))
    [2147483629, 2147483549]
    """
    odd = np.arange(3, int(limit**0.5) + 1, 2)
    for p in range(limit - limit % 4 + 1, 4, -4):
        if p < limit and (p % odd[odd * odd <= p]).all():
            yield p


def residues(matrix, p) -> np.ndarray:
    """Map a real or complex float matrix to the integers modulo an odd prime ``p = 1 mod 4``.

    Floats are dyadic rationals and 2 is invertible; the imaginary unit goes to a square root
    of -1. This is a homomorphism of rings, so a minor that is not zero modulo ``p`` is not zero:
    columns that are independent modulo ``p`` are independent.

    >>> residues(np.array([[0.5, 3.0]]), 13)
    array([[7, 3]])
    """
    if matrix.dtype.kind == "c":
        root = next(r for r in (pow(a, (p - 1) // 4, p) for a in range(2, p)) if r * r % p == p - 1)
        return (residues(matrix.real, p) + root * residues(matrix.imag, p)) % p
    ratios = map(float.as_integer_ratio, matrix.ravel().tolist())
    values = [n * pow(d, -1, p) % p for n, d in ratios]
    return np.array(values, dtype=np.int64).reshape(matrix.shape)


def reduced(table, p):
    """Return the row-reduced form without its zero rows, and the pivot columns.

    >>> reduced(np.array([[2, 4, 1], [1, 2, 0]]), 5)
    (array([[1, 2, 0],
           [0, 0, 1]]), [0, 2])
    """
    table, pivots = table % p, []
    for column in range(table.shape[1]):
        rank = len(pivots)
        nonzero = np.flatnonzero(table[rank:, column])
        if not len(nonzero):
            continue
        table[[rank, rank + nonzero[0]]] = table[[rank + nonzero[0], rank]]
        table[rank] = table[rank] * pow(int(table[rank, column]), -1, p) % p
        factors = table[:, column].copy()
        factors[rank] = 0
        table = (table - np.outer(factors, table[rank]) % p) % p
        pivots.append(column)
        if len(pivots) == table.shape[0]:
            break
    return table[:len(pivots)], pivots


def exact_circuit(matrix, columns):
    """Return the smallest support of a basis of the exact kernel of some columns, and its vector.

    The vector is of coprime integers, or of their pairs for a complex matrix, which is taken as
    ``[[Re, -Im], [Im, Re]]``; None if the columns are independent.

    >>> exact_circuit(np.array([[1.0, 2.0, 0.0]]), (0, 1, 2))
    ((2,), (1,))
    """
    from kernelstab.certify import exact_nullspace

    part = matrix[:, list(columns)]
    if matrix.dtype.kind != "c":
        vectors = exact_nullspace(part)
    else:
        k = len(columns)
        wide = exact_nullspace(np.block([[part.real, -part.imag], [part.imag, part.real]]))
        vectors = [list(zip(z[:k], z[k:])) for z in wide]
    if not vectors:
        return None
    used = [[bool(np.any(entry)) for entry in z] for z in vectors]
    best = min(range(len(vectors)), key=lambda i: sum(used[i]))
    return tuple(compress(columns, used[best])), tuple(compress(vectors[best], used[best]))
