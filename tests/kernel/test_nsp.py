"""The null space constant against closed forms, tables and its own certificates."""

from fractions import Fraction
from itertools import combinations, product
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from scipy.linalg import hadamard

from kernelstab._engines.dense_matrix import kernel_basis
from kernelstab._engines.nsp import programs as nsp_programs
from kernelstab._engines.nsp import search as nsp_search
from kernelstab._engines.nsp import simplex_jit
from kernelstab._errors import CertificateError, UnclearRank
from kernelstab.certify import verify
from kernelstab.kernel import DualGroup, NSPConstant, nsp_constant, nullspace_basis


def _identity_hadamard(m):
    return np.hstack([np.eye(m), hadamard(m) / sqrt(m)])


def _dct(n, rows):
    matrix = dct(np.eye(n), axis=0, norm="ortho")[rows]
    return matrix / np.linalg.norm(matrix, axis=0)


_MERCEDES = np.array([[0.0, sqrt(0.75), -sqrt(0.75)], [1.0, -0.5, -0.5]])
_DCT16 = _dct(16, [0, 1, 2, 3, 5, 7, 8, 11, 13, 14])
_DCT12 = _dct(12, [0, 1, 2, 4, 6, 7, 9, 11])
_ZERO_COLUMN = np.array([[1.0, 0.0, 0.0, 2.0], [0.0, 1.0, 0.0, 3.0]])
_DRAWS = np.random.default_rng(5)
_GAUSS_12, _GAUSS_16 = _DRAWS.standard_normal((12, 16)), _DRAWS.standard_normal((16, 20))
_SQUARE_ROOT = sqrt(2.0)
REFERENCE = [
    # kernel spanned by (1, 1, 1): s / 3
    (_MERCEDES, 1, 1 / 3, 1e-8), (_MERCEDES, 2, 2 / 3, 1e-8),
    # any two coordinates with opposite signs: 1/2; two of them carry everything
    (np.ones((1, 5)), 1, 0.5, 1e-8), (np.ones((1, 5)), 2, 1.0, 1e-8),
    # (I | H_m): 1 / (1 + sqrt m) at s = 1
    (_identity_hadamard(2), 1, 1 / (1 + _SQUARE_ROOT), 1e-8),
    (_identity_hadamard(2), 2, _SQUARE_ROOT / 2, 1e-8), (_identity_hadamard(2), 3, 1.0, 1e-8),
    (_identity_hadamard(4), 1, 1 / 3, 1e-8), (_identity_hadamard(4), 2, 1 / 2, 1e-8),
    (_identity_hadamard(8), 1, 1 / (1 + sqrt(8.0)), 1e-8), (_identity_hadamard(8), 2, _SQUARE_ROOT - 1, 1e-8),
    # the sums of the largest entries of a kernel vector that the program of H_4 and H_8 finds
    (_identity_hadamard(4), 3, 3 / 4, 1e-8), (_identity_hadamard(8), 3, 0.56066017, 1e-8),
    (_identity_hadamard(16), 1, 1 / 5, 1e-8), (_identity_hadamard(16), 2, 1 / 3, 1e-8),
    # computed elsewhere, with another solver, and tabulated to six or eight digits
    (_DCT16, 1, 0.24700556, 1e-8), (_DCT16, 2, 0.45929319, 1e-8), (_DCT16, 3, 0.59393450, 1e-8),
    (_DCT12, 1, 0.27611767, 1e-8), (_DCT12, 2, 0.50273470, 1e-8), (_DCT12, 3, 0.68014405, 1e-8),
    (_GAUSS_12, 1, 0.221190, 5e-7), (_GAUSS_12, 2, 0.383720, 5e-7), (_GAUSS_12, 3, 0.506623, 5e-7),
    (_GAUSS_16, 1, 0.215513, 5e-7), (_GAUSS_16, 2, 0.338911, 5e-7), (_GAUSS_16, 3, 0.441900, 5e-7),
    # a zero column is a kernel vector by itself
    (_ZERO_COLUMN, 1, 1.0, 1e-8),
]


@pytest.mark.parametrize(("matrix", "s", "alpha", "tolerance"), REFERENCE)
def test_reference_values(matrix, s, alpha, tolerance):
    result = nsp_constant(matrix, s)
    assert abs(result.lower - alpha) < tolerance
    assert abs(result.upper - alpha) < tolerance
    assert 0 <= result.upper - result.lower < 1e-12
    assert result.exact
    assert not result.interrupted
    assert result.witness.shape == (matrix.shape[1],)
    assert result.holds == (None if alpha == 0.5 else alpha < 0.5)


def _dual_bound(matrix, support, signs, dual):
    """What a dual proves: the largest modulus of ``xi_S - A^T h``."""
    xi = np.zeros(matrix.shape[1])
    xi[list(support)] = signs
    return np.abs(xi - matrix.T @ dual).max()


@pytest.mark.parametrize(("matrix", "s"), [(_DCT16, 2), (_identity_hadamard(4), 2), (_MERCEDES, 1)])
def test_both_sides_can_be_checked_again(matrix, s):
    result = nsp_constant(matrix, s)
    w = result.witness
    assert np.linalg.norm(matrix @ w) == result.residual < 1e-14
    np.testing.assert_allclose(np.abs(w).sum(), 1.0)
    np.testing.assert_allclose(np.dot(result.signs, w[list(result.support)]), result.lower)
    # the upper bound again from the stored duals: each support has its own or the sum of its entries'
    duals = {(tuple(support), tuple(signs)): dual for group in result.groups
             for support, signs, dual in zip(group.supports.tolist(), group.signs.tolist(), group.duals)}
    singles = [_dual_bound(matrix, (i,), (1,), duals[(i,), (1,)]) for i in range(matrix.shape[1])]
    bounds = []
    for support in combinations(range(matrix.shape[1]), s):
        patterns = [(1, *rest) for rest in product((1, -1), repeat=s - 1)]
        if all((support, p) in duals for p in patterns):
            bounds.append(max(_dual_bound(matrix, support, p, duals[support, p]) for p in patterns))
        else:
            bounds.append(sum(singles[i] for i in support))
    assert max(bounds) <= result.upper * (1 + 1e-14)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(0, 2**32), st.data())
def test_one_dimensional_kernels_are_sorted_sums(n, seed, data):
    s = data.draw(st.integers(1, n))
    v = np.random.default_rng(seed).standard_normal(n)
    rows = np.linalg.svd(v[None])[2][1:]                     # everything orthogonal to v
    expected = np.sort(np.abs(v))[-s:].sum() / np.abs(v).sum()
    result = nsp_constant(rows, s)
    np.testing.assert_allclose((result.lower, result.upper), expected, rtol=1e-9)


def test_few_supports_are_visited():
    result = nsp_constant(_DCT16, 2)
    assert result.supports == comb(16, 2) == 120
    assert result.evaluated == 14
    assert "14 of 120 supports" in repr(result)


def test_a_short_budget_widens_the_enclosure():
    exact, short = nsp_constant(_DCT12, 2), nsp_constant(_DCT12, 2, max_supports=2)
    assert short.evaluated == 2
    assert short.lower <= exact.lower <= exact.upper <= short.upper
    assert short.upper > exact.upper + 1e-3
    # with nothing but the sums: twice the largest single constants
    np.testing.assert_array_less(short.upper, 2 * nsp_constant(_DCT12, 1).upper + 1e-12)


def test_trivial_kernel():
    result = nsp_constant(np.vander([1.0, 2.0, 3.0], 2), 1)
    assert (result.lower, result.upper, result.holds) == (0.0, 0.0, True)
    assert (result.support, result.signs) == ((), ())
    assert not result.witness.any()
    assert result.rho_upper == 0.0


def test_badly_scaled_rows_do_not_mislead_the_solver():
    # multiplying by an invertible matrix leaves the kernel, hence alpha, as it is
    scaled = np.diag(10.0 ** np.arange(-6, 4)) @ _DCT16
    result = nsp_constant(scaled, 1)
    np.testing.assert_allclose((result.lower, result.upper), 0.24700556, atol=1e-8)
    assert result.upper - result.lower < 1e-12


def _with_solver(monkeypatch, change):
    """Let a function change what the compiled solver wrote."""
    real = simplex_jit.solve_programs

    def solver(*args):
        answer = real(*args)
        return change(*args[-2:]) or answer

    monkeypatch.setattr(simplex_jit, "solve_programs", solver)


def test_a_useless_solver_leaves_true_bounds(monkeypatch):
    # random duals instead of optimal ones: the upper bound is worse but still above the truth
    rng = np.random.default_rng(0)

    def sloppy(duals, vertices):
        duals += 0.05 * rng.standard_normal(duals.shape)
        vertices += 0.01 * rng.standard_normal(vertices.shape)

    _with_solver(monkeypatch, sloppy)
    result = nsp_constant(_MERCEDES, 1)
    assert result.lower <= 1 / 3 <= result.upper
    assert result.upper - result.lower > 1e-3


def test_the_upper_end_is_what_the_duals_prove(monkeypatch):
    # batches of 64 programs, and useless duals in the first batch of pairs only
    monkeypatch.setattr(nsp_programs, "_CHUNK_WORK", 1.0)
    real, calls = simplex_jit.solve_programs, []

    def lapse(*args):
        answer = real(*args)
        if args[4].shape[1] == 2 and args[6] >= 0 and len(calls) < 8:
            calls.append(1)
            args[-2][:] = 0.0
        return answer

    monkeypatch.setattr(simplex_jit, "solve_programs", lapse)
    result = nsp_constant(_identity_hadamard(8), 2)
    # what is left for those pairs is the sum of their columns, 2 / (1 + sqrt 8)
    np.testing.assert_allclose((result.lower, result.upper), (sqrt(2.0) - 1, 2 / (1 + sqrt(8.0))), rtol=1e-9)
    assert not result.exact
    stated = result.certificate()["statements"][1]["value"]
    np.testing.assert_allclose(float(stated), result.upper, rtol=1e-12)


@pytest.mark.parametrize(("matrix", "s"), [
    (_identity_hadamard(16), 2), (_identity_hadamard(8), 4), (_DCT16, 3), (np.ones((1, 5)), 1),
    (_ZERO_COLUMN, 1),
    (np.random.default_rng(2).choice([-1.0, 1.0], (12, 28)), 2),
    (np.eye(9) - np.roll(np.eye(9), 1, axis=1), 2), (np.random.default_rng(2).standard_normal((20, 40)), 3)])
def test_the_compiled_solver_needs_no_help(matrix, s, monkeypatch):
    # degenerate vertices on most of these: many bases for one vertex, ties in every step
    monkeypatch.setattr(nsp_programs.KernelPrograms, "_repair", None)
    assert nsp_constant(matrix, s).exact


def test_bounds_are_rounded_up():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((5, 7))
    matrix[4] = matrix[0] + matrix[1]            # so that large duals cancel, and leave rounding
    basis, rank = kernel_basis(matrix)
    levels, caps = np.zeros(7, np.int64), np.array([2])
    programs = nsp_programs.KernelPrograms(matrix, basis, rank, np.ones(7), levels, caps, 1)
    supports = np.array([sorted(rng.choice(7, 2, replace=False)) for _ in range(200)])
    signs = rng.choice([-1, 1], (200, 2))
    duals = rng.standard_normal((200, 5)) + 1e6 * np.array([1.0, 1.0, 0.0, 0.0, -1.0])
    for support, sign, h, bound in zip(supports, signs, duals, programs.bounds(supports, signs, duals)):
        xi = dict(zip(support, sign))
        columns = [[Fraction(a) for a in column] for column in matrix.T]
        exact = max(abs(int(xi.get(j, 0)) - sum(a * Fraction(b) for a, b in zip(column, h)))
                    for j, column in enumerate(columns))
        assert exact <= bound <= exact + Fraction(1, 10**7)


def test_programs_that_end_badly_go_to_another_solver(monkeypatch):
    def nothing(duals, vertices):
        duals[:], vertices[:] = 0.0, 1.0
        return len(duals)

    _with_solver(monkeypatch, nothing)
    result = nsp_constant(_DCT12, 2)
    np.testing.assert_allclose((result.lower, result.upper), 0.50273470, atol=1e-8)


@pytest.mark.parametrize("at_once", [6, 1000])             # one start after the other, or together
@pytest.mark.parametrize(("levels", "caps"), [([0] * 6, [3]), ([0, 1, 0, 1, 1, 0], [1, 2])])
def test_supports_are_found_above_a_bound(levels, caps, at_once, monkeypatch):
    monkeypatch.setattr(nsp_search, "_AT_ONCE", at_once)
    # with table t the bound of K is the sum of t over its pairs, divided by s - 1 = 2
    table = np.random.default_rng(3).uniform(0.0, 0.3, (6, 6))
    table = table + table.T
    levels, caps = np.array(levels), np.array(caps)
    expected = {}
    for support in combinations(range(6), 3):
        if all(np.sum(levels[list(support)] == k) == cap for k, cap in enumerate(caps)):
            expected[support] = min(1.0, sum(table[pair] for pair in combinations(support, 2)) / 2)
    low = float(np.median(list(expected.values()))) + 1e-9
    supports, bounds, left = nsp_search.supports_above(table, levels, caps, low, 100)
    above = {key for key, bound in expected.items() if bound > low}
    assert {tuple(row) for row in supports.tolist()} == above
    assert len(above) == len(supports) > 1
    np.testing.assert_allclose([expected[tuple(row)] for row in supports.tolist()], bounds)
    assert list(bounds) == sorted(bounds, reverse=True)
    # nothing below low is forgotten
    assert max(bound for bound in expected.values() if bound <= low) * (1 - 1e-12) <= left <= low
    # a budget of one leaves the best, and the bound of the second; nothing is known of starts not reached
    best, _, second = nsp_search.supports_above(table, levels, caps, low, 1)
    assert (best.tolist(), second) == (supports[:1].tolist(), bounds[1])
    monkeypatch.setattr(nsp_search, "_NODES_PER_SUPPORT", 2)
    assert nsp_search.supports_above(table, levels, caps, low, 1)[2] == 1.0


def test_an_unclear_rank_is_said_once():
    # the third row is the sum of the others up to a few times the rounding error of singular values
    A = np.array([[1.0, 2.0, 0.0, 1.0], [0.0, 1.0, 3.0, 1.0], [1.0, 3.0, 3.0, 2.0 + 1e-13]])
    with pytest.warns(UnclearRank, match="between 2 and 3") as caught:
        result = nsp_constant(A, 1)
    assert len(caught) == 1
    assert result.lower <= result.upper


def test_a_row_of_rounding_does_not_make_the_rank_unclear():
    # scaled up, 1e-20 times the first row with an error of 1e-14 is nearly, but not quite, that row
    A = np.array([[1.0, 2.0, 3.0], [1e-20, 2e-20, 3e-20 * (1 + 1e-14)]])
    assert nsp_constant(A, 1).exact


def test_bad_input():
    good = {"weights": np.ones(3), "levels": [0, 0, 1]}
    for s, options, message in [
            (0, {}, "s must be between 1 and 3, got 0"), (4, {}, "s must be between 1 and 3, got 4"),
            (1, {"weights": [1.0, 0.0, 1.0]}, "weights must be positive, got"),
            (1, {"weights": [1.0, 1e-60, 1.0]}, "weights must lie between 1e-50 and 1e50, got 1e-60 to 1.0"),
            (1, {"weights": [1.0, 1.0]}, "weights must have shape"),
            (1, {"levels": good["levels"]}, "s must name one sparsity for each of 2 levels, got 1"),
            ([1, 2], {"levels": good["levels"]}, "must be between 0 and 1, got 2"),
            ([0, 0], {"levels": good["levels"]}, "s must not be zero in every level"),
            (1, {"threads": 0}, "threads must be at least 1"),
            (1, {"max_supports": 0}, "max_supports must be at least 1")]:
        with pytest.raises(ValueError, match=message):
            nsp_constant(_MERCEDES, s, **options)
    with pytest.raises(ValueError, match="matrix must not be zero"):
        nsp_constant(_MERCEDES * 0, 1)
    for scale in (1e-310, 1e250):               # inverses and squares would leave the range of floats
        with pytest.raises(ValueError, match="A must have its largest entry between 1e-100 and 1e100"):
            nsp_constant(_MERCEDES * scale, 1)
    with pytest.raises(ValueError, match="weights and levels need a real matrix, got dtype complex128"):
        nsp_constant(_MERCEDES * 1j, 1, weights=np.ones(3))


# every program of every support, one by one, by another solver

def _brute_force(matrix, s, weights, levels):
    n = matrix.shape[1]
    null = nullspace_basis(matrix)
    if null.dimension == 0:
        return 0.0
    rows = np.linalg.svd(matrix / weights)[2][:null.rank]
    labels, caps = np.unique(levels, return_inverse=True)[1], np.atleast_1d(s)
    best = 0.0
    for support in combinations(range(n), int(caps.sum())):
        if any(np.sum(labels[list(support)] == k) > cap for k, cap in enumerate(caps)):
            continue
        for signs in product((1, -1), repeat=len(support) - 1):
            _, vertex = nsp_programs.reference_program(rows, list(support), (1, *signs))
            best = max(best, float(np.dot((1, *signs), vertex[list(support)])))
    return best


@st.composite
def _problems(draw):
    n = draw(st.integers(2, 7))
    m = draw(st.integers(1, n))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    # small integers are degenerate: zero columns, equal columns, dependent rows
    matrix = rng.standard_normal((m, n)) if draw(st.booleans()) else rng.integers(-1, 2, (m, n)).astype(float)
    matrix[0, 0] += not matrix.any()
    weights = rng.uniform(0.2, 3.0, n) if draw(st.booleans()) else None
    if draw(st.booleans()):
        return matrix, draw(st.integers(1, min(n, 4))), weights, None
    levels = rng.integers(0, 3, n)
    s = [draw(st.integers(0, min(2, int(size)))) for size in np.unique(levels, return_counts=True)[1]]
    s[0] += sum(s) == 0
    return matrix, s, weights, levels


@settings(max_examples=30, deadline=None)
@given(_problems())
def test_all_programs_solved_one_by_one_agree(problem):
    matrix, s, weights, levels = problem
    n = matrix.shape[1]
    result = nsp_constant(matrix, s, weights=weights, levels=levels)
    expected = _brute_force(matrix, s, np.ones(n) if weights is None else weights,
                            np.zeros(n) if levels is None else levels)
    np.testing.assert_allclose((result.lower, result.upper), expected, rtol=0, atol=1e-8)
    assert result.exact
    np.testing.assert_allclose(result.matrix, matrix)


@pytest.mark.parametrize(("matrix", "s", "options"), [
    (_DCT12, 3, {}), (_identity_hadamard(8), 3, {}), (_GAUSS_12, 4, {}), (np.ones((1, 5)), 2, {}),
    (_GAUSS_12, 2, {"weights": np.linspace(0.5, 2.0, 16)}),
    (_GAUSS_12, (1, 2), {"levels": [7] * 8 + [9] * 8}),
    (np.vander([1.0, 2.0, 3.0], 2), 1, {}),
])
def test_certificates_state_the_bounds_and_verify(matrix, s, options, tmp_path):
    result = nsp_constant(matrix, s, **options)
    certificate = result.certificate(tmp_path / "nsp.json")
    assert verify(tmp_path / "nsp.json").ok
    stated = {claim["side"]: float(claim["value"]) for claim in certificate["statements"]}
    np.testing.assert_allclose(stated["upper"], result.upper, rtol=0, atol=1e-12)
    np.testing.assert_allclose(stated.get("lower", 0.0), result.lower, rtol=0, atol=1e-12)
    if "lower" in stated:
        assert stated["lower"] <= stated["upper"]


def test_the_number_of_threads_changes_nothing():
    # 40 columns: 1560 programs of pairs, more than one chunk
    matrix = np.random.default_rng(1).standard_normal((20, 40))
    one, three = nsp_constant(matrix, 3), nsp_constant(matrix, 3, threads=3)
    assert (one.lower, one.upper, one.evaluated, one.programs) == (
        three.lower, three.upper, three.evaluated, three.programs)
    for mine, other in zip(one.groups, three.groups):
        np.testing.assert_array_equal(mine.duals, other.duals)


def test_progress_and_ctrl_c():
    heard = []

    def stop(done, total, note):
        heard.append((done, total, note))
        if len(heard) == 2:
            raise KeyboardInterrupt

    result = nsp_constant(_identity_hadamard(8), 3, progress=stop)
    assert heard[0][:2] == (0, 560)
    assert " <= alpha <= " in heard[0][2]
    assert result.interrupted
    assert not result.exact
    assert "not finished" in repr(result)
    # (sqrt 2 - 1) + alpha_1 is what pairs and singles leave at most: more than alpha_3
    assert result.lower <= 0.56066018 < result.upper <= 3 / (1 + sqrt(8.0)) + 1e-9
    certificate = result.certificate()
    assert float(certificate["statements"][1]["value"]) >= 0.56066017


def test_ctrl_c_before_the_first_vertex(monkeypatch):
    real, calls = simplex_jit.solve_programs, []

    def once(*args):
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(simplex_jit, "solve_programs", once)
    result = nsp_constant(_DCT12, 2)
    # nothing is known: h = 0 bounds every program by 1
    assert (result.lower, result.upper, result.exact, result.interrupted) == (0.0, 1.0, False, True)
    assert not result.witness.any()
    assert [claim["value"] for claim in result.certificate()["statements"]] == ["1e0"]


def test_a_budget_of_six_supports_out_of_thousands():
    matrix = np.random.default_rng(40).standard_normal((20, 40))
    exact, short = nsp_constant(matrix, 3), nsp_constant(matrix, 3, max_supports=6)
    assert (exact.evaluated, exact.exact) == (23, True)
    assert (short.evaluated, short.exact, short.interrupted) == (6, False, False)
    assert short.lower <= exact.upper
    assert exact.lower < short.upper < 1.05 * exact.upper
    # the certificate of the short search proves its own upper end
    np.testing.assert_allclose(float(short.certificate()["statements"][1]["value"]), short.upper, atol=1e-12)


def test_levels_by_hand():
    # the kernel is spanned by (1, 1, 1): one third for each column that is allowed
    for s, alpha in [((1, 1), 2 / 3), ((0, 1), 1 / 3), ((2, 0), 2 / 3), ((2, 1), 1.0)]:
        result = nsp_constant(_MERCEDES, s, levels=[0, 0, 1])
        np.testing.assert_allclose((result.lower, result.upper), alpha, rtol=1e-12)
        assert (result.s, len(result.support)) == (s, sum(s))


def test_weights_by_hand():
    # (1, 1, 1) with weights (2, 1, 1): lengths 2, 1, 1 of 4
    result = nsp_constant(_MERCEDES, 2, weights=[2.0, 1.0, 1.0])
    np.testing.assert_allclose((result.lower, result.upper), 3 / 4, rtol=1e-12)
    assert result.support[0] == 0
    np.testing.assert_allclose(np.abs(result.witness), 0.25)     # its weighted norm is 1
    # equal weights change nothing
    plain, same = nsp_constant(_DCT12, 2), nsp_constant(_DCT12, 2, weights=np.full(12, 3.0))
    np.testing.assert_allclose(plain.upper, same.upper, rtol=1e-12)


def test_complex_matrices_are_handed_on():
    # the kernel of (1, i) is spanned by (1, i)
    result = nsp_constant(np.array([[1.0, 1j]]), 1)
    np.testing.assert_allclose((result.lower, result.upper), 0.5, atol=1e-8)
    assert verify(result.certificate()).ok


def test_a_complex_matrix_without_imaginary_part_is_real():
    mine, other = nsp_constant(_DCT12, 2), nsp_constant(_DCT12 + 0j, 2)
    assert (mine.lower, mine.upper) == (other.lower, other.upper)
    assert other.matrix.dtype == np.float64


def test_few_programs_for_a_gaussian_matrix():
    # 4960 supports of 32 columns with 4 patterns of signs each: 19 840 programs, one by one
    result = nsp_constant(np.random.default_rng(32).standard_normal((16, 32)), 3)
    assert (result.supports, result.evaluated) == (4960, 7)
    assert result.programs < 1200
    assert result.exact


# what a result says about itself

def _result(lower, upper, exact=True):
    groups = (DualGroup(np.array([[0], [2]]), np.array([[1], [1]], np.int8), np.array([[0.5], [0.25]])),
              DualGroup(np.array([[0, 2]]), np.array([[1, -1]], np.int8), np.array([[0.125]])))
    return NSPConstant(2, lower, upper, exact, (0, 2), (1, -1), np.array([0.5, 0.0, -0.5]),
                       np.array([[1.0, 2.0, 1.0]]), groups, 1, 3)


def test_one_half_decides():
    assert _result(0.3, 0.4).holds is True
    assert _result(0.5, 0.6).holds is False
    assert _result(0.4, 0.5).holds is None


def test_rho_by_hand():
    # 0.2 / 0.8, and no finite constant if the kernel holds an s-sparse vector
    assert _result(0.1, 0.2).rho_upper == 0.25
    assert _result(1.0, 1.0).rho_upper == np.inf


def test_one_line():
    assert repr(_result(0.25, 0.5, exact=False)) == (
        "<NSPConstant s=2, 0.25 <= alpha <= 0.5, support (0, 2), 1 of 3 supports, not finished>")
    assert repr(_result(0.25, 0.25).groups[0]) == "<DualGroup of 2 programs on 1 columns>"


def _certified(matrix, s):
    """Return the result and the two ends that its certificate, verified, states."""
    result = nsp_constant(matrix, s)
    made = result.certificate()
    assert verify(made).ok
    return result, {claim["side"]: float(claim["value"]) for claim in made["statements"]}


def _structured(rng):
    """Yield matrices with few columns that are dependent, some of them up to rounding only."""
    waves = np.exp(-2j * np.pi * np.outer(rng.permutation(12)[:6], np.arange(12)) / 12)
    yield waves
    low = np.exp(-2j * np.pi * np.outer(1 + rng.permutation(5)[:3], np.arange(12)) / 12)
    yield np.vstack([low.real, low.imag])
    cosines = np.cos(np.pi * np.outer(rng.permutation(12)[:6], np.arange(12) + 0.5) / 12)
    yield cosines / np.linalg.norm(cosines, axis=1)[:, None]
    wide = rng.standard_normal((4, 6))
    yield np.hstack([wide, wide[:, :2]])
    yield (rng.integers(-3, 4, (4, 3)) @ rng.integers(-3, 4, (3, 8))).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_structured_matrices_have_certificates(seed):
    for matrix in _structured(np.random.default_rng(seed)):
        for s in (1,) if np.iscomplexobj(matrix) else (1, 2, 3):
            result, ends = _certified(matrix, s)
            assert ends["lower"] == pytest.approx(result.lower, abs=1e-9)
            assert ends["upper"] == pytest.approx(result.upper, abs=1e-9)


def test_certificates_by_hand():
    # the row of eight ones: half of (1, -1, 0, ...) lies on one entry, all of it on two
    for s, expected in ((1, 0.5), (2, 1.0)):
        _, ends = _certified(np.ones((1, 8)), s)
        assert [ends["lower"], ends["upper"]] == pytest.approx([expected, expected], abs=1e-12)
    # (I | H): the kernel holds (-Hu, u), and HH = 8I. With 8u = He_1 the vector is (-e_1, u), half of it on
    # one entry, and more is not possible: |(Hu)_i| <= |u|_1 and |u_j| <= |Hu|_1 / 8. With 8u = H(e_1 + e_2)
    # four entries of u are 1/4: shares 2/3 on two entries, 3/4 on three
    half = np.array([[1.0]])
    for _ in range(3):
        half = np.block([[half, half], [half, -half]])
    for s, expected in ((1, 1 / 2), (2, 2 / 3), (3, 3 / 4)):
        _, ends = _certified(np.hstack([np.eye(8), half]), s)
        assert [ends["lower"], ends["upper"]] == pytest.approx([expected, expected], abs=1e-12)


def test_a_rank_made_by_rounding_has_no_certificate():
    rng = np.random.default_rng(0)
    rounded = rng.standard_normal((4, 3)) @ rng.standard_normal((3, 6))
    with pytest.raises(CertificateError, match="the rank is 4, in floating point 3"):
        nsp_constant(rounded, 1).certificate()


def test_lower_bound_counts_the_distance_to_the_kernel():
    # the kernel is spanned by the cross product of the rows; nearly parallel rows move the computed one
    for rows in ([[0.0, -2, 3], [-0.001, -1.999, 3.001]],
                 [[-0.3002841395429234, 0.7195499962705189, -1.1003969417938975],
                  [-0.30028413954288086, 0.7195499962704351, -1.100396941793874]]):
        p, q = ([Fraction(entry) for entry in row] for row in rows)
        v = [abs(p[i] * q[j] - p[j] * q[i]) for i, j in ((1, 2), (2, 0), (0, 1))]
        result = nsp_constant(rows, 1)
        assert Fraction(result.lower) <= max(v) / sum(v) <= Fraction(result.upper)
        assert result.holds is not False or max(v) / sum(v) >= Fraction(1, 2)
