"""From bounds on small supports to all: against the definition, and by hand."""

import itertools
import random
from fractions import Fraction
from math import comb

import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify.constants import nsp_cover
from kernelstab.certify.constants.nsp_cover import UNIT, cover


def unit(value):
    return int(Fraction(value) * UNIT)


def singles(*values):
    return {(i,): unit(value) for i, value in enumerate(values)}


def test_pairs_by_hand():
    """Pairs 1/4, 1/4 and 1/2 (a sum) on three columns of 1/4: the triple is at most half of 1."""
    own = singles("1/4", "1/4", "1/4") | {(0, 1): unit("1/4"), (0, 2): unit("1/4")}
    everything = [([0, 1, 2], 3)]
    assert cover(own, 3, everything) == unit("1/2")
    assert cover(own, 3, [([0, 1, 2], 2)]) == unit("1/2")          # the pair (1, 2)
    assert cover(own | {(0, 1, 2): unit("3/8")}, 3, everything) == unit("3/8")
    assert cover(own | {(0, 1, 2): unit("5/8")}, 3, everything) == unit("1/2")
    # one of the columns 0 and 1, and column 2: pairs (0, 2) and (1, 2)
    assert cover(own | {(1, 2): unit("3/8")}, 3, [([0, 1], 1), ([2], 1)]) == unit("3/8")
    assert cover(own, 3, [([0, 1], 1), ([2], 0)]) == unit("1/4")
    assert cover(own, 3, [([0, 1, 2], 0)]) == 0


def test_never_more_than_one():
    assert cover(singles(*["1/2"] * 4), 4, [([0, 1, 2, 3], 4)]) == UNIT


def _levels(kind, order):
    return [(list(range(7)), order)] if kind == "plain" else [([0, 2, 4, 6], order - 1), ([1, 3, 5], 1)]


@pytest.mark.parametrize("kind", ["plain", "levels"])
@pytest.mark.parametrize("order", [2, 3, 4])
def test_against_the_definition(kind, order):
    """Take the largest over all supports, of the smallest over all sizes with complete pick-l sums."""
    rng = random.Random(order)
    for _ in range(20):
        own = {(i,): unit(Fraction(rng.randrange(8, 16), 64)) for i in range(7)}
        for size in range(2, order + 1):
            for support in itertools.combinations(range(7), size):
                if rng.random() < (0.7 if size == 2 else 0.4):
                    own[support] = unit(Fraction(rng.randrange(8, 16 * size), 64))
        levels = _levels(kind, order)
        supports = [tuple(sorted(itertools.chain(*parts))) for parts in itertools.product(
            *(itertools.combinations(columns, free) for columns, free in levels))]
        best = max(_recursive(own, support) for support in supports)
        assert abs(cover(own, 7, levels) - min(best, UNIT)) <= 100          # roundings of 2^-160
        assert cover(own, 7, levels) <= max(_picked(own, support) for support in supports) + 100


def _recursive(own, support):
    if len(support) == 1:
        return Fraction(own[support])
    parts = [_recursive(own, support[:k] + support[k + 1:]) for k in range(len(support))]
    return min(sum(parts) / (len(support) - 1), own.get(support, UNIT * 99))


def _picked(own, support):
    """Use each size once, where all its subsets are proved."""
    found = [Fraction(own[support])] if support in own else []
    for size in range(1, len(support)):
        parts = list(itertools.combinations(support, size))
        if all(part in own for part in parts):
            found.append(Fraction(sum(own[part] for part in parts), comb(len(support) - 1, size - 1)))
    return min(found)


def test_budgets(monkeypatch):
    own = {(i,): unit("1/64") for i in range(30)}
    monkeypatch.setattr(nsp_cover, "MOST_NODES", 5)
    with pytest.raises(CertificateError, match="at most 5 steps"):
        cover(own, 30, [(list(range(30)), 3)])
    with pytest.raises(CertificateError, match="at most 2000 columns for the cover rule"):
        cover(own, 5000, [])
    with pytest.raises(CertificateError, match="the single column 30 has no dual"):
        cover(own, 31, [(list(range(31)), 3)])
