"""The race of guesses: whose turn it is, what is refuted, and what it costs."""

from math import log2
from types import SimpleNamespace

import numpy as np
import pytest

from kernelstab.solvers._ergodic import Point
from kernelstab.solvers._radius_search import FIRST, Race, search
from kernelstab.solvers.sharpness import RATIO


def turns(race, count):
    order = []
    for _ in range(count):
        lane = race.next()
        race.spent[lane] += FIRST << lane
        order.append(lane)
    return order


def test_turns_by_hand():
    # in units of FIRST, spent + next stretch: 1 | 2 2 | 3 2 | 3 4 4 | 4 4 4 | 5 4 4 | 5 6 4 | 5 6 8 8 | ...
    assert turns(Race(), 8) == [0, 0, 1, 0, 0, 1, 2, 0]


def test_every_guess_spends_about_the_same():
    race = Race()
    turns(race, 2000)
    spent = np.array(race.spent)
    longest = FIRST << np.arange(len(spent))
    assert np.all(spent.max() - spent <= 2 * np.maximum(longest, longest[np.argmax(spent)]))


@pytest.mark.parametrize(("right", "stretches"), [(0, 5), (3, 1), (3, 12), (6, 4)])
def test_the_cost_is_a_logarithm_more_than_with_the_constant_known(right, stretches):
    race, total, done = Race(), 0, 0
    while done < stretches:
        lane = turns(race, 1)[0]
        total += FIRST << lane
        done += lane == right
    share = (stretches + 1) * (FIRST << right)
    assert total <= share * (1 + log2(share / FIRST))


def test_a_guess_is_refuted_by_a_value_below_what_it_believes():
    race = Race()
    turns(race, 30)
    race.believe(1, 0, 5.0, 0.5)     # nothing lies below 4.5
    race.believe(2, 0, 5.0, 1.0)     # nothing lies below 4.0
    race.refute(4.6)
    assert race.wrong == 0
    race.refute(4.4)                 # guess 1 is wrong, and 0, which is smaller, with it
    assert race.wrong == 2
    assert min(turns(race, 20)) == 2
    race.refute(3.9)
    assert race.wrong == 3
    race.forget()
    assert (race.wrong, race.excess(2, 7.0)) == (0, 7.0)
    assert race.excess(0, 0.25) == 0.25


class Falling:
    """A method whose value halves its excess over 1 if the radius is at least 8 times the excess."""

    rate, words = 2.0, "fake"

    def __init__(self):
        self.problem = SimpleNamespace(form="sqrt-lasso", level=1.0)
        self.excess, self.calls = 4.0, []

    def value(self, judged):
        return judged.objective

    def adapt(self, dual):
        return False

    def stretch(self, x, radius, steps):
        self.calls.append((radius, steps, self.excess))
        self.excess *= RATIO if radius >= 8 * self.excess else 1.0
        yield steps, Point(x, x, None)


def test_a_stretch_has_the_radius_and_the_steps_of_its_guess():
    method = Falling()
    judged = SimpleNamespace(objective=5.0, dual_objective=1.0, dual=np.zeros(1))

    class Watch:
        last, budget = judged, 10**6

        def __call__(self, done, x, image=None, dual=None):
            self.last = SimpleNamespace(objective=1.0 + method.excess, dual_objective=1.0, dual=np.zeros(1))
            return method.excess < 1e-3

    _, done, stop, tried = search(method, Point(np.zeros(1), np.zeros(1), None), Watch(), 0)
    assert stop
    assert done == sum(steps for _, steps, _ in method.calls)
    assert FIRST << (tried - 1) == max(steps for _, steps, _ in method.calls)
    # k = 2 rate C / ratio and D = C e; a guess may believe in a smaller e than there is
    reached = {}
    for radius, steps, excess in method.calls:
        reached[steps] = max(reached.get(steps, 0.0), radius / excess)
    for steps, largest in reached.items():
        assert largest == pytest.approx(RATIO * steps / 4.0)
    # the guesses below 8 are refuted once a larger one succeeds: 2^4 * 10 steps are the first that suffice
    successful = [steps for radius, steps, excess in method.calls if radius >= 8 * excess]
    assert min(successful) == FIRST << 4
    after = method.calls[[steps for _, steps, _ in method.calls].index(FIRST << 4) + 2:]
    assert all(steps >= FIRST << 3 for _, steps, _ in after)
