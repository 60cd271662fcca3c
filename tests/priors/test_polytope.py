"""Kernel sizes of polytopes: linear programs, the optimal linear map, two-sided Euclidean sizes."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from kernelstab._engines.largest_norm import farthest_vertex, maximise
from kernelstab.certify import verify
from kernelstab.priors import Polytope, kernel_size, polytope, witness_error

SUM = np.array([[1.0, 1.0]])
SQUARE = Polytope(np.eye(2))


@pytest.mark.parametrize(("matrix", "W", "eps", "norm", "size"), [
    # two numbers in [-1, 1] of which the sum is known: (1, -1) and (-1, 1)
    (SUM, np.eye(2), 0.0, "inf", 2.0), (SUM, np.eye(2), 0.0, "2", 8**0.5),
    # noise lets the sum move, but the corner (1, -1) is as far as it goes; below 2 it is farthest
    (SUM, np.eye(2), 0.5, "inf", 2.0), (SUM, np.eye(2), 0.5, "2", 8**0.5),
    # the second number is bounded by 1/4 only
    (SUM, np.diag([1.0, 4.0]), 0.0, "inf", 0.5), (SUM, np.diag([1.0, 4.0]), 0.25, "inf", 1.0),
    # vertices (1/2, -1/4) and (0, 1/4): 5/16
    (SUM, np.diag([1.0, 4.0]), 0.25, "2", 5**0.5 / 2),
    # both are measured: noise in the maximum norm is all there is
    (np.diag([1.0, 0.5]), np.eye(2), 0.125, "inf", 0.5), (np.diag([1.0, 0.5]), np.eye(2), 0.0, "inf", 0.0),
    # unbounded by itself, but not in the kernel of the sum: |v_1| <= 1 bounds v_2 = -v_1 too
    (SUM, np.array([[1.0, 0.0]]), 0.0, "inf", 2.0), (SUM, np.array([[1.0, 0.0]]), 0.5, "inf", 3.0),
])
def test_by_hand(matrix, W, eps, norm, size):
    result = kernel_size(matrix, Polytope(W), eps, norm=norm)
    assert result.exact
    assert result.lower <= result.upper
    assert result.lower == pytest.approx(size, abs=1e-8)
    assert result.upper == pytest.approx(size, abs=1e-8)
    assert result.prior.contains(result.x) < 1e-9
    assert result.misfit <= 2 * eps + 1e-9


def test_a_direction_that_neither_sees_is_unbounded():
    for eps, norm in ((0.0, "inf"), (0.5, "2")):
        result = kernel_size(SUM, Polytope([[2.0, 2.0]]), eps, norm=norm)
        assert result.lower == result.c_opt_upper == np.inf
        np.testing.assert_allclose(SUM @ result.direction, 0.0, atol=1e-12)
        assert verify(result.certificate()).ok


def worst_coordinate(linear, matrix, W, eps):
    """Return the worst error of a linear map in the maximum norm: one linear program per coordinate."""
    errors = []
    for i, row in enumerate(linear @ matrix - np.eye(matrix.shape[1])):
        answer = linprog(-row, A_ub=np.vstack([W, -W]), b_ub=np.ones(2 * len(W)),
                         bounds=[(None, None)] * len(row), method="highs")
        errors.append(-answer.fun + eps * np.abs(linear[i]).sum())
    return max(errors)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.integers(2, 5), st.integers(0, 3), st.sampled_from([0.0, 1e-6, 0.1, 3.0]),
       st.integers(0, 2**32 - 1))
def test_the_linear_map_is_optimal_in_the_maximum_norm(m, n, more, eps, seed):
    rng = np.random.default_rng(seed)
    matrix, W = rng.standard_normal((m, n)), rng.standard_normal((n + more, n))
    result = kernel_size(matrix, Polytope(W), eps, norm=np.inf)
    assert result.lower <= result.upper <= result.lower * (1 + 1e-7) + 1e-10
    measured = worst_coordinate(result.optimal.matrix, matrix, W, eps)
    assert result.lower / 2 - 1e-7 <= measured <= result.c_opt_upper * (1 + 1e-7) + 1e-9
    psi = rng.standard_normal((n, m))
    assert max(witness_error(result, lambda y: psi @ y)) >= result.lower / 2 - 1e-12


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(1, 3), st.integers(2, 4), st.sampled_from([0.0, 0.1, 1.0]), st.integers(0, 2**32 - 1))
def test_the_euclidean_size_is_between_its_bounds(m, n, eps, seed):
    rng = np.random.default_rng(seed)
    matrix, W = rng.standard_normal((m, n)), rng.standard_normal((n + 1, n))
    whole = kernel_size(matrix, Polytope(W), eps, norm=2)
    half = kernel_size(matrix, Polytope(W), eps, norm=2, max_vertices=0)
    assert whole.exact
    assert not half.exact or half.upper == 0
    assert whole.lower <= whole.upper <= half.upper * (1 + 1e-9)
    assert whole.lower == pytest.approx(whole.upper, rel=1e-6, abs=1e-9)
    assert whole.c_opt_lower <= whole.c_opt_upper <= whole.upper
    # the Euclidean norm is between the maximum norm and sqrt n times it
    flat = kernel_size(matrix, Polytope(W), eps, norm="inf")
    assert flat.lower <= whole.upper * (1 + 1e-9)
    assert whole.lower <= n**0.5 * flat.upper * (1 + 1e-9)
    # random members of the prior with random noise: the linear map keeps its promise
    x = rng.standard_normal((n, 200))
    x /= np.abs(W @ x).max(axis=0)
    e = eps * rng.choice([-1.0, 1.0], (m, 200))
    errors = np.linalg.norm(whole.optimal.matrix @ (matrix @ x + e) - x, axis=0)
    assert errors.max() <= whole.optimal_error * (1 + 1e-6) + 1e-9


def test_the_bounds_of_a_cube():
    # kernel of (1, ..., 1) in [-1, 1]^5: two of +1, two of -1, one 0: norm 2
    result = kernel_size(np.ones((1, 5)), Polytope(np.eye(5)))
    best = max(np.linalg.norm(v) for v in product((-1, 0, 1), repeat=5) if sum(v) == 0)
    assert best == 2.0
    assert result.lower == pytest.approx(4.0)
    assert result.upper == pytest.approx(4.0)
    # without vertices the weights 1 and the square root of 5 are what is left
    relaxed = kernel_size(np.ones((1, 5)), Polytope(np.eye(5)), max_vertices=10)
    assert not relaxed.exact
    assert 4.0 - 1e-9 <= relaxed.lower <= relaxed.upper <= 2 * 5**0.5 + 1e-6


def test_the_prism_is_where_jung_is_sharp():
    # between a triangle of circumradius 1 at height 1 and its negative at height -1; height is measured.
    # Slices have diameter sqrt 3 and the ends are equilateral triangles of radius 1, the best error
    corners = np.array([[1.0, 0.0], [-0.5, 3**0.5 / 2], [-0.5, -(3**0.5) / 2]])
    W = np.vstack([np.column_stack([-4 * corners / 3, np.full(3, 1 / 3)]), [[0.0, 0.0, 1.0]]])
    np.testing.assert_allclose(np.abs(W @ np.column_stack([corners, np.ones(3)]).T).max(axis=0), 1.0)
    result = kernel_size([[0.0, 0.0, 1.0]], Polytope(W))
    assert result.lower == pytest.approx(3**0.5)
    assert result.upper == pytest.approx(3**0.5)
    assert result.c_opt_lower == pytest.approx(3**0.5 / 2)
    assert result.c_opt_upper == pytest.approx(1.0)


@pytest.mark.parametrize("norm", ["2", "inf"])
@pytest.mark.parametrize("eps", [0.0, 0.2])
def test_certificates(eps, norm):
    rng = np.random.default_rng(2)
    matrix, W = rng.standard_normal((2, 4)), rng.standard_normal((5, 4))
    result = kernel_size(matrix, Polytope(W), eps, norm=norm)
    certificate = result.certificate()
    assert verify(certificate).ok
    lower, upper = (float(entry["value"]) for entry in certificate["statements"])
    assert lower == pytest.approx(result.lower, rel=1e-6)
    # vertices are not certified; what the map promises is
    assert upper == pytest.approx(2 * result.optimal_error, rel=1e-6)


def test_any_duals_prove_a_bound():
    point, weights = maximise(np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(point, [0.5, 1.0])
    np.testing.assert_allclose(weights, [0.5, 3.0])


@pytest.mark.parametrize(("matrix", "prior", "options", "reason"), [
    (SUM + 1j, SQUARE, {}, "A must be real for the prior Polytope"),
    (SUM, Polytope(np.eye(3)), {}, "W must have 2 columns"),
    (SUM, SQUARE, {"norm": 1}, "norm must be 2 or inf"), (SUM, SQUARE, {"eps": -1.0}, "eps must lie"),
    (SUM, SQUARE, {"max_vertices": -1}, "max_vertices must be"),
])
def test_bad_input_is_named(matrix, prior, options, reason):
    with pytest.raises(ValueError, match=reason):
        kernel_size(matrix, prior, **options)


def test_the_witness_of_an_exact_size_is_a_farthest_vertex(monkeypatch):
    monkeypatch.setattr(polytope, "farthest_found", lambda _, found, starts: max(found, key=np.linalg.norm))
    # ascent from the coordinate programs alone stops at a nearer vertex for some of these
    rng = np.random.default_rng(3)
    for _ in range(25):
        A, W = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
        size = kernel_size(A, Polytope(W), 0.7, norm="2")
        assert size.exact
        assert size.upper <= size.lower * (1 + 1e-9)
        assert Polytope(W).contains(size.x) <= 1e-12
        assert size.misfit <= 1.4 * (1 + 1e-12)


@pytest.mark.parametrize("thin", [1e-8, 1e-11, 1e-13, 1e-14])
def test_a_needle_is_not_overlooked(thin):
    # |x_1| <= 1 and |x_1 + thin x_2| <= 1: the far vertices are (1, -2/thin) and (-1, 2/thin), whose rows are
    # nearly dependent; so far out a program resolves nothing
    needle = Polytope([[1.0, 0.0, 0.0], [1.0, thin, 0.0]])
    size = kernel_size([[0.0, 0.0, 1.0]], needle, norm="2")
    truth = 2 * np.hypot(1.0, 2 / thin)
    assert truth * 0.99 <= size.lower <= truth * (1 + 1e-9)
    assert truth <= size.upper * (1 + 1e-9)
    assert size.exact == (size.upper <= size.lower * (1 + 1e-8))
    size = kernel_size([[0.0, 0.0, 1.0]], needle, norm="inf")
    assert 3.9 / thin <= size.lower <= 4 / thin * (1 + 1e-9)
    assert size.upper >= 4 / thin * (1 - 1e-9)


def test_a_bound_by_vertices_covers_those_it_cannot_solve_for():
    for thin in (1e-6, 1e-8, 1e-10, 1e-12, 1e-13, 1e-15):
        bound, _ = farthest_vertex(np.array([[1.0, 0.0], [1.0, thin]]), 100)
        assert bound >= np.hypot(1.0, 2 / thin) * (1 - 1e-9)
    # a repeated row is dependent beyond doubt, and costs rounding only
    bound, vertex = farthest_vertex(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), 100)
    np.testing.assert_allclose(bound**2, 2.0, rtol=1e-11)
    np.testing.assert_allclose(np.abs(vertex), 1.0)
    # the same to within 1e-15, beside a row that is a million times as long: known to 1e-6 at best
    bound, _ = farthest_vertex(np.array([[1.0, 0.0], [1e6, 1e6], [0.0, 1.0], [1.0, 1e-15]]), 100)
    assert 2**0.5 * (1 + 1e-9) < bound < 2**0.5 * (1 + 1e-4)
