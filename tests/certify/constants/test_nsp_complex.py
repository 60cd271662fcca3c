"""Null space constants of complex matrices: one-dimensional kernels by hand, a real matrix, forgeries."""

import random
from fractions import Fraction

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import (
    exact_matrix,
    kernel_vector_near,
    make_constant_certificate,
    sparse_entries,
    verify,
)
from kernelstab.certify.constants.matrix import read_matrix
from kernelstab.certify.constants.statement import bound

# v_1 = -i v_2 and v_2 = -i v_3: the kernel is spanned by (1, i, -1)
THREE = np.array([[1, 1j, 0], [0, 1, 1j]])
HADAMARD = np.array([[1, 0, 1, 1], [0, 1, 1, -1]]).astype(complex)


def line(matrix):
    """Return the vector that spans the kernel of a matrix with one column more than rows."""
    return np.conj(np.linalg.svd(matrix)[2][-1])


def single_duals(matrix, weights=None):
    """Return duals of single columns whose residual is equal in size everywhere, by Lawson's iteration."""
    width = matrix.shape[1]
    weights = np.ones(width) if weights is None else np.asarray(weights)
    adjoint = (matrix / weights).conj().T
    vectors = []
    for xi in np.eye(width):
        share = np.full(width, 1 / width)
        for _ in range(150):
            root = np.sqrt(share)
            h = np.linalg.lstsq(root[:, None] * adjoint, root * xi, rcond=None)[0]
            share = share * np.abs(xi - adjoint @ h)
            share /= share.sum()
        vectors.append(h)
    group = {"supports": np.arange(width)[:, None], "signs": np.zeros((width, 1)), "duals": np.array(vectors)}
    return {"kind": "arcs", "polygon": 32, "groups": [group]}


def vector(matrix, computed):
    exact = kernel_vector_near(exact_matrix(matrix), computed.tolist())
    return {"kind": "kernel-vector"} | sparse_entries(exact)


def bounds(matrix, order, options=None, **proofs):
    certificate = make_constant_certificate("nsp", matrix, order=order, options=options, **proofs)
    assert verify(certificate).ok
    return [float(Fraction(entry["value"])) for entry in certificate["statements"]]


@pytest.mark.parametrize(("order", "value"), [(1, 1 / 3), (2, 2 / 3), (3, 1)])
def test_three_entries_of_one_size(order, value):
    by_hand = {"kind": "kernel-vector", "columns": [0, 1, 2], "entries": [1, 0, -1], "imag": [0, 1, 0]}
    found = bounds(THREE, order, lower=by_hand, upper=single_duals(THREE))
    assert found == pytest.approx([value, value], abs=1e-9)
    assert found[0] <= value <= found[1]


def test_a_dual_by_hand():
    """A^* h for h = (2, i) / 3 is (2, -i, 1) / 3, so the residual of e_0 is (1, i, -1) / 3."""
    residual = np.array([1, 0, 0]) - THREE.conj().T @ (np.array([2, 1j]) / 3)
    assert np.allclose(residual, np.array([1, 1j, -1]) / 3)
    h = single_duals(THREE)["groups"][0]["duals"]
    assert np.allclose(h[0], np.array([2, 1j]) / 3)


@pytest.mark.parametrize(("order", "options"), [
    (1, {}), (2, {}), (2, {"weights": [1.0, 2.0, 0.5, 1.0, 0.25]}),
    (2, {"levels": [0, 0, 0, 1, 1], "sparsities": [1, 1]}),
])
def test_kernels_of_one_dimension(order, options):
    """The largest admissible part of the vector that spans the kernel, which is the sum of its columns."""
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((4, 5)) + 1j * rng.standard_normal((4, 5))
    sizes = np.abs(line(matrix)) * options.get("weights", np.ones(5))
    sizes /= sizes.sum()
    value = np.sort(sizes)[-order:].sum()
    if "levels" in options:
        value = sizes[:3].max() + sizes[3:].max()
    lower, upper = bounds(matrix, order, options, lower=vector(matrix, line(matrix)),
                          upper=single_duals(matrix, options.get("weights")))
    assert [lower, upper] == pytest.approx([value, value], abs=1e-6)
    assert lower <= upper


def test_single_columns_of_a_real_matrix():
    """For a real matrix complex kernel vectors give nothing more: order 2 is 3/4, and singles give 1."""
    upper, = bounds(HADAMARD, 2, upper=single_duals(HADAMARD))
    assert upper == pytest.approx(1, abs=1e-2)
    lower, = bounds(HADAMARD, 2, lower=vector(HADAMARD, np.array([-2, 0, 1, 1])))
    assert lower == 0.75


def test_the_matrix_of_juditsky_and_nemirovski():
    """Y = (1, -1j) / 2 as a column: I - Y^* A has halves only, with A = (1, -1j)."""
    assert bounds(np.array([[1, -1j]]), 1, upper={"kind": "jn", "Y": np.array([[1, -1j]]) / 2}) == [0.5]
    # the conjugate matrix does not do: 1 - i/2 * i = 3/2
    assert bounds(np.array([[1, 1j]]), 1, upper={"kind": "jn", "Y": np.array([[1, -1j]]) / 2}) == [1]
    # by the rows of the real example: 3/4
    assert bounds(HADAMARD, 1, upper={"kind": "jn", "Y": HADAMARD.real / 4}) == [0.75]


def test_moduli_that_are_no_fractions_are_rounded_down_and_up():
    """The kernel of (1 + i, -2) is spanned by (2, 1 + i): 2 / (2 + sqrt 2) = 2 - sqrt 2."""
    row = exact_matrix(np.array([[1 + 1j, -2]]))
    proof = {"kind": "kernel-vector", "columns": [0, 1], "entries": [2, 1], "imag": [0, 1]}
    found = bound("nsp", row, 1, {}, "lower", proof)
    assert (2 - found) ** 2 > 2 > (2 - found - Fraction(1, 2**150)) ** 2


def test_refusals():
    def reason(**proofs):
        with pytest.raises(CertificateError) as caught:
            make_constant_certificate("nsp", THREE, order=1, **proofs)
        return str(caught.value)

    good = {"kind": "kernel-vector", "columns": [0, 1, 2], "entries": [1, 0, -1], "imag": [0, 1, 0]}
    assert "does not lie in the null space" in reason(lower=good | {"imag": [0, -1, 0]})
    assert "one entry per column in each part" in reason(lower=good | {"imag": [0, 1]})
    assert "one entry per column in each part" in reason(lower=good | {"entries": [0] * 3, "imag": [0] * 3})
    proof = single_duals(THREE)
    assert "polygon must be a power of two in [32, " in reason(upper=proof | {"polygon": 2})
    assert "no longer checked: a complex matrix is proved by arcs" in reason(upper=proof | {"kind": "duals"})
    proof["groups"][0]["signs"] += 3
    assert "a cell must be 0 and then numbers" in reason(upper=proof)
    proof = single_duals(THREE)
    proof["groups"][0]["duals"] = proof["groups"][0]["duals"][:2]
    assert "3 supports have 2 duals" in reason(upper=proof)
    assert reason(upper={"kind": "trivial-kernel", "prime": 101}).endswith("dependent modulo 101")


def test_forged_certificates_prove_nothing_false(forgeries):
    """Of a matrix with a kernel of one dimension; others are computed in floating point."""
    certificate = make_constant_certificate(
        "nsp", THREE, order=1, lower=vector(THREE, line(THREE)), upper=single_duals(THREE))
    refused = 0
    for path, forged in forgeries(certificate, 300, random.Random(0)):
        found = verify(forged)
        refused += not found.ok
        if found.ok:
            matrix = read_matrix(forged["matrix"])
            array = np.array([[complex(int(re) / matrix.denominator, int(im) / matrix.denominator)
                               for re, im in zip(*rows)]
                              for rows in zip(matrix.numerators.tolist(), matrix.imag.tolist())])
            assert array.shape == (2, 3)
            assert np.linalg.matrix_rank(array) == 2
            sizes = np.sort(np.abs(line(array)))
            value = sizes[-forged["order"]:].sum() / sizes.sum()
            for entry in forged["statements"]:
                gap = value - float(entry["value"])
                assert (gap if entry["side"] == "lower" else -gap) > -1e-12, path
    assert refused > 150
