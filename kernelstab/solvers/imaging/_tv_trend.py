"""Which of the two bounds lags, and so where the threshold of a splitting should move."""

TARGET, GAIN = 0.3, 0.7     # what the dual bound should gain over the primal one; how sharply to steer
SLOWEST = 0.02              # shares of the gap that count as a gain at least: dual, and primal a tenth of it
STEEPEST = 2.0              # most by which the threshold changes at a time,
SMALLEST, LARGEST = 0.02, 4.0   # and least and most of where it began


class Trend:
    """Steer the threshold of a splitting by what each bound has gained since the last time.

    A side that gains little while the gap stays open has to be helped: a small threshold moves the
    dual field slowly and lets the image settle, a large one does the opposite. As the best image and the
    best bound are kept apart, the two sides may well finish one after the other.
    """

    def __init__(self, splitting):
        self.splitting, self.before, self.product = splitting, None, 1.0

    def ratio(self) -> float:
        """Return by how much to change the threshold."""
        upper, lower = self.splitting.objective, self.splitting.bound.value
        before, self.before = self.before, (upper, lower)
        if before is None or not upper > lower:
            return 1.0
        gap = upper - lower
        down, up = max(before[0] - upper, 0.1 * SLOWEST * gap), max(lower - before[1], SLOWEST * gap)
        wanted = self.product * min(max((TARGET * up / down) ** GAIN, 1.0 / STEEPEST), STEEPEST)
        wanted = min(max(wanted, SMALLEST), LARGEST)
        ratio, self.product = wanted / self.product, wanted
        return ratio
