"""Total variation against hand computation, an interior point solver, and its own proof recomputed."""

import tracemalloc
import warnings

import numba
import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._engines.imaging.analysis_problem import Bound
from kernelstab._errors import NotConverged
from kernelstab.data import shepp_logan
from kernelstab.operators import Blur, SubsampledFourier, SubsampledHadamard, masks
from kernelstab.solvers import reference_tv, tv
from kernelstab.solvers.tv import tv_problem


def differences(x):
    return np.stack([np.roll(x, -1, c) - x for c in range(x.ndim)])


def adjoint(p):
    return sum(np.roll(p[c], 1, c) - p[c] for c in range(len(p)))


def variation(x, isotropic):
    d = np.abs(differences(x))
    return np.sqrt((d**2).sum(axis=0)).sum() if isotropic else d.sum()


def fourier(shape=(12, 10), *, is_complex=False, rate=0.4, seed=0):
    """Return an operator, data with noise of 2 per cent, and the noise's norm."""
    rng = np.random.default_rng(seed)
    mask = masks.variable_density(shape, rate, symmetric=not is_complex, rng=rng)
    A = SubsampledFourier(mask, real=not is_complex)
    image = np.zeros(shape, complex if is_complex else float)
    image[2:7, 3:8] = 1.0 + 0.5j if is_complex else 1.0
    image[4:, :4] += 0.5
    return (A, *noisy(A, image, rng))


def noisy(A, image, rng):
    y = A @ image.ravel()
    noise = rng.standard_normal(y.size) + 1j * np.iscomplexobj(y) * rng.standard_normal(y.size)
    noise = noise if np.iscomplexobj(y) else noise.real
    eta = 0.02 * np.linalg.norm(y)
    return y + eta * noise / np.linalg.norm(noise), eta


def check_proof(s, A, y, *, eta=None, lam=None, isotropic=True, tol=1e-4, slack=1e-10):
    """Recompute the gap of a solution with nothing but products and shifts."""
    x, h, p = s.image, s.dual, s.field
    price = 1.0 if lam is None else lam
    size = np.sqrt((np.abs(p) ** 2).sum(axis=0)) if isotropic else np.abs(p)
    assert size.max() <= price * (1 + 1e-12)
    pulled = np.reshape(A.conj().T @ h if isinstance(A, np.ndarray) else A.rmatvec(h), x.shape)
    np.testing.assert_allclose(adjoint(p), pulled, atol=slack * price)
    residual = np.linalg.norm(A @ x.ravel() - y)
    if lam is None:
        primal, dual = variation(x, isotropic), np.vdot(h, y).real - eta * np.linalg.norm(h)
        excess = max(residual - eta, 0.0)
    else:
        primal = 0.5 * residual**2 + lam * variation(x, isotropic)
        dual, excess = np.vdot(h, y).real - 0.5 * np.linalg.norm(h) ** 2, 0.0
    assert s.objective == pytest.approx(primal, rel=1e-12)
    assert s.dual_objective == pytest.approx(dual, rel=1e-10, abs=1e-13)
    assert s.gap == pytest.approx(primal + np.linalg.norm(h) * excess - dual, abs=1e-10 * primal)
    assert s.feasibility == pytest.approx(excess, abs=1e-13)
    assert s.converged
    assert -1e-12 * primal <= s.gap <= tol * primal
    np.testing.assert_array_equal(s.x, x.ravel())


def test_two_pixels_by_hand():
    # The circle of two pixels has two differences of |x1 - x0| each. With data (0, 1) and
    # 1/2 ((x0)^2 + (x1 - 1)^2) + lam 2 |x1 - x0|, moving both by a = 2 lam balances: a = 2 lam <= 1/2.
    s = tv(np.eye(2), [0.0, 1.0], lam=0.1, tol=1e-9)
    np.testing.assert_allclose(s.x, [0.2, 0.8], atol=1e-5)
    # 1/2 (0.04 + 0.04) + 0.1 * 2 * 0.6
    assert s.objective == pytest.approx(0.16, rel=1e-8)
    # A* h = h = y - x, and the field shows it: p0 - p1 differ by it, at most lam each
    np.testing.assert_allclose(s.dual, [-0.2, 0.2], atol=1e-5)
    np.testing.assert_allclose(s.field, [[0.1, -0.1]], atol=1e-5)


def test_three_pixels_of_which_one_is_unknown():
    # Pixels 0 and 1 are known to be 0 and 1; the third may lie anywhere between at no cost.
    A = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    s = tv(A, [0.0, 1.0], 0.0, tol=1e-8)
    assert s.objective == pytest.approx(2.0, rel=1e-7)
    assert -1e-6 <= s.x[2] <= 1 + 1e-6
    check_proof(s, A, np.array([0.0, 1.0]), eta=0.0, tol=1e-8)


@pytest.mark.parametrize("isotropic", [True, False])
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("level", [{"eta": None}, {"eta": 0.0}, {"lam": 0.05}])
@pytest.mark.parametrize("method", ["fourier", "primal-dual"])
def test_gap_is_a_proof(method, level, is_complex, isotropic):
    A, y, eta = fourier(is_complex=is_complex)
    level = {"eta": eta} if level == {"eta": None} else level
    s = tv(A, y, **level, isotropic=isotropic, method=method)
    assert s.image.shape == (12, 10)
    assert s.x.dtype == s.dual.dtype == s.field.dtype == A.dtype
    check_proof(s, A, y, **level, isotropic=isotropic)
    assert s.feasibility <= 1e-13 * np.linalg.norm(y)


@pytest.mark.parametrize(("shape", "is_complex", "isotropic"), [
    ((8, 8), False, True), ((5, 7), False, True), ((5, 7), False, False), ((1, 9), False, True),
    ((5, 4), True, True), ((3, 4), True, False),
])
def test_agrees_with_the_reference(shape, is_complex, isotropic):
    rng = np.random.default_rng(1)
    mask = masks.symmetrise(rng.random(shape) < 0.4)
    A = SubsampledFourier(mask, real=not is_complex)
    image = np.cumsum(rng.integers(-1, 2, shape), axis=1) + 1j * is_complex * rng.integers(0, 2, shape)
    y, eta = noisy(A, image if is_complex else image.real, rng)
    for level in ({"eta": eta}, {"eta": 0.0}, {"lam": 0.1}):
        value = reference_tv(A, y, **level, shape=shape, isotropic=isotropic).objective
        # the sum of absolute values with exact data is a linear program, for which splitting is slow
        tol = 1e-6 if isotropic or level != {"eta": 0.0} else 1e-4
        s = tv(A, y, **level, isotropic=isotropic, tol=tol)
        assert s.objective == pytest.approx(value, rel=2 * tol)
        assert s.dual_objective <= value * (1 + 1e-7)
        check_proof(s, A, y, **level, isotropic=isotropic, tol=tol)


@pytest.mark.parametrize("shape", [(4, 4, 4), (3, 4, 2), (6, 5), (30,)])
@pytest.mark.parametrize("level", [{"eta": 0.5}, {"lam": 0.2}])
def test_any_dimension_and_any_matrix(shape, level):
    rng = np.random.default_rng(2)
    count = int(np.prod(shape))
    A = rng.standard_normal((count // 2, count))
    y = A @ np.repeat([0.0, 1.0], count // 2)
    value = reference_tv(A, y, **level, shape=shape).objective
    for form in (A, aslinearoperator(A)):
        s = tv(form, y, **level, shape=shape, tol=1e-5)
        paid = np.linalg.norm(s.dual) * s.feasibility
        assert abs(s.objective - value) <= 2e-5 * value + paid
        assert s.feasibility <= 1e-5 * np.linalg.norm(y)
        check_proof(s, A, y, **level, tol=1e-5)


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("shape", [(20,), (4, 3, 5)])
def test_fourier_samples_of_signals_and_volumes(shape, real):
    rng = np.random.default_rng(8)
    A = SubsampledFourier(masks.uniform(shape, 0.6, symmetric=True, rng=rng), real=real)
    image = np.zeros(shape)
    image[1:3] = 1.0
    y, eta = noisy(A, image, rng)
    for level in ({"eta": eta}, {"lam": 0.1}):
        s = tv(A, y, **level)
        assert "Fourier domain" in s.method
        assert s.objective == pytest.approx(reference_tv(A, y, **level).objective, rel=2e-4)
        check_proof(s, A, y, **level)


@pytest.mark.parametrize("shape", [(9, 8), (4, 5, 6)])
@pytest.mark.parametrize("is_lasso", [False, True])
def test_blur(shape, is_lasso):
    rng = np.random.default_rng(3)
    kernel = np.zeros((2,) * len(shape))  # not symmetric, so that its transfer function is complex
    kernel.flat[0], kernel.flat[1] = 0.7, 0.3
    A = Blur(kernel, shape)
    image = np.zeros(shape)
    image[1:4, 2:4] = 1.0
    y, eta = noisy(A, image, rng)
    level = {"lam": 0.01} if is_lasso else {"eta": eta}
    s, other = tv(A, y, **level), tv(A, y, **level, method="primal-dual")
    assert "Fourier domain" in s.method
    assert "primal-dual" in other.method
    check_proof(s, A, y, **level)
    check_proof(other, A, y, **level)
    # the infeasible one may be lower by what it pays for its excess
    paid = np.linalg.norm(other.dual) * other.feasibility
    assert abs(s.objective - other.objective) <= s.gap + other.gap + paid


def test_blur_with_exact_data_takes_the_general_loop():
    A = Blur([0.25, 0.5, 0.25], (9,))
    y = A @ np.array([0.0, 0, 0, 1, 1, 1, 0, 0, 0])
    s = tv(A, y, 0.0)
    assert "primal-dual" in s.method
    assert s.objective == pytest.approx(2.0, rel=1e-3)


def test_hadamard_points_are_feasible():
    rng = np.random.default_rng(4)
    A = SubsampledHadamard(masks.uniform((8, 8), 0.6, rng=rng))
    image = np.zeros((8, 8))
    image[2:6, 3:7] = 1.0
    y, eta = noisy(A, image, rng)
    s = tv(A, y, eta)
    assert s.residual <= eta * (1 + 1e-12)
    check_proof(s, A, y, eta=eta)


def test_complex_data_of_a_real_operator():
    A, y, eta = fourier()
    turned = tv(A, y * np.exp(0.7j), eta)
    assert turned.x.dtype == complex
    # turning the data turns the solution
    assert turned.objective == pytest.approx(tv(A, y, eta).objective, rel=2e-4)
    check_proof(turned, A, y * np.exp(0.7j), eta=eta)


@pytest.mark.parametrize("method", ["fourier", "primal-dual"])
@pytest.mark.parametrize("level", ["eta", "lam"])
def test_weak_duality_at_every_evaluation(method, level):
    A, y, eta = fourier()
    points = []
    s = tv(A, y, **{level: eta if level == "eta" else 0.05}, method=method, history=True, tol=1e-6,
           callback=lambda k, x, gap: points.append((k, x, gap)))
    assert len(points) == len(s.history) > 3
    # single precision may be wrong by a few units of its last place, far below the gaps it reports
    assert min(gap for _, _, gap in points) >= -1e-13
    assert np.all(s.history[:, 1] - s.history[:, 2] <= s.objective)
    for (k, x, gap), row in zip(points, s.history):
        assert (k, gap) == (row[0], row[2])
        misfit = np.linalg.norm(A @ x - y)
        value = variation(x.reshape(12, 10), True)
        expected = value if level == "eta" else 0.5 * misfit**2 + 0.05 * value
        assert row[1] == pytest.approx(expected, rel=1e-5)
        if level == "eta":
            assert misfit <= eta + 1e-6 * np.linalg.norm(y)


def test_constants():
    A, y, _ = fourier()
    mean = np.zeros(A.shape[1])
    mean[:] = (A.rmatvec(y)).mean()
    far = np.linalg.norm(A @ mean - y)
    s = tv(A, y, far * (1 + 1e-9))
    assert (s.objective, s.gap, s.iterations, s.converged) == (0.0, 0.0, 0, True)
    np.testing.assert_allclose(s.x, mean)
    # a weight of 100 per jump: the dual point y - A mean has a field that is shorter
    s = tv(A, y, lam=100.0)
    assert s.iterations == 0
    np.testing.assert_allclose(s.x, mean)
    check_proof(s, A, y, lam=100.0)
    assert tv(A, y, 0.9 * far).objective > 0
    zero = tv(A, 0 * y, 0.0)
    assert (zero.objective, zero.gap) == (0.0, 0.0)


@pytest.mark.parametrize("level", [{"eta": 0.0}, {"lam": 0.1}])
@pytest.mark.parametrize("constant", [0.7, -1e5 / 3, 0.7 + 0.3j])
@pytest.mark.parametrize("form", ["dense", "operator", "blur"])
def test_a_constant_that_explains_the_data_up_to_rounding(form, constant, level):
    # Irrational columns: A c is rounded, so that y - A c is some 1e-16 of y and not zero. The answer is c,
    # with a variation of 0, and the dual point 0 has the value 0.
    matrix = np.sqrt(np.arange(1.0, 81.0)).reshape(5, 16)
    A = Blur(np.array([[0.7, 0.3], [0.1, 0.2]]), (4, 4)) if form == "blur" else matrix
    y = A @ np.full(16, 3 * constant) / 3
    s = tv(aslinearoperator(A) if form == "operator" else A, y, **level, shape=(4, 4))
    assert (s.converged, s.iterations, s.relative_gap, s.dual_objective) == (True, 0, 0.0, 0.0)
    np.testing.assert_allclose(s.image, np.full((4, 4), constant), rtol=1e-14)
    assert variation(s.image, True) == 0.0
    np.testing.assert_array_equal(s.dual, 0.0)
    assert s.residual <= 1e-14 * np.linalg.norm(y)
    assert s.gap <= (1e-14 * np.linalg.norm(y)) ** 2


@pytest.mark.parametrize("level", [{"eta": 0.0}, {"lam": 1e-3}])
def test_a_constant_that_misses_the_data_by_more_than_rounding(level):
    # Two rows of two pixels, all measured, with 1e-6 more in the first: of it, a step of 1e-6 down and right
    # and the same back is seen three times: (sqrt(2) + 1 + 1) 1e-6. A price of 1e-3 leaves nothing of it.
    y = np.array([1.0 + 1e-6, 1.0, 1.0, 1.0])
    s = tv(np.eye(4), y, **level, shape=(2, 2))
    assert s.converged
    if "eta" in level:
        assert s.objective == pytest.approx((np.sqrt(2) + 2) * 1e-6, rel=1e-4)
    else:      # the mean, and half the sum of (3/4)^2 + 3 (1/4)^2 = 3/4
        np.testing.assert_allclose(s.x, 1.0 + 0.25e-6, rtol=1e-14)
        assert s.objective == pytest.approx(0.375e-12, rel=1e-4)
        assert s.relative_gap == pytest.approx(0.0, abs=1e-4)


def test_a_bound_above_the_objective_is_rounding_and_proves_nothing():
    # the image misses y = (1, 1, 1, 1 + 2e-13) by 2e-13; a bound of three times its objective cannot be true
    problem = tv_problem(np.eye(4), [1.0, 1.0, 1.0, 1.0 + 2e-13], None, 1.0, (2, 2), True, 1e-4)
    judged = problem.judge(np.ones(4), dual=Bound(6e-26, np.zeros(4), None))
    assert judged.relative_gap == pytest.approx(-2.0, rel=1e-2)
    assert not problem.finished(judged)


def test_mean_that_is_not_sampled():
    mask = masks.symmetrise(np.random.default_rng(5).random((6, 6)) < 0.7)
    mask[0, 0] = False
    A = SubsampledFourier(mask, real=True)
    x = np.zeros((6, 6))
    x[:3, 2:5] = 1.0
    y = A @ x.ravel()
    for method in ("fourier", "primal-dual"):
        check_proof(tv(A, y, 0.01, method=method), A, y, eta=0.01)


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_only_the_mean_is_sampled(scale):
    # a constant explains everything, and no dual point but zero is feasible: A* h is constant for every h
    A = SubsampledFourier(np.array([[True, False, False, False, False]]), real=True)
    y = A @ np.full(5, 2.0 * scale)
    s = tv(A, y, lam=0.6 * y[0])
    np.testing.assert_array_equal(s.dual, 0.0)
    assert s.dual_objective == 0.0
    np.testing.assert_allclose(s.x, 2.0 * scale)


def test_data_outside_the_range_of_a_blur():
    # the mean of two neighbours in a row never alternates along it: of the data the alternating half remains
    A = Blur(np.array([[0.5, 0.5]]), (4, 4))
    for y in (np.tile([1.0, -1.0], 8), np.arange(16.0)):
        with pytest.warns(NotConverged):
            s = tv(A, y, 1e-8, max_iter=100)
        assert not s.converged
        assert s.feasibility >= 1.0


@pytest.mark.parametrize("method", ["fourier", "primal-dual"])
def test_scaling_the_data_scales_the_solution(method):
    A, y, eta = fourier()
    small, large = tv(A, y, eta, method=method), tv(A, 1024 * y, 1024 * eta, method=method)
    # a power of two scales every float exactly
    assert large.iterations == small.iterations
    np.testing.assert_allclose(large.x, 1024 * small.x, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("method", ["fourier", "primal-dual"])
def test_warm_start(method):
    A, y, eta = fourier()
    for level in ({"eta": eta}, {"lam": 0.05}):
        first = tv(A, y, **level, tol=1e-5, method=method)
        again = tv(A, y, **level, tol=1e-4, method=method, x0=first)
        assert again.iterations <= 20 < first.iterations
        assert tv(A, y, **level, tol=1e-4, method=method, x0=first.x).converged


def test_budget_and_interruption():
    A, y, eta = fourier()
    with pytest.warns(NotConverged, match="tv stopped after 3 iterations at relative gap"):
        s = tv(A, y, eta, tol=1e-9, max_iter=3)
    assert (s.converged, s.interrupted, s.iterations) == (False, False, 3)

    def stop(k, x, gap):
        if k >= 20:
            raise KeyboardInterrupt

    for method in ("fourier", "primal-dual"):
        with pytest.warns(NotConverged, match="tv was interrupted after 20 iterations"):
            s = tv(A, y, eta, tol=1e-9, method=method, callback=stop)
        assert s.interrupted
        assert variation(s.image, True) - s.gap <= tv(A, y, eta).objective


def test_progress_is_told():
    A, y, eta = fourier()
    told = []
    tv(A, y, eta, progress=lambda done, total, note: told.append((done, total, note)), max_iter=500)
    assert told[-1][1] == 500
    assert told[-1][2].startswith("relative gap")


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="too many pixels for loops that are not compiled")
def test_memory():
    # one image of 512 x 512 is 2 MB
    image = shepp_logan(512)
    A = SubsampledFourier(masks.variable_density((512, 512), 0.25, symmetric=True, rng=0), real=True)
    y = A @ image.ravel()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        tv(A, y, 1.0, max_iter=2)
        peaks = []
        for tol in (1e-2, 1e-4, 0.0):
            tracemalloc.start()
            tv(A, y, 1.0, max_iter=62, tol=tol)
            peaks.append(tracemalloc.get_traced_memory()[1] / image.nbytes)
            tracemalloc.stop()
    assert max(peaks[:2]) <= 8.1
    assert peaks[2] <= 12


@pytest.mark.parametrize(("fault", "message"), [
    ({}, "exactly one of eta and lam must be given, got eta=None and lam=None"),
    ({"eta": 1.0, "lam": 1.0}, "exactly one of eta and lam"),
    ({"eta": -1.0}, "eta must lie in"),
    ({"lam": 0.0}, "lam must lie in"),
    ({"eta": 1.0, "shape": (3, 3)}, r"shape must hold the 120 columns of A, got \(3, 3\)"),
    ({"eta": 1.0, "method": "magic"}, "method must be one of auto, fourier, primal-dual, got 'magic'"),
    ({"eta": 1.0, "method": "fourier", "shape": (10, 12)}, 'method must be "primal-dual" for this A'),
    ({"eta": 1.0, "tol": -1.0}, "tol must lie in"),
    ({"eta": 1.0, "max_iter": 0}, "max_iter must be at least 1"),
    ({"eta": 1.0, "x0": np.zeros(3)}, "x0 must have shape"),
])
def test_bad_input(fault, message):
    A, y, _ = fourier()
    with pytest.raises(ValueError, match=message):
        tv(A, y, **fault)
