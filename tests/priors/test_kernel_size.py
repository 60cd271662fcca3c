"""One door to all priors: laws that hold for each, and the prism whose best error is not half its size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.priors import (
    Ball,
    Ellipsoid,
    Everything,
    FiniteSet,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
    kernel_size,
    witness_error,
)

ROOT = 3**0.5


def priors(rng, n):
    """Return one prior of each kind, each with a sampler of members."""
    T, W, basis = rng.standard_normal((n, n)), rng.standard_normal((n + 1, n)), rng.standard_normal((n, 2))
    signals = rng.standard_normal((30, n))

    def on(size):
        v = rng.standard_normal(n)
        return v / size(v)

    def sparse():
        x = np.zeros(n)
        x[rng.integers(n)] = rng.standard_normal()
        return x

    return [
        (Ball(1.5), lambda: 1.5 * on(np.linalg.norm)),
        (Subspace(basis, 1.0), lambda: basis @ (c := rng.standard_normal(2)) / np.linalg.norm(basis @ c)),
        (Everything(), lambda: rng.standard_normal(n)),
        (Ellipsoid(T), lambda: on(lambda v: np.linalg.norm(T @ v))),
        (Polytope(W), lambda: on(lambda v: np.abs(W @ v).max())),
        (L1Ball(2.0), lambda: 2.0 * on(lambda v: np.abs(v).sum())),
        (Sparse(1), sparse),
        (FiniteSet(signals), lambda: signals[rng.integers(30)]),
    ]


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.sampled_from([0.1, 1.0]), st.integers(0, 2**32 - 1))
def test_pairs_of_members_never_exceed_the_size(m, eps, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((m, 4))
    for prior, draw in priors(rng, 4):
        result = kernel_size(matrix, prior, eps)
        assert 0 <= result.lower <= result.upper
        assert result.lower / 2 * (1 - 1e-12) <= result.c_opt_lower <= result.c_opt_upper <= result.upper
        for x in (result.x, result.x_alt):
            assert prior.contains(x) <= 1e-9
        assert result.misfit <= 2 * eps * (1 + 1e-9) + 1e-9
        if np.isfinite(result.upper):
            assert np.linalg.norm(result.x - result.x_alt) >= result.lower
            psi = rng.standard_normal((4, m))
            assert max(witness_error(result, lambda y, psi=psi: psi @ y)) >= result.lower / 2 - 1e-12
        for _ in range(50):
            x, x_alt = draw(), draw()
            assert prior.contains(x) < 1e-9
            if np.linalg.norm(matrix @ (x - x_alt), prior.noise_norm) <= 2 * eps:
                assert np.linalg.norm(x - x_alt) <= result.upper * (1 + 1e-12)


def test_the_size_grows_with_the_noise():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((2, 4))
    for prior, _ in priors(rng, 4):
        sizes = [kernel_size(matrix, prior, eps) for eps in (0.0, 0.1, 1.0)]
        for small, large in zip(sizes, sizes[1:]):
            assert small.lower <= large.upper * (1 + 1e-9)


def slices(height):
    """Return the corners of a slice of the prism between a triangle at height 1 and its negative at -1.

    The slice is (1 + h)/2 times the triangle, less (1 - h)/2 times it.
    """
    triangle = np.array([[1.0, 0.0], [-0.5, ROOT / 2], [-0.5, -ROOT / 2]])
    corners = [(1 + height) / 2 * p - (1 - height) / 2 * q for p in triangle for q in triangle]
    return np.array([[*corner, height] for corner in corners])


def test_the_prism():
    """A symmetric convex set whose best error is 1 and half of whose size is sqrt(3)/2."""
    third = np.array([[0.0, 0.0, 1.0]])
    # radius of a slice: sqrt(3)/2 at the middle, a hexagon; 1 at the ends, triangles of side sqrt 3
    for height, radius in ((0.0, ROOT / 2), (0.25, 0.875), (0.5, 0.9014), (0.75, 0.9437), (1.0, 1.0)):
        result = kernel_size(third, FiniteSet(slices(height)))
        assert result.lower == pytest.approx(ROOT)
        assert result.c_opt_lower <= radius + 5e-5
        assert result.c_opt_upper == pytest.approx(radius, abs=5e-5)
    whole = kernel_size(third, FiniteSet(np.vstack([slices(h) for h in (-1.0, -0.5, 0.0, 0.5, 1.0)])))
    assert whole.upper == pytest.approx(ROOT)
    assert whole.c_opt_upper == pytest.approx(1.0)
    assert whole.c_opt_upper / whole.upper == pytest.approx(0.57735, abs=1e-5)


@pytest.mark.parametrize(("prior", "options", "reason"), [
    ("ball", {}, "prior must be one of .*FiniteSet.*, got 'ball'"),
    (Ball(1.0), {"norm": "inf"}, "norm must be 2 for the prior"),
    (Ball(1.0), {"norm": 3}, "norm must be 2 or inf, got 3"),
    (Ball(1.0), {"norm": None}, "norm must be 2 or inf, got None"),
    (Ball(1.0), {"eps": -1.0}, "eps must lie"),
    (Ball(1.0), {"eps": float("inf")}, "eps must lie"),
])
def test_bad_input_is_named(prior, options, reason):
    with pytest.raises(ValueError, match=reason):
        kernel_size(np.eye(2, 3), prior, **options)


def test_options_reach_the_method():
    matrix = np.diag([1.0, 1e-9])
    assert kernel_size(matrix, Ball(1.0)).upper == 0.0
    assert kernel_size(matrix, Ball(1.0), tol=1e-6).upper == pytest.approx(2.0)


@pytest.mark.parametrize("prior", [
    Ball(1.0), Everything(), Subspace(np.eye(3)), Ellipsoid(np.eye(3)), Polytope(np.eye(3)), Sparse(1),
    L1Ball(1.0), FiniteSet(np.eye(3))], ids=lambda prior: type(prior).__name__)
def test_magnitudes_beyond_the_squares_of_floats_are_refused(prior):
    A = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    with pytest.raises(ValueError, match=r"A must be 0 or between 1e-70 and 1e\+70 in magnitude, got 2e"):
        kernel_size(A * 1e200, prior, 0.1)
    for eps in (1e-300, 1e300):
        with pytest.raises(ValueError, match="eps must be 0 or between 1e-70"):
            kernel_size(A, prior, eps)
    assert kernel_size(A, prior, 1e-60).lower >= 0


def test_norms_may_be_numpy_numbers():
    assert kernel_size(np.eye(2, 3), Ball(1.0), norm=np.int64(2)).norm == "2"
    assert kernel_size(np.eye(2, 3), Polytope(np.eye(3)), norm=np.float64("inf")).norm == "inf"
