"""OMP against a naive one, its laws, its stops, and its edges; batches against single problems."""

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._engines.greedy import pursuit
from kernelstab._errors import NotConverged
from kernelstab.solvers import omp, omp_batch, qcbp


def draw(m, n, s, is_complex, seed=0, noise=0.0):
    """Return a Gaussian matrix with columns of different norms, data, and the sparse vector."""
    rng = np.random.default_rng(seed)

    def gauss(*shape):
        return rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0.0)

    A = gauss(m, n) * rng.uniform(0.5, 2.0, n)
    x = np.zeros(n, A.dtype)
    x[rng.choice(n, s, replace=False)] = np.sign(rng.standard_normal(s)) * (1.0 + rng.random(s))
    return A, A @ x + noise * gauss(m), x


def naive(A, y, s):
    """Return the columns in the order of choice, and the fit: plain loops, least squares from numpy."""
    order, r, x = [], y, np.zeros(A.shape[1], A.dtype)
    for _ in range(s):
        scores = np.abs(A.conj().T @ r) / np.linalg.norm(A, axis=0)
        scores[order] = 0.0
        order.append(int(np.argmax(scores)))
        fit = np.linalg.lstsq(A[:, order], y)[0]
        r = y - A[:, order] @ fit
    x[order] = fit
    return order, x


WAYS = {"at once": (10**9, lambda A: A), "fortran": (10**9, np.asfortranarray),
        "by blocks": (0, lambda A: A), "by blocks, fortran": (0, np.asfortranarray),
        "operator": (0, aslinearoperator)}


@pytest.fixture(params=[False, True], ids=["real", "complex"])
def is_complex(request):
    return request.param


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Force one way through the method; few candidates, so that guesses fail and are repaired."""
    size, wrap = WAYS[request.param]
    monkeypatch.setattr(pursuit, "LARGE", size)
    monkeypatch.setattr(pursuit, "CANDIDATES", 6)
    return wrap


def norms(A):
    return {"norms": np.linalg.norm(A, axis=0)}


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_every_way_makes_the_choices_of_the_naive_loop(way, is_complex, noise):
    A, y, _ = draw(20, 50, 9, is_complex, noise=noise)
    seen = []
    s = omp(way(A), y, 9, **norms(A), callback=lambda k, x, r: seen.append(set(np.flatnonzero(x))))
    order, x = naive(A, y, 9)
    assert [len(support) for support in seen] == list(range(1, 10))
    assert seen == [set(order[: k + 1]) for k in range(9)]
    np.testing.assert_allclose(s.x, x, rtol=0, atol=1e-12 * np.abs(x).max())
    assert s.iterations == 9
    assert s.converged


def test_recovery_gap_and_dual(way, is_complex):
    A, y, x = draw(40, 60, 3, is_complex, seed=2)
    s = omp(way(A), y, **norms(A))
    np.testing.assert_allclose(s.x, x, atol=1e-13)
    assert s.iterations == 3  # then every correlation is rounding
    assert np.abs(A.conj().T @ s.dual).max() <= 1 + 1e-12
    assert s.objective == pytest.approx(np.abs(s.x).sum())
    assert s.dual_objective == pytest.approx(np.vdot(s.dual, y).real - s.residual * np.linalg.norm(s.dual))


def test_a_vanishing_gap_proves_the_l1_solution():
    A, y, x = draw(40, 60, 2, False, seed=2)
    A /= np.linalg.norm(A, axis=0)
    y = A @ x
    s = omp(A, y, 2)
    assert abs(s.gap) <= 1e-12 * s.objective
    np.testing.assert_allclose(qcbp(A, y, tol=1e-9).x, s.x, atol=1e-6)


def test_with_noise_the_gap_bounds_what_the_l1_solution_gains(is_complex):
    A, y, _ = draw(20, 50, 4, is_complex, noise=0.5)
    s = omp(A, y, 4)
    best = qcbp(A, y, s.residual, tol=1e-8)
    assert s.dual_objective <= best.objective * (1 + 1e-7)
    assert best.objective <= s.objective * (1 + 1e-7)
    assert s.gap == pytest.approx(s.objective - s.dual_objective, abs=1e-12 * s.objective)
    # The residual helps: its own multiples reach less than what the joint direction reaches.
    r = y - A @ s.x
    alone = (np.vdot(r, y).real - s.residual**2) / np.abs(A.conj().T @ r).max()
    assert s.dual_objective >= alone - 1e-12
    assert s.dual_objective > 0


def test_the_residual_joins_the_dual_point_by_hand(way):
    # x = (3, 0, 0), r = (0, 1, 0): the signs alone give h = (1, 0, 0); the second entry may grow to 1.
    # h = (1, 1, 0) has the value 3 + 1 - 1*sqrt(2), where h alone has 3 - 1.
    s = omp(way(np.eye(3)), [3.0, 1.0, 0.0], 1)
    np.testing.assert_allclose(s.dual, [1.0, 1.0, 0.0], atol=1e-15)
    assert s.gap == pytest.approx(2**0.5 - 1, rel=1e-14)


def test_stops_at_the_noise_level(way):
    A, y, _ = draw(20, 50, 4, False, noise=0.1)
    sizes = [omp(A, y, k).residual for k in range(1, 6)]
    eta = 0.5 * (sizes[2] + sizes[3])  # between three and four columns
    s = omp(way(A), y, eta=eta, **norms(A))
    assert s.iterations == 4
    assert s.converged
    with pytest.warns(NotConverged, match="2 atoms"):
        s = omp(way(A), y, 2, eta=eta, **norms(A))
    assert not s.converged


def test_the_budget_counts_columns():
    A, y, _ = draw(10, 20, 4, False)
    with pytest.warns(NotConverged):
        s = omp(A, y, 4, max_iter=2)
    assert s.iterations == 2
    np.testing.assert_array_equal(s.x, omp(A, y, 2).x)


def test_a_warm_start_continues(way):
    A, y, _ = draw(20, 50, 8, False, noise=0.3)
    first = omp(A, y, 4)
    s = omp(way(A), y, 8, x0=first, **norms(A))
    np.testing.assert_allclose(s.x, omp(A, y, 8).x, atol=1e-11)
    forced = omp(way(A), y, 3, x0=np.eye(50)[7], **norms(A))  # a column that would not be chosen
    assert forced.x[7] != 0
    assert np.count_nonzero(forced.x) == 3


def test_equivariance(way, is_complex):
    A, y, _ = draw(20, 50, 6, is_complex, noise=0.2)
    rng = np.random.default_rng(1)
    s = omp(way(A), y, 6, **norms(A))
    np.testing.assert_array_equal(omp(way(A), 2.0**40 * y, 6, **norms(A)).x, 2.0**40 * s.x)
    order = rng.permutation(50)
    np.testing.assert_allclose(omp(way(A[:, order]), y, 6, **norms(A[:, order])).x, s.x[order], atol=1e-12)
    U = np.linalg.qr(rng.standard_normal((20, 20)) + 1j * is_complex * rng.standard_normal((20, 20)))[0]
    U = U if is_complex else U.real
    turned = omp(way(U @ A), U @ y, 6, **norms(A))
    np.testing.assert_allclose(turned.x, s.x, atol=1e-11)
    np.testing.assert_allclose(turned.dual, U @ s.dual, atol=1e-10)


def test_columns_of_any_length_are_matched_by_direction():
    A, y, _ = draw(20, 50, 5, False, noise=0.2)
    lengths = 2.0 ** np.random.default_rng(3).integers(-8, 9, 50)
    np.testing.assert_array_equal(omp(A * lengths, y, 5).x * lengths, omp(A, y, 5).x)


def test_an_operator_without_norms_compares_plain_correlations():
    A = np.diag([1.0, 2.0])
    # correlations 3 and 2*2 = 4; matched by direction 3 and 2
    assert np.flatnonzero(omp(aslinearoperator(A), [3.0, 2.0], 1).x) == [1]
    assert np.flatnonzero(omp(A, [3.0, 2.0], 1).x) == [0]


def test_ties_go_to_the_lowest_index_and_zero_columns_are_never_chosen(way):
    A = np.zeros((3, 7))
    A[0, [2, 5]] = 1.0          # twice the first axis
    A[1, 3], A[2, 6] = 1.0, 2.0
    s = omp(way(A), [1.0, 1.0, 1.0], 3, **norms(A))
    assert s.x.tolist() == [0, 0, 1.0, 1.0, 0, 0, 0.5]
    assert s.gap == pytest.approx(0.0, abs=1e-14)


def test_scores_that_agree_up_to_rounding_are_ties(way):
    rng = np.random.default_rng(4)
    for _ in range(5):   # multiples of one column: all match the data equally, but for rounding
        column = rng.standard_normal(7)
        A = np.outer(column, rng.uniform(0.1, 10.0, 20))
        assert np.flatnonzero(omp(way(A), column + 0.1 * rng.standard_normal(7), 1, **norms(A)).x) == [0]


def test_nothing_left_to_choose_ends_the_run(way):
    A = np.zeros((3, 4))
    A[0] = [0.0, 1.0, 1.0, 2.0]  # all columns on one line
    s = omp(way(A), [2.0, 1.0, 0.0], 3, **norms(A))
    assert s.x.tolist() == [0, 2.0, 0, 0]
    assert s.residual == 1.0
    assert s.converged
    with pytest.warns(NotConverged):
        assert not omp(way(A), [2.0, 1.0, 0.0], eta=0.5, **norms(A)).converged


def test_a_nearly_dependent_column_is_not_divided_by(way):
    # the third column leaves the span of the first two by 1e-12: fitting 1e-13 with it is noise
    A = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1e-12]])
    for tol in (1e-13, 0.0):   # too small a correlation; too small a distance
        s = omp(way(A), [2.0, 1.0, 1e-3], 3, tol=tol, **norms(A))
        assert np.abs(s.x).max() < 10
        assert s.residual == pytest.approx(1e-3)


def test_all_columns_and_sizes_of_one(way):
    A, y, _ = draw(6, 6, 6, False, seed=5)
    np.testing.assert_allclose(omp(way(A), y, 6, **norms(A)).x, np.linalg.solve(A, y), rtol=1e-9)
    assert omp(way(np.array([[2.0]])), [3.0]).x.tolist() == [1.5]
    s = omp(way(np.array([[1.0, -2.0, 0.5]])), [4.0], norms=[1.0, 2.0, 0.5])  # one row: all match equally
    assert s.x.tolist() == [4.0, 0, 0]
    s = omp(way(np.array([[3.0], [4.0]])), [4.0, 3.0], norms=[5.0])  # 24/25
    np.testing.assert_allclose(s.x, [0.96], rtol=1e-15)


def test_zero_and_orthogonal_data(way):
    A = np.eye(3, 2)
    for y, residual in (([0.0, 0.0, 0.0], 0.0), ([0.0, 0.0, 2.0], 2.0)):
        s = omp(way(A), y, 2)
        assert s.x.tolist() == [0, 0]
        assert (s.residual, s.gap, s.iterations, s.converged) == (residual, 0.0, 0, True)
    with pytest.warns(NotConverged):
        assert not omp(way(A), [0.0, 0.0, 2.0], eta=1.0).converged


def test_history_and_progress(way):
    A, y, _ = draw(20, 50, 5, False, noise=0.2)
    calls = []
    s = omp(way(A), y, 5, **norms(A), history=True, progress=lambda *call: calls.append(call))
    assert s.history.shape == (5, 3)
    assert s.history[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert np.all(np.diff(s.history[:, 2]) < 0)
    np.testing.assert_allclose(s.history[-1, 1:], [s.objective, s.residual], rtol=1e-10)
    assert calls[-1][:2] == (5, 5)


def test_ctrl_c_returns_what_is_there(way):
    A, y, _ = draw(20, 50, 5, False, noise=0.2)

    def stop(k, x, r):
        if k == 3:
            raise KeyboardInterrupt

    with pytest.warns(NotConverged, match="interrupted"):
        s = omp(way(A), y, 5, **norms(A), callback=stop)
    assert s.interrupted
    np.testing.assert_allclose(s.x, omp(A, y, 3).x, atol=1e-12)


@pytest.mark.parametrize(("change", "message"), [
    ({"s": 0}, "s must be between 1 and 3, got 0"),
    ({"s": 4}, "s must be between 1 and 3, got 4"),
    ({"eta": -1.0}, "eta must lie in"),
    ({"tol": np.nan}, "tol must lie in"),
    ({"norms": [1.0, 1.0]}, r"norms must have shape \(4,\)"),
    ({"norms": [1.0, -1.0, 1.0, 1.0]}, "norms must not be negative, got -1"),
    ({"y": [1.0, 2.0]}, r"y must have shape \(3,\)"),
    ({"y": [1.0, np.inf, 1.0]}, "y must be finite"),
    ({"A": np.full((3, 4), np.nan)}, "A must be finite"),
    ({"x0": np.ones(3)}, r"x0 must have shape \(4,\)"),
    ({"max_iter": 0}, "max_iter must be at least 1"),
    ({"callback": 3}, "callback must be a function, got 3"),
    ({"progress": 3}, "progress must be a function, got 3"),
])
def test_bad_input(change, message):
    arguments = {"A": np.eye(3, 4), "y": [1.0, 2.0, 3.0], "s": 2} | change
    with pytest.raises(ValueError, match=message):
        omp(**arguments)


def test_input_of_any_kind_is_left_alone():
    A, y = np.array([[1, 0, 1], [0, 2, 1]]), np.array([2, 2])
    A.flags.writeable = y.flags.writeable = False
    expected = omp(A.astype(float), y.astype(float), 2).x
    for given in (A, A.astype(np.float32), aslinearoperator(A.astype(float))):
        np.testing.assert_allclose(omp(given, y, 2, norms=[1.0, 2.0, 2**0.5]).x, expected, rtol=1e-15)
    np.testing.assert_allclose(omp(A.astype(complex), y, 2).x, expected, rtol=1e-15)
    # complex data for a real operator: both parts of one coefficient
    np.testing.assert_allclose(omp(aslinearoperator(np.eye(2)), [1 + 2j, 0], 1).x, [1 + 2j, 0])


def check(A, y, found):
    """Check by the definitions that the dual point is feasible and that the gap is true."""
    residual = np.linalg.norm(y - A @ found.x)
    largest = max(np.abs(A.conj().T @ found.dual).max(), 1.0)
    value = np.vdot(found.dual, y).real - residual * np.linalg.norm(found.dual)
    assert largest <= 1 + 1e-12
    assert found.residual == pytest.approx(residual, abs=1e-13)
    assert found.dual_objective == pytest.approx(value, abs=1e-6 * found.objective)
    assert found.gap == pytest.approx(found.objective - found.dual_objective, abs=1e-13)


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
    check(A, y, omp(A, y, s))


@pytest.mark.parametrize("A", [np.eye(3, 2), np.array([[3.0, -3.0], [1.0, -1.0], [0.7, -0.7]]),
                               np.array([[0.3], [0.1], [0.7]])], ids=["axes", "a line", "one column"])
def test_a_residual_that_no_column_sees_proves_the_fit(A):
    # The fit on the line of the first column is the only point of least residual, but for equal columns.
    y = A[:, 0] + 5.0 * np.cross(A[:, 0], [0.0, 1.0, 0.0])
    found = omp(A, y, 1)
    np.testing.assert_allclose(np.abs(found.x).sum(), 1.0, rtol=1e-12)
    assert 0.0 <= found.gap <= 1e-5
    check(A, y, found)


def test_a_fit_by_its_residual():
    # orthogonal columns: 4 explains most, then 3; what remains is 1 <= eta
    s = omp(np.eye(3), np.array([3.0, 4.0, 1.0]), eta=1.0)
    np.testing.assert_allclose(s.x, [3.0, 4.0, 0.0], atol=1e-15)
    assert (s.iterations, s.converged) == (2, True)
    assert s.residual == pytest.approx(1.0)


def test_read_only_arrays_are_taken_and_results_are_their_own():
    A, y = np.eye(3), np.array([3.0, 4.0, 1.0])
    A.flags.writeable = y.flags.writeable = False
    first = omp(A, y, 2)
    kept = first.x.copy(), first.dual.copy()
    assert omp(A, np.array([0.0, 0.0, 2.0]), 2).x.tolist() == [0.0, 0.0, 2.0]
    np.testing.assert_array_equal(first.x, kept[0])
    np.testing.assert_array_equal(first.dual, kept[1])


@pytest.mark.parametrize("norms", [None, np.ones(3)])
def test_extreme_sizes_and_numbers_that_are_none(norms):
    A, y = np.eye(3), np.array([3.0, 4.0, 0.0])
    for a in (1e200, 1e-200):
        lengths = None if norms is None else a * norms
        np.testing.assert_allclose(omp(a * A, y, 1, norms=lengths).x, [0.0, 4.0 / a, 0.0])
        np.testing.assert_allclose(omp(A, a * y, 1, norms=norms).x, [0.0, 4.0 * a, 0.0])
    with pytest.raises(ValueError, match="norms of the columns must lie between"):
        omp(np.diag([1.0, 1.0, 1e100]), y, 1, norms=None if norms is None else np.array([1.0, 1.0, 1e100]))
    for bad in (np.nan, np.inf):
        B = A.copy()
        B[2, 0] = bad     # where the data are zero
        with pytest.raises(ValueError, match="A must be finite"):
            omp(B, y, 1, norms=norms)
        with pytest.raises(ValueError, match="A must be finite"):
            omp(B, y, eta=10.0, norms=norms)
        with pytest.raises(ValueError, match="y must be finite"):
            omp(A, np.array([1.0, bad, 0.0]), 1, norms=norms)


# Batches

def draw_many(is_complex, own, count=9, m=16, n=30, noise=0.1):
    rng = np.random.default_rng(5)

    def gauss(*shape):
        return rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0.0)

    A = gauss(count, m, n) if own else gauss(m, n)
    X = np.zeros((count, n), A.dtype)
    for i in range(count):
        X[i, rng.choice(n, 3, replace=False)] = 1.0 + rng.random(3)
    Y = (A @ X[:, :, None])[:, :, 0] if own else X @ A.T
    return A, Y + noise * gauss(count, m) * (np.arange(count) % 2)[:, None]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("is_complex", [False, True])
def test_every_row_is_the_single_answer(is_complex, own):
    A, Y = draw_many(is_complex, own)
    batch = omp_batch(A, Y, 5, threads=2)
    for i, y in enumerate(Y):
        one = omp(A[i] if own else A, y, 5)
        np.testing.assert_allclose(batch.x[i], one.x, atol=1e-11)
        assert batch.iterations[i] == one.iterations  # 3 where there is no noise
        assert batch.residual[i] == pytest.approx(one.residual, abs=1e-13)
        assert batch.objective[i] == pytest.approx(one.objective)
        assert batch.dual_objective[i] == pytest.approx(one.dual_objective, rel=1e-6)
        assert np.abs((A[i] if own else A).conj().T @ batch.dual[i]).max() <= 1 + 1e-11
    assert batch.converged.all()
    assert set(batch.iterations) == {3, 5}


@pytest.mark.parametrize("own", [False, True])
def test_the_answer_does_not_depend_on_threads_and_scale(own):
    A, Y = draw_many(False, own, count=300)
    first = omp_batch(A, Y, 4, threads=1)
    np.testing.assert_array_equal(omp_batch(A, Y, 4, threads=3).x, first.x)
    np.testing.assert_array_equal(omp_batch(A, Y * 2.0**50, 4).x, first.x * 2.0**50)


def test_the_residual_joins_the_dual_points_of_a_batch_by_hand():
    # as for a single problem; where nothing is left the signs stand alone
    batch = omp_batch(np.eye(3), [[3.0, 1.0, 0.0], [0.0, -2.0, 0.0]], 1)
    np.testing.assert_allclose(batch.dual, [[1.0, 1.0, 0.0], [0.0, -1.0, 0.0]], atol=1e-15)
    np.testing.assert_allclose(batch.gap, [2**0.5 - 1, 0.0], atol=1e-15)


def test_noise_levels_per_row():
    A, Y = draw_many(False, False)
    etas = np.array([omp(A, y, 2).residual * 1.01 for y in Y])
    batch = omp_batch(A, Y, eta=etas)
    assert np.all(batch.iterations <= 2)
    assert np.all(batch.residual <= etas)
    with pytest.warns(NotConverged, match="9 of 9"):
        assert not omp_batch(A, Y, 1, eta=0.5 * etas).converged.any()


def test_a_tiny_level_is_measured_and_not_subtracted():
    # 1 and 2e-9: the square of the second is lost beside the first's
    batch = omp_batch(np.eye(2), [[1.0, 2e-9], [1.0, 5e-10]], eta=1e-9)
    assert batch.iterations.tolist() == [2, 1]


def test_columns_that_nearly_agree_are_told_apart():
    A = np.array([[1.0, 1.0, 0.0], [0.0, 1e-7, 0.0], [0.0, 0.0, 1.0]])
    batch = omp_batch(A, [[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]], 2)
    np.testing.assert_allclose(batch.x[0], omp(A, [1.0, 2.0, 0.0], 2).x, rtol=1e-7)
    np.testing.assert_allclose(A @ batch.x[0], [1.0, 2.0, 0.0], rtol=1e-7)


def test_ties_zero_columns_and_zero_data():
    A = np.array([[0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
    batch = omp_batch(A, [[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]], 2)
    assert batch.x.tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0.5]]
    assert batch.iterations.tolist() == [1, 0, 2]
    np.testing.assert_allclose(batch.gap, 0.0, atol=1e-15)


@pytest.mark.parametrize("noise", [1e-2, 1e-5, 1e-9])
@pytest.mark.parametrize("twins", [0.0, 1e-4])
@pytest.mark.parametrize("is_complex", [False, True])
def test_dual_points_are_feasible_where_a_gram_matrix_has_lost_the_digits(noise, twins, is_complex):
    # a residual far below the data, and two chosen columns that nearly agree
    A, Y = draw_many(is_complex, False, noise=0.0)
    if twins:
        A[:, 1] = A[:, 0] + twins * A[:, 1]
        Y = Y + A[:, :1].T - A[:, 1:2].T / twins
    Y = Y + noise * draw_many(is_complex, False, noise=1.0)[1]
    batch = omp_batch(A, Y, 6)
    assert np.abs(batch.dual.conj() @ A).max() <= 1 + 1e-11
    for i, y in enumerate(Y):
        value = np.vdot(batch.dual[i], y).real - batch.residual[i] * np.linalg.norm(batch.dual[i])
        size = np.linalg.norm(batch.dual[i]) * np.linalg.norm(y)
        assert batch.dual_objective[i] == pytest.approx(value, abs=1e-11 * size)
        assert batch.gap[i] == pytest.approx(batch.objective[i] - batch.dual_objective[i], abs=1e-11 * size)
        assert batch.residual[i] == pytest.approx(np.linalg.norm(y - A @ batch.x[i]), abs=1e-13 * size)


def test_dual_points_of_twins_with_opposite_signs_are_feasible():
    # y leaves the span of the first column in the direction in which the second one does: signs -1, 1, and
    # h = -e1 + 2/t e2 with coefficients near 2/t**2, of which a Gram matrix keeps few digits.
    rng, t = np.random.default_rng(0), 3e-6
    for _ in range(8):
        Q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
        A = Q[:, [0, 0, 2, 3]]
        A[:, 1] += t * Q[:, 1]
        batch = omp_batch(A, [Q[:, 0] + 0.5 * Q[:, 1]], 2)
        assert np.flatnonzero(batch.x[0]).tolist() == [0, 1]
        assert np.abs(batch.dual @ A).max() <= 1 + 1e-8


def test_progress_and_rows():
    A, Y = draw_many(False, False, count=300)
    calls = []
    batch = omp_batch(A, Y, 2, progress=lambda *call: calls.append(call))
    assert calls[-1][:2] == (300, 300)
    assert len(batch) == 300
    assert batch[7].iterations == 2


@pytest.mark.parametrize(("change", "message"), [
    ({"A": np.ones(3)}, r"A must have shape \(m, N\) or \(B, m, N\)"),
    ({"Y": np.ones(3)}, "Y must have 2 dimension"),
    ({"Y": np.ones((2, 4))}, r"Y must have shape \(B, 3\), got \(2, 4\)"),
    ({"A": np.ones((5, 3, 4))}, r"Y must have shape \(5, 3\), got \(2, 3\)"),
    ({"eta": [0.1, 0.2, 0.3]}, "eta must be one nonnegative number or 2"),
    ({"eta": -1.0}, "eta must be one nonnegative number or 2, got -1"),
    ({"s": 4}, "s must be between 1 and 3"),
    ({"threads": 0}, "threads must be at least 1"),
    ({"progress": 3}, "progress must be a function, got 3"),
    ({"Y": np.full((2, 3), np.nan)}, "Y must be finite"),
])
def test_bad_batches(change, message):
    arguments = {"A": np.eye(3, 4), "Y": np.ones((2, 3)), "s": 2} | change
    with pytest.raises(ValueError, match=message):
        omp_batch(**arguments)


@pytest.mark.parametrize("solve", [lambda A, y: omp(A, y, 1).x, lambda A, y: omp_batch(A, y[None], 1).x[0]])
def test_columns_whose_squares_underflow_are_not_taken_for_zeros(solve):
    A, y = np.array([[1e-200, 1.0, 0.0], [1e-200, 0.0, 1.0]]), np.array([1.0, 1.0])
    with pytest.raises(ValueError, match="scale the columns"):
        solve(A, y)
    np.testing.assert_allclose(solve(A * [1e150, 1.0, 1.0], y), [1e50, 0.0, 0.0], rtol=1e-12)
    np.testing.assert_array_equal(solve(A * [0.0, 1.0, 1.0], y), [0.0, 1.0, 0.0])
