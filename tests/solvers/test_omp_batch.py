"""Batches of OMP give the answers of single problems, on any number of threads."""

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.solvers import omp, omp_batch


def draw(is_complex, own, count=9, m=16, n=30, noise=0.1):
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
    A, Y = draw(is_complex, own)
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
    A, Y = draw(False, own, count=300)
    first = omp_batch(A, Y, 4, threads=1)
    np.testing.assert_array_equal(omp_batch(A, Y, 4, threads=3).x, first.x)
    np.testing.assert_array_equal(omp_batch(A, Y * 2.0**50, 4).x, first.x * 2.0**50)


def test_the_residual_joins_the_dual_point_by_hand():
    # as for a single problem; where nothing is left the signs stand alone
    batch = omp_batch(np.eye(3), [[3.0, 1.0, 0.0], [0.0, -2.0, 0.0]], 1)
    np.testing.assert_allclose(batch.dual, [[1.0, 1.0, 0.0], [0.0, -1.0, 0.0]], atol=1e-15)
    np.testing.assert_allclose(batch.gap, [2**0.5 - 1, 0.0], atol=1e-15)


def test_noise_levels_per_row():
    A, Y = draw(False, False)
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


def test_columns_the_gram_matrix_cannot_tell_apart_go_to_the_single_function():
    A = np.array([[1.0, 1.0, 0.0], [0.0, 1e-7, 0.0], [0.0, 0.0, 1.0]])
    batch = omp_batch(A, [[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]], 2)
    assert ["compiled batch" in name for name in batch.methods] == [False, True]
    np.testing.assert_array_equal(batch.x[0], omp(A, [1.0, 2.0, 0.0], 2).x)
    np.testing.assert_allclose(A @ batch.x[0], [1.0, 2.0, 0.0], rtol=1e-7)


def test_ties_zero_columns_and_zero_data():
    A = np.array([[0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
    batch = omp_batch(A, [[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]], 2)
    assert batch.x.tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0.5]]
    assert batch.iterations.tolist() == [1, 0, 2]
    assert all(name.endswith("compiled batch") for name in batch.methods)
    np.testing.assert_allclose(batch.gap, 0.0, atol=1e-15)


@pytest.mark.parametrize("noise", [1e-2, 1e-5, 1e-9])
@pytest.mark.parametrize("twins", [0.0, 1e-4])
@pytest.mark.parametrize("is_complex", [False, True])
def test_dual_points_are_feasible_where_the_gram_matrix_has_lost_the_digits(noise, twins, is_complex):
    # a residual far below the data, and two chosen columns that nearly agree
    A, Y = draw(is_complex, False, noise=0.0)
    if twins:
        A[:, 1] = A[:, 0] + twins * A[:, 1]
        Y = Y + A[:, :1].T - A[:, 1:2].T / twins
    Y = Y + noise * draw(is_complex, False, noise=1.0)[1]
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
    A, Y = draw(False, False, count=300)
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
def test_bad_input(change, message):
    arguments = {"A": np.eye(3, 4), "Y": np.ones((2, 3)), "s": 2} | change
    with pytest.raises(ValueError, match=message):
        omp_batch(**arguments)
