"""Kernel sizes of subspaces: closed forms, their maps, certificates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.certify import verify
from kernelstab.priors import Ball, Everything, Subspace, kernel_size, witness_error

ROW = np.array([[1.0, 0.0]])
LINE = np.array([[3.0], [3.0]])


@pytest.mark.parametrize(("prior", "eps", "size"), [
    # along (1, 1)/sqrt 2 the row has singular value 1/sqrt 2; the hidden axis has 0
    (Subspace(LINE), 0.5, 2**0.5), (Subspace(LINE, 0.5), 0.5, 1.0), (Subspace(LINE, 9.0), 0.5, 2**0.5),
    (Subspace(LINE), 0.0, 0.0), (Subspace(LINE, 2.0), 0.0, 0.0), (Subspace(np.eye(2), 3.0), 0.0, 6.0),
    (Subspace(np.eye(2)[:, 1:], 3.0), 0.5, 6.0), (Subspace(np.eye(2)), 0.0, np.inf),
    (Subspace(np.array([[1.0], [1j]])), 0.5, 2**0.5),
    (Everything(), 0.0, np.inf), (Everything(), 1.0, np.inf),
])
def test_closed_forms(prior, eps, size):
    result = kernel_size(ROW, prior, eps)
    assert result.exact
    assert result.lower == pytest.approx(size, abs=1e-12)
    assert result.upper == pytest.approx(size, abs=1e-12)
    assert result.c_opt_upper == pytest.approx(size / 2, abs=1e-12)
    if size == np.inf:
        assert result.c_opt_lower == np.inf
        assert result.optimal is None
        assert np.abs(ROW @ result.direction).max() < 1e-15
        assert prior.contains(1e6 * result.direction) < 1e-9
    else:
        assert result.direction is None
        assert prior.contains(result.x) < 1e-14
        assert result.misfit <= 2 * eps * (1 + 1e-14)


def test_nothing_is_assumed_of_an_injective_matrix():
    # singular values 2 and 1/4: noise 1 is divided by 1/4
    result = kernel_size(np.diag([2.0, 0.25]), Everything(), 1.0)
    assert result.upper == pytest.approx(8.0)
    np.testing.assert_allclose(result.optimal([2.0, 1.0]), [1.0, 4.0])
    assert result.optimal_error == pytest.approx(4.0)


def worst_error(result, matrix, frame, radius):
    """Return the largest error of a linear map over the ball of the subspace and of the noise.

    The error is (R A - 1) F c + R e; blocks of x and e are climbed in turn from the singular vectors.
    """
    left, right = (result.optimal.matrix @ matrix - np.eye(len(frame))) @ frame, result.optimal.matrix
    best = 0.0
    for start in np.linalg.svd(np.hstack([left, right]))[2][:3].conj():
        error = np.hstack([left, right]) @ start
        for _ in range(300):
            c, e = left.conj().T @ error, right.conj().T @ error
            c = radius * c / (np.linalg.norm(c) or 1.0)
            e = result.eps * e / (np.linalg.norm(e) or 1.0)
            error = left @ c + right @ e
        best = max(best, float(np.linalg.norm(error)))
    return best


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.sampled_from([0.0, 0.03, 1.0, 30.0]),
       st.booleans(), st.integers(0, 2**32 - 1))
def test_the_map_attains_half_the_size(m, n, d, eps, is_complex, seed):
    rng = np.random.default_rng(seed)
    matrix, basis = rng.standard_normal((m, n)), rng.standard_normal((n, min(d, n)))
    if is_complex:
        matrix = matrix + 1j * rng.standard_normal((m, n))
    prior = Subspace(basis, 2.0)
    result = kernel_size(matrix, prior, eps)
    assert result.lower <= result.upper <= result.lower * (1 + 1e-9) + 1e-12
    assert result.misfit <= 2 * eps + 1e-12
    assert max(witness_error(result, result.optimal)) >= result.lower / 2 * (1 - 1e-12)
    measured = worst_error(result, matrix, prior.frame, 2.0)
    assert result.lower / 2 - 1e-9 <= measured <= result.c_opt_upper * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize(("matrix", "prior", "eps"), [
    (ROW, Subspace(LINE, 2.0), 0.0), (ROW, Subspace(LINE), 0.3), (ROW, Subspace(LINE, 0.1), 0.3),
    (ROW, Subspace(np.array([[1.0, 0.0], [0.1, 0.3]])), 0.0), (ROW, Everything(), 0.1),
    (ROW + 0.5j, Subspace(np.eye(2), 0.7), 0.3), (np.diag([0.1, 0.3]), Everything(), 0.1),
])
def test_certificates(matrix, prior, eps):
    result = kernel_size(matrix, prior, eps)
    certificate = result.certificate()
    assert verify(certificate).ok
    values = {entry["side"]: float(entry["value"]) for entry in certificate["statements"]}
    if np.isinf(result.upper):
        assert values == {"lower": 1e300}
    else:
        assert values.get("lower", 0.0) == pytest.approx(result.lower, rel=1e-6)
        assert values["upper"] == pytest.approx(result.upper, rel=1e-6)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"basis must have 2 rows, got shape \(3, 1\)"):
        kernel_size(ROW, Subspace(np.ones((3, 1))))
    with pytest.raises(ValueError, match="eps must lie"):
        kernel_size(ROW, Subspace(LINE), -0.1)


def test_the_threshold_of_the_rank_can_be_chosen():
    matrix = np.diag([1.0, 1e-9])
    assert kernel_size(matrix, Everything(), 1e-9).upper == pytest.approx(2.0, rel=1e-5)
    assert kernel_size(matrix, Everything(), 1e-9, tol=1e-8).upper == np.inf


@pytest.mark.parametrize("gain", [5e-16, 1e-15, 1e-14])
def test_a_gain_that_rounding_may_have_made_leaves_the_upper_end_open(gain):
    # noise 0.1 hides 0.2/gain; singular values of 1 and this are known to some 2e-15 only
    size = kernel_size(np.diag([1.0, gain]), Everything(), 0.1)
    np.testing.assert_allclose(size.lower, 0.2 / gain, rtol=1e-9)
    assert size.upper > size.lower * 1.1
    assert not size.exact
    # inside a ball the same direction is cut off: at the radius, or where noise stops hiding it
    ball = kernel_size(np.diag([1.0, gain]), Ball(3.0), 0.1)
    np.testing.assert_allclose((ball.lower, ball.upper), 6.0)
    faint = kernel_size(np.diag([1.0, 1e-15]), Ball(3.0), 1e-15)
    np.testing.assert_allclose(faint.lower, 2.0)
    assert faint.misfit <= 2e-15 * (1 + 1e-12)
    assert not faint.exact
