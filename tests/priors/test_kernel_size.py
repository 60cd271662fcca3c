"""Laws of kernel sizes that hold for each prior, the prism, witnesses, and the certificate as a whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab._errors import CertificateError
from kernelstab.certify import verify
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
from kernelstab.priors.kernel_size import MatrixMap

ROOT = 3**0.5
ROW = np.array([[1.0, 0.0]])


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


def test_witness_error_by_hand():
    # (0, 3) and (0, -3) share the data 0
    size = kernel_size(ROW, Ball(3.0))
    answers = iter([np.array([4.0, 0.0]), np.array([0.0, 3.0])])
    assert witness_error(size, lambda y: next(answers)) == (5.0, 5.0)
    assert sorted(witness_error(size, lambda y: next(answers))) == [0.0, 6.0]


def test_witness_error_evaluates_once_at_the_shared_data():
    size = kernel_size(np.diag([1.0, 0.5]), Ball(3.0), 0.1)
    seen = []

    def psi(y):
        seen.append(y)
        return np.zeros(2)

    witness_error(size, psi)
    assert len(seen) == 1
    for x in (size.x, size.x_alt):
        assert np.linalg.norm(np.diag([1.0, 0.5]) @ x - seen[0]) <= 0.1 * (1 + 1e-12)


def test_witness_error_measures_in_the_norm_of_the_size():
    # (1, -1) and (-1, 1): the answer 0 errs by 1 in the maximum norm, by sqrt 2 in the Euclidean one
    matrix, square = np.ones((1, 2)), Polytope(np.eye(2))
    for norm, error in (("inf", 1.0), ("2", 2**0.5)):
        size = kernel_size(matrix, square, norm=norm)
        assert witness_error(size, lambda y: np.zeros(2)) == pytest.approx((error, error))


def test_noise_is_measured_in_the_maximum_norm_for_a_polytope():
    size = kernel_size(np.eye(2), Polytope(np.eye(2)), 0.25, norm="inf")
    gap = size.x - size.x_alt
    assert size.misfit == np.abs(gap).max() == pytest.approx(0.5)
    assert kernel_size(np.eye(2), Ball(9.0), 0.25).misfit == pytest.approx(0.5)


def test_maps_that_fail_are_named():
    size = kernel_size(ROW, Ball(3.0))
    with pytest.raises(ValueError, match="psi raised KeyError"):
        witness_error(size, lambda y: {}["x"])
    with pytest.raises(ValueError, match=r"psi must return shape \(2,\), got \(3,\)"):
        witness_error(size, lambda y: np.zeros((3,)))


def test_one_line():
    assert repr(kernel_size(ROW, Ball(3.0))) == (
        "<KernelSize Ball(radius=3.0), eps=0, norm 2: 6 <= kersize <= 6, 3 <= c_opt <= 3>")
    np.testing.assert_array_equal(MatrixMap(np.array([[2.0], [1.0]]))([3.0]), [6.0, 3.0])


def test_the_file_is_what_is_returned(tmp_path):
    size = kernel_size(ROW, Ball(3.0), 0.5)
    certificate = size.certificate(tmp_path / "size.json")
    assert verify(tmp_path / "size.json").ok
    assert certificate["options"] == {"prior": {"kind": "ball", "radius": 3.0}, "eps": 0.5, "norm": "2"}
    # more than it proves is refused
    changed = certificate | {"statements": [certificate["statements"][0] | {"value": "7e0"}]}
    assert not verify(changed).ok


def test_a_finite_set_is_certified_by_its_rows():
    signals = np.array([[0.0, 0.0], [0.0, 3.0], [1.0, 7.0]])
    for eps, distance in ((0.0, 3.0), (0.5, 50**0.5)):
        certificate = kernel_size(ROW, FiniteSet(signals), eps).certificate()
        assert verify(certificate).ok
        assert [float(entry["value"]) for entry in certificate["statements"]] == pytest.approx([distance] * 2)


def test_a_size_without_a_proof_says_so():
    size = kernel_size(np.eye(2), Ball(3.0))
    empty = type(size)(**{**vars(size), "dual": {"kind": "hearsay"}})
    with pytest.raises(CertificateError, match="neither side"):
        empty.certificate()


@pytest.mark.parametrize("distance", [1e-4, 1e-7])
def test_exact_means_that_the_ends_agree(distance):
    rng = np.random.default_rng(0)
    A = rng.standard_normal((30, 200))
    A /= np.linalg.norm(A, axis=0)
    u = rng.standard_normal(30)
    A[:, 1] = A[:, 0] + distance * u / np.linalg.norm(u)
    size = kernel_size(A, Sparse(1), eps=1e-3)
    assert size.exact == (size.upper <= size.lower * (1 + 1e-8) < np.inf)


@pytest.mark.parametrize("eps", [0.0, 0.1])
@pytest.mark.parametrize(("prior", "norm"), [(Ellipsoid, 2), (Polytope, np.inf)])
def test_a_thin_axis_leaves_the_size_finite_from_below(prior, norm, eps):
    # x2 and x3 lie between -1 and 1 and are not measured
    size = kernel_size([[1.0, 0, 0]], prior(np.diag([1e16, 1.0, 1.0])), eps, norm=norm)
    assert 1.999999 < size.lower <= 2 <= size.upper
    assert np.isfinite(size.upper) or not size.exact
