r"""Restarts by a radius: the schedule of the theorems, and the search where no constants are known.

A method offers stretches of k steps from any point, after which its objective G exceeds the
best one by at most :math:`2aD/k`, where D bounds the distance of the start from the solution
and a is its ``rate``. If distance is at most ``C`` times the excess of G (sharpness), then from
an excess of at most e the radius ``D = C e`` and :math:`k=2aC/\nu` steps leave at most
:math:`\nu e`. The schedule repeats this with C known.
"""

import numpy as np

from kernelstab.solvers import _primal_dual
from kernelstab.solvers._ergodic import Point
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
    stop, done, words = watch(0, x, image=image, dual=start.dual if start.given else None), 0, method.words
    point = Point(x, image, None)
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
        words += ", then " + _primal_dual.solve(problem, start, watch)
    return words


def _scheduled(method, sharpness, point, given, watch, stop):
    """Restart with the radii of the theorem until they no longer shrink, and keep the record."""
    problem, judged = method.problem, watch.last
    constant, floor = method.use(sharpness), sharpness.floor(problem.form, problem.level)
    # The optimal value is at least 0, and at least the dual value of a start that is no zero.
    radius = constant * max(method.value(judged) - (judged.dual_objective if given else 0.0), 0.0) + floor
    steps, done, first = int(np.ceil(2.0 * constant * method.rate / RATIO)), 0, radius
    rows, moves = [(0, radius, judged.objective, judged.residual)], []
    while not stop and radius > max(1.01 * floor / (1.0 - RATIO), ROUNDING * first):
        x = point.x
        point, taken, stop = drive(method, point, radius, steps, watch, done)
        done += taken
        if taken < steps:
            break
        radius = RATIO * radius + floor
        rows.append((done, radius, watch.last.objective, watch.last.residual))
        moves.append(float(np.linalg.norm(point.x - x)))
        watch.restarts = Restarts(*(np.array(column) for column in zip(*rows, strict=True)), np.array(moves))
        if watch.restarts.refuted:
            break
    watch.restarts = Restarts(*(np.array(column) for column in zip(*rows, strict=True)), np.array(moves))
    return point, done, stop
