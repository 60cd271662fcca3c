"""The least error of any model: by hand, against what any answer would risk, and for every prior."""

import numpy as np
import pytest

from kernelstab.priors import (
    Ball,
    Ellipsoid,
    Everything,
    FiniteSet,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
    chebyshev_ball,
    detail_interval,
    minimum_hallucination,
)

FIRST = [[1.0, 0.0, 0.0]]


def test_ball_by_hand():
    # x_1 = 3 of norm at most 5: the hidden pair fills a disc of radius 4
    found = minimum_hallucination(FIRST, [3.0], Ball(5.0))
    np.testing.assert_allclose((found.lower, found.upper, found.half_diameter), 4.0)
    np.testing.assert_allclose(found.centre, [3.0, 0.0, 0.0], atol=1e-9)
    # one detail of norm 2 in the disc, two of them at right angles: the larger decides
    one = minimum_hallucination(FIRST, [3.0], Ball(5.0), detail=[0.0, 2.0, 0.0])
    np.testing.assert_allclose((one.lower, one.upper), 8.0)
    two = minimum_hallucination(FIRST, [3.0], Ball(5.0), detail=[[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose((two.lower, two.upper), 8.0)
    assert two.exact


def test_whole_signal_of_other_priors_by_hand():
    # the box leaves a rectangle of half sides 1 and 2 around the hidden origin
    box = minimum_hallucination(FIRST, [3.0], Polytope(np.diag([0.25, 1.0, 0.5])))
    np.testing.assert_allclose((box.lower, box.upper), 5**0.5, rtol=1e-6)
    # the l1 ball of radius 5 leaves the square |x_2| + |x_3| <= 2; its smallest ball has radius 2
    square = minimum_hallucination(FIRST, [3.0], L1Ball(5.0))
    assert square.lower <= 2.0 + 1e-9 <= square.upper + 2e-9
    np.testing.assert_allclose(square.lower, 2.0, rtol=1e-6)
    # x_1 = 3 leaves (x_2 / 4)^2 + x_3^2 <= 3/4 of the ellipsoid
    ellipsoid = minimum_hallucination(FIRST, [3.0], Ellipsoid(np.diag([1 / 6, 0.25, 1.0])))
    np.testing.assert_allclose((ellipsoid.lower, ellipsoid.upper), 12**0.5, rtol=1e-7)
    # no prior, two unknowns: half the noise over the smaller gain
    free = minimum_hallucination([[2.0, 0.0], [0.0, 0.5]], [1.0, 1.0], Everything(), 0.25)
    np.testing.assert_allclose((free.lower, free.upper), 0.5)
    np.testing.assert_allclose(free.centre, [0.5, 2.0])


def test_finite_set_by_hand():
    # a triangle of side 1, all of it explains the data: half the side, and the radius 1/sqrt(3)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
    signals = np.vstack([np.column_stack([np.zeros(3), corners]), [[2.0, 9.0, 9.0]]])
    found = minimum_hallucination(FIRST, [0.25], FiniteSet(signals), 0.5)
    assert found.count == 3
    np.testing.assert_allclose((found.lower, found.upper), 3**-0.5)
    np.testing.assert_allclose(found.half_diameter, 0.5)
    np.testing.assert_allclose(np.linalg.norm(found.x - found.x_alt), 1.0)
    assert repr(found).startswith("<Hallucination FiniteSet(), eps=0.5, 3 signals: 0.57735")
    along = minimum_hallucination(FIRST, [0.25], FiniteSet(signals), 0.5, detail=[0.0, 0.0, 1.0])
    np.testing.assert_allclose((along.lower, along.upper), 0.75**0.5 / 2)
    lonely = minimum_hallucination(FIRST, [2.0], FiniteSet(signals), 0.5)
    assert (lonely.count, lonely.lower, lonely.half_diameter) == (1, 0.0, 0.0)
    assert lonely.upper < 1e-12


def test_sparse_by_hand():
    # 1 = x_1 + x_2 + x_3 with one entry: the unit vectors, a triangle of side sqrt 2 and radius sqrt(2/3)
    found = minimum_hallucination([[1.0, 1.0, 1.0]], [1.0], Sparse(1))
    np.testing.assert_allclose(found.lower, (2 / 3)**0.5, rtol=1e-9)
    np.testing.assert_allclose(found.half_diameter, 0.5**0.5, rtol=1e-9)
    assert found.lower <= found.upper <= 0.5 * 3**0.5 + 1e-9         # the box [0, 1]^3


def test_unbounded():
    found = minimum_hallucination(FIRST, [3.0], Everything(), 0.5)
    assert (found.lower, found.upper) == (np.inf, np.inf)
    np.testing.assert_allclose(found.direction[0], 0.0, atol=1e-15)
    seen = minimum_hallucination(FIRST, [3.0], Everything(), 0.5, detail=FIRST)
    np.testing.assert_allclose((seen.lower, seen.upper), 0.5)


@pytest.mark.parametrize(("seed", "shape", "eps", "k"), [
    (0, (2, 4), 0.0, 2), (1, (2, 4), 0.3, 3), (2, (4, 3), 0.0, 2), (3, (4, 3), 0.3, 2), (4, (2, 3), 0.3, 1)])
def test_no_answer_does_better_and_the_centre_does_well(seed, shape, eps, k):
    rng = np.random.default_rng(seed)
    n = shape[1]
    A, x, D = rng.standard_normal(shape), rng.standard_normal(n), rng.standard_normal((k, n))
    T, W, e = rng.standard_normal((n, n)), rng.standard_normal((n + 1, n)), rng.standard_normal(shape[0])
    y = A @ x + 0.8 * eps * e / np.linalg.norm(e)
    priors = [Ball(1.2 * np.linalg.norm(x)), Ellipsoid(T / np.linalg.norm(T @ x) / 1.2), Everything(),
              Sparse(n), Polytope(W / np.abs(W @ x).max() / 1.2), L1Ball(1.2 * np.abs(x).sum()),
              Subspace(np.column_stack([x, rng.standard_normal(n)]), 1.2 * np.linalg.norm(x))]
    for prior in priors:
        found = minimum_hallucination(A, y, prior, eps, D)
        assert 0 <= found.half_diameter <= found.lower <= found.upper
        if found.upper == np.inf:
            assert np.linalg.norm(A @ found.direction) < 1e-9
            continue
        np.testing.assert_allclose(np.linalg.norm(D @ (found.x - found.x_alt)) / 2, found.half_diameter,
                                   atol=1e-9)
        # every signal that explains the data is within upper of the centre
        signals = [x, found.x, found.x_alt]
        for _ in range(3):
            other = detail_interval(A, y, rng.standard_normal(k) @ D, prior, eps)
            signals += [other.x_min, other.x_max]
        assert max(np.linalg.norm(D @ v - found.centre) for v in signals) <= found.upper + 1e-9
        # Jung: the radius is at most sqrt(k / 2(k + 1)) diameters; those found cannot need a larger ball
        assert chebyshev_ball(np.array(signals) @ D.T).lower <= found.upper + 1e-9
        if k == 1 or (eps == 0 and isinstance(prior, (Ball, Ellipsoid, Subspace))):
            assert found.exact


def test_one_detail_is_half_its_interval():
    rng = np.random.default_rng(2)
    A, y, d = rng.standard_normal((3, 5)), rng.standard_normal(3), rng.standard_normal(5)
    for prior in (Ball(4.0), L1Ball(8.0), Polytope(np.eye(5) / 3)):
        interval = detail_interval(A, y, d, prior, 0.5)
        found = minimum_hallucination(A, y, prior, 0.5, d)
        np.testing.assert_allclose((found.lower, found.upper), interval.hallucination, rtol=1e-7)
        np.testing.assert_allclose(found.centre, [interval.value_best], atol=1e-6)


def test_bad_input():
    with pytest.raises(ValueError, match=r"detail must have shape \(3,\) or \(k, 3\), got \(2,\)"):
        minimum_hallucination(FIRST, [3.0], Ball(5.0), detail=[1.0, 0.0])
    with pytest.raises(ValueError, match="feasible set is empty"):
        minimum_hallucination(FIRST, [3.0], FiniteSet(np.eye(3)), 0.5)
    with pytest.raises(ValueError, match="feasible set is empty"):
        minimum_hallucination(FIRST, [3.0], Ball(2.0), 0.5)
    with pytest.raises(ValueError, match="A must be real"):
        minimum_hallucination([[1j, 0.0]], [3.0], Ball(2.0))
    for detail in (None, [1.0, 0.0, 0.0]):
        with pytest.raises(ValueError, match="prior must be one of"):
            minimum_hallucination(FIRST, [3.0], "ball", detail=detail)
        with pytest.raises(ValueError, match="radius must be 0 or between 1e-70"):
            minimum_hallucination(FIRST, [3.0], Ball(1e200), 0.5, detail=detail)
