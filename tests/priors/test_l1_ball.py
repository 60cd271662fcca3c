"""Two-sided kernel sizes of the ball of the 1-norm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab._engines.largest_norm import fill
from kernelstab.certify import verify
from kernelstab.priors import L1Ball, kernel_size, witness_error

ROW = np.array([[1.0, 1.0]])


@pytest.mark.parametrize(("matrix", "radius", "eps", "size"), [
    # t/2 (1, -1): norm t/sqrt 2
    (ROW, 3.0, 0.0, 3 * 2**0.5),
    # a vertex of the ball lies in the kernel
    (np.array([[1.0, 0.0]]), 3.0, 0.0, 6.0),
    # noise lets the sum be 1: (2, -1)
    (ROW, 3.0, 1.0, 2 * 5**0.5),
    # noise as large as the vertices
    (ROW, 3.0, 3.0, 6.0),
    (np.eye(2), 3.0, 0.0, 0.0),
])
def test_by_hand(matrix, radius, eps, size):
    result = kernel_size(matrix, L1Ball(radius), eps)
    assert result.lower <= result.upper
    assert result.lower == pytest.approx(size, rel=1e-6, abs=1e-12)
    assert result.upper == pytest.approx(size, rel=1e-5, abs=1e-12)
    assert result.prior.contains(result.x) < 1e-9
    assert result.misfit <= 2 * eps * (1 + 1e-9) + 1e-12


def test_the_best_error_in_a_plane_is_what_jung_leaves():
    # a set of diameter d in the plane lies in a disc of radius d/sqrt 3
    result = kernel_size(np.array([[1.0, 1.0, 1.0]]), L1Ball(1.0))
    assert result.c_opt_upper == pytest.approx(result.upper / 3**0.5, rel=1e-9)


def test_the_best_error_on_a_line_is_half_the_size():
    # every fibre is a segment: its midpoint errs by half its length, and 1.5 (1, -1) is half the longest
    result = kernel_size(ROW, L1Ball(3.0))
    assert result.c_opt_upper == pytest.approx(1.5 * 2**0.5, rel=1e-5)
    assert result.c_opt_lower == pytest.approx(1.5 * 2**0.5, rel=1e-6)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.integers(3, 6), st.sampled_from([0.0, 0.05, 0.5]), st.integers(0, 2**32 - 1))
def test_samples_stay_below(m, n, eps, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((m, n))
    result = kernel_size(matrix, L1Ball(1.0), eps)
    assert result.lower <= result.upper <= 2.0 + 1e-9
    assert result.c_opt_lower <= result.c_opt_upper <= result.upper
    basis = np.linalg.svd(matrix)[2][m:].T if eps == 0 else np.eye(n)
    if basis.shape[1] == 0:
        assert result.upper == 0.0
        return
    v = basis @ rng.standard_normal((basis.shape[1], 2000))
    v /= np.maximum(np.abs(v).sum(0), np.linalg.norm(matrix @ v, axis=0) / eps if eps else 0.0)
    assert 2 * np.linalg.norm(v, axis=0).max() <= result.upper * (1 + 1e-12)
    psi = rng.standard_normal((n, m))
    assert max(witness_error(result, lambda y: psi @ y)) >= result.lower / 2 * (1 - 1e-12)


def test_the_norm_within_bounds_by_hand():
    assert fill([3.0, 1.0, 4.0], 7.0) == 5.0


@pytest.mark.parametrize("eps", [0.0, 0.2])
def test_certificates(eps):
    matrix = np.random.default_rng(2).standard_normal((2, 4))
    result = kernel_size(matrix, L1Ball(1.0), eps)
    certificate = result.certificate()
    assert verify(certificate).ok
    lower, upper = (float(entry["value"]) for entry in certificate["statements"])
    assert lower == pytest.approx(result.lower, rel=1e-6)
    assert upper == pytest.approx(result.upper, rel=1e-6)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="A must be real for the prior L1Ball"):
        kernel_size(ROW + 1j, L1Ball(1.0))
