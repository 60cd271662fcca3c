r"""Restarts by a radius: the schedule of the theorems, and the search where no constants are known.

A method offers stretches of k steps from any point, after which its objective G exceeds the
best one by at most :math:`2aD/k`, where D bounds the distance of the start from the solution
and a is its ``rate``. If distance is at most ``C`` times the excess of G (sharpness), then from
an excess of at most e the radius ``D = C e`` and :math:`k=2aC/\nu` steps leave at most
:math:`\nu e`. The schedule repeats this with C known.
"""

import numpy as np

from kernelstab.solvers._ergodic import Point
from kernelstab.solvers._primal_dual import solve as restart_by_gap
from kernelstab.solvers._radius_search import drive, search
from kernelstab.solvers.sharpness import RATIO, Restarts

ROUNDING = 1e-15  # radii below this share of the first one are rounding errors


def run(method, problem, start, watch) -> str:
    """Follow the schedule if there are constants, search, and let the gap decide the rest.

    The dual point of the theorems starts at zero in every stretch, and so is only as good as one
    stretch makes it. Where the primal point is found before the gap shows it, the
    primal-dual method restarted by the gap goes on from it, and supplies the proof.
    """
    x = method.begin(start.x)
    image = problem.system.forward(x)
    known = start.given and bool(np.any(start.dual))
    stop = watch(0, x, image=image, dual=start.dual if known else problem.system.y,
                 pulled=None if known else problem.correlation)
    point, done, words = Point(x, image, None), 0, method.words
    sharpness = start.options.get("sharpness")
    if sharpness is not None:
        point, done, stop = _scheduled(method, sharpness, point, start.given, watch, stop)
        words += f", {len(watch.restarts.moves)} restarts"
    if not stop and (sharpness is None or watch.restarts.refuted):
        point, done, stop, tried = search(method, point, watch, done)
        words += f", search of {tried} constants"
    if not stop:
        watch.begin(watch.budget - done)
        dual = watch.last.dual if point.dual is None else point.dual
        start = start._replace(x=point.x.copy(), dual=dual, given=True)
        del point, x, image
        words += ", then " + restart_by_gap(problem, start, watch)
    return words


def _scheduled(method, sharpness, point, given, watch, stop):
    """Restart with the radii of the theorem until they no longer shrink, and keep the record."""
    problem, judged, done = method.problem, watch.last, 0
    constant, floor = method.use(sharpness), sharpness.floor(problem.form, problem.level)
    # The optimal value is at least 0, and at least the dual value of a start that is no zero.
    radius = constant * max(method.value(judged) - (judged.dual_objective if given else 0.0), 0.0) + floor
    steps, least = int(np.ceil(2.0 * constant * method.rate / RATIO)), ROUNDING * radius
    ledger = Ledger(method, sharpness)
    watch.restarts = ledger.enter(0, radius, judged, None)
    while not (stop or watch.restarts.refuted) and radius > max(1.01 * floor / (1.0 - RATIO), least):
        x = point.x
        point, taken, stop = drive(method, point, radius, steps, watch, done)
        done += taken
        if taken == steps:
            radius = RATIO * radius + floor
            watch.restarts = ledger.enter(done, radius, watch.last, float(np.linalg.norm(point.x - x)))
    return point, done, stop


class Ledger:
    """The rows of a :class:`Restarts`, as they come in."""

    def __init__(self, method, sharpness):
        problem, self.norm, self.noise = method.problem, method.norm, sharpness.noise
        if self.noise is None:
            self.noise = problem.level if problem.form == "qcbp" else 0.0
        self.rows, self.moves = [], []

    def enter(self, done, radius, judged, move) -> Restarts:
        """Add a restart, ``move`` away from the last one, and return the record."""
        limit = self.norm * radius + self.noise
        self.rows.append((done, radius, judged.objective, judged.residual, limit))
        if move is not None:
            self.moves.append(move)
        steps, radii, objectives, residuals, limits = (np.array(c) for c in zip(*self.rows, strict=True))
        return Restarts(steps, radii, objectives, residuals, limits, np.array(self.moves))
