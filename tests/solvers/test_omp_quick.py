"""The short way of a small single pursuit: what the general way says, or nothing."""

import warnings

import numpy as np
import pytest

from kernelstab.solvers import _omp_quick, omp
from kernelstab.solvers.greedy._omp_quick import quickly

NUMBERS = ("objective", "dual_objective", "gap", "residual")


def both(A, y, s=None, **options):
    """Return what the short way says, and the general one, which a history asks for."""
    short, general = omp(A, y, s, **options), omp(A, y, s, history=True, **options)
    assert short.method.endswith("compiled")
    assert general.method.endswith("at once")
    return short, general


def check(A, y, found):
    """Check by the definitions that the dual point is feasible and that the gap is true."""
    residual = np.linalg.norm(y - A @ found.x)
    peak = max(np.abs(A.conj().T @ found.dual).max(), 1.0)
    value = np.vdot(found.dual, y).real - residual * np.linalg.norm(found.dual)
    assert peak <= 1 + 1e-12
    assert found.residual == pytest.approx(residual, abs=1e-13)
    assert found.dual_objective == pytest.approx(value, abs=1e-6 * found.objective)
    assert found.gap == pytest.approx(found.objective - found.dual_objective, abs=1e-13)


def same(short, general, exact):
    """Compare two answers; what the dual points prove up to ``exact`` times the objective."""
    np.testing.assert_array_equal(short.x != 0, general.x != 0)
    np.testing.assert_allclose(short.x, general.x, atol=1e-12)
    assert (short.iterations, short.converged) == (general.iterations, general.converged)
    for name in NUMBERS:
        assert getattr(short, name) == pytest.approx(getattr(general, name), rel=1e-12,
                                                     abs=exact * general.objective)


@pytest.mark.parametrize("change", ["nothing", "norms", "eta", "order"])
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_say_the_same(seed, is_complex, change):
    rng = np.random.default_rng(seed)
    A, y = rng.standard_normal((6, 11)), rng.standard_normal(6)
    A, y = (A + 1j * A[::-1], y + 1j * y[::-1]) if is_complex else (A, y)
    options = {"norms": {"norms": np.linalg.norm(A, axis=0)}, "eta": {"eta": 1.0}}.get(change, {})
    matrix = np.asfortranarray(A) if change == "order" else A
    short, general = both(matrix, y, None if change == "eta" else 3, **options)
    same(short, general, 1e-11)
    np.testing.assert_allclose(short.dual, general.dual, atol=1e-9)
    check(A, y, short)


def degenerate(seed):
    """Return small integers, equal columns, or columns of rank two; data in their range or not."""
    rng = np.random.default_rng(seed)
    m, n = rng.integers(2, 7), rng.integers(1, 9)
    A = rng.integers(-1, 2, (m, n)).astype(float)
    if seed % 3 == 1:
        A = rng.standard_normal((m, n))
        A[:, n // 2 :] = A[:, : n - n // 2]
    if seed % 3 == 2:
        A = rng.standard_normal((m, 2)) @ rng.standard_normal((2, n))
    y = rng.standard_normal(m) if seed % 2 else A @ rng.integers(-2, 3, n)
    return A, y, int(rng.integers(1, min(m, n) + 1))


@pytest.mark.parametrize("seed", range(60))
def test_degenerate_problems(seed):
    A, y, s = degenerate(seed)
    short, general = omp(A, y, s), omp(A, y, s, history=True)
    same(short, general, 1e-6)
    check(A, y, short)
    check(A, y, general)


@pytest.mark.parametrize("A", [np.eye(3, 2), np.array([[3.0, -3.0], [1.0, -1.0], [0.7, -0.7]]),
                               np.array([[0.3], [0.1], [0.7]])], ids=["axes", "a line", "one column"])
def test_a_residual_that_no_column_sees_proves_the_fit(A):
    # The fit on the line of the first column is the only point of least residual, but for equal columns.
    y = A[:, 0] + 5.0 * np.cross(A[:, 0], [0.0, 1.0, 0.0])
    for found in both(A, y, 1):
        np.testing.assert_allclose(np.abs(found.x).sum(), 1.0, rtol=1e-12)
        assert 0.0 <= found.gap <= 1e-5
        check(A, y, found)


def test_a_fit_by_its_residual():
    # orthogonal columns: 4 explains most, then 3; what remains is 1 <= eta
    s, _ = both(np.eye(3), np.array([3.0, 4.0, 1.0]), eta=1.0)
    np.testing.assert_allclose(s.x, [3.0, 4.0, 0.0], atol=1e-15)
    assert (s.iterations, s.converged) == (2, True)
    assert s.residual == pytest.approx(1.0)


def test_memory_is_used_again_and_results_are_their_own():
    A = np.eye(3)
    first = omp(A, np.array([3.0, 4.0, 1.0]), 2)
    kept = first.x.copy(), first.dual.copy()
    assert omp(A, np.array([0.0, 0.0, 2.0]), 2).x.tolist() == [0.0, 0.0, 2.0]
    np.testing.assert_array_equal(first.x, kept[0])
    np.testing.assert_array_equal(first.dual, kept[1])
    assert len(_omp_quick._spare) == 1


def test_what_is_left_to_the_general_way(monkeypatch):
    A, y = np.eye(3), np.array([3.0, 4.0, 1.0])
    matrices = (A.tolist(), A + 0j, 1e200 * A, 1e-200 * A, np.full((3, 3), np.inf), np.full((3, 3), np.nan))
    data = (y.tolist(), y[:2], np.zeros(3), 1e-200 * y, 1e200 * y, np.array([1.0, np.nan, 1.0]),
            np.array([np.inf, 0.0, 0.0]))
    lengths = (np.ones(2), [1.0, 1.0, 1.0], *(np.full(3, norm) for norm in (-1.0, np.nan, np.inf, 1e-320)))
    left = [(B, y, 1, 0.0, None, 1e-9) for B in matrices]
    left += [(A, z, 1, 0.0, None, 1e-9) for z in data]
    left += [(A, y, s, 0.0, None, 1e-9) for s in (0, 4, 1.0)]
    left += [(A, y, 1, 0.0, norms, 1e-9) for norms in lengths]
    left += [(A, y, 1, 0.0, None, -1.0), (A[:, :1], y, 1, 0.5, None, 1e-9)]   # the last: no fit within 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for arguments in left:
            assert quickly("pursuit", *arguments) is None
        assert quickly("pursuit", A, y, 1, 0.0, None, 1e-9) is not None
        monkeypatch.setattr(_omp_quick, "WORK", 8)   # it takes 9
        assert quickly("pursuit", A, y, 1, 0.0, None, 1e-9) is None


def test_read_only_arrays_are_taken():
    A, y = np.eye(3), np.array([3.0, 4.0, 1.0])
    A.flags.writeable = y.flags.writeable = False
    assert omp(A, y, 1).method.endswith("compiled")
