"""The support of one size on which the Gram matrix of some columns has its most extreme eigenvalue."""

from fractions import Fraction
from math import comb

import numpy as np

from kernelstab._engines.exact_vectors import exact_product
from kernelstab._engines.supports import orders_to_search, pieces
from kernelstab._engines.threads import in_order

_U = float(np.finfo(np.float64).eps) / 2
_PIECE = 4_000_000         # supports of one piece: some hundredths of a second
_MANY = 50_000_000         # supports: more are worth a search of a smaller order first
_STARTS = 6                # local searches before the first sweep


class ExtremeSupport:
    r"""Search for :math:`\Lambda_s=\max_{|S|=s}\lambda_{\max}(H_S)` with :math:`H=\pm A^*A`.

    ``lower`` and ``upper`` enclose it; ``support`` and ``vector`` attain the former. For the sign -1 it is
    the smallest eigenvalue of the Gram matrix that is sought, negative here, and 0 bounds it.

    ``slack`` bounds what rounding does to an eigenvalue, with ``u`` the unit of rounding and ``a`` the
    largest squared length of a column. Inner products of length ``m`` err by ``(m + 2) u a``, four times
    as much if complex; ``s`` times that shifts the eigenvalues of a block. Elimination of ``M = t - H_S``
    gives the factors of a matrix that differs in the entry ``i, j`` by at most
    ``(5 s + 16) u sqrt(M_ii M_jj)``: an update of an entry costs a division, a product and a difference,
    at most five units of ``|l_ik| d_k |l_jk|``, there are ``s`` of them, and the sum of these over ``k`` is
    at most ``sqrt(M_ii M_jj)`` as all pivots are positive; the rest is for the last comparison. Here
    ``M_ii <= (s + 1) a`` for every threshold that Gershgorin allows.
    """

    def __init__(self, matrix, s, sign):
        self.matrix, self.s, self.sign = matrix, s, sign
        gram = matrix.conj().T @ matrix
        self.hermitian = sign * (gram + gram.conj().T) / 2
        self.diagonal = np.diag(self.hermitian).real.copy()
        length = float(np.abs(self.diagonal).max(initial=0.0))
        self.slack = (4 * s * (matrix.shape[0] + 8) + 6 * s * (s + 4) * (s + 1)) * _U * length
        self.lower, self.support, self.vector = -np.inf, (), None
        self.evaluated, self.complete, self.interrupted = 0, False, False
        self._begin()

    def _begin(self):
        """Bound from above without a search, and from below by local searches."""
        row = np.sort(np.abs(self.hermitian - np.diag(self.diagonal)), axis=1)[:, ::-1]
        weight = self.diagonal + row[:, :self.s - 1].sum(axis=1)
        self.upper = float(weight.max()) + self.slack
        if self.sign < 0:
            self.upper = min(self.upper, 0.0)
        for start in np.argsort(-weight, kind="stable")[:_STARTS]:
            self.offer((int(start),))

    def offer(self, columns):
        r"""Improve the support by truncated power steps, starting from some columns, and keep the best.

        With :math:`H+cI\ge0` the Rayleigh quotient does not fall when ``x`` is replaced by the
        ``s`` largest entries of :math:`(H+cI)x`; the eigenvector on that support is better still.
        """
        shift = 0.0 if self.sign > 0 else -float(self.diagonal.min()) * 2
        support = self._padded(columns)
        value, vector = self._top(support)
        while True:
            self._keep(value, support, vector)
            x = np.zeros(len(self.diagonal), dtype=self.hermitian.dtype)
            x[list(support)] = vector
            size = np.abs(self.hermitian @ x + shift * x)
            following = tuple(sorted(np.argsort(-size, kind="stable")[:self.s].tolist()))
            new_value, new_vector = self._top(following)
            if new_value <= value + self.slack:
                return
            support, value, vector = following, new_value, new_vector

    def _padded(self, columns):
        """Complete a support to ``s`` columns by the largest entries of ``H`` times its eigenvector."""
        chosen = list(columns)
        vector = self._top(chosen)[1]
        size = np.abs(self.hermitian[:, chosen] @ vector)
        size[chosen] = -1.0
        chosen += np.argsort(-size, kind="stable")[:self.s - len(chosen)].tolist()
        return tuple(sorted(chosen))

    def _top(self, support):
        values, vectors = np.linalg.eigh(self.hermitian[np.ix_(support, support)])
        return float(values[-1]), vectors[:, -1]

    def _keep(self, value, support, vector):
        if value > self.lower:
            self.lower, self.support, self.vector = value, tuple(int(i) for i in support), vector

    def run(self, budget, threads, progress, note):
        """Decide all supports of the largest affordable order, smaller ones first if they are cheap."""
        try:
            for order in orders_to_search(len(self.diagonal), range(2, self.s + 1), budget, _MANY):
                if self.upper - self.lower <= 4 * self.slack:
                    break
                search = self if order == self.s else ExtremeSupport(self.matrix, order, self.sign)
                value = search.sweep(threads, progress, f"{note} eigenvalue of order {order}")
                self.evaluated += search.evaluated if search is not self else 0
                self.upper = min(self.upper, self._from_order(order, value))
        except KeyboardInterrupt:
            self.interrupted = True
        self.complete = self.upper - self.lower <= 8 * self.slack

    def _from_order(self, order, value):
        """Bound order ``s`` by what is known of a smaller order: add up over the subsets of a support."""
        if self.s == order:
            return value
        bound = ((self.s - 1) * value - (self.s - order) * float(self.diagonal.min())) / (order - 1)
        return bound + self.s * self.slack

    def sweep(self, threads, progress, note):
        """Raise ``lower`` to the extreme eigenvalue and return an upper bound that differs by rounding only.

        A piece is searched with a threshold just above what is attained; when it holds a better support, the
        sweep goes on from this piece with a new threshold, which is the same for any number of threads.
        """
        n, done, least = len(self.diagonal), 0, -np.inf
        jobs = list(pieces(n, self.s, _PIECE))
        while True:
            threshold = max(self.lower + 2 * self.slack, least)
            finished = 0
            answers = in_order(lambda job, t=threshold: self._explore(job[0], t), jobs, threads)
            try:
                for (_, count), found in answers:
                    if found:
                        break
                    finished += 1
                    done += count
                    self.evaluated += count
                    if progress is not None:
                        progress(done, comb(n, self.s), note)
                else:
                    return threshold + self.slack
            finally:
                answers.close()
            jobs = jobs[finished:]
            before = self.lower
            self.offer(found)
            if self.lower <= before + self.slack / 2:      # the pivots failed by rounding alone
                least = threshold + self.slack

    def _explore(self, prefix, threshold):
        """Return columns whose block of ``threshold - H`` is not positive definite, or none."""
        from kernelstab._engines.supports.extreme_support_jit import exceeding_set

        found = np.zeros(self.s, dtype=np.int64)
        count = exceeding_set(self.hermitian, threshold, np.array(prefix, dtype=np.int64), self.s, found)
        return tuple(sorted(found[:count].tolist()))


def rayleigh_lower(columns, vector, sign) -> float:
    r"""Return :math:`\pm(\|A_Sx\|^2/\|x\|^2-1)`, evaluated exactly and rounded down.

    >>> rayleigh_lower(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([1.0, 1.0]), 1)
    1.5
    """
    if np.iscomplexobj(columns):
        columns = np.block([[columns.real, -columns.imag], [columns.imag, columns.real]])
        vector = np.concatenate([vector.real, vector.imag])
    product = exact_product(columns, vector[:, None])
    exact = sign * ((product.T @ product)[0, 0] / exact_product(vector[None], vector[:, None])[0, 0] - 1)
    rounded = float(exact)
    return rounded if Fraction(rounded) <= exact else float(np.nextafter(rounded, -np.inf))
