"""The robust null space constants against hand-made cases, a conic solver, tables and their own witnesses."""

from dataclasses import replace
from importlib import import_module
from itertools import combinations, product
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard

from kernelstab._engines.nsp.search import sign_patterns
from kernelstab._engines.robust_nsp import least_norm_jit
from kernelstab._engines.robust_nsp.least_norm import LeastNormPrograms, all_supports
from kernelstab._engines.robust_nsp.search import _polytopes, lattice_directions
from kernelstab.kernel import nsp_constant
from kernelstab.kernel.robust_nsp import best_robust_nsp, lowest, robust_nsp

_FRAME = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])


def _table_matrix():
    """The third 10 x 12 draw of seed 11, unit columns: the tables below were computed elsewhere."""
    rng = np.random.default_rng(11)
    for _ in range(3):
        matrix = rng.standard_normal((10, 12))
    return matrix / np.linalg.norm(matrix, axis=0)


def _random(seed, m, n):
    matrix = np.random.default_rng(seed).standard_normal((m, n))
    return matrix / np.linalg.norm(matrix, axis=0)


def _by_conic_solver(matrix, s, rho):
    """Solve every program with cvxpy."""
    import cvxpy as cp

    best = 0.0
    for support in combinations(range(matrix.shape[1]), s):
        rest = [j for j in range(matrix.shape[1]) if j not in support]
        for signs in product((1, -1), repeat=s - 1):
            h = cp.Variable(matrix.shape[0])
            problem = cp.Problem(cp.Minimize(cp.norm(h)), [
                matrix[:, list(support)].T @ h == np.array((1, *signs)),
                cp.abs(matrix[:, rest].T @ h) <= rho])
            best = max(best, problem.solve(solver="CLARABEL"))
    return best


@pytest.mark.parametrize(("rho", "tau"), [(0.7031, 3.4186), (0.7375, 3.1370),
                                          (0.8512, 3.0498), (0.95, 2.9983)])
def test_tabulated_values(rho, tau):
    result = robust_nsp(_table_matrix(), 2, rho)
    assert result.exact
    np.testing.assert_allclose((result.lower, result.upper), tau, atol=1.01e-4)      # given to four digits
    assert 0 <= result.upper - result.lower < 1e-9


@pytest.mark.parametrize(("rho", "low", "high"), [(0.8, 2.1792, 2.2016), (0.9, 2.1378, 2.1592)])
def test_tabulated_enclosures_of_the_l2_form(rho, low, high):
    result = robust_nsp(_table_matrix(), 2, rho, norm="l2")
    assert low <= result.lower <= result.upper <= high
    assert result.upper <= result.lower * (1 + 2e-4)
    assert not result.exact


def test_below_the_stable_constant_there_is_none():
    A = _table_matrix()
    alpha = nsp_constant(A, 2)
    np.testing.assert_allclose(alpha.lower, 0.4125948, atol=1e-7)
    rho_s = alpha.lower / (1 - alpha.lower)                       # 0.7024
    below, above = robust_nsp(A, 2, rho_s - 1e-7), robust_nsp(A, 2, rho_s + 1e-7)
    assert below.lower == below.upper == np.inf
    assert np.isfinite(above.upper)
    for result, norm in ((below, "l1"), (robust_nsp(A, 2, 0.7, norm="l2"), "l2")):
        w = np.abs(result.witness)
        assert np.linalg.norm(A @ w) > 1e-3
        assert result.residual < 1e-14
        on = w[list(result.support)]
        off = w.sum() - on.sum()
        left, rho = (on.sum(), result.rho) if norm == "l1" else (np.linalg.norm(on), result.rho / sqrt(2))
        assert left > rho * off


@pytest.mark.parametrize("m", [4, 16])
def test_identity_and_hadamard_at_the_coherence(m):
    # rho = 1 / sqrt m = mu is the least possible; the columns themselves are dual vectors of length 1
    A = np.hstack([np.eye(m), hadamard(m) / sqrt(m)])
    result = robust_nsp(A, 1, 1 / sqrt(m))
    np.testing.assert_allclose((result.lower, result.upper), 1.0, rtol=1e-13)
    assert robust_nsp(A, 1, 0.999 / sqrt(m)).lower == np.inf


def test_three_columns_by_hand():
    # column 0: h = (1, t) with |t|, |1 + t| <= rho, shortest t = rho - 1; column 2: h = (1/2, 1/2)
    for rho in (0.5, 0.6, 0.9):
        result = robust_nsp(_FRAME, 1, rho)
        np.testing.assert_allclose(result.lower, np.hypot(1, 1 - rho), rtol=1e-12)
        assert result.support in ((0,), (1,))
        assert len(result.witness) == 3
    # from rho = 1 on h = (1, 0) is free
    np.testing.assert_allclose(robust_nsp(_FRAME, 1, 1.5).upper, 1.0)


def test_orthonormal_columns():
    # trivial kernel: h = xi on S and 0 elsewhere, length sqrt s; in the l2 form length 1
    np.testing.assert_allclose(robust_nsp(np.eye(4), 3, 0.1).upper, sqrt(3))
    result = robust_nsp(np.eye(4), 3, 0.1, norm="l2")
    assert result.lower <= 1.0 <= result.upper < 1.01


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 2), st.floats(0.5, 1.5))
def test_agrees_with_a_conic_solver(seed, s, rho):
    A = _random(seed, 5, 6)
    result = robust_nsp(A, s, rho)
    if np.isinf(result.upper):
        assert result.residual < 1e-13
    else:
        np.testing.assert_allclose(result.upper, _by_conic_solver(A, s, rho), rtol=1e-6)
        np.testing.assert_allclose(result.lower, result.upper, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3), st.sampled_from(["l1", "l2"]))
def test_no_vector_is_a_counterexample_and_tau_falls(seed, s, norm):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((6, 8))
    results = [robust_nsp(A, s, rho, norm=norm) for rho in (0.4, 0.8, 1.6)]
    # exactly monotone in truth; the enclosures may not contradict it
    for small, large in zip(results, results[1:]):
        assert large.lower <= small.upper
    for result in results:
        assert result.lower <= result.upper
        for v in rng.standard_normal((200, 8)):
            sizes = np.sort(np.abs(v))
            on, off = sizes[8 - s:], sizes[:8 - s].sum()
            left = on.sum() - result.rho * off
            if norm == "l2":
                left = np.linalg.norm(on) - result.rho / sqrt(s) * off
            assert left <= result.upper * np.linalg.norm(A @ v) * (1 + 1e-12)


def test_the_two_forms():
    # the l2 form implies the l1 form with sqrt s times the constant, and both are one at s = 1
    A = _random(1, 8, 10)
    np.testing.assert_allclose(robust_nsp(A, 1, 0.8).upper, robust_nsp(A, 1, 0.8, norm="l2").upper)
    assert robust_nsp(A, 2, 0.9).lower <= sqrt(2) * robust_nsp(A, 2, 0.9, norm="l2").upper


def test_both_sides_can_be_checked_again():
    A, s, rho = _table_matrix(), 2, 0.9
    result = robust_nsp(A, s, rho)
    sizes = np.abs(result.witness)
    on = sizes[list(result.support)].sum()
    quotient = (on - rho * (sizes.sum() - on)) / result.residual
    np.testing.assert_allclose(quotient, result.lower, rtol=1e-12)
    (group,) = result.groups
    assert len(group.supports) == comb(12, 2) * 2
    lengths = []
    for support, signs, h in zip(group.supports, group.signs, group.duals):
        products = A.T @ h
        np.testing.assert_allclose(products[support], signs, atol=1e-13)
        assert np.abs(np.delete(products, support)).max() <= rho
        lengths.append(np.linalg.norm(h))
    np.testing.assert_allclose(max(lengths), result.upper)


def test_any_dual_vector_proves_only_what_is_true():
    # h off by a little: tau_S <= ||h|| / (1 - r) if the limits have room, nothing if not
    def proved(limits, h):
        return LeastNormPrograms(_FRAME).proved(np.array([[0]]), np.array([[1.0]]), limits, h[None])[0]

    limits = np.full(3, 0.75)
    exact = np.hypot(1, 0.25)
    h = np.array([1.0, -0.25]) * 0.9                              # r = 0.1; the others 0.225, 0.675
    bound = proved(limits + 1e-12, h)
    np.testing.assert_allclose(bound, exact, rtol=1e-9)
    assert proved(limits - 1e-9, h) == np.inf
    assert proved(limits, -h) == np.inf
    rng = np.random.default_rng(0)
    found = [proved(limits, np.array([1.0, -0.3]) + 0.1 * rng.standard_normal(2)) for _ in range(200)]
    assert min(found) >= exact
    assert np.isfinite(found).sum() > 20


def test_every_program_is_solved_to_optimality():
    # the primal vector attains the length of the dual one; some programs need to let constraints go again
    A = _random(1, 16, 24)
    programs, limits = LeastNormPrograms(A), np.full(24, 0.6)
    solved = 0
    for support, xi in product(all_supports(24, 2), sign_patterns(2)):
        (h,), (v,), (outcome,) = programs.solve([support], [xi], limits)
        if outcome == least_norm_jit.SOLVED:
            solved += 1
            value = xi @ v[support] - 0.6 * np.abs(np.delete(v, support)).sum()
            np.testing.assert_allclose(A @ v, h, atol=1e-10)
            np.testing.assert_allclose(value, h @ h, rtol=1e-9)
    assert solved > 400


def test_equality_is_decided_in_fractions():
    # h = (1, -1/4) meets the limit 3/4 exactly; one unit in the last place less and nothing is proved
    programs, h = LeastNormPrograms(_FRAME), np.array([1.0, -0.25])
    assert 0 <= programs.proved_exactly([0], [1.0], 0.75, h) - np.hypot(1, 0.25) < 1e-15
    assert programs.proved_exactly([0], [1.0], np.nextafter(0.75, 0), h) == np.inf
    assert programs.proved_exactly([0], [1.0], 0.75, -h) == np.inf
    # r = 1/8 is divided out
    np.testing.assert_allclose(programs.proved_exactly([0], [1.0], 0.75, 0.875 * h), np.hypot(1, 0.25))


def test_an_infeasible_program_returns_the_reason():
    programs = LeastNormPrograms(_FRAME)
    _, (v,), (outcome,) = programs.solve([[0]], [[1.0]], np.full(3, 0.25))
    assert outcome == least_norm_jit.INFEASIBLE
    np.testing.assert_allclose(_FRAME @ v, 0, atol=1e-15)
    assert v[0] > 0.25 * np.abs(v[1:]).sum()


def test_a_budget_leaves_a_true_enclosure():
    A = _random(3, 16, 18)
    full, short = robust_nsp(A, 2, 0.9), robust_nsp(A, 2, 0.9, max_supports=30)
    assert full.exact
    assert not short.exact
    assert short.evaluated == 28 == comb(8, 2)
    assert short.supports == comb(18, 2)
    assert short.lower <= full.upper
    assert full.lower <= short.upper < np.inf
    # the sum rule by hand: columns alone for rho / (s + (s - 1) rho), times (1 + rho) / (1 + rho_1)
    rho1 = 0.9 / 2.9
    singles = [np.linalg.norm(h) for h in short.groups[0].duals]
    shares = np.sort(singles)[::-1] * 1.9 / (1 + rho1)
    np.testing.assert_allclose(short.upper, max(shares[0] + shares[8], *map(
        np.linalg.norm, short.groups[1].duals)), rtol=1e-9)


def test_ctrl_c_leaves_a_true_enclosure():

    def stop(done, total, note):
        assert note.startswith("tau <= ")
        raise KeyboardInterrupt

    A = np.diag([*np.ones(14), *np.full(4, 0.01)])     # the four columns that decide come last
    full, result = robust_nsp(A, 4, 2.0), robust_nsp(A, 4, 2.0, progress=stop)
    assert result.lower <= full.lower <= full.upper <= result.upper
    assert result.interrupted
    assert not result.exact
    assert 0 < result.evaluated < result.supports
    assert 0 < result.lower <= result.upper


def test_threads_do_not_change_the_result():
    A = _random(5, 16, 30)
    one, two = robust_nsp(A, 3, 3.0), robust_nsp(A, 3, 3.0, threads=2)
    assert one.exact
    assert (one.lower, one.upper, one.support) == (two.lower, two.upper, two.support)
    np.testing.assert_array_equal(one.groups[0].duals, two.groups[0].duals)


def test_degenerate_matrices():
    # a zero column is a kernel vector; equal columns are dependent on the support itself
    zero = robust_nsp([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], 1, 0.5)
    assert zero.lower == np.inf
    assert zero.support == (2,)
    twice = robust_nsp([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], 2, 0.9)
    assert twice.lower == np.inf
    # with s = N nothing is off the support
    np.testing.assert_allclose(robust_nsp(np.eye(2), 2, 0.5).upper, sqrt(2))
    # rows of very different size: tau = 1e6 for the short column
    np.testing.assert_allclose(robust_nsp(np.diag([1.0, 1e-6]), 1, 0.5).upper, 1e6, rtol=1e-9)
    # more rows than columns, and rank-deficient rows
    tall = np.vstack([_FRAME, _FRAME.sum(axis=0)])
    assert robust_nsp(tall, 1, 0.75).exact


@pytest.mark.parametrize("size", [2, 3, 4])
def test_polytopes_contain_the_sphere(size):
    rng = np.random.default_rng(size)
    u = rng.standard_normal((2000, size))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    from scipy.spatial import ConvexHull
    radii = []
    for corners in list(_polytopes(size))[:3]:
        both = np.vstack([corners, -corners])
        hull = ConvexHull(both)
        assert (hull.equations[:, :-1] @ u.T + hull.equations[:, -1:]).max() <= 1e-12
        radii.append(np.linalg.norm(corners, axis=1).max())
    assert radii == sorted(radii, reverse=True)
    assert len(lattice_directions(size, 1)) == size


def test_enumerations():
    assert len(all_supports(7, 3)) == comb(7, 3)
    patterns = sign_patterns(3)
    assert sorted(map(tuple, patterns)) == [(1, *p) for p in sorted(product((-1, 1), repeat=2))]


def test_certificate(tmp_path):
    from kernelstab.certify import verify

    result = robust_nsp(_table_matrix(), 2, 0.75)
    certificate = result.certificate(tmp_path / "tau.json")
    assert verify(tmp_path / "tau.json").ok
    low, high = (float(entry["value"]) for entry in certificate["statements"])
    assert low <= high
    np.testing.assert_allclose((low, high), (result.lower, result.upper), rtol=1e-11)
    assert certificate["options"] == {"rho": "7.5e-1"}
    rho = robust_nsp(_table_matrix(), 1, 0.1 + 0.7).certificate()["options"]["rho"]
    assert float(rho) == 0.1 + 0.7
    with pytest.raises(ValueError, match="only the l1 form"):
        robust_nsp(_FRAME, 1, 0.75, norm="l2").certificate()


@pytest.mark.parametrize("seed", [0, 4])
def test_columns_of_very_different_lengths(seed):
    # lengths from 1e-3 to 1e3, independent columns: finite for every rho. The rounding of the products with
    # long columns is far beyond 1e-9 of the limit
    rng = np.random.default_rng(seed)
    A = (rng.standard_normal((8, 8)) * 10.0 ** rng.integers(-3, 4, 8))[:, :6]
    for norm in ("l1", "l2"):
        found = robust_nsp(A, 3, 0.14, norm=norm)
        assert 0 < found.lower <= found.upper < np.inf
        if norm == "l1":
            assert found.upper <= found.lower * (1 + 1e-4)
        # the lower end is that of the witness on its largest entries, which are not those of its program
        sizes = np.sort(np.abs(found.witness))[::-1]
        on = sizes[:3].sum() if norm == "l1" else np.linalg.norm(sizes[:3])
        off = 0.14 * sizes[3:].sum() / (1 if norm == "l1" else np.sqrt(3))
        np.testing.assert_allclose(found.lower, (on - off) / np.linalg.norm(A @ found.witness), rtol=1e-9)


def test_bad_input():
    for args, message in [((_FRAME, 0, 0.5), "s must be between 1 and 3, got 0"),
                          ((_FRAME, 1, 0.0), r"rho must lie in \(0.0, inf\), got 0.0"),
                          ((_FRAME, 1, np.nan), "rho must lie in"),
                          ((_FRAME * 1j, 1, 0.5), "A must be real, got dtype complex128"),
                          ((_FRAME * np.nan, 1, 0.5), "must be finite, got nan")]:
        with pytest.raises(ValueError, match=message):
            robust_nsp(*args)
    with pytest.raises(ValueError, match="norm must be 'l1' or 'l2', got 'linf'"):
        robust_nsp(_FRAME, 1, 0.5, norm="linf")
    with pytest.raises(ValueError, match="max_supports must be at least 3 for the l2 form, got 2"):
        robust_nsp(_FRAME, 2, 0.5, norm="l2", max_supports=2)


# the best factor against a grid, and closed forms

def test_better_than_the_tabulated_value():
    # 4 * 3.4187 / (1 - .7031) = 46.06 was tabulated at rho = .7031; a little further right it is smaller
    A = _table_matrix()
    np.testing.assert_allclose(robust_nsp(A, 2, 0.7031).factor, 46.06, atol=0.01)
    best = best_robust_nsp(A, 2)
    assert best.lower <= best.upper <= best.lower * (1 + 1e-6)
    assert best.exact
    np.testing.assert_allclose(best.upper, 45.868, atol=1e-3)
    # alpha_2 = .4125948: the constant is infinite below rho_2 = .70240
    np.testing.assert_allclose(best.floor, 0.4125948 / (1 - 0.4125948), atol=1e-6)
    assert best.floor < best.rho < 0.74
    for rho in np.linspace(best.floor + 1e-6, 0.99, 60):
        assert best.lower <= robust_nsp(A, 2, rho).factor
    for rho in (0.71, 0.8, 0.95):
        lines = best.cuts[:, 0] - rho * best.cuts[:, 1]
        assert lines.max() <= robust_nsp(A, 2, rho).upper


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 2))
def test_no_grid_point_is_better(seed, s):
    A = np.random.default_rng(seed).standard_normal((7, 9))
    best = best_robust_nsp(A, s)
    grid = [robust_nsp(A, s, rho).factor for rho in np.linspace(0.02, 0.98, 49)]
    assert best.lower <= min(grid)
    if np.isfinite(best.upper):
        assert best.upper <= min(grid) * (1 + 1e-6)
        assert best.upper == best.nsp.factor
        assert "4 tau/(1 - rho)" in repr(best)
    else:
        assert best.lower == np.inf
        w = np.abs(best.nsp.witness)
        assert 2 * w[list(best.nsp.support)].sum() >= w.sum() * (1 - 1e-9)


def test_the_best_factor_with_a_trivial_kernel():
    # orthonormal columns: tau = sqrt s for every rho, so rho -> 0 is best: 4 sqrt 2
    best = best_robust_nsp(np.eye(3), 2)
    np.testing.assert_allclose((best.lower, best.upper), 4 * np.sqrt(2), rtol=1e-6)
    assert best.floor == 0.0


def test_no_null_space_property():
    # the kernel of (1, 1) splits evenly: alpha = 1/2, nothing below rho = 1
    for A in ([[1.0, 1.0]], [[1.0, 0.0]]):
        best = best_robust_nsp(A, 1)
        assert best.lower == best.upper == np.inf
        assert best.exact
        assert best.floor >= 1 - 1e-9
    assert robust_nsp([[1.0, 1.0]], 1, 1.5).factor == np.inf


def test_a_budget_of_evaluations_leaves_both_ends():
    best = best_robust_nsp(_table_matrix(), 2, max_evaluations=3)
    full = best_robust_nsp(_table_matrix(), 2)
    assert best.evaluations == 3
    assert best.lower <= full.upper
    assert full.lower <= best.upper


@pytest.mark.parametrize("first", [True, False])
def test_ctrl_c_leaves_both_ends(monkeypatch, first):
    full, calls = best_robust_nsp(_table_matrix(), 2), []

    def stop(*args, **options):
        calls.append(1)
        found = robust_nsp(*args, **options)
        if not first and len(calls) < 4:
            return found
        # stopped with a proof by single columns: a finite upper end
        return replace(found, upper=found.upper * 1.5, exact=False, interrupted=True)

    monkeypatch.setattr(import_module("kernelstab.kernel.robust_nsp"), "robust_nsp", stop)
    best = best_robust_nsp(np.linalg.qr(_table_matrix())[0] if first else _table_matrix(), 2)
    assert best.interrupted
    assert not best.exact
    assert best.evaluations == (1 if first else 4)
    assert 0 < best.lower <= best.upper
    assert first or best.lower <= full.upper
    assert not full.interrupted


def test_lowest_of_lines():
    # 4 (2 - 3 rho) / (1 - rho) falls, 4 / (1 - rho) grows, they meet at 1/3; with a floor beyond, the second
    cuts = np.array([[1.0, 0.0], [2.0, 3.0]])
    np.testing.assert_allclose(lowest(cuts, 0.0), (6.0, 1 / 3))
    np.testing.assert_allclose(lowest(cuts, 0.5), (8.0, 0.5))


def test_bad_input_of_the_best():
    with pytest.raises(ValueError, match="s must be between 1 and 2, got 3"):
        best_robust_nsp(np.eye(2), 3)
    with pytest.raises(ValueError, match="tolerance must lie in"):
        best_robust_nsp(np.eye(2), 1, tolerance=-1)


def test_zero_column_beside_opposite_columns_is_infinite():
    matrix = [[-1.0, 0, 1], [-1.0, 0, 1]]           # e_1 is in the kernel: no ratio is possible
    best = best_robust_nsp(matrix, 1)
    assert best.lower == best.upper == np.inf
    assert robust_nsp(matrix, 1, 0.9, norm="l2").lower == np.inf
