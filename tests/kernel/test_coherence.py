"""Coherence, the Welch bound, and what they promise."""

import numpy as np
import pytest
from scipy.fft import dct
from scipy.linalg import hadamard

from kernelstab.certify import verify
from kernelstab.kernel import coherence, coherence_robust_nsp, nsp_constant, robust_nsp, welch_bound
from kernelstab.operators import SubsampledFourier


@pytest.mark.parametrize("m", [2, 4, 8, 16])
def test_identity_and_hadamard(m):
    # entries of the normalised Hadamard matrix are +-1/sqrt m, both halves are orthonormal
    result = coherence(np.hstack([np.eye(m), hadamard(m)]))
    np.testing.assert_allclose(result.mu, m**-0.5)
    assert result.pair[0] < m <= result.pair[1]
    # Welch for N = 2m: sqrt(m / (m (2m - 1)))
    np.testing.assert_allclose(result.welch_lower, (2 * m - 1) ** -0.5)


def test_mercedes_benz_attains_the_welch_bound():
    angles = np.pi / 2 + 2 * np.pi * np.arange(3) / 3
    result = coherence([np.cos(angles), np.sin(angles)])
    np.testing.assert_allclose((result.mu, result.welch_lower), (0.5, 0.5))
    assert result.sparsity == 1                              # s < (1 + 2) / 2
    assert welch_bound(3, 3) == welch_bound(4, 3) == 0.0


def test_bound_of_the_null_space_constant():
    A = np.hstack([np.eye(4), hadamard(4) / 2])
    # s mu / (1 + mu) = s / 3, attained at s = 1 and not at s = 2 (1/2)
    assert coherence(A).alpha_upper(1) >= nsp_constant(A, 1).lower
    np.testing.assert_allclose(coherence(A).alpha_upper(1), nsp_constant(A, 1).upper)
    np.testing.assert_allclose(coherence(A).alpha_upper(2), 2 / 3)
    # of order 16: s / 5, where the constants are 1/5 and 1/3
    B = coherence(np.hstack([np.eye(16), hadamard(16) / 4]))
    np.testing.assert_allclose((B.alpha_upper(1), B.alpha_upper(2)), (0.2, 0.4))


@pytest.mark.parametrize(("n", "rows", "mu"), [
    (16, [0, 1, 2, 3, 5, 7, 8, 11, 13, 14], 0.53246066), (12, [0, 1, 2, 4, 6, 7, 9, 11], 0.5771151)])
def test_cosine_transforms(n, rows, mu):
    # tabulated to eight and to seven digits
    result = coherence(dct(np.eye(n), axis=0, norm="ortho")[rows])
    np.testing.assert_allclose(result.mu, mu, atol=5e-9 if n == 16 else 5e-8)


def test_complex_blocks_and_wide_matrices():
    # two columns equal up to a phase, in the second block of 512
    A = np.random.default_rng(0).standard_normal((40, 700)) + 1j
    A[:, 650] = 1j * A[:, 560]
    result = coherence(A)
    np.testing.assert_allclose(result.mu, 1.0)
    assert result.pair == (560, 650)


def test_orthogonal_columns():
    result = coherence(SubsampledFourier(np.ones((2, 2), dtype=bool), real=True))
    assert result.mu < 1e-15
    assert result.sparsity == 4


def test_lengths_of_any_size():
    # squares of these entries leave the range of floats at both ends; only directions count
    A = np.random.default_rng(1).standard_normal((3, 5))
    plain = coherence(A)
    for scales in (1e-200, 1e250, 10.0 ** np.array([-300, -160, 0, 100, 300])):
        scaled = coherence(A * scales)
        np.testing.assert_allclose(scaled.mu, plain.mu, rtol=1e-12)
        assert scaled.pair == plain.pair


def test_bad_input():
    with pytest.raises(ValueError, match="A must not have a zero column, got one at 1"):
        coherence([[1.0, 0.0, 2.0]])
    with pytest.raises(ValueError, match=r"A must have at least 2 columns, got shape \(2, 1\)"):
        coherence([[1.0], [2.0]])


def test_bounds_and_certificate(tmp_path):
    # (3/5, 4/5) and (1, 0): the floats are not quite these, mu is 0.6 to rounding
    result = coherence([[1.0, 0.6], [0.0, 0.8]])
    assert result.lower < 0.6 < result.upper
    assert result.exact
    assert result.upper - result.lower < 1e-13
    found = result.certificate(tmp_path / "mu.json")
    values = [float(entry["value"]) for entry in found["statements"]]
    assert result.lower <= values[0] <= values[1] <= result.upper
    assert verify(tmp_path / "mu.json").ok


def test_coherence_gives_the_property():
    # (I | H_4): mu = 1/2, s = 1: rho = 1/2 and tau = 1, attained; random unit columns stay below
    A = np.hstack([np.eye(4), hadamard(4) / 2])
    promise = coherence_robust_nsp(coherence(A).mu, 1)
    np.testing.assert_allclose((promise.rho, promise.tau), (0.5, 1.0))
    np.testing.assert_allclose(robust_nsp(A, 1, 0.5).upper, promise.tau)
    B = np.linalg.qr(np.random.default_rng(0).standard_normal((20, 20)))[0][:18]
    B /= np.linalg.norm(B, axis=0)
    promise = coherence_robust_nsp(coherence(B).mu, 2)
    assert promise.applicable
    assert robust_nsp(B, 2, promise.rho).upper <= promise.tau
    assert coherence_robust_nsp(1.0, 2).reason == "s mu is not below 1 + mu"
    with pytest.raises(ValueError, match="mu must lie in"):
        coherence_robust_nsp(1.5, 1)


@pytest.mark.parametrize("power", [-1060, -500, 0, 500, 1020])
def test_units_up_to_the_ends_of_the_floats(power):
    matrix = np.array([[1.0 + 1j, 1.0], [0.0, 1.0]])          # columns at 45 degrees
    result = coherence(np.ldexp(matrix.view(float), power).view(complex))
    assert result.lower <= np.sqrt(0.5) <= result.upper
