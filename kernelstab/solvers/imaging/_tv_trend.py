"""Which of the two bounds lags, and so where the threshold of a splitting should move."""

PRIMAL, DUAL, IDLE, CHANGE = 0.3, 0.1, 0.1, 1.5


class Trend:
    """Which side lags, told from what each bound has gained since the last time it was asked.

    A side that gains little while the gap stays open is the one that has to be helped: a small
    threshold moves the dual field slowly and lets the image settle, a large one does the opposite.
    """

    def __init__(self, splitting):
        self.splitting, self.before = splitting, None

    def ratio(self) -> float:
        """Return by how much to change the threshold."""
        splitting = self.splitting
        upper, lower = splitting.objective, splitting.bound.value
        before, self.before = self.before, (upper, lower)
        if before is None or upper <= lower:
            return 1.0
        down, up, gap = before[0] - upper, lower - before[1], upper - lower
        if down > PRIMAL * max(up, IDLE * gap):
            return 1.0 / CHANGE
        return CHANGE if down < DUAL * max(up, IDLE * gap) else 1.0
