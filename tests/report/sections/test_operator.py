"""Facts on the operator, and how they are told."""

import json

import numpy as np

from kernelstab.operators import SubsampledFourier, as_operator, masks
from kernelstab.report.inputs import AuditProblem
from kernelstab.report.sections import AuditTask
from kernelstab.report.sections.operator import KernelFacts


def kernel_facts(A, images, **options):
    """Return the facts on an operator and some images."""
    return KernelFacts.measure(AuditTask(AuditProblem(A, {}, images)), **options)


def test_tight_operator_by_closed_form():
    A = SubsampledFourier(masks.standard(16), real=True)
    facts = kernel_facts(A, np.eye(256)[:3])
    assert facts.dimension.value == 256 - A.shape[0]
    assert facts.dimension.kind == "exact"
    assert facts.dimension.rigorous                     # a count needs no arithmetic that rounds
    assert facts.check.ok
    assert facts.gap is None
    assert np.array_equal(facts.mask, A.mask)
    # a unit vector is a flat spectrum: the sampled share of its energy is the rate
    assert np.allclose(facts.hidden, np.sqrt(1 - facts.rate))


def test_dense_matrix_by_singular_values():
    # rank 1: the second row is twice the first, so the kernel has dimension 2
    facts = kernel_facts(as_operator(np.array([[1.0, 0, 0], [2.0, 0, 0]])), np.array([[3.0, 4.0, 0.0]]))
    assert facts.dimension.value == 2
    assert facts.dimension.kind == "estimate"
    assert np.isclose(facts.gap[0], np.sqrt(5))
    assert np.allclose(facts.hidden, 0.8)
    assert facts.mask is None


def test_wide_matrices_get_a_bound_instead_of_a_decomposition():
    A = as_operator(np.ones((1, 1601)))
    facts = kernel_facts(A, np.eye(1601)[:1])
    assert (facts.dimension.value, facts.dimension.kind, facts.dimension.rigorous) == (1600, "lower", True)
    assert "At least 1600 directions of the image leave no trace" in facts.sentence("any map")


def test_ticks_and_json():
    ticks = []
    facts = kernel_facts(as_operator(np.eye(1, 2)), np.eye(2), tick=lambda: ticks.append(1))
    record = json.loads(json.dumps(facts.to_json(), allow_nan=False))
    assert len(ticks) == 2
    assert record["rate"]["value"] == 0.5
    assert record["operator_laws"]["ok"]
    assert record["kernel_fraction_of_images"]["values"] == [0.0, 1.0]


def test_the_sentence_holds_the_numbers(report):
    facts = report.findings["operator"]
    m, n = facts.shape
    text = facts.sentence("small")
    assert f"{m} numbers for {n} unknowns" in text
    assert "40 directions" in text


def test_the_panel_splits_an_image(report, drawn):
    report.findings["operator"].parts(report.problem)
    image, seen, unseen = (p.image.ravel() for p in drawn[0][0][0][0])      # no mask: not a Fourier operator
    assert np.allclose(seen + unseen, image)
    assert np.allclose(report.problem.A.matvec(unseen), 0, atol=1e-12)
