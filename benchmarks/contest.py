"""Measuring: every rival climbs its ladder, then ours and each peer take turns.

All times are processor times of one thread, which a busy machine disturbs least; so are the budgets.
"""

import contextlib
import io
import signal
import time
from dataclasses import dataclass, field

import numpy as np

ROUNDS = 5
SHORTEST = 0.02  # seconds that one measurement lasts at least, by repeating quick calls
COMPILING = 60.0  # seconds that a first call may take beyond its budget
HEAT = 0.2  # share of the budget that every configuration gets before two of each peer go on
LONG = 0.5  # a setting that takes longer is refined once, not twice
HOPELESS = 4.0  # a peer that takes longer, and is five times slower than ours, is timed once; ours alone too


class OutOfTime(Exception):
    """Raised inside a solver whose budget is spent."""


@dataclass
class Record:
    """What one rival's ladder showed: a time and a gap for each setting tried."""

    rival: object
    solve: object = None
    steps: list = field(default_factory=list)  # (setting, seconds, gap)
    reason: str = ""
    first: float = 0.0

    def best(self, target):
        """Return the step that reaches a gap soonest, or None."""
        return min((step for step in self.steps if step[2] <= target), key=lambda step: step[1], default=None)

    @property
    def gap(self):
        """The smallest gap reached."""
        return min((step[2] for step in self.steps), default=float("inf"))

    @property
    def over(self):
        """Whether more time would not help."""
        return self.reason not in ("", "budget")


@contextlib.contextmanager
def quiet():
    """Silence what peers print; the study prints after them."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


@contextlib.contextmanager
def budget(seconds):
    """Interrupt the body after so much processor time, compiled code when it returns."""
    began = time.process_time()

    def look(*_):
        if time.process_time() - began > seconds:
            raise OutOfTime

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def clock(work):
    """Return the processor time of one call, the mean of as many as last long enough, and its result."""
    began = time.process_time()
    result = work()
    took = time.process_time() - began
    more = int(min(SHORTEST / max(took, 1e-5), 2000))
    if more:
        began = time.process_time()
        for _ in range(more):
            work()
        took = (time.process_time() - began) / more
    return took, result


def race(own, rivals, problem, seconds, targets):
    """Let all rivals climb, in heats; return our record and theirs."""
    own = climb(Record(own), problem, 10 * seconds, targets)
    records = [climb(Record(rival), problem, HEAT * seconds, targets) for rival in rivals]
    for peer in dict.fromkeys(record.rival.peer for record in records):
        entries = [record for record in records if record.rival.peer == peer]
        entries.sort(key=lambda record: record.gap)
        for record in entries[:2]:
            if record.best(targets[-1]) is None and not record.over:
                climb(record, problem, seconds, targets)
    return own, records


def climb(record, problem, seconds, targets):
    """Try settings from loose to tight until the last target is reached or the budget is spent."""
    record.reason = ""
    began = time.process_time()
    try:
        if record.solve is None:
            with budget(seconds + COMPILING), quiet():
                record.solve = record.rival.prepare(problem)
                record.solve(record.rival.ladder[0])
            record.first, began = time.process_time() - began, time.process_time()
        done = [setting for setting, *_ in record.steps]
        with budget(seconds), quiet():
            for setting in record.rival.ladder:
                if setting in done:
                    continue
                if longer(record, setting) > seconds - (time.process_time() - began):
                    raise OutOfTime
                step(record, problem, setting)
                if record.steps[-1][2] <= targets[-1]:
                    break
            refine(record, problem, targets)
    except OutOfTime:
        record.reason = "budget"
    except Exception as error:  # a peer's failure, whatever it is, is a result
        late = time.process_time() - began >= seconds  # some peers wrap the interruption
        record.reason = "budget" if late else f"{type(error).__name__}: {' '.join(str(error).split())}"[:100]
    if not record.reason and record.best(targets[-1]) is None:
        record.reason = "its tightest setting"
    return record


def longer(record, setting):
    """Predict the time of a number of iterations from the last one; tolerances cannot be predicted."""
    if not record.steps or setting < record.steps[-1][0]:
        return 0.0
    return record.steps[-1][1] * setting / record.steps[-1][0]


def step(record, problem, setting):
    """Time one setting and judge its answer."""
    took, x = clock(lambda: record.solve(setting))
    gap = problem.gap(np.asarray(x))
    record.steps.append((setting, took, gap if np.isfinite(gap) else np.inf))


def refine(record, problem, targets):
    """Halve, in logarithms, the interval of settings in which each target is first reached, twice."""
    if len(record.rival.ladder) < 2:
        return
    for target in targets:
        for attempt in range(2):
            high = record.best(target)
            if high is None or attempt * high[1] > LONG:
                break
            failed = [other for other in record.steps if other[2] > target and other[1] < high[1]]
            if not failed or not high[0]:
                break
            low = max(failed, key=lambda other: other[1])
            if max(low[0], high[0]) >= 10 and abs(low[0] - high[0]) < 5:  # iterations
                break
            step(record, problem, float(np.sqrt(low[0] * high[0])))


def compete(own, records, targets):
    """Let ours and the best configuration of each peer take turns at every target.

    Returns ``{target: {"ours": seconds, "setting": ..., "peers": {peer: {...}}}}`` with medians of times
    and of ratios of two times that follow each other.
    """
    results = {}
    for target in targets:
        mine, times, peers = own.best(target), [], {}
        for peer in dict.fromkeys(record.rival.peer for record in records):
            entries = [record for record in records if record.rival.peer == peer]
            able = [record for record in entries if record.best(target)]
            if not able:
                nearest = min(entries, key=lambda record: record.gap)
                peers[peer] = {"ratio": None, "gap": nearest.gap, "reason": nearest.reason}
                continue
            record = min(able, key=lambda record: record.best(target)[1])
            pairs = turns(own, mine, record, record.best(target))
            if mine:
                times.extend(pairs[:, 0])
            peers[peer] = {"ratio": float(np.median(pairs[:, 1] / pairs[:, 0])), "how": record.rival.how,
                           "seconds": float(np.median(pairs[:, 1])), "rounds": len(pairs),
                           "setting": record.best(target)[0]}
        if mine and not times:
            with quiet():
                times = ([mine[1]] if mine[1] > HOPELESS else
                         [clock(lambda mine=mine: own.solve(mine[0]))[0] for _ in range(ROUNDS)])
        results[f"{target:.0e}"] = {"ours": float(np.median(times)) if times else None,
                                    "setting": mine[0] if mine else None, "peers": peers}
    return results


def turns(own, mine, record, theirs):
    """Return pairs of times, ours and theirs, one after the other."""
    if mine and theirs[1] > max(HOPELESS, 5 * mine[1]):
        return np.array([[mine[1], theirs[1]]])
    with quiet():
        return np.array([[clock(lambda: own.solve(mine[0]))[0] if mine else np.nan,
                          clock(lambda: record.solve(theirs[0]))[0]] for _ in range(ROUNDS)])
