"""The theorems of restarts, at every restart, with constants that are proved for the matrix."""

import numpy as np
import pytest

from kernelstab.kernel import robust_nsp
from kernelstab.maps import FIRENET, NESTA, WARPd
from kernelstab.maps.restarted import _average, _smoothed
from kernelstab.operators import DenseOperator
from kernelstab.solvers import Sharpness, restart_radii, sharpness_from

RHO, S = 0.8, 2
MAPS = {"warpd": WARPd, "firenet": FIRENET, "nesta": NESTA}


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


def run(name, matrices, eta, seed, scale=1.0, restarts=14):
    """Run a map whose constants are multiplied by ``scale``; return the signal, the map and the run."""
    A, sharp = matrices["tight" if name == "nesta" else "plain"]
    x, y = instance(A, eta, seed)
    sharp = Sharpness(scale * sharp.C1, scale * sharp.C2, noise=eta if name == "firenet" else None)
    level = sharp.C1 / sharp.C2 if name == "firenet" else eta
    operator = DenseOperator(A, tight=1.0 if name == "nesta" else None)
    psi = MAPS[name](operator, level, sharp, restarts=restarts)
    return x, psi, psi.run(y)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("name", "eta"), [
    ("warpd", 0.0), ("warpd", 1e-3), ("firenet", 0.0), ("firenet", 1e-6), ("nesta", 0.0), ("nesta", 1e-9),
    ("nesta", 1e-3)])
def test_every_restart_keeps_its_radius(matrices, name, eta, seed):
    x, psi, found = run(name, matrices, eta, seed)
    record = found.restarts
    errors = np.linalg.norm(found.points - x, axis=1)
    assert np.all(errors <= record.radii), errors / record.radii
    assert not record.refuted
    # By hand: 2 C2 eta, for the square-root LASSO at lambda = C1 / C2 as well.
    floor = 2 * matrices["tight" if name == "nesta" else "plain"][1].C2 * eta
    assert psi.floor == pytest.approx(floor, rel=1e-14)
    # 14 restarts where the floor is low, and until the radius is within 1 % of its limit else
    limit = record.radii[-1] if eta == 0 else floor / (1 - np.exp(-1))
    assert len(record.moves) == 14 if eta < 1e-3 else record.radii[-1] <= 1.011 * limit
    # the radii are those of the theorem, and linear decrease brings the error to the noise level
    expected = restart_radii(record.radii[0], floor, len(record.moves))
    np.testing.assert_allclose(record.radii, expected, rtol=1e-12)
    assert errors[-1] <= max(3e-6, 20 * eta) * errors[0]


def test_the_promise_is_known_before_the_run_and_the_map_is_its_last_point(matrices):
    A = matrices["plain"][0]
    for name in MAPS:
        _, psi, found = run(name, matrices, 1e-3, 0, restarts=5)
        y = instance(A if name != "nesta" else matrices["tight"][0], 1e-3, 0)[1]
        np.testing.assert_array_equal(psi.radii(y), found.restarts.radii)
        np.testing.assert_array_equal(psi(y), found.points[-1])
        assert found.points.shape == (6, 12)


def test_the_steps_are_those_of_the_theorem(matrices):
    # 2 * 22.016 * 1.755 * e = 210.02..., and 2 sqrt(12) * 6.0104 * e = 113.2: measured norms enter
    A, sharp = matrices["plain"]
    for name, k in (("warpd", 2 * sharp.C2 * np.linalg.norm(A, 2)),
                    ("firenet", 2 * sharp.C2 * np.linalg.norm(A, 2)),
                    ("nesta", 2 * np.sqrt(12) * matrices["tight"][1].C1)):
        _, psi, found = run(name, matrices, 0.0, 0, restarts=2)
        assert abs(psi.steps - np.ceil(k * np.e)) <= 1
        np.testing.assert_array_equal(found.restarts.iterations, [0, psi.steps, 2 * psi.steps])
    # D_0 = C2 ||y||; NESTA starts at the nearest feasible point, with C1 times its norm
    x, _, found = run("warpd", matrices, 0.0, 0)
    assert found.restarts.radii[0] == pytest.approx(sharp.C2 * np.linalg.norm(A @ x), rel=1e-12)


@pytest.mark.parametrize("name", MAPS)
def test_constants_that_are_too_small_break_the_promise(matrices, name):
    broken = 0
    for seed in range(3):
        x, _, found = run(name, matrices, 0.0, seed, scale=0.02, restarts=12)
        broken += bool(np.any(np.linalg.norm(found.points - x, axis=1) > found.restarts.radii))
    assert broken == 3


def test_refuted_constants_end_the_run(matrices):
    A = matrices["plain"][0]
    _, y = instance(A, 0.0, 0)
    # D_0 = 0.05 ||y||, but the residual ||y|| at zero needs ||y|| / ||A||
    found = WARPd(A, 0.0, Sharpness(0.01, 0.05)).run(y)
    assert found.restarts.refuted
    assert len(found.points) == 1


def test_radii_end_at_rounding(matrices):
    # 34 factors e are the first to fall below 1e-15
    A, sharp = matrices["plain"]
    assert len(WARPd(A, 0.0, sharp).radii(A[:, 0])) == 36
    assert len(WARPd(A, 0.0, sharp).radii(0 * A[:, 0])) == 1


@pytest.mark.parametrize(("make", "message"), [
    (lambda A, sharp: FIRENET(A, 1.01 * sharp.C1 / sharp.C2, sharp), "lam must be at most C1/C2"),
    (lambda A, sharp: NESTA(A, 0.1, sharp), "A must declare"),
    (lambda A, sharp: WARPd(A, -0.1, sharp), "eta must lie in"),
    (lambda A, sharp: WARPd(A, 0.1, 3.0), "sharpness must be"),
    (lambda A, sharp: WARPd(A, 0.1, sharp, restarts=0), "restarts must be at least 1"),
    (lambda A, sharp: WARPd(A, 0.1, sharp)(np.ones(3)), r"y must have shape \(10,\)"),
])
def test_bad_input_is_named(matrices, make, message):
    with pytest.raises(ValueError, match=message):
        make(*matrices["plain"])


def soft(v, threshold):
    return np.maximum(v - threshold, 0.0) - np.maximum(-v - threshold, 0.0)


def averages_by_hand(A, y, x, tau, sigma, steps, weight, turn):
    """The primal-dual steps in the plainest way, from a zero dual point."""
    u, total = np.zeros(len(y)), np.zeros(len(x))
    for _ in range(steps):
        new = soft(x - tau * (A.T @ u), tau * weight)
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


@pytest.mark.parametrize("name", MAPS)
def test_the_restarts_are_the_layers_of_the_theorem(matrices, name):
    """tau, sigma, mu, the number of steps and what each step does, against the statements."""
    A, sharp = matrices["tight" if name == "nesta" else "plain"]
    # so many restarts that the dual ball is reached and the smoothing is small
    eta, kappa = 0.0005, sharp.C2 / sharp.C1
    _, psi, found = run(name, matrices, eta, 0, restarts=8)
    norm, steps = psi.A.norm_upper, psi.steps
    _, y = instance(A, eta, 0)
    for x, D, after in zip(found.points, found.restarts.radii, found.points[1:]):
        if name == "warpd":
            tau, sigma = D / (kappa * norm), kappa / (D * norm)
            expected = averages_by_hand(A, y, x, tau, sigma, steps, 1.0,
                                        lambda w, cut=sigma * eta: w * max(0.0, 1 - cut / np.linalg.norm(w)))
        elif name == "firenet":
            expected = averages_by_hand(A, y, x, D / norm, 1 / (D * norm), steps, 1 / kappa,
                                        lambda w: w / max(1.0, np.linalg.norm(w)))
        else:
            expected = smoothed_by_hand(A, y, x, eta, 2 * D / ((steps + 1) * np.sqrt(12)), steps)
        np.testing.assert_allclose(after, expected, atol=1e-12)


def test_few_steps_with_a_small_radius(matrices):
    """Where a long stretch would forget how it went: momentum, and a dual point that leaves the ball."""
    A, Q = matrices["plain"][0], matrices["tight"][0]
    x, y = instance(A, 0.02, 0)
    norm = np.linalg.norm(A, 2)

    def project(w):
        return w / max(1.0, np.linalg.norm(w))

    free, held = (averages_by_hand(A, y, 0 * x, 0.01 / norm, 100.0 / norm, 5, 0.2, turn)
                  for turn in (lambda w: w, project))
    assert np.linalg.norm(free - held) > 1e-3
    mean, residual = _average(DenseOperator(A), y, 0 * x, 0.01 / norm, 100.0 / norm, 5, 0.2, project)
    np.testing.assert_allclose(mean, held, atol=1e-12)
    np.testing.assert_allclose(residual, y - A @ held, atol=1e-12)
    x, y = instance(Q, 0.02, 0)
    psi = NESTA(DenseOperator(Q, tight=1.0), 0.02, matrices["tight"][1])
    start, _ = psi.start(y)
    held = smoothed_by_hand(Q, y, start, 0.02, 0.2 / (6 * np.sqrt(12)), 5)
    assert np.linalg.norm(held - smoothed_by_hand(Q, y, start, 0.02, 0.2 / (6 * np.sqrt(12)), 4)) > 1e-3
    last, residual = _smoothed(psi.A, y, 0.02, start, 0.2 / (6 * np.sqrt(12)), 5)
    np.testing.assert_allclose(last, held, atol=1e-12)
    np.testing.assert_allclose(residual, y - Q @ held, atol=1e-12)


def test_complex_matrices_turn_with_the_phase(matrices):
    A, sharp = matrices["plain"]
    _, y = instance(A, 1e-3, 0)
    phase = np.exp(0.7j)
    real, turned = (WARPd(B, 1e-3, sharp, restarts=6) for B in (A, phase * A))
    np.testing.assert_allclose(turned(phase * y), real(y), atol=1e-10)
