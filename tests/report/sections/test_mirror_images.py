"""Mirror images."""

import json

import numpy as np
import pytest

from kernelstab.kernel import kernel_part
from kernelstab.operators import as_operator
from kernelstab.report.inputs import AuditProblem
from kernelstab.report.sections import AuditTask, NotApplicable
from kernelstab.report.sections.accuracy import Accuracies
from kernelstab.report.sections.mirror_images import Mirrors

A = as_operator(np.eye(2, 3))           # the kernel is the third axis


def _measure(psi, images, A=A):
    task = AuditTask(AuditProblem(A, {"psi": psi}, np.asarray(images)))
    task.found["accuracy"] = Accuracies.measure(task)
    return Mirrors.measure(task)


def test_pseudo_inverse_sits_on_the_line():
    m = _measure(lambda y: np.append(y, 0.0), [[1.0, 2.0, 3.0], [1.0, 0.0, -0.5]])
    assert np.allclose(m.errors["psi"], [3, 0.5])
    assert np.allclose(m.mirror_errors["psi"], [3, 0.5])
    assert np.allclose(m.excess("psi"), 0)
    assert np.allclose(m.images, [[1, 2, -3], [1, 0, 0.5]])


@pytest.mark.parametrize("seed", range(5))
def test_no_map_goes_below_the_line(seed):
    rng = np.random.default_rng(seed)
    W, b = rng.standard_normal((3, 2)), rng.standard_normal(3)
    m = _measure(lambda y: np.tanh(W @ y) + b, rng.standard_normal((20, 3)))
    assert m.excess("psi").min() >= -1e-12


def test_images_without_kernel_part_are_left_out():
    m = _measure(lambda y: np.append(y, 0.0), [[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    assert m.kernel_norms.tolist() == [2.0]
    with pytest.raises(NotApplicable, match="no image has a part in the kernel"):
        _measure(lambda y: np.append(y, 0.0), [[1.0, 1.0, 0.0]])


def test_without_kernel_there_are_no_mirror_images():
    with pytest.raises(NotApplicable, match="^the operator has no kernel$"):
        _measure(lambda y: y, np.ones((1, 2)), as_operator(np.eye(2)))


def test_json():
    m = _measure(lambda y: np.append(y, 0.0), [[0.0, 0.0, 2.0]])
    record = json.loads(json.dumps(m.to_json(), allow_nan=False))
    assert record["kernel_part_norm"] == {"values": [2.0], "kind": "estimate", "unit": "signal",
                                          "rigorous": False}
    assert record["maps"]["psi"]["excess_over_bound"]["values"] == [0.0]


def _ratios(error, mirrored):
    one = np.ones(1)
    return Mirrors(one, {"small": error * one}, {"small": mirrored * one}, one, one, one)


def test_a_map_that_beats_the_pseudo_inverse_guesses():
    guessing = _ratios(0.25, 1.9)
    assert guessing.headline("small").startswith("guesses what it cannot see")
    text = guessing.sentence("small")
    assert "0.250 times the unseen part, so most of what it shows of that part" in text
    assert "1.90 times that part" in text


def test_a_map_that_does_not_is_not_said_to_guess():
    plain = _ratios(1.0, 1.0)
    assert plain.headline("small").startswith("does not improve on leaving out what it cannot see")
    assert "assumes or has learnt" not in plain.sentence("small")
    assert "1.00 times the unseen part, no better than leaving that part out." in plain.sentence("small")


def test_the_panel_shows_two_images_with_the_same_data(report, drawn):
    caption = report.findings["mirror images"].parts(report.problem)[0]["caption"]
    image, mirror, answer, error, mirror_error = (p.image.ravel() for line in drawn[0][0][0] for p in line)
    A = report.problem.A
    assert np.allclose(A.matvec(image), A.matvec(mirror))
    assert np.allclose(image, report.problem.images[1])
    assert np.allclose(image - mirror, 2 * kernel_part(A, image))
    assert np.allclose(answer, report.problem.maps["small"](A.matvec(image)))
    assert np.allclose(error, np.abs(answer - image))
    assert np.allclose(mirror_error, np.abs(answer - mirror))
    assert caption.startswith("The image and its mirror image give exactly the same data")
