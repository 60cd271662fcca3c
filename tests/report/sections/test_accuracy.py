"""Accuracy of several maps on several images."""

import json
from types import SimpleNamespace

import numpy as np

from kernelstab.operators import as_operator
from kernelstab.report.inputs import AuditProblem
from kernelstab.report.sections import AuditTask
from kernelstab.report.sections.accuracy import Accuracies

A = as_operator(np.eye(2, 4))
IMAGES = np.array([[2.0, 0, 0, 0], [0, 1.0, 0, 1.0]])


def measure(maps, images, **options):
    """Return the accuracy of maps on images."""
    return Accuracies.measure(AuditTask(AuditProblem(A, maps, images)), **options)


class Solver:
    """A map that returns a solution with a gap, as QCBP does."""

    name = "solver"

    def __call__(self, y):
        return self.solve(y).x

    def solve(self, y):
        return SimpleNamespace(x=np.append(y, [0.0, 0.0]), image=None, relative_gap=0.25 * y[0],
                               converged=y[0] < 1)


def test_errors_by_hand():
    a = measure({"copy": lambda y: np.append(y, [0.0, 0.0])}, IMAGES)
    # the second image loses one of two unit entries: 1 / sqrt 2, and peak 1, mean square error 1/4: 6.02 dB
    assert np.allclose(a.relative["copy"], [0, np.sqrt(0.5)])
    assert a.sup["copy"].tolist() == [0, 1]
    assert np.isinf(a.psnr["copy"][0])
    assert np.isclose(a.psnr["copy"][1], 10 * np.log10(4))
    assert a.reconstructions["copy"].shape == (2, 4)


def test_gaps_are_kept_for_solvers_only():
    a = measure({"solver": Solver(), "zero": lambda y: np.zeros(4)}, IMAGES)
    assert a.gaps["solver"].tolist() == [0.5, 0.0]
    assert a.converged["solver"].tolist() == [False, True]
    assert "zero" not in a.gaps


def test_images_of_a_solution_are_taken_before_its_coefficients():
    class Synthesis(Solver):
        def solve(self, y):
            return SimpleNamespace(x=np.full(4, 9.0), image=IMAGES[0].reshape(2, 2), relative_gap=0.0,
                                   converged=True)

    a = measure({"s": Synthesis()}, IMAGES[:1])
    assert a.sup["s"].tolist() == [0.0]


def test_one_tick_per_reconstruction_and_json():
    ticks = []
    maps = {"solver": Solver(), "zero": lambda y: np.zeros(4)}
    a = measure(maps, IMAGES, tick=lambda: ticks.append(1))
    assert len(ticks) == 4
    record = json.loads(json.dumps(a.to_json(), allow_nan=False))
    assert record["solver"]["relative_duality_gap"]["kind"] == "upper"
    assert record["solver"]["psnr"]["values"][0] == "inf"
    assert record["zero"]["relative_error"]["values"] == [1.0, 1.0]


def test_sentence_and_rows_hold_the_numbers(report):
    accuracy = report.findings["accuracy"]
    assert f"{np.mean(accuracy.psnr['small']):.1f} dB" in accuracy.sentence("small")
    mean, worst, *_, gap = accuracy.rows(["small", "TV", "Wavelets", "Tikhonov"])
    assert mean[1] == f"{np.mean(accuracy.psnr['small']):.1f}"
    assert worst[4] == f"{np.min(accuracy.psnr['Tikhonov']):.1f}"
    assert gap[1] == ""                                # a network solves no problem
    assert gap[2].startswith("≤\u00a0")
