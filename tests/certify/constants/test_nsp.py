"""Null space constants: hand computations, and forged certificates that prove nothing false.

The constant is attained at a kernel vector of smallest support, because every kernel vector is a
sum of such vectors without cancellation; on small matrices all of them can be listed.
"""

import copy
import itertools
import random
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from kernelstab._errors import CertificateError
from kernelstab.certify import exact_nullspace, make_constant_certificate, verify
from kernelstab.certify.arrays import Array
from kernelstab.certify.constants.matrix import exact, read_matrix
from kernelstab.certify.constants.nsp import best_part, read_levels, read_weights
from kernelstab.certify.constants.statement import bound

ROOT = np.sqrt(0.75)
FRAME = np.array([[0.0, ROOT, -ROOT], [1.0, -0.5, -0.5]])
# (I | H_2) without normalisation: the kernel is spanned by (-1, -1, 1, 0) and (-1, 1, 0, 1), and its vectors
# of smallest support are those two, (-2, 0, 1, 1) and (0, -2, 1, -1)
HADAMARD = np.array([[1, 0, 1, 1], [0, 1, 1, -1]])
IN_LEVELS = {"levels": [0, 0, 1, 1]}


def circuits(rows):
    """List the kernel vectors of smallest support of a small matrix of rationals."""
    width, found = len(rows[0]), {}
    for size in range(1, width + 1):
        for support in itertools.combinations(range(width), size):
            if any(set(small) <= set(support) for small in found):
                continue
            basis = exact_nullspace([[row[j] for j in support] for row in rows])
            if basis:
                vector = [0] * width
                for j, value in zip(support, basis[0]):
                    vector[j] = value
                found[support] = vector
    return list(found.values())


def truth(rows, order, options):
    """Return the null space constant of a small matrix from its circuits."""
    weights = [Fraction(w) for w in options.get("weights", [1] * len(rows[0]))]
    levels = read_levels(order, options, len(rows[0]))
    best = Fraction(0)
    for vector in circuits(rows):
        sizes = [w * abs(v) for w, v in zip(weights, vector)]
        part = sum(sum(sorted((sizes[j] for j in columns), reverse=True)[:free]) for columns, free in levels)
        best = max(best, part / sum(sizes))
    return best


def duals(matrix, sizes, weights=None):
    """Solve the dual programs of all supports of some sizes: one group per size."""
    height, width = matrix.shape
    weights = np.ones(width) if weights is None else np.asarray(weights)
    groups = []
    for size in sizes:
        rows = []
        for support in itertools.combinations(range(width), size):
            for pattern in itertools.product((1, -1), repeat=size - 1):
                xi = np.zeros(width)
                xi[list(support)] = (1, *pattern)
                scaled = (matrix / weights).T
                # minimise t subject to |xi - A^T h / w| <= t
                block = np.block([[scaled, -np.ones((width, 1))], [-scaled, -np.ones((width, 1))]])
                answer = linprog([0] * height + [1], A_ub=block, b_ub=np.concatenate([xi, -xi]),
                                 bounds=[(None, None)] * (height + 1))
                rows.append((support, (1, *pattern), answer.x[:height]))
        supports, signs, vectors = map(np.array, zip(*rows))
        groups.append({"supports": supports, "signs": signs.astype(np.int8), "duals": vectors})
    return {"kind": "duals", "groups": groups}


def vector(*entries):
    columns = [j for j, value in enumerate(entries) if value]
    return {"kind": "kernel-vector", "columns": columns, "entries": [str(entries[j]) for j in columns]}


def bounds(matrix, order, options=None, **proofs):
    certificate = make_constant_certificate("nsp", matrix, order=order, options=options, **proofs)
    assert verify(certificate).ok
    return [Fraction(entry["value"]) for entry in certificate["statements"]]


def near(found, wanted):
    assert wanted <= found <= wanted + Fraction(1, 10**14)


@pytest.mark.parametrize(("order", "value"), [(1, Fraction(1, 3)), (2, Fraction(2, 3)), (3, Fraction(1))])
def test_three_vectors_at_120_degrees(order, value):
    """The kernel of these floats is spanned by (1, 1, 1): both products of each row are equal floats."""
    lower, upper = bounds(FRAME, order, lower=vector(1, 1, 1), upper=duals(FRAME, [1]))
    assert value - Fraction(1, 10**16) <= lower <= value
    near(upper, value)


def test_a_row_of_ones():
    """e_i - h with h = 1/2 has entries 1/2 and -1/2."""
    group = {"supports": np.arange(3)[:, None], "signs": np.ones((3, 1)), "duals": np.full((3, 1), 0.5)}
    proof = {"kind": "duals", "groups": [group]}
    assert bounds(np.ones((1, 3)), 1, lower=vector(0, 1, -1), upper=proof) == [Fraction(1, 2)] * 2


@pytest.mark.parametrize(("order", "options", "entries", "value"), [
    (1, {}, (-2, 0, 1, 1), Fraction(1, 2)),
    (2, {}, (-2, 0, 1, 1), Fraction(3, 4)),
    (3, {}, (-1, -1, 1, 0), Fraction(1)),
    # sizes (1, 1, 1/2, 0) and (2, 0, 1/2, 1/2)
    (1, {"weights": [1.0, 1.0, 0.5, 0.5]}, (-2, 0, 1, 1), Fraction(2, 3)),
    (2, {"weights": [1.0, 1.0, 0.5, 0.5]}, (-2, 0, 1, 1), Fraction(5, 6)),
    # one column of each pair: 2/3 from the first, 3/4 from the third vector
    (2, IN_LEVELS | {"sparsities": [1, 1]}, (-2, 0, 1, 1), Fraction(3, 4)),
    (1, IN_LEVELS | {"sparsities": [0, 1]}, (-1, -1, 1, 0), Fraction(1, 3)),
    (1, IN_LEVELS | {"sparsities": [1, 0]}, (-2, 0, 1, 1), Fraction(1, 2)),
    (3, IN_LEVELS | {"sparsities": [2, 1]}, (-1, -1, 1, 0), Fraction(1)),
])
def test_identity_and_hadamard(order, options, entries, value):
    assert truth(HADAMARD.tolist(), order, options) == value
    proof = duals(HADAMARD, range(1, min(order, 2) + 1), options.get("weights"))
    lower, upper = bounds(HADAMARD, order, options, lower=vector(*entries), upper=proof)
    assert value - Fraction(1, 10**16) <= lower <= value
    near(upper, value)


def test_the_matrix_of_juditsky_and_nemirovski():
    """Columns of I - A^T A / 4, up to signs and order: twice (3, 0, 1, 1) / 4, twice (1, 1, 2, 0) / 4."""
    proof = {"kind": "jn", "Y": HADAMARD / 4}
    assert bounds(HADAMARD, 1, upper=proof) == [Fraction(3, 4)]
    assert bounds(HADAMARD, 2, upper=proof) == [1]
    # the entries 1/4 of columns 0 and 1 weigh three times as much as these columns
    options = IN_LEVELS | {"sparsities": [0, 1], "weights": [1, 1, 3, 3]}
    assert bounds(HADAMARD, 1, options, upper=proof) == [Fraction(3, 4)]
    assert bounds(HADAMARD, 2, IN_LEVELS | {"sparsities": [0, 2]}, upper=proof) == [Fraction(1, 2)]


def test_a_trivial_kernel():
    assert bounds(np.eye(3)[:, :2], 1, upper={"kind": "trivial-kernel", "prime": 2**61 - 1}) == [0]
    with pytest.raises(CertificateError, match="upper bound: the columns are dependent modulo 7"):
        bounds([[7, 0], [0, 1]], 1, upper={"kind": "trivial-kernel", "prime": 7})
    with pytest.raises(CertificateError, match="must be a prime number below 2\\^63, got 9"):
        bounds([[7, 0], [0, 1]], 1, upper={"kind": "trivial-kernel", "prime": 9})


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_matrices_between_their_bounds(seed):
    """Singles and pairs bound order 3 from above; all triples give it exactly."""
    matrix = np.random.default_rng(seed).integers(-4, 5, (4, 7)).astype(float)
    value = truth(matrix.tolist(), 3, {})
    coarse, = bounds(matrix, 3, upper=duals(matrix, [1]))
    fine, = bounds(matrix, 3, upper=duals(matrix, [1, 2]))
    exact, = bounds(matrix, 3, upper=duals(matrix, [1, 3]))
    near(exact, value)
    assert exact <= fine <= coarse


def test_refusals():
    def reason(order=2, options=None, **proofs):
        with pytest.raises(CertificateError) as caught:
            make_constant_certificate("nsp", HADAMARD, order=order, options=options, **proofs)
        return str(caught.value)

    assert reason(lower=vector(1, 1, 1, 0)) == "lower bound: the vector does not lie in the null space"
    assert "one that is not zero" in reason(lower={"kind": "kernel-vector", "columns": [], "entries": []})
    assert "rising order" in reason(lower={"kind": "kernel-vector", "columns": [1, 0], "entries": [1, 1]})
    assert "must be one of kernel-vector, got 'jn'" in reason(lower={"kind": "jn", "Y": HADAMARD})
    assert "order must lie in [1, 4], got 5" in reason(order=5, lower=vector(-2, 0, 1, 1))
    assert "nsp needs an order" in reason(order=None, lower=vector(-2, 0, 1, 1))
    assert "weights must be positive" in reason(options={"weights": [1, 1, 0, 1]}, lower=vector(-2, 0, 1, 1))
    assert "belong together" in reason(options={"levels": [0, 0, 1, 1]}, lower=vector(-2, 0, 1, 1))
    assert "sum of the sparsities" in reason(options=IN_LEVELS | {"sparsities": [1, 2]},
                                             lower=vector(-2, 0, 1, 1))
    assert "sdp are no longer checked: jn is never worse" in reason(upper={"kind": "sdp"})
    proof = duals(HADAMARD, [1])
    proof["groups"][0] = {name: array[1:] for name, array in proof["groups"][0].items()}
    assert reason(upper=proof) == "upper bound: the single column 0 has no dual"
    proof = duals(HADAMARD, [1, 2])
    proof["groups"][1]["signs"][0, 0] = 2
    assert reason(upper=proof) == "upper bound: signs must be 1 or -1"
    proof["groups"][1]["supports"] = proof["groups"][1]["supports"][1:]
    assert "signs must be an array of shape" in reason(upper=proof)


def test_a_support_without_all_its_signs_has_no_bound():
    """With (1, 1) alone the pair {0, 2} would be bounded by 1/2; its signs are (-1, 1)."""
    proof = duals(HADAMARD, [1, 2])
    whole, = bounds(HADAMARD, 2, upper=proof)
    near(whole, Fraction(3, 4))
    group = proof["groups"][1]
    kept = group["signs"][:, 1] == 1
    proof["groups"][1] = {name: array[kept] for name, array in group.items()}
    half, = bounds(HADAMARD, 2, upper=proof)
    assert half == 1                               # 1/2 + 1/2 from the singles 0 and 1


def test_either_sign_of_a_pattern_will_do():
    proof = duals(HADAMARD, [1, 2])
    for group in proof["groups"]:
        group["signs"], group["duals"] = -group["signs"], -group["duals"]
    near(*bounds(HADAMARD, 2, upper=proof), Fraction(3, 4))


def test_a_worse_dual_for_the_same_signs_does_no_harm():
    proof = duals(HADAMARD, [1, 2])
    worse = [group | {"duals": group["duals"] * 0} for group in proof["groups"]]
    for groups in (proof["groups"] + worse, worse + proof["groups"]):
        near(*bounds(HADAMARD, 2, upper=proof | {"groups": groups}), Fraction(3, 4))


def test_bounds_are_rounded_up():
    """The residual 1 - 1/3 of the dual h = 1 is no multiple of the unit."""
    proof = {"kind": "duals", "groups": [{"supports": Array((1, 1), (0.0,)), "signs": Array((1, 1), (1.0,)),
                                          "duals": Array((1, 1), (1.0,))}]}
    found = bound("nsp", exact([[Fraction(1, 3)]]), 1, {}, "upper", proof)
    assert Fraction(2, 3) < found < Fraction(2, 3) + Fraction(1, 2**159)


def _is_true(certificate):
    """Compare what an accepted certificate states with the constant of the matrix that it holds."""
    matrix = read_matrix(certificate["matrix"])
    rows = [[Fraction(int(v.p), int(v.q)) for v in row] for row in matrix.rational.tolist()]
    value = truth(rows, certificate["order"], certificate["options"])
    return all((Fraction(entry["value"]) <= value) if entry["side"] == "lower"
               else (value <= Fraction(entry["value"])) for entry in certificate["statements"])


FORGED = {
    "plain": (HADAMARD, 2, {}),
    "floats": (HADAMARD.astype(float), 1, {}),
    "weights": (HADAMARD, 2, {"weights": [1.0, 1.0, 0.5, 0.5]}),
    "levels": (HADAMARD, 2, IN_LEVELS | {"sparsities": [1, 1]}),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_certificates_prove_nothing_false(name, forgeries):
    matrix, order, options = FORGED[name]
    certificate = make_constant_certificate(
        "nsp", matrix, order=order, options=options, lower=vector(-2, 0, 1, 1),
        upper=duals(HADAMARD, range(1, order + 1), options.get("weights")))
    refused = 0
    for path, forged in forgeries(certificate, 200, random.Random(0)):
        found = verify(copy.deepcopy(forged))
        refused += not found.ok
        assert found.ok or (found.reason and "\n" not in found.reason), path
        assert not found.ok or _is_true(forged), path
    assert refused > 100


def test_forged_bounds_of_juditsky_and_nemirovski(forgeries):
    certificate = make_constant_certificate("nsp", HADAMARD, order=1, upper={"kind": "jn", "Y": HADAMARD / 3})
    for path, forged in forgeries(certificate, 200, random.Random(1)):
        found = verify(forged)
        assert not found.ok or _is_true(forged), path


def test_a_bound_that_is_a_little_too_good(sign):
    certificate = make_constant_certificate("nsp", HADAMARD, order=1, lower=vector(-2, 0, 1, 1),
                                            upper=duals(HADAMARD, [1]))
    assert [entry["value"] for entry in certificate["statements"]] == ["5e-1", "5e-1"]
    for k, value in enumerate(("5.0000000000000001e-1", "4.9999999999999999e-1")):
        changed = copy.deepcopy(certificate)
        changed["statements"][k]["value"] = value
        assert f"stated {value}" in verify(sign(changed)).reason


def test_levels_by_hand():
    options = {"levels": [0, 1, 0, 1], "sparsities": [2, 1]}
    assert read_levels(3, options, 4) == [([0, 2], 2), ([1, 3], 1)]
    assert best_part([5, 1, 4, 2], read_levels(3, options, 4)) == 11
    # a level may be empty, or allow nothing
    assert read_levels(1, {"levels": [1, 1], "sparsities": [0, 1]}, 2) == [([], 0), ([0, 1], 1)]


@pytest.mark.parametrize(("order", "options", "reason"), [
    (0, {}, "order must lie in"), (5, {}, "order must lie in"),
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
