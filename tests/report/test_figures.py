"""The pictures of a report."""

import base64

import numpy as np
import pytest

from kernelstab import plot
from kernelstab.kernel import kernel_part
from kernelstab.report import figures


def _captured(monkeypatch, name):
    """Return the list into which calls of a plot function go, as (arguments, options)."""
    calls, real = [], getattr(plot, name)

    def recording(*arguments, **options):
        calls.append((arguments, options))
        return real(*arguments, **options)

    monkeypatch.setattr(plot, name, recording)
    return calls


def test_the_worst_panel_shows_everything_on_one_scale(report, monkeypatch):
    calls = _captured(monkeypatch, "panel")
    figure = figures.worst_panel(report.problem, report.searches)
    (rows, labels), options = calls[0]
    assert labels == ["small", "QCBP", "Tikhonov"]
    low, high = options["limits"]
    worst = report.searches.worst["small"][-1]
    truth, clean, true_scale, magnified, perturbed, change, change_up, error = rows[0]
    assert np.array_equal(truth.image.ravel(), report.searches.image)
    assert np.array_equal(clean.image.ravel(), worst.clean)
    assert np.array_equal(perturbed.image.ravel(), worst.reconstruction)
    for picture in (truth, clean, perturbed):
        assert picture.limits is None                  # the common scale
    for picture in (true_scale, change):
        assert np.isclose(picture.limits[1] - picture.limits[0], high - low)
    factor = int(magnified.caption.rpartition("×")[2])
    assert factor > 1
    assert np.isclose(factor * (magnified.limits[1] - magnified.limits[0]), high - low)
    assert np.array_equal(magnified.image, true_scale.image)
    assert np.max(np.abs(magnified.image)) <= magnified.limits[1]
    for picture in (change_up, error):                 # as bright as a round factor can make them
        factor = int(picture.caption.rpartition("×")[2])
        assert np.isclose(factor * picture.limits[1], high - low)
        assert 0.4 * picture.limits[1] <= np.max(picture.image) <= picture.limits[1]
    assert np.array_equal(change_up.image, change.image)
    assert "2 %" in figure.caption


def test_nothing_is_not_magnified():
    assert figures._magnification(np.zeros(3), 0.5) == 1


def test_the_detail_is_marked_where_it_is(report, monkeypatch):
    calls = _captured(monkeypatch, "panel")
    figures.detail_panel(report.problem, report.details)
    rows = calls[0][0][0]
    row, column, radius = rows[0][0].circle
    assert np.abs(report.details.visible[int(8 * row + column)]) == np.max(np.abs(report.details.visible))
    assert radius > 1
    assert {picture.circle for line in rows for picture in line} == {(row, column, radius)}


def test_the_pictured_perturbation_has_the_data_of_the_perturbation(report, monkeypatch):
    calls = _captured(monkeypatch, "panel")
    figures.worst_panel(report.problem, report.searches)
    picture = calls[0][0][0][0][2]
    data = report.problem.A.matvec(picture.image.ravel())
    assert np.allclose(data, report.searches.worst["small"][-1].perturbation)


def test_the_mirror_panel_shows_two_images_with_the_same_data(report, monkeypatch):
    calls = _captured(monkeypatch, "panel")
    figures.mirror_panel(report.problem, report.mirrors)
    image, mirror, answer, error, mirror_error = (p.image.ravel() for p in calls[0][0][0][0])
    A = report.problem.A
    assert np.allclose(A.matvec(image), A.matvec(mirror))
    assert np.allclose(image, report.problem.images[1])
    assert np.allclose(image - mirror, 2 * kernel_part(A, image))
    assert np.allclose(answer, report.problem.maps["small"](A.matvec(image)))
    assert np.allclose(error, np.abs(answer - image))
    assert np.allclose(mirror_error, np.abs(answer - mirror))


def test_the_unseen_panel_splits_an_image(report, monkeypatch):
    calls = _captured(monkeypatch, "panel")
    figures.unseen_panel(report.problem, report.facts)
    image, seen, unseen = (p.image.ravel() for p in calls[0][0][0][0])      # no mask: not a Fourier operator
    assert np.allclose(seen + unseen, image)
    assert np.allclose(report.problem.A.matvec(unseen), 0, atol=1e-12)


def test_one_rung_makes_no_ladder(report):
    assert len(report.searches.eps) == 1
    assert figures.ladder(report.searches) is None


@pytest.mark.parametrize("make", [
    lambda r: figures.mirror_figure(r.mirrors), lambda r: figures.dial_figure(r.details),
    lambda r: figures.detail_panel(r.problem, r.details)])
def test_every_picture_is_data_with_a_text_for_those_who_cannot_see_it(report, make):
    figure = make(report)
    head, _, data = figure.source.partition(",")
    assert head in ("data:image/svg+xml;base64", "data:image/png;base64")
    assert base64.b64decode(data)[:4] in (b"<svg", b"\x89PNG")
    assert figure.alt
    assert figure.caption.endswith(".")
