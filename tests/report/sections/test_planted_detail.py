"""Planted details."""

import json

import numpy as np
import pytest

from kernelstab.operators import SubsampledFourier, as_operator, masks
from kernelstab.report.sections import NotApplicable
from kernelstab.report.sections.planted_detail import default_detail, measure_details


def test_a_map_that_inserts_the_detail_shows_it_at_any_setting():
    # psi knows the image and the hidden part by heart: kernel part 0.6 along the second axis
    A, image = as_operator(np.eye(1, 2)), np.array([5.0, 5.0])
    d = measure_details(A, {"null": lambda y: np.array([5.0, 5.0]), "seen": lambda y: np.array([y[0], 0])},
                        image, np.array([0.8, 0.6]), 5)
    assert np.allclose(d.kept["null"], 0)
    assert np.allclose(d.kept["seen"], 1 - d.hidden**2)
    assert np.allclose(d.visible, [1, 0])
    assert np.allclose(d.invisible, [0, 1])
    assert np.allclose(d.outputs["seen"], [[6, 0], [5, 0]])       # the invisible detail changes nothing
    assert "100\u00a0% of it comes to the answer of seen" in d.sentence("seen")
    assert d.rows(["null", "seen"])[0][1:] == ["0\u00a0%", "100\u00a0%"]


def test_the_dial_turns_what_the_operator_sees():
    A = SubsampledFourier(masks.standard(16), real=True)
    rng = np.random.default_rng(0)
    detail = rng.standard_normal(256)
    d = measure_details(A, {"adjoint": A.rmatvec}, rng.standard_normal(256), detail, 4)
    measured = d.curves["adjoint"].measured / np.linalg.norm(detail)
    assert np.allclose(measured, np.sqrt(1 - d.hidden**2), atol=1e-12)
    assert np.allclose(d.kept["adjoint"], 1 - d.hidden**2)


def test_ticks_and_json():
    ticks = []
    d = measure_details(as_operator(np.eye(1, 2)), {"a": lambda y: np.zeros(2), "b": lambda y: np.ones(2)},
                        np.ones(2), np.ones(2), 3, lambda: ticks.append(1))
    assert len(ticks) == 2
    record = json.loads(json.dumps(d.to_json(), allow_nan=False))
    assert np.allclose(record["hidden_fraction"]["values"], [0.0, 0.5, 1.0])
    # the norm of the detail is kept: sqrt 2, as is that of the image
    assert np.allclose(record["detail_norm_relative_to_image"]["values"], [1.0])


def test_the_default_detail_is_a_dark_spot_in_the_bright_part():
    A = SubsampledFourier(masks.standard(32), real=True)
    image = np.zeros((32, 32))
    image[21:26, 7:12] = 0.8                         # bright square with centre (23, 9)
    detail = default_detail(A, image.ravel()).reshape(32, 32)
    assert np.unravel_index(np.argmin(detail), detail.shape) == (23, 9)
    assert np.isclose(detail.min(), -0.4)
    assert np.count_nonzero(detail) == 9             # radius 2: the spot fills 3 by 3 pixels


@pytest.mark.parametrize("shape", [(6,), (2, 3)])
def test_signals_too_small_for_a_spot_lose_half_of_their_largest_entry(shape):
    A = as_operator(np.eye(2, 6), image_shape=shape)
    detail = default_detail(A, np.array([0, 0, -3.0, 1, 0, 0]))
    assert detail.tolist() == [0, 0, -1.5, 0, 0, 0]


@pytest.mark.parametrize(("A", "detail"), [
    (as_operator(np.eye(2)), [1.0, 1.0]), (as_operator(np.eye(1, 2)), [0.0, 1.0]),
    (as_operator(np.eye(1, 2)), [1.0, 0.0]), (as_operator(1j * np.eye(1, 2)), [1.0, 1.0])])
def test_details_that_cannot_be_turned_are_not_applicable(A, detail):
    with pytest.raises(NotApplicable):
        measure_details(A, {"psi": lambda y: np.zeros(2)}, np.ones(2), np.array(detail), 3)


def test_sentence_and_rows_name_both_ends_of_the_dial(report):
    details = report.findings["planted detail"]
    assert "nothing comes: no map's answer can change" in details.sentence("small")
    visible, invisible = details.rows(["small", "TV", "Wavelets", "Tikhonov"])
    assert visible[0] == "part of a planted visible detail that appears"
    assert invisible[1:] == ["0\u00a0%"] * 4


def test_the_detail_is_marked_where_it_is(report, drawn):
    details = report.findings["planted detail"]
    details.parts(report.problem)
    rows = drawn[0][0][0]
    row, column, radius = rows[0][0].circle
    assert np.abs(details.visible[int(8 * row + column)]) == np.max(np.abs(details.visible))
    assert radius > 1
    assert {picture.circle for line in rows for picture in line} == {(row, column, radius)}
