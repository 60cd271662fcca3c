"""The farthest pair of signals whose measurements lie close together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from kernelstab.kernel.sizes._measured import UNIT

_CHUNK = 256
_ROUND = 8       # chunks between two updates of the best pair; fixed, so that threads change nothing


@dataclass(frozen=True)
class FarPair:
    """The largest distance measured and the largest that rounding could allow, with sorted positions."""

    lower: float
    upper: float
    pair: tuple[int, int] | None
    interrupted: bool


class PairSearch:
    r"""All pairs with :math:`\|A(x_i-x_j)\|\le2\varepsilon`, by a window in one coordinate."""

    def __init__(self, measured, eps, threads):
        self.measured, self.threads = measured, threads
        width = measured.seen.shape[1]
        self.sure = (2 * eps) ** 2
        self.near = ((2 * eps + measured.slack) * (1 + (width + 8) * UNIT)) ** 2
        self.window = np.sqrt(self.near) * (1 + 1e-12) + measured.key_slack
        self.rounding = 1 + (measured.rows.shape[1] + 8) * UNIT
        centre = measured.rows.mean(axis=0)
        self.radii = np.linalg.norm(measured.rows - centre, axis=1) * (1 + 1e-12)

    def farthest(self) -> FarPair:
        """Return the farthest pair. Ctrl-C ends the search; what is left out stays in ``upper``."""
        from kernelstab.kernel.sizes._fibres_jit import farthest

        m, radii = self.measured, self.radii
        turns = np.argsort(-radii, kind="stable")
        chunks = [turns[k:k + _CHUNK] for k in range(0, len(turns), _CHUNK)]
        found, pair, possible, rest = 0.0, None, 0.0, 0.0
        interrupted = False
        with ThreadPoolExecutor(self.threads) as pool:
            for k in range(0, len(chunks), _ROUND):
                if 2 * radii[turns[0]] <= np.sqrt(found):
                    break
                try:
                    answers = [*pool.map(
                        lambda rows, best=found: farthest(rows, m.key, m.seen, m.rows, radii, self.window,
                                                          self.near, self.sure, best), chunks[k:k + _ROUND])]
                except KeyboardInterrupt:
                    interrupted, rest = True, radii[chunks[k][0]] + radii[turns[0]]
                    break
                for size, i, j, larger, *_ in answers:
                    if size > found:
                        found, pair = size, (int(i), int(j))
                    possible = max(possible, larger)
        upper = max(np.sqrt(max(found, possible)) * self.rounding, rest)
        return FarPair(float(np.sqrt(found) / self.rounding), float(upper), pair, interrupted)

    def longer_than(self, least, most):
        """Return the possible pairs longer than ``least``, longest first, or None if there are too many."""
        from kernelstab.kernel.sizes._fibres_jit import long_pairs

        m = self.measured
        pairs, sizes = np.empty((most, 2), dtype=np.int64), np.empty(most)
        count = 0
        for start in range(0, len(m.key), _CHUNK):
            count += long_pairs(start, min(start + _CHUNK, len(m.key)), m.key, m.seen, m.rows, self.radii,
                                self.window, self.near, least**2, pairs[count:], sizes[count:])
            if count > most:
                return None
        order = np.argsort(-sizes[:count], kind="stable")
        return pairs[order], np.sqrt(sizes[order]) * self.rounding
