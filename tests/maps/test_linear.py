import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.maps import AdjointMap, LinearMap, PseudoInverse, Tikhonov, linear
from kernelstab.operators import DenseOperator, SubsampledFourier, gaussian, masks


def test_complex_matrix_uses_the_conjugate_transpose():
    psi = LinearMap([[1j, 2.0]])
    # Re<u, W y> = Re<W* u, y>: with u = 1 the gradient is (conj(i), 2) = (-i, 2)
    np.testing.assert_array_equal(psi.vjp(np.zeros(2), np.array([1.0])), [-1j, 2.0])
    assert psi.spec() is None


def test_lipschitz_constant_is_the_largest_singular_value():
    assert LinearMap(np.diag([3.0, -4.0])).lipschitz == pytest.approx(4.0, rel=1e-14)


@pytest.mark.parametrize(("matrix", "message"), [
    ([1.0, 2.0], "matrix must have 2 dimension"),
    ([[np.inf]], "matrix must be finite"),
])
def test_bad_matrix_is_named(matrix, message):
    with pytest.raises(ValueError, match=message):
        LinearMap(matrix)


def test_measurement_of_the_wrong_length_is_named():
    with pytest.raises(ValueError, match=r"y must have shape \(1,\), got \(2,\)"):
        LinearMap([[2.0]])(np.ones(2))


def test_adjoint_is_the_transpose_and_its_gradient_the_matrix():
    A = gaussian(3, 5, rng=0)
    psi, y, u = AdjointMap(A), np.array([1.0, -2.0, 0.5]), np.arange(5.0)
    np.testing.assert_allclose(psi(y), A.matrix.T @ y, rtol=1e-13)
    np.testing.assert_allclose(psi.vjp(y, u), A.matrix @ u, rtol=1e-13)


def test_spec_is_a_scaled_adjoint_with_scale_one():
    mask = np.zeros((2, 2), dtype=bool)
    mask[0, 0] = True
    spec = AdjointMap(SubsampledFourier(mask, real=True)).spec()
    assert spec["kind"] == "scaled-adjoint"
    assert spec["scale"] == [1, 1]
    assert spec["operator"]["kind"] == "fourier2d"


def penrose_defect(A, W):
    """Largest violation of the four equations that define the pseudo-inverse."""
    P, Q = A @ W, W @ A
    return max(np.abs(A @ Q - A).max(), np.abs(W @ P - W).max(),
               np.abs(P - P.conj().T).max(), np.abs(Q - Q.conj().T).max())


def columns(psi, m):
    return np.stack([psi(row) for row in np.eye(m)], axis=1)


@pytest.mark.parametrize("matrix", [
    [[3.0, 4.0]],                                       # wide
    [[1.0], [2.0], [2.0]],                              # tall
    [[1.0, 2.0], [2.0, 4.0]],                           # rank 1
    [[1.0, 1j, 0.0], [0.0, 2.0, 1 - 1j]],               # complex
])
def test_dense_inverse_satisfies_the_penrose_equations(matrix):
    psi = PseudoInverse(matrix)
    assert penrose_defect(np.array(matrix), psi.matrix) < 1e-14
    np.testing.assert_allclose(columns(psi, len(matrix)), psi.matrix)


def test_rank_one_by_hand():
    # A = a b^T with a = b = (1, 2): A^+ = b a^T / (|a|^2 |b|^2) = b a^T / 25
    psi = PseudoInverse([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(psi.matrix, np.array([[1.0, 2.0], [2.0, 4.0]]) / 25, rtol=1e-13)


def test_rounding_noise_is_not_inverted():
    # sigma_2 = 1e-18 lies under 2 * 2.2e-16 * sigma_1
    psi = PseudoInverse(np.diag([1.0, 1e-18]))
    np.testing.assert_array_equal(psi.matrix, np.diag([1.0, 0.0]))


def test_tight_operator_uses_the_closed_form():
    A = SubsampledFourier(masks.symmetrise(np.eye(4, dtype=bool)), real=True)
    psi, y = PseudoInverse(A), np.linspace(-1, 1, A.shape[0])
    np.testing.assert_allclose(A.matvec(psi(y)), y, atol=1e-14)
    assert psi.matrix is None
    assert psi.spec()["scale"] == [1, 1]


def test_tight_constant_enters_the_scale_exactly():
    # rows of length 5: A A^T = 25 I, A^+ = A^T / 25
    psi = PseudoInverse(DenseOperator([[3.0, 4.0, 0.0], [-4.0, 3.0, 0.0]], tight=25.0))
    assert psi.spec()["scale"] == [1, 25]
    np.testing.assert_allclose(psi(np.array([25.0, 0.0])), [3.0, 4.0, 0.0])
    np.testing.assert_allclose(psi.vjp(np.zeros(2), np.array([25.0, 0.0, 9.0])), [3.0, -4.0])


@pytest.mark.parametrize("turn", [1.0, 1j])
def test_iteration_agrees_with_the_matrix(monkeypatch, turn):
    matrix = gaussian(6, 9, rng=1).matrix
    A = DenseOperator(matrix + (turn - 1) * np.roll(matrix, 2, axis=1))
    direct = PseudoInverse(A)
    monkeypatch.setattr(linear, "DENSE_ENTRIES", 0)
    iterated = PseudoInverse(A)
    assert iterated.matrix is None
    assert iterated.spec() is None
    y, u = turn * np.cos(np.arange(6.0)), np.sin(np.arange(9.0))
    np.testing.assert_allclose(iterated(y), direct(y), rtol=1e-10)
    np.testing.assert_allclose(iterated.vjp(y, u), direct.vjp(y, u), rtol=1e-10)


def test_unfinished_iteration_warns(monkeypatch):
    monkeypatch.setattr(linear, "lsmr", lambda A, y, damp, **options: (y, 7, 12))
    with pytest.warns(NotConverged, match="12 iterations"):
        linear._solve(np.eye(2), np.ones(2), 0.0)


def test_singular_values_are_filtered():
    # sigma / (sigma^2 + lam) with lam = 4: 1/5, 2/8, 3/13
    psi = Tikhonov(np.diag([1.0, 2.0, 3.0]), 4.0)
    np.testing.assert_allclose(psi.matrix, np.diag([1 / 5, 2 / 8, 3 / 13]), rtol=1e-14)


def test_lipschitz_bound_is_attained_at_sigma_squared_equal_lam():
    # theory 2.4 d: sup sigma/(sigma^2+lam) = 1/(2 sqrt lam) = 1/4, at sigma = 2
    psi = Tikhonov(np.diag([1.0, 2.0, 7.0]), 4.0)
    assert np.linalg.norm(psi.matrix, 2) == pytest.approx(0.25, rel=1e-14)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4)])
def test_both_normal_equations_solve_the_penalised_problem(shape):
    A, y = gaussian(*shape, rng=2), np.cos(np.arange(float(shape[0])))
    x = Tikhonov(A, 0.3)(y)
    # stationarity of |Ax-y|^2 + lam |x|^2
    np.testing.assert_allclose(A.matrix.T @ (A.matrix @ x - y) + 0.3 * x, 0, atol=1e-13)


def test_damped_tight_operator_is_a_scaled_adjoint():
    psi = Tikhonov(DenseOperator([[0.0, 2.0]], tight=4.0), 0.5)
    # 1/(4 + 1/2) = 2/9
    assert psi.spec()["scale"] == [2, 9]
    np.testing.assert_allclose(psi(np.array([9.0])), [0.0, 4.0])
    np.testing.assert_allclose(psi.vjp(np.array([9.0]), np.array([1.0, 9.0])), [4.0])


def test_damped_iteration_agrees_with_the_matrix(monkeypatch):
    A = gaussian(6, 9, rng=1)
    direct = Tikhonov(A, 0.1)
    monkeypatch.setattr(linear, "DENSE_ENTRIES", 0)
    iterated = Tikhonov(A, 0.1)
    y, u = np.cos(np.arange(6.0)), np.sin(np.arange(9.0))
    np.testing.assert_allclose(iterated(y), direct(y), rtol=1e-10)
    np.testing.assert_allclose(iterated.vjp(y, u), direct.vjp(y, u), rtol=1e-10)


@pytest.mark.parametrize("lam", [0.0, -1.0, np.nan])
def test_lam_must_be_positive(lam):
    with pytest.raises(ValueError, match="lam must lie in"):
        Tikhonov([[1.0]], lam)


def test_a_map_keeps_its_own_matrix():
    given = np.eye(2)
    psi = LinearMap(given)
    given[:] = 7.0
    np.testing.assert_array_equal(psi(np.array([1.0, 2.0])), [1.0, 2.0])
