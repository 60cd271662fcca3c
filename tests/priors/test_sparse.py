"""Kernel sizes of sparse vectors by enumeration, their witnesses and maps."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.certify import verify
from kernelstab.priors import Sparse, kernel_size, sparse

# columns at 0, 60 and 120 degrees: any two have inner product +-1/2, smallest singular value sqrt(1/2)
FRAME = np.array([[1.0, 0.5, -0.5], [0.0, 0.75**0.5, 0.75**0.5]])


def test_by_hand():
    result = kernel_size(FRAME, Sparse(1), 0.25)
    assert result.exact
    assert result.lower == pytest.approx(0.5**0.5)
    assert result.upper == pytest.approx(0.5**0.5)
    assert result.dual["sigma"] == pytest.approx(0.5**0.5)
    # Jung in the plane of the signals, 3 dimensions
    assert result.c_opt_upper == pytest.approx(result.upper * (3 / 8) ** 0.5)
    assert kernel_size(FRAME, Sparse(1)).upper == 0.0


def test_dependent_columns_make_it_infinite():
    # three vectors in the plane: two-sparse vectors are not determined
    for eps in (0.0, 0.1):
        result = kernel_size(FRAME, Sparse(2), eps)
        assert result.upper == result.lower == np.inf
        assert result.prior.contains(result.x) == result.prior.contains(result.x_alt) == 0.0
        np.testing.assert_allclose(FRAME @ result.direction, 0.0, atol=1e-12)
        assert result.misfit < 1e-12
    repeated = np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0]])
    result = kernel_size(repeated, Sparse(1))
    assert result.upper == np.inf
    np.testing.assert_allclose(result.direction[:2] / result.direction[1], [-2.0, 1.0])
    assert verify(result.certificate()).ok
    # more entries than a vector has: all of them decide
    assert kernel_size(np.diag([1.0, 2.0, 4.0]), Sparse(3), 0.5).upper == pytest.approx(1.0)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(2, 6), st.integers(2, 7), st.integers(1, 2), st.booleans(), st.integers(0, 2**32 - 1))
def test_enumeration(m, n, s, is_complex, seed):
    rng = np.random.default_rng(seed)
    s = min(s, n)
    matrix = rng.standard_normal((m, n))
    if is_complex:
        matrix = matrix + 1j * rng.standard_normal((m, n))
    result = kernel_size(matrix, Sparse(s), 0.2)
    size = min(2 * s, n)
    if size > m:
        assert result.upper == np.inf
        return
    least = min(np.linalg.svd(matrix[:, S], compute_uv=False)[-1] for S in combinations(range(n), size))
    assert result.lower == pytest.approx(0.4 / least)
    assert result.upper == pytest.approx(0.4 / least)
    assert result.lower <= result.upper
    assert np.count_nonzero(result.x) <= s
    assert np.count_nonzero(result.x_alt) <= s
    assert result.misfit <= 0.4 * (1 + 1e-9)
    assert np.linalg.norm(result.x - result.x_alt) == pytest.approx(result.lower)


def test_both_searches_agree(monkeypatch):
    rng = np.random.default_rng(7)
    for matrix in (rng.standard_normal((7, 12)), 1e-3 * rng.standard_normal((6, 12)) + 1e-3j):
        few = kernel_size(matrix, Sparse(2), 0.1)
        with monkeypatch.context() as patch:
            patch.setattr(sparse, "_FEW", 0)
            many = kernel_size(matrix, Sparse(2), 0.1)
        assert few.exact
        assert many.exact
        assert many.lower == pytest.approx(few.lower, rel=1e-9)
        # the search bounds the square of the singular value, and adds its rounding
        assert few.lower <= many.upper == pytest.approx(few.upper, rel=1e-6)
        assert many.lower <= few.upper
        assert few.dual["sigma"] * (1 - 1e-6) <= many.dual["sigma"] <= 0.2 / few.lower


def test_more_supports_than_are_enumerated():
    # C(20, 4) = 4845
    matrix = np.random.default_rng(3).standard_normal((8, 20))
    result = kernel_size(matrix, Sparse(2), 0.1)
    least = min(np.linalg.svd(matrix[:, S], compute_uv=False)[-1] for S in combinations(range(20), 4))
    assert result.exact
    assert result.lower == pytest.approx(0.2 / least)
    assert result.upper == pytest.approx(0.2 / least)
    assert kernel_size(matrix, Sparse(2)).upper == 0.0
    matrix[:, 7] = matrix[:, 11] - matrix[:, 3]
    assert kernel_size(matrix, Sparse(2), 0.1).upper == np.inf


def test_a_budget_leaves_a_true_two_sided_answer():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((6, 10))
    whole = kernel_size(matrix, Sparse(2), 0.1)
    part = kernel_size(matrix, Sparse(2), 0.1, max_supports=20)
    assert whole.exact
    assert not part.exact
    assert part.lower <= whole.upper <= part.upper
    # nearly orthogonal columns: smaller orders bound what was not visited
    near = np.eye(10) + 0.01 * rng.uniform(-1, 1, (10, 10))
    part, whole = (kernel_size(near, Sparse(2), 0.1, max_supports=k) for k in (1, 1000))
    assert not part.exact
    assert part.lower <= whole.upper <= part.upper < 0.25


def test_interruption_leaves_what_is_known():
    matrix = np.random.default_rng(0).standard_normal((8, 20))

    def stop(done, total, note):
        raise KeyboardInterrupt

    result = kernel_size(matrix, Sparse(2), 0.1, progress=stop)
    assert result.interrupted
    assert not result.exact
    whole = kernel_size(matrix, Sparse(2), 0.1)
    assert result.lower <= whole.upper <= result.upper


def test_certificates():
    matrix = np.random.default_rng(5).standard_normal((5, 7))
    for eps in (0.0, 0.3):
        result = kernel_size(matrix, Sparse(2), eps)
        certificate = result.certificate()
        assert verify(certificate).ok
        values = {entry["side"]: float(entry["value"]) for entry in certificate["statements"]}
        assert values["upper"] == pytest.approx(result.upper)
        assert values.get("lower", 0.0) == pytest.approx(result.lower)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="s must be between 1 and 3, got 4"):
        kernel_size(FRAME, Sparse(4))
