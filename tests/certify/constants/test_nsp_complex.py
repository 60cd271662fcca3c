"""Null space constants of complex matrices: one-dimensional kernels by hand, a real matrix, forgeries."""

import itertools
import random
from fractions import Fraction
from math import cos, pi

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

# v_1 = -i v_2 and v_2 = -i v_3: the kernel is spanned by (1, i, -1)
THREE = np.array([[1, 1j, 0], [0, 1, 1j]])
HADAMARD = np.array([[1, 0, 1, 1], [0, 1, 1, -1]]).astype(complex)


def line(matrix):
    """Return the vector that spans the kernel of a matrix with one column more than rows."""
    return np.conj(np.linalg.svd(matrix)[2][-1])


def duals(matrix, sizes, phases, weights=None):
    """Return duals that make the residual equal in size everywhere, by Lawson's iteration."""
    width = matrix.shape[1]
    weights = np.ones(width) if weights is None else np.asarray(weights)
    adjoint = (matrix / weights).conj().T
    groups = []
    for size in sizes:
        rows = []
        for support in itertools.combinations(range(width), size):
            for pattern in itertools.product(range(phases), repeat=size - 1):
                xi = np.zeros(width, complex)
                xi[list(support)] = np.exp(2j * np.pi * np.array((0, *pattern)) / phases)
                share = np.full(width, 1 / width)
                for _ in range(150):
                    root = np.sqrt(share)
                    h = np.linalg.lstsq(root[:, None] * adjoint, root * xi, rcond=None)[0]
                    share = share * np.abs(xi - adjoint @ h)
                    share /= share.sum()
                rows.append((support, (0, *pattern), h))
        supports, signs, vectors = map(np.array, zip(*rows))
        groups.append({"supports": supports, "signs": signs, "duals": vectors})
    return {"kind": "duals", "polygon": phases, "groups": groups}


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
    found = bounds(THREE, order, lower=by_hand, upper=duals(THREE, [1], 3))
    assert found == pytest.approx([value, value], abs=1e-9)
    assert found[0] <= value <= found[1]


def test_a_dual_by_hand():
    """A^* h for h = (2, i) / 3 is (2, -i, 1) / 3, so the residual of e_0 is (1, i, -1) / 3."""
    residual = np.array([1, 0, 0]) - THREE.conj().T @ (np.array([2, 1j]) / 3)
    assert np.allclose(residual, np.array([1, 1j, -1]) / 3)
    h = duals(THREE, [1], 3)["groups"][0]["duals"]
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
                          upper=duals(matrix, [1], 3, options.get("weights")))
    assert [lower, upper] == pytest.approx([value, value], abs=1e-6)
    assert lower <= upper


def test_pairs_cost_a_cosine():
    """For a real matrix complex kernel vectors give nothing more: order 2 is 3/4, and singles give 1."""
    upper, = bounds(HADAMARD, 2, upper=duals(HADAMARD, [1], 3))
    assert upper == pytest.approx(1, abs=1e-2)
    upper, = bounds(HADAMARD, 2, upper=duals(HADAMARD, [1, 2], 8))
    assert 0.75 < upper == pytest.approx(0.75 / cos(pi / 8), abs=1e-2)
    lower, = bounds(HADAMARD, 2, lower=vector(HADAMARD, np.array([-2, 0, 1, 1])))
    assert lower == 0.75


def test_a_pair_needs_all_its_phases():
    proof = duals(HADAMARD, [1, 2], 4)
    group = proof["groups"][1]
    kept = group["signs"][:, 1] != 2
    proof["groups"][1] = {name: array[kept] for name, array in group.items()}
    upper, = bounds(HADAMARD, 2, upper=proof)
    assert upper == pytest.approx(1, abs=1e-2)


def test_a_global_phase_is_free():
    proof = duals(HADAMARD, [1, 2], 4)
    turned = proof | {"groups": [
        {"supports": g["supports"], "signs": (g["signs"] + 1) % 4, "duals": 1j * g["duals"]}
        for g in proof["groups"]]}
    assert bounds(HADAMARD, 2, upper=turned) == pytest.approx(bounds(HADAMARD, 2, upper=proof), abs=1e-12)


def test_the_matrix_of_juditsky_and_nemirovski():
    """Y = (1, -1j) / 2 as a column: I - Y^* A has halves only, with A = (1, -1j)."""
    assert bounds(np.array([[1, -1j]]), 1, upper={"kind": "jn", "Y": np.array([[1, -1j]]) / 2}) == [0.5]
    # the conjugate matrix does not do: 1 - i/2 * i = 3/2
    assert bounds(np.array([[1, 1j]]), 1, upper={"kind": "jn", "Y": np.array([[1, -1j]]) / 2}) == [1]
    # by the rows of the real example: 3/4
    assert bounds(HADAMARD, 1, upper={"kind": "jn", "Y": HADAMARD.real / 4}) == [0.75]


def test_refusals():
    def reason(**proofs):
        with pytest.raises(CertificateError) as caught:
            make_constant_certificate("nsp", THREE, order=1, **proofs)
        return str(caught.value)

    good = {"kind": "kernel-vector", "columns": [0, 1, 2], "entries": [1, 0, -1], "imag": [0, 1, 0]}
    assert "does not lie in the null space" in reason(lower=good | {"imag": [0, -1, 0]})
    assert "two parts per column" in reason(lower=good | {"imag": [0, 1]})
    assert "two parts per column" in reason(lower=good | {"entries": [0] * 3, "imag": [0] * 3})
    proof = duals(THREE, [1], 3)
    assert "polygon must lie in [3, 1024], got 2" in reason(upper=proof | {"polygon": 2})
    proof["groups"][0]["signs"] += 3
    assert "phases must be numbers from 0 to 2" in reason(upper=proof)
    proof = duals(THREE, [1], 3)
    proof["groups"][0]["duals"] = proof["groups"][0]["duals"][:2]
    assert "3 supports have 2 duals" in reason(upper=proof)
    assert reason(upper={"kind": "trivial-kernel", "prime": 101}).endswith("dependent modulo 101")


def test_forged_certificates_prove_nothing_false(forgeries):
    """Of a matrix with a kernel of one dimension; others are computed in floating point."""
    certificate = make_constant_certificate(
        "nsp", THREE, order=1, lower=vector(THREE, line(THREE)), upper=duals(THREE, [1], 3))
    refused = 0
    for path, forged in forgeries(certificate, 300, random.Random(0)):
        found = verify(forged)
        refused += not found.ok
        if found.ok:
            matrix = read_matrix(forged["matrix"])
            array = np.array([[complex(matrix.real.entry(i, j), matrix.imag.entry(i, j))
                               for j in range(matrix.shape[1])] for i in range(matrix.shape[0])])
            assert array.shape == (2, 3)
            assert np.linalg.matrix_rank(array) == 2
            sizes = np.sort(np.abs(line(array)))
            value = sizes[-forged["order"]:].sum() / sizes.sum()
            for entry in forged["statements"]:
                gap = value - float(entry["value"])
                assert (gap if entry["side"] == "lower" else -gap) > -1e-12, path
    assert refused > 150
