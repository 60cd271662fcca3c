"""Extreme sizes are brought to 1 by powers of two and back: the answer is that of the ordinary problem."""

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab.solvers import cosamp, htp, iht, omp, omp_batch, subspace_pursuit

METHODS = {
    "omp": lambda *a: omp(*a, history=True),  # both on the way that extreme sizes take
    "cosamp": cosamp, "htp": htp, "subspace_pursuit": subspace_pursuit, "iht": iht,
}
# Exponents of the matrix and of the data.
SIZES = [(-664, 0), (664, 0), (-400, 0), (400, 0), (0, 664), (0, -664), (-664, -664), (664, 664), (-240, 240)]


def draw(is_complex, rows=1, seed=8):
    rng = np.random.default_rng(seed)

    def gauss(*shape):
        return rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0.0)

    A = gauss(20, 40)
    A /= np.linalg.norm(A, axis=0)
    X = np.zeros((rows, 40), A.dtype)
    for x in X:
        x[rng.choice(40, 3, replace=False)] = 1.0 + rng.random(3)
    return A, X @ A.T + 0.01 * gauss(rows, 20)


def times(values, power):
    """Return ``values * 2**power`` in two factors, each of which is a number."""
    return values * 2.0 ** (power // 2) * 2.0 ** (power - power // 2)


def check(found, one, a, y):
    """Compare with the ordinary answer, to the last digit."""
    for name, power in (("x", y - a), ("dual", -a), ("objective", y - a), ("gap", y - a), ("residual", y)):
        np.testing.assert_array_equal(getattr(found, name), times(getattr(one, name), power))


@pytest.mark.parametrize(("a", "y"), SIZES)
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("name", METHODS)
def test_single_problems(name, is_complex, a, y):
    A, (data,) = draw(is_complex)
    one = METHODS[name](A, data, 3)
    found = METHODS[name](times(A, a), times(data, y), 3)
    assert found.converged == one.converged
    assert one.residual < 0.1 * np.linalg.norm(data)
    assert found.iterations == one.iterations
    check(found, one, a, y)


@pytest.mark.parametrize(("a", "y"), SIZES)
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("is_complex", [False, True])
def test_batches(is_complex, own, a, y):
    A, Y = draw(is_complex, rows=3)
    A = np.stack([A, A[:, ::-1], -A]) if own else A
    ordinary = omp_batch(A, Y, 3)
    # One row, and one of the matrices, are ordinary; the others go the way of single problems.
    a, y = np.array([a, a, 0 if own else a]), np.array([y, y, 0])
    y = np.where(np.abs(y - a) > 900, a, y)
    found = omp_batch(times(A, a[:, None, None]) if own else times(A, a[0]), times(Y, y[:, None]), 3)
    assert found.converged.all()
    for i in range(3):
        one = omp(A[i] if own else A, Y[i], 3, tol=1e-12, history=True) if a[i] or y[i] else ordinary[i]
        check(found[i], one, a[i], y[i])


def test_levels_norms_starts_and_callbacks_are_in_the_units_of_the_caller():
    A, (y,) = draw(False)
    first = omp(A, y, 2)
    for a, d in ((-664, 0), (664, 0), (0, 664), (-664, -664)):
        big, data = times(A, a), times(y, d)
        eta = times(1.01 * first.residual, d)
        points = []
        s = omp(big, data, eta=eta, norms=times(np.ones(40), a), history=True,
                callback=lambda k, x, r, points=points: points.append((x, r)))
        np.testing.assert_array_equal(s.x, times(first.x, d - a))
        np.testing.assert_array_equal(points[-1][0], s.x)
        assert s.history[-1, 2] == points[-1][1] == pytest.approx(s.residual)
        assert omp_batch(big, [data], eta=eta).iterations.tolist() == [2]
        assert htp(big, data, 3, x0=times(htp(A, y, 3).x, d - a)).iterations <= 2


@pytest.mark.parametrize("name", METHODS)
def test_answers_that_are_no_numbers_are_refused(name):
    A, (y,) = draw(False)
    # x near 2**1328 and 2**-1328, dual near 2**1040
    for a, d in ((-664, 664), (664, -664), (-1040, -1040)):
        with pytest.raises(ValueError, match="A and y must be of sizes for which"):
            METHODS[name](times(A, a), times(y, d), 3)


def test_batches_refuse_them_too():
    A, Y = draw(False, rows=2)
    with pytest.raises(ValueError, match="A and y must be of sizes"):
        omp_batch(times(A, -664), times(Y, 664), 3)


@pytest.mark.parametrize("name", METHODS)
def test_operators(name):
    A, (y,) = draw(False)
    one = METHODS[name](aslinearoperator(A), y, 3)
    np.testing.assert_array_equal(METHODS[name](aslinearoperator(A), times(y, 664), 3).x, times(one.x, 664))
    for a in (-664, 664):
        found = METHODS[name](aslinearoperator(times(A, a)), y, 3)
        np.testing.assert_allclose(times(found.x, a), one.x, rtol=1e-10)
