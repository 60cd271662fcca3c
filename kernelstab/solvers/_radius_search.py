r"""The search for the constant of sharpness: several guesses race, and the loser's step is never wasted.

Guess i, :math:`C_i=2^iC_0`, runs stretches of :math:`k_i=2^ik_0` steps, always from the best point that any
guess has found, and believes that each leaves the share :math:`\nu` of its error bound. The next
stretch belongs to the guess that would then have spent the fewest steps.

**Cost.** Let :math:`C_*` be the first guess that is large enough, and J the stretches that
known constants would need: :math:`Jk_*` steps. A guess starts a stretch only if its steps then do not
exceed those of the guess * after its next one, so each spends at most :math:`(J+1)k_*`, and only guesses
with :math:`k_i\le(J+1)k_*` ever start. Together these are at most
:math:`(J+1)k_*\,(1+\log_2((J+1)k_*/k_0))` steps: a logarithm more than with the
constants known, and :math:`C_*` is at most twice the true one. Starting from another guess's better point
keeps every belief that was true, since the excess there is smaller.

**Refutation.** A guess that believes in an excess of at most e at value G believes that no value
lies below ``G - e``. If one is met, then this guess and all smaller ones are wrong, and stop.
The duality gap bounds every excess as well.
"""

import numpy as np

from kernelstab.solvers.sharpness import RATIO

FIRST = 10     # steps of a stretch of the smallest guess
PATIENCE = 500  # steps before the search may end for lack of progress; ten times that without any


def search(method, point, watch, done):
    """Race the guesses until ``watch`` stops them, or until a quarter of all steps did not halve the gap.

    Returns the best point, the steps taken, whether to stop, and how many guesses were tried.
    """
    began = gained = done
    best, value, lower = point, method.value(watch.last), watch.last.dual_objective
    race, target = Race(), 0.5 * (value - lower)
    while _hopeful(done - began, gained - began):
        excess = race.excess(lane := race.next(), value - lower)
        if not excess > 0.0:
            break
        steps = FIRST << lane
        radius = RATIO * steps / (2.0 * method.rate) * excess
        found, taken, stop = drive(method, best, radius, steps, watch, done)
        done += taken
        if stop:
            return found, done, True, len(race.spent)
        judged = watch.last
        lower = max(lower, judged.dual_objective)
        if method.adapt(judged.dual):  # another objective: what was believed of the old one is void
            value = method.value(judged)
            best, gained, target = found, done, 0.5 * (value - lower)
            race.forget()
            continue
        after = method.value(judged)
        race.believe(lane, taken, after, RATIO * excess)
        if after < value:
            best, value = found, after
        if value - lower <= target:
            gained, target = done, 0.5 * (value - lower)
        race.refute(value)
    return best, done, False, len(race.spent)


def _hopeful(done, gained):
    """Return whether to go on after ``done`` steps, the gap having halved last after ``gained``."""
    return done < (PATIENCE if gained > 0 else 10 * PATIENCE) or 4 * (done - gained) < done


class Race:
    """What each guess has spent, and what it believes."""

    def __init__(self):
        self.spent, self.bound, self.least, self.wrong = [], [], [], 0

    def next(self) -> int:
        """Return the guess whose turn it is; a new one is always among the candidates."""
        if self.wrong >= len(self.spent) or FIRST << len(self.spent) <= min(self._after()):
            self.spent.append(0)
            self.bound.append(np.inf)
            self.least.append(-np.inf)
        return self.wrong + int(np.argmin(self._after()))

    def _after(self):
        return [spent + (FIRST << lane) for lane, spent in enumerate(self.spent) if lane >= self.wrong]

    def excess(self, lane, proved) -> float:
        """Return the smaller of what the guess believes and what the gap proves."""
        return min(self.bound[lane], proved)

    def believe(self, lane, steps, value, excess) -> None:
        """Note the stretch of a guess: it now believes in an excess of at most this at this value."""
        self.spent[lane] += steps
        self.bound[lane] = excess
        self.least[lane] = max(self.least[lane], value - excess)

    def refute(self, value) -> None:
        """Drop the guesses that believe that this value cannot be."""
        while any(least > value + 1e-14 * abs(value) for least in self.least[self.wrong:]):
            self.wrong += 1

    def forget(self) -> None:
        """Void all beliefs."""
        self.bound, self.least = [np.inf] * len(self.spent), [-np.inf] * len(self.spent)
        self.wrong = 0


def drive(method, point, radius, steps, watch, done):
    """Run one stretch, showing its points to ``watch``; return the last, the steps, and whether to stop.

    At the end of a stretch the residual is the better dual direction, if there is one: it
    converges as fast as the primal point does.
    """
    problem, taken, stop = method.problem, 0, False
    for taken, found in method.stretch(point.x, radius, min(steps, watch.budget - done)):
        point = found
        own = taken < steps or (problem.form == "qcbp" and problem.level == 0)
        stop = watch(done + taken, point.x, image=point.image, dual=point.dual if own else None)
        if stop:
            break
    return point, taken, stop
