r"""The :math:`\ell^1` form of the robust null space property: programs over supports and sign patterns."""

from math import comb

import numpy as np

from kernelstab._engines.robust_nsp.least_norm import MEET, SOLVED, RobustBounds, all_supports, sign_patterns

_EPS = float(np.finfo(np.float64).eps)
_MOST_FRACTIONS = 200             # programs that are decided in fractions where rounding cannot decide


class Signs:
    """All supports of one size with all signs, or those that matter most and a bound for the others."""

    def __init__(self, programs, s, rho):
        self.programs, self.s, self.rho = programs, s, rho
        self.n = programs.matrix.shape[1]
        self.limits = np.full(self.n, rho)

    def search(self, max_supports, threads, progress) -> RobustBounds:
        """Solve, bound what was left out, and find the best witness."""
        total = comb(self.n, self.s)
        rest, singles = 0.0, None
        if total <= max_supports:
            supports = all_supports(self.n, self.s)
        else:
            supports, rest, singles = self.partial(max_supports)
        patterns = sign_patterns(self.s)
        tick = None if progress is None else lambda done, bounds: progress(
            done, len(supports), f"tau <= {bounds.max():.4g} so far")
        batch = self.programs.all(supports, patterns, self.limits, self.violates, threads=threads, tick=tick)
        supports = supports[:batch.done]
        if batch.kernel is not None:
            return RobustBounds(np.inf, np.inf, True, batch.kernel, np.zeros(len(self.programs.matrix)), (),
                                batch.done, False)
        if batch.interrupted:
            sums, singles = self.single_sums()
            rest = float(np.sort(sums)[-self.s:].sum())
        self.settle(batch, supports, patterns)
        lower, witness = self.best_witness(batch, supports, patterns)
        flat = (np.repeat(supports, len(patterns), axis=0),
                np.tile(patterns, (len(supports), 1)).astype(np.int8),
                batch.duals.reshape(-1, batch.duals.shape[2]))
        upper = max(rest, float(batch.bounds.max(initial=0.0)))
        place = np.unravel_index(np.argmax(batch.bounds), batch.bounds.shape) if batch.done else None
        dual = batch.duals[place] if batch.done else np.zeros(len(self.programs.matrix))
        complete = batch.done == total and upper <= lower * (1 + MEET)
        groups = (flat,) if singles is None else (singles, flat)
        return RobustBounds(lower, upper, complete, witness, dual, groups, batch.done, batch.interrupted)

    def numerator(self, v) -> float:
        """Return ``||v_S||_1 - rho ||v_{S^c}||_1`` for the best support."""
        sizes = np.sort(np.abs(v))
        return float(sizes[self.n - self.s:].sum() - self.rho * sizes[:self.n - self.s].sum())

    def violates(self, kernel) -> bool:
        """Whether a kernel vector of 1-norm one violates the property by more than rounding."""
        return self.numerator(kernel) > 1e-12 * (1 + self.rho)

    def settle(self, batch, supports, patterns):
        """Try once more, without inset and in fractions, where a limit is met with equality."""
        for k, p in np.argwhere(np.isinf(batch.bounds))[:_MOST_FRACTIONS]:
            outcome, h, _ = self.programs.one(supports[k], patterns[p], self.limits)
            if outcome == SOLVED:
                batch.duals[k, p] = h
                batch.bounds[k, p] = self.programs.proved_exactly(supports[k], patterns[p], self.rho, h)

    def best_witness(self, batch, supports, patterns):
        """Return the best quotient among the primal vectors of the programs with the largest bounds."""
        lower, witness = 0.0, np.zeros(self.n)
        shortest = int(np.argmin(np.where(self.programs.lengths > 0, self.programs.lengths, np.inf)))
        witness[shortest] = 1.0                       # a vector with one entry: never below 1 / ||a||
        lower = self.quotient(witness)
        finite = np.argsort(-batch.bounds, axis=None, kind="stable")[:8]
        for k, p in zip(*np.unravel_index(finite, batch.bounds.shape)):
            _, _, v = self.programs.one(supports[k], patterns[p], self.limits)
            if v.any():
                lower, witness = max((lower, witness), (self.quotient(v), v), key=lambda pair: pair[0])
        return lower, witness

    def quotient(self, v) -> float:
        """Return the numerator over ``||A v||``, rounded down."""
        slack = (self.n + 4) * _EPS * (1 + self.rho) * np.abs(v).sum()
        length = self.programs.data_norm_upper(v)
        return max(0.0, (self.numerator(v) - slack) / length) if length > 0 else 0.0

    def single_sums(self):
        """Return the share of every column in the bound by single columns, and the duals that prove it."""
        rho1 = self.rho / (self.s + (self.s - 1) * self.rho) * (1 - 4 * _EPS)
        columns = np.arange(self.n)[:, None]
        batch = self.programs.all(columns, np.ones((1, 1)), np.full(self.n, rho1), lambda kernel: False)
        shares = np.full(self.n, np.inf)
        shares[:batch.done] = batch.bounds[:, 0] * (1 + self.rho) / (1 + rho1) * (1 + 8 * self.s * _EPS)
        group = columns[:batch.done], np.ones((batch.done, 1), np.int8), batch.duals[:, 0]
        return shares, group

    def partial(self, max_supports):
        """Choose the supports inside the columns of largest share; any other has one column outside."""
        shares, group = self.single_sums()
        order = np.argsort(-shares, kind="stable")
        inside = self.s
        while comb(inside + 1, self.s) <= max_supports:
            inside += 1
        supports = np.sort(order[all_supports(inside, self.s)], axis=1)
        rest = float(shares[order[:self.s - 1]].sum() + shares[order[inside]])
        return supports, rest, group
