"""Weights, levels and groups are read strictly."""

import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import Array
from kernelstab.certify.constants.nsp_reading import best_part, read_groups, read_levels, read_weights

GROUP = {"supports": Array((2, 2), (0.0, 1.0, 0.0, 2.0)), "signs": Array((2, 2), (1.0, 1.0, 1.0, -1.0)),
         "duals": Array((2, 1), (0.5, 0.25))}


def test_levels_by_hand():
    options = {"levels": [0, 1, 0, 1], "sparsities": [2, 1]}
    assert read_levels(3, options, 4) == [([0, 2], 2), ([1, 3], 1)]
    assert best_part([5, 1, 4, 2], read_levels(3, options, 4)) == 11
    # a level may be empty, or allow nothing
    assert read_levels(1, {"levels": [1, 1], "sparsities": [0, 1]}, 2) == [([], 0), ([0, 1], 1)]


@pytest.mark.parametrize(("order", "options", "reason"), [
    (0, {}, "order must lie in"), (5, {}, "order must lie in"), (None, {}, "order must lie in"),
    (1, {"sparsities": [1]}, "belong together"),
    (1, {"levels": [0, 0, 1, 1], "sparsities": [1]}, "levels must lie in"),
    (1, {"levels": [0, 0, 0], "sparsities": [1]}, "levels must label 4 columns"),
    (2, {"levels": [0, 0, 0, 0], "sparsities": [1]}, "order be the sum"),
    (1, {"levels": "0000", "sparsities": [1]}, "must be a list of integers"),
    (1, {"levels": [0, 0, 0, 0], "sparsities": [-1, 2]}, "sparsities must lie in"),
])
def test_malformed_levels(order, options, reason):
    with pytest.raises(CertificateError, match=reason):
        read_levels(order, options, 4)


@pytest.mark.parametrize("weights", [[1, 0], [1, -1], [1], [1, "1"], 1, None])
def test_malformed_weights(weights):
    with pytest.raises(CertificateError, match="weights must"):
        read_weights({"weights": weights}, 2)


def test_groups_by_hand():
    supports, signs, duals = read_groups([GROUP, GROUP], 3, 2)
    assert supports == [(0, 1), (0, 2)] * 2
    assert signs == [(1.0, 1.0), (1.0, -1.0)] * 2
    assert duals == [GROUP["duals"]] * 2


@pytest.mark.parametrize(("groups", "reason"), [
    (None, "groups must be a list"), ([], "groups must be a list"), ([[]], "a group needs the fields"),
    ([GROUP | {"more": 1}], "a group needs the fields"),
    ([GROUP | {"supports": [[0, 1]]}], "supports must be an array"),
    ([GROUP | {"supports": Array((2, 2), (0.0, 1.0, 2.0, 0.0))}], "a support must be in rising order"),
    ([GROUP | {"supports": Array((2, 2), (0.0, 1.0, 0.0, 3.0))}], "a support must lie in"),
    ([GROUP | {"supports": Array((2, 2), (0.0, 1.0, 0.0, 1.5))}], "a support must hold integers"),
    ([GROUP | {"supports": Array((1, 3), (0.0, 1.0, 2.0))}], "a support must have 1 to 2 columns, got 3"),
    ([GROUP | {"signs": Array((1, 2), (1.0, 1.0))}], "signs must be an array of shape 2 x 2"),
])
def test_malformed_groups(groups, reason):
    with pytest.raises(CertificateError, match=reason):
        read_groups(groups, 3, 2)
