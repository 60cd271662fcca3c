"""Bounds from arcs of phases: by hand on a row, covers with holes, and forgeries."""

import random
from math import cos, pi, sqrt, tan

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.constants.nsp_arcs import arc_bounds
from kernelstab.certify.constants.nsp_cover import UNIT

# the row (1, i): kernel vectors (1, i), half on each entry; A^* h = (h, -i h)
ROW = np.array([[1.0, 1j]])
# 32 half-widths in a circle; 8 arcs of half-width 2 around 2, 6, ..., 30
EIGHT = [(0, q) for q in range(2, 32, 4)]


def points(re, im, columns):
    return [(re, im)] * columns, [1] * columns


def bound(cells, re=0, im=0, columns=2):
    support = tuple(range(len(cells[0])))
    found = arc_bounds([support] * len(cells), cells, [points(re, im, columns)] * len(cells), 32)
    return {key: value / UNIT for key, value in found.items()}


def test_the_origin_is_at_distance_one_from_every_phase():
    # the middle of an arc is not on the side of 0, so the corner counts: 1 / cos(pi / 8)
    assert bound(EIGHT)[0, 1] == pytest.approx(1 / cos(pi / 8), abs=1e-15)
    # the phase opposite to 3 + 4i is at distance 6, in whichever arc it is; the corner of that arc is near
    assert 6 < bound(EIGHT, 3, 4)[0, 1] < 5 + 1 / cos(pi / 8)
    # columns outside of the support count with the modulus of their point
    assert bound([(0,)], 3, 4, columns=2)[0,] == pytest.approx(5)


def test_ends_corners_and_far_points():
    # arc from angle 0 to pi / 4, alone: only the distance itself is wanted
    from kernelstab.certify.constants import nsp_arcs

    def distance(re, im):
        return nsp_arcs._cell_bound({0: 2}, [(re, im)], [10], 32) / UNIT

    # z = 3/10 (1 + i), on the side of the middle: the ends are farthest, both at |1 - z|
    assert distance(3, 3) == pytest.approx(abs(1 - 0.3 - 0.3j), abs=1e-15)
    # z = -3/10 (1 + i): the phase opposite is in the arc; the tangents meet at 1 + i tan(pi / 8)
    assert distance(-3, -3) == pytest.approx(abs(1 + 1j * tan(pi / 8) + 0.3 + 0.3j), abs=1e-15)
    assert distance(-3, -3) > 1 + 0.3 * sqrt(2)


def test_half_of_a_row_by_hand():
    # h = 1/2: (1, 0) - (1/2, -i/2) has moduli one half
    group = {"supports": np.array([[0], [1]]), "signs": np.zeros((2, 1)), "duals": np.array([[0.5], [0.5j]])}
    proof = {"kind": "arcs", "polygon": 32, "groups": [group]}
    made = make_constant_certificate("nsp", ROW, order=1, upper=proof)
    assert made["statements"][0]["value"] == "5e-1"
    assert verify(made).ok
    # twice as much is everything
    made = make_constant_certificate("nsp", ROW, order=2, upper=proof)
    assert made["statements"][0]["value"] == "1e0"


def test_a_cover_may_be_uneven_but_not_have_holes():
    fine = [cell for cell in EIGHT if cell != (0, 6)] + [(0, 5), (0, 7)]
    assert (0, 1) in bound(fine)
    assert bound(fine)[0, 1] == bound(EIGHT)[0, 1]
    assert bound(fine[:-1]) == {}
    assert bound(EIGHT[1:]) == {}
    # three columns: 64 cells, any of which is needed
    cube = [(0, a[1], b[1]) for a in EIGHT for b in EIGHT]
    assert (0, 1, 2) in bound(cube, columns=3)
    for missing in (0, 17, 63):
        assert bound(cube[:missing] + cube[missing + 1:], columns=3) == {}


def test_the_smaller_of_two_duals_for_one_cell_counts():
    # |1 + 1| for the phase 1 against |1|
    support, near, far = [(0,), (0,)], points(0, 0, 1), points(-1, 0, 1)
    for order in ([far, near], [near, far]):
        assert arc_bounds(support, [(0,), (0,)], order, 32) == {(0,): UNIT}
    assert arc_bounds(support, [(0,), (0,)], [far, far], 32) == {(0,): 2 * UNIT}


def test_malformed_cells():
    for cells, polygon, message in [
            ([(0, 4)], 24, "polygon must be a power"), ([(0, 4)], 16, "polygon must be a power"),
            ([(0, 4)], 1 << 31, "polygon must be a power"), ([(0, 4)], 32.0, "polygon must be a power"),
            ([(0, 0)], 32, "numbers from 1 to 31"), ([(0, 32)], 32, "numbers from 1 to 31"),
            ([(0, 2.5)], 32, "numbers from 1 to 31"), ([(1, 2)], 32, "a cell must be 0"),
            ([(0, 8)], 32, "shorter than half the circle"), ([(0, 16)], 32, "shorter than half the circle")]:
        with pytest.raises(CertificateError, match=message):
            arc_bounds([(0, 1)], cells, [points(0, 0, 2)], polygon)


def test_a_search_and_its_forgeries(forgeries):
    from kernelstab.kernel import nsp_constant

    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((4, 5)) + 1j * rng.standard_normal((4, 5))
    line = np.abs(np.linalg.svd(matrix)[2][-1])
    value = np.sort(line)[-2:].sum() / line.sum()
    result = nsp_constant(matrix, 2)
    certificate = result.certificate()
    lower, upper = (float(entry["value"]) for entry in certificate["statements"])
    assert value - 1e-9 < lower <= value + 1e-12
    assert value - 1e-12 < upper < value + 1e-9
    assert abs(upper - result.upper) < 1e-13
    refused = 0
    for path, forged in forgeries(certificate, 120, random.Random(1)):
        found = verify(forged)
        refused += not found.ok
        if found.ok and path[0] != "matrix" and forged["order"] == 2:
            for entry in forged["statements"]:
                gap = value - float(entry["value"])
                assert (gap if entry["side"] == "lower" else -gap) > -1e-12, path
    assert refused > 60
