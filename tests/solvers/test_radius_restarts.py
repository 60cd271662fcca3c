"""The theorems of restarts, at every restart, with constants that are proved for the matrix."""

import warnings

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.kernel import robust_nsp
from kernelstab.operators import DenseOperator
from kernelstab.solvers import Sharpness, basis_pursuit, qcbp, restart_radii, sharpness_from, sqrt_lasso
from kernelstab.solvers._firenet import Firenet
from kernelstab.solvers._nesta import Nesta
from kernelstab.solvers._problem import Problem
from kernelstab.solvers._system import as_system

RHO, S = 0.8, 2


@pytest.fixture(scope="module")
def matrices():
    """The third 10 x 12 draw of seed 11, unit columns; its rows made orthonormal; constants of both.

    The constants are upper ends of enclosures of the robust null space property in l2 form, over all
    66 supports; that of the first is tabulated as 2.2016.
    """
    rng = np.random.default_rng(11)
    for _ in range(3):
        A = rng.standard_normal((10, 12))
    A /= np.linalg.norm(A, axis=0)
    Q = np.linalg.qr(A.T)[0].T
    return {name: (matrix, sharpness_from(RHO, robust_nsp(matrix, S, RHO, norm="l2").upper, S))
            for name, matrix in (("plain", A), ("tight", Q))}


def instance(A, eta, seed):
    rng = np.random.default_rng(seed)
    x, noise = np.zeros(12), rng.standard_normal(10)
    x[rng.choice(12, S, replace=False)] = rng.standard_normal(S)
    return x, A @ x + eta * noise / np.linalg.norm(noise)


def run(method, matrices, eta, seed, scale=1.0, restarts=14, **options):
    """Solve with constants times ``scale``; return the signal, the solution and the points by iteration."""
    A, sharp = matrices["tight" if method == "nesta" else "plain"]
    x, y = instance(A, eta, seed)
    points = {}
    options |= {"tol": 0.0, "callback": lambda done, z, gap: points.setdefault(done, z), "method": method}
    noise = eta if method == "firenet" else None
    sharp = Sharpness(scale * sharp.C1, scale * sharp.C2, noise=noise)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        if method == "firenet":
            lam = sharp.C1 / sharp.C2
            B = DenseOperator(A)
            steps = int(np.ceil(2 * sharp.C1 / lam * B.norm_upper * np.e))
            found = sqrt_lasso(B, y, lam, sharpness=sharp, max_iter=restarts * steps, **options)
        else:
            B = DenseOperator(A, tight=1.0 if method == "nesta" else None)
            steps = int(np.ceil(2 * np.e * (sharp.C1 * np.sqrt(12) if method == "nesta" else
                                            sharp.C2 * B.norm_upper)))
            found = qcbp(B, y, eta, sharpness=sharp, max_iter=restarts * steps, **options)
    return x, found, points


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("method", "eta"), [
    ("warpd", 0.0), ("warpd", 1e-3), ("firenet", 0.0), ("firenet", 1e-6), ("nesta", 0.0), ("nesta", 1e-9),
    ("nesta", 1e-3)])
def test_every_restart_keeps_its_radius(matrices, method, eta, seed):
    x, found, points = run(method, matrices, eta, seed)
    record = found.restarts
    errors = np.array([np.linalg.norm(points[done] - x) for done in record.iterations])
    assert np.all(errors <= record.radii), errors / record.radii
    assert not record.refuted
    # 14 restarts where the floor is low, and until the radius is within 1 % of its limit else
    limit = record.radii[-1] if eta == 0 else found_floor(matrices, method, eta) / (1 - np.exp(-1))
    assert len(record.moves) == 14 if eta < 1e-3 else record.radii[-1] <= 1.011 * limit
    # the radii are those of the theorem, and linear decrease brings the error to the noise level
    expected = restart_radii(record.radii[0], found_floor(matrices, method, eta), len(record.moves))
    np.testing.assert_allclose(record.radii, expected, rtol=1e-12)
    assert errors[-1] <= max(3e-6, 20 * eta) * errors[0]


def found_floor(matrices, method, eta):
    """By hand: 2 C2 eta, for the square-root LASSO at lambda = C1 / C2 as well."""
    return 2 * matrices["tight" if method == "nesta" else "plain"][1].C2 * eta


def test_the_steps_are_those_of_the_theorem(matrices):
    # 2 * 22.016 * 1.755 * e = 210.02..., and 2 sqrt(12) * 6.0104 * e = 113.2: measured norms enter
    A, sharp = matrices["plain"]
    for method, k in (("warpd", 2 * sharp.C2 * np.linalg.norm(A, 2)),
                      ("firenet", 2 * sharp.C2 * np.linalg.norm(A, 2)),
                      ("nesta", 2 * np.sqrt(12) * matrices["tight"][1].C1)):
        record = run(method, matrices, 0.0, 0, restarts=2)[1].restarts
        assert abs(record.iterations[1] - np.ceil(k * np.e)) <= 1
        assert record.iterations[2] == 2 * record.iterations[1]
    # D_0 = C2 ||y||; NESTA starts at the nearest feasible point, with C1 times its norm
    x, found, _ = run("warpd", matrices, 0.0, 0)
    assert found.restarts.radii[0] == pytest.approx(sharp.C2 * np.linalg.norm(A @ x), rel=1e-12)


@pytest.mark.parametrize("method", ["warpd", "firenet", "nesta"])
def test_constants_that_are_too_small_break_the_promise(matrices, method):
    broken = 0
    for seed in range(3):
        x, found, points = run(method, matrices, 0.0, seed, scale=0.02, restarts=12)
        record = found.restarts
        errors = np.array([np.linalg.norm(points[done] - x) for done in record.iterations])
        broken += bool(np.any(errors > record.radii))
    assert broken == 3


def test_refuted_constants_end_the_schedule_and_the_search_takes_over(matrices):
    A = matrices["plain"][0]
    x, y = instance(A, 0.0, 0)
    # D_0 = 0.05 ||y||, but the residual ||y|| at zero needs ||y|| / ||A||
    found = qcbp(DenseOperator(A), y, sharpness=Sharpness(0.01, 0.05), method="warpd")
    assert found.converged
    assert "search" in found.method
    assert found.restarts.refuted
    np.testing.assert_allclose(found.x, x, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("eta", [0.0, 1e-2])
@pytest.mark.parametrize("method", ["warpd", "firenet", "nesta"])
def test_the_search_needs_no_constants(matrices, method, eta, seed):
    A = matrices["tight" if method == "nesta" else "plain"][0]
    _, y = instance(A, eta, seed)
    B = DenseOperator(A, tight=1.0 if method == "nesta" else None)
    found = sqrt_lasso(B, y, 0.1, method=method) if method == "firenet" else qcbp(B, y, eta, method=method)
    known = sqrt_lasso(B, y, 0.1, tol=1e-9) if method == "firenet" else qcbp(B, y, eta, tol=1e-9)
    assert found.converged
    assert "search" in found.method
    assert found.restarts is None
    assert found.objective == pytest.approx(known.objective, rel=2e-6)


def test_a_large_price_has_no_promise(matrices):
    A, sharp = matrices["plain"]
    with pytest.raises(ValueError, match="lam must be at most C1/C2"):
        sqrt_lasso(DenseOperator(A), A[:, 0], 1.01 * sharp.C1 / sharp.C2, method="firenet", sharpness=sharp)


@pytest.mark.parametrize("method", ["warpd", "nesta"])
def test_a_warm_start_has_a_smaller_first_radius_and_keeps_it(matrices, method):
    A, sharp = matrices["tight" if method == "nesta" else "plain"]
    x, y = instance(A, 0.0, 3)
    B = DenseOperator(A, tight=1.0 if method == "nesta" else None)
    near = basis_pursuit(B, y, tol=1e-4, method="primal-dual")
    points = {}
    with pytest.warns(NotConverged):
        found = qcbp(B, y, x0=near, method=method, sharpness=sharp, tol=0.0, max_iter=1000,
                     callback=lambda done, z, gap: points.setdefault(done, z))
    cold = sharp.C2 * np.linalg.norm(y)
    assert found.restarts.radii[0] < 0.01 * cold
    errors = [np.linalg.norm(points[done] - x) for done in found.restarts.iterations]
    assert np.all(errors <= found.restarts.radii + 1e-12)


def soft(v, threshold):
    return np.maximum(v - threshold, 0.0) - np.maximum(-v - threshold, 0.0)


def averages_by_hand(A, y, x, tau, sigma, steps, price, turn):
    """The primal-dual steps in the plainest way, from a zero dual point."""
    u, total = np.zeros(len(y)), np.zeros(len(x))
    for _ in range(steps):
        new = soft(x - tau * (A.T @ u), tau * price)
        u = turn(u + sigma * (A @ (2 * new - x) - y))
        x, total = new, total + new
    return total / steps


def smoothed_by_hand(A, y, x, eta, mu, steps):
    """Accelerated projected gradients of the smoothed norm, for A with orthonormal rows."""
    ahead, t = x, 1.0
    for _ in range(steps):
        q = ahead - mu * ahead / np.maximum(np.abs(ahead), mu)
        r = y - A @ q
        new = q + max(0.0, 1 - eta / np.linalg.norm(r)) * (A.T @ r)
        t, before = (1 + np.sqrt(1 + 4 * t * t)) / 2, t
        x, ahead = new, new + (before - 1) / t * (new - x)
    return x


@pytest.mark.parametrize("method", ["warpd", "firenet", "nesta"])
def test_the_restarts_are_the_layers_of_the_theorem(matrices, method):
    """tau, sigma, mu, the number of steps and what each step does, against the statements."""
    A, sharp = matrices["tight" if method == "nesta" else "plain"]
    # so many restarts that the dual ball is reached and the smoothing is small
    eta, norm, kappa = 0.0005, np.linalg.norm(A, 2), sharp.C2 / sharp.C1
    found, points = run(method, matrices, eta, 0, restarts=8)[1:]
    _, y = instance(A, eta, 0)
    record = found.restarts
    for j in range(len(record.moves)):
        x, D, steps = points[record.iterations[j]], record.radii[j], int(np.diff(record.iterations)[j])
        if method == "warpd":
            tau, sigma = D / (kappa * norm), kappa / (D * norm)
            after = averages_by_hand(A, y, x, tau, sigma, steps, 1.0,
                                     lambda w, cut=sigma * eta: w * max(0.0, 1 - cut / np.linalg.norm(w)))
        elif method == "firenet":
            after = averages_by_hand(A, y, x, D / norm, 1 / (D * norm), steps, 1 / kappa,
                                     lambda w: w / max(1.0, np.linalg.norm(w)))
        else:
            after = smoothed_by_hand(A, y, x, eta, 2 * D / ((steps + 1) * np.sqrt(12)), steps)
        np.testing.assert_allclose(points[record.iterations[j + 1]], after, atol=1e-12)


def last(points):
    *_, (_, point) = points
    return point.x


def test_few_steps_with_a_small_radius(matrices):
    """Where a long stretch would forget how it went: momentum, and a dual point that leaves the ball."""
    A, Q = matrices["plain"][0], matrices["tight"][0]
    x, y = instance(A, 0.02, 0)
    method = Firenet(Problem("sqrt-lasso", as_system(DenseOperator(A), y), 0.2, 0.0))
    tau, sigma = 0.01 / method.norm, 100.0 / method.norm
    free = averages_by_hand(A, y, 0 * x, tau, sigma, 5, 0.2, lambda w: w)
    held = averages_by_hand(A, y, 0 * x, tau, sigma, 5, 0.2, lambda w: w / max(1.0, np.linalg.norm(w)))
    assert np.linalg.norm(free - held) > 1e-3
    np.testing.assert_allclose(last(method.stretch(0 * x, 0.01, 5)), held, atol=1e-12)
    x, y = instance(Q, 0.02, 0)
    nesta = Nesta(Problem("qcbp", as_system(DenseOperator(Q, tight=1.0), y), 0.02, 0.0))
    start = nesta.begin(0 * x)
    held = smoothed_by_hand(Q, y, start, 0.02, 0.2 / (6 * np.sqrt(12)), 5)
    assert np.linalg.norm(held - smoothed_by_hand(Q, y, start, 0.02, 0.2 / (6 * np.sqrt(12)), 4)) > 1e-3
    np.testing.assert_allclose(last(nesta.stretch(start, 0.1, 5)), held, atol=1e-12)
