"""The constant of complex matrices against grids of phases, unit phases and real matrices."""

from itertools import combinations, product
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from scipy.optimize import linprog

from kernelstab._engines.nsp import phases
from kernelstab._engines.nsp.phases import cell_bounds, ends, first_cells, halves, widest
from kernelstab.kernel import nsp_constant


def _dct(n, rows):
    matrix = dct(np.eye(n), axis=0, norm="ortho")[rows]
    return matrix / np.linalg.norm(matrix, axis=0)


def _fourier(n, rows):
    return np.exp(-2j * np.pi * np.outer(rows, np.arange(n)) / n)


_MERCEDES = np.array([[0.0, sqrt(0.75), -sqrt(0.75)], [1.0, -0.5, -0.5]])
_DCT12 = _dct(12, [0, 1, 2, 4, 6, 7, 9, 11])
_RNG = np.random.default_rng(12)
_SMALL = _RNG.standard_normal((3, 5)) + 1j * _RNG.standard_normal((3, 5))


def _turned(matrix, seed):
    """Multiply rows and columns by phases: kernel vectors keep their moduli."""
    rng = np.random.default_rng(seed)
    left, right = (np.exp(2j * np.pi * rng.random(size)) for size in matrix.shape)
    return left[:, None] * matrix * right


@pytest.mark.parametrize(("matrix", "s", "alpha"), [
    # the constants of the real matrices: closed forms, and a table
    (_MERCEDES, 1, 1 / 3), (_MERCEDES, 2, 2 / 3),
    (_DCT12, 1, 0.27611767), (_DCT12, 2, 0.50273470)])
def test_phases_in_rows_and_columns_change_nothing(matrix, s, alpha):
    for seed in (s, s + 1):
        result = nsp_constant(_turned(matrix, seed), s)
        assert result.lower - 5e-9 <= alpha <= result.upper + 5e-9
        assert result.exact
        assert 0 <= result.upper - result.lower <= 1e-9
        assert result.supports == comb(matrix.shape[1], s)


def _best_on_grid(matrix, s, grid):
    """Bound the constant from below by linear programs: phases on a grid, moduli by 64 directions."""
    n = matrix.shape[1]
    basis = np.linalg.svd(matrix)[2][len(matrix):].conj().T
    k = basis.shape[1]
    best = 0.0
    # unknowns: real and imaginary coordinates of v in the basis, and the moduli bounds t
    turns = np.exp(2j * np.pi * np.arange(64) / 64)
    real = np.hstack([basis.real, -basis.imag]), np.hstack([basis.imag, basis.real])
    rows = np.vstack([np.hstack([z.real * real[0] + z.imag * real[1], -np.eye(n)]) for z in turns])
    constraints = np.vstack([rows, np.concatenate([np.zeros(2 * k), np.ones(n)])])
    limits = np.concatenate([np.zeros(len(rows)), [1.0]])
    for support in combinations(range(n), s):
        for pattern in product(np.exp(2j * np.pi * np.arange(grid) / grid), repeat=s - 1):
            cost = np.zeros(2 * k + n)
            for i, z in zip(support, (1.0, *pattern)):
                cost[:2 * k] -= z.real * real[0][i] + z.imag * real[1][i]
            answer = linprog(cost, A_ub=constraints, b_ub=limits,
                             bounds=[(None, None)] * (2 * k) + [(0, 1)] * n)
            v = basis @ (answer.x[:k] + 1j * answer.x[k:2 * k])
            best = max(best, np.sort(np.abs(v))[-s:].sum() / np.abs(v).sum())
    return best


@pytest.mark.parametrize(("matrix", "s", "grid", "loss"), [
    (_SMALL, 1, 1, 5e-3), (_SMALL, 2, 12, 1e-2), (_fourier(5, [0, 1, 3]), 2, 12, 1e-2)])
def test_against_all_supports_on_a_grid_of_phases(matrix, s, grid, loss):
    # the grid gives kernel vectors, so it is below; it misses the best phases and moduli by little
    result = nsp_constant(matrix, s)
    found = _best_on_grid(matrix, s, grid)
    assert found <= result.upper + 1e-12
    assert result.lower <= found + loss
    assert result.exact


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 7), st.integers(0, 2**32), st.data())
def test_one_dimensional_kernels_are_sorted_sums(n, seed, data):
    s = data.draw(st.integers(1, min(n, 3)))
    rng = np.random.default_rng(seed)
    v = rng.standard_normal(n) + 1j * rng.standard_normal(n)
    rows = np.linalg.svd(v.conj()[None])[2][1:]               # the first one is v conjugated
    expected = np.sort(np.abs(v))[-s:].sum() / np.abs(v).sum()
    result = nsp_constant(rows, s)
    assert np.linalg.norm(rows @ v) < 1e-12
    np.testing.assert_allclose((result.lower, result.upper), expected, atol=2e-9)


def test_the_upper_bound_follows_from_the_stored_duals():
    result = nsp_constant(_SMALL, 2)
    singles, pairs = result.groups
    bounds = cell_bounds(_SMALL, singles.supports, singles.signs, singles.duals, result.polygon)
    own = dict(zip(map(tuple, pairs.supports.tolist()), [0.0] * len(pairs.supports)))
    measured = cell_bounds(_SMALL, pairs.supports, pairs.signs, pairs.duals, result.polygon)
    for support, bound in zip(pairs.supports.tolist(), measured):
        own[tuple(support)] = max(own[tuple(support)], bound)
    # the arcs of every support add up to the circle
    for support in own:
        cells = pairs.signs[(pairs.supports == support).all(axis=1)][:, 1]
        assert 2 * (cells & -cells).sum() == result.polygon
    worst = max(min(own.get((i, j), 1.0), bounds[i] + bounds[j]) for i, j in combinations(range(5), 2))
    assert result.lower <= worst <= result.upper + 1e-15


def test_the_witness():
    result = nsp_constant(_SMALL, 2)
    w, where = result.witness, list(result.support)
    assert np.linalg.norm(_SMALL @ w) == result.residual < 1e-14
    np.testing.assert_allclose(np.abs(w).sum(), 1.0)
    np.testing.assert_allclose((np.conj(result.signs) @ w[where]).real, result.lower)
    np.testing.assert_allclose(result.signs[0], 1.0)


@pytest.mark.parametrize(("programs", "polygon", "supports"), [
    (50_000, 2**20, 1), (4, 2**20, 99), (50_000, 32, 99)])
def test_budgets_leave_true_ends(programs, polygon, supports, monkeypatch):
    matrix = _turned(_DCT12, 4)
    exact = nsp_constant(matrix, 2)
    monkeypatch.setattr(phases, "MOST_PROGRAMS", programs)
    monkeypatch.setattr(phases, "POLYGON", polygon)
    short = nsp_constant(matrix, 2, max_supports=supports)
    assert not short.exact
    assert short.lower <= exact.upper
    assert short.upper >= exact.lower
    assert short.upper > exact.upper + 1e-4
    assert "not finished" in repr(short)


def test_ctrl_c_and_progress():
    seen = []

    def stop(done, total, note):
        seen.append((done, total, note))
        if done == 2:
            raise KeyboardInterrupt

    result = nsp_constant(_turned(_DCT12, 3), 2, progress=stop)
    assert result.interrupted
    assert not result.exact
    assert result.lower - 5e-9 <= 0.5027347 <= result.upper
    assert [done for done, _, _ in seen] == [1, 2]
    assert seen[0][1] == 66
    assert "<= alpha <=" in seen[0][2]


def test_an_interrupted_start_proves_nothing_and_says_so(monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(phases, "chebyshev_fits", stop)
    result = nsp_constant(_SMALL, 2)
    assert (result.lower, result.upper, result.interrupted, result.exact) == (0.0, 1.0, True, False)


def test_order_three_uses_pairs(monkeypatch):
    matrix = _RNG.standard_normal((4, 6)) + 1j * np.random.default_rng(1).standard_normal((4, 6))
    monkeypatch.setattr(phases, "POLYGON", 2**10)
    result = nsp_constant(matrix, 3)
    assert result.upper - result.lower < 1e-3
    assert result.evaluated < comb(6, 3)
    assert {group.supports.shape[1] for group in result.groups} == {1, 2, 3}
    # any kernel vector is below
    basis = np.linalg.svd(matrix)[2][4:].conj().T
    for c in np.random.default_rng(2).standard_normal((200, 2, 2)):
        v = basis @ (c[0] + 1j * c[1])
        assert np.sort(np.abs(v))[-3:].sum() / np.abs(v).sum() <= result.upper + 1e-12


def test_certificate(tmp_path):
    from kernelstab.certify import verify

    path = tmp_path / "alpha.json"
    result = nsp_constant(_SMALL, 2)
    made = result.certificate(path)
    lower, upper = (float(entry["value"]) for entry in made["statements"])
    np.testing.assert_allclose((lower, upper), (result.lower, result.upper), atol=1e-13)
    assert verify(path).ok
    trivial = nsp_constant(np.vander([1.0, 2.0, 3j], 2), 1).certificate()
    assert trivial["statements"][0]["value"] == "0"


@pytest.mark.parametrize("seed", [2, 32, 64])
def test_steps_that_rounding_leads_astray(seed):
    # columns 0 and 2 are one column up to a phase, the middle one is independent: half on each. The
    # program of the middle column ends at 0, where its Newton systems are singular
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((2, 3))
    A[:, 2] = A[:, 0]
    result = nsp_constant(A * np.exp(2j * np.pi * rng.random(3)), 1)
    assert result.exact
    np.testing.assert_allclose((result.lower, result.upper), 0.5, atol=1e-9)


def test_nothing_exceeds_one():
    # a zero column carries a kernel vector of its own: no support needs a program
    A = np.random.default_rng(0).standard_normal((4, 7)) * (1 + 1j)
    A[:, 3] = 0.0
    result = nsp_constant(A, 2)
    assert result.exact
    assert result.lower >= 1 - 1e-12
    assert (result.evaluated, result.programs) == (0, 7)


def test_degenerate_matrices():
    trivial = nsp_constant(np.vander([1.0, 2.0, 3j], 2), 1)
    assert (trivial.lower, trivial.upper, trivial.exact, trivial.holds) == (0.0, 0.0, True, True)
    zero_column = nsp_constant(np.array([[1.0, 0.0, 2j]]), 1)
    np.testing.assert_allclose((zero_column.lower, zero_column.upper), 1.0)
    assert zero_column.holds is False
    # rows of very different size have the same kernel
    scaled = nsp_constant(np.diag(10.0 ** np.arange(-3, 5)) @ _turned(_DCT12, 1), 1)
    np.testing.assert_allclose((scaled.lower, scaled.upper), 0.27611767, atol=1e-8)


def test_cells_are_cut_until_the_finest():
    cells = first_cells(3, 256)
    assert cells.shape == (64, 3)
    assert (cells[:, 0] == 0).all()
    total = ((cells & -cells)[:, 1] * 2) @ ((cells & -cells)[:, 2] * 2)
    assert total == 256**2
    cut = halves(cells)
    assert ((cut & -cut)[:, 1] * 2) @ ((cut & -cut)[:, 2] * 2) == 256**2
    assert widest(np.array([[0, 12, 8], [0, 1, 3]])).tolist() == [8, 1]
    # q = 12 of 64: from 8/64 to 16/64 of the circle
    np.testing.assert_allclose(ends(np.array([[0, 12]]), 64)[:, 0],
                               [[1, np.exp(2j * np.pi / 8)], [1, np.exp(2j * np.pi / 4)]])


def test_cell_bounds_hold_for_every_phase_of_the_cell():
    rng = np.random.default_rng(6)
    for _ in range(200):
        h = (rng.standard_normal(3) + 1j * rng.standard_normal(3)) * rng.choice([0.1, 1.0])
        cell = np.array([[0, int(rng.integers(1, 32)) * 2]])
        half = int(cell[0, 1] & -cell[0, 1])
        if half > 8:
            continue                                          # at least half the circle: never used
        bound = cell_bounds(_SMALL, np.array([[1, 3]]), cell, h[None], 64)[0]
        image = _SMALL.conj().T @ h
        worst = 0.0
        for q in np.linspace(cell[0, 1] - half, cell[0, 1] + half, 101):
            target = np.zeros(5, complex)
            target[1], target[3] = 1.0, np.exp(2j * np.pi * q / 64)
            worst = max(worst, np.abs(target - image).max())
        assert worst <= bound
        assert bound <= worst + 0.45                          # the corner of an arc of a quarter


def test_bad_input():
    for args, keywords, message in [
            ((_SMALL, 0), {}, "s must be between 1 and 5, got 0"),
            ((_SMALL, 2.5), {}, "s must be an integer, got 2.5"),
            ((_SMALL * np.inf, 1), {}, "finite"),
            ((_SMALL, 1), {"max_supports": 0}, "max_supports must be at least 1, got 0"),
            ((_SMALL * 0, 1), {}, "zero")]:
        with pytest.raises(ValueError, match=message):
            nsp_constant(*args, **keywords)
