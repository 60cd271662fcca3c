import numpy as np
import pytest

from kernelstab.maps import ClipDecoder, LinearMap, PseudoInverse, ReLUNetwork, as_map
from kernelstab.operators import gaussian
from kernelstab.stability import equal_norm_noise, local_lipschitz_lower, planted_detail, worst_case


def relu_layers(rng, m, n):
    return [{"layer": "measurements"},
            {"layer": "dense", "weight": rng.standard_normal((12, m)), "bias": 0.1 * rng.standard_normal(12)},
            {"layer": "relu"},
            {"layer": "dense", "weight": rng.standard_normal((n, 12)), "bias": np.zeros(n)}]


@pytest.mark.parametrize("seed", range(3))
def test_gradient_search_finds_the_largest_singular_value(seed):
    W = np.random.default_rng(seed).standard_normal((40, 30))
    found = worst_case(LinearMap(W), np.ones(30), 0.3, rng=seed)
    assert found.local_lipschitz_lower == pytest.approx(np.linalg.norm(W, 2), rel=1e-3)
    assert np.linalg.norm(found.perturbation) <= 0.3 * (1 + 1e-12)


def test_a_tiny_gap_does_not_hide_the_largest_singular_value():
    W = np.diag(1 + 1e-4 * np.arange(50))
    assert worst_case(LinearMap(W), np.zeros(50), 1.0).error == pytest.approx(1.0049, rel=1e-3)


def test_complex_linear_map():
    rng = np.random.default_rng(5)
    W = rng.standard_normal((9, 7)) + 1j * rng.standard_normal((9, 7))
    for method in ("gradient", "probing"):
        found = worst_case(LinearMap(W), np.zeros(7, complex), 2.0, method=method)
        assert found.error == pytest.approx(2 * np.linalg.norm(W, 2), rel=1e-3)
        assert np.iscomplexobj(found.perturbation)


def test_real_data_get_real_perturbations_from_complex_maps():
    # W = [1, i]: over real e the norm |e1 + i e2| is 1, over complex e it would be sqrt 2
    found = worst_case(LinearMap([[1.0, 1j]]), np.zeros(2), 1.0)
    assert found.perturbation.dtype == np.float64
    assert found.error == pytest.approx(1.0)


@pytest.mark.parametrize("size", [5, 20, 40])
def test_probing_reaches_the_worst_case_of_linear_maps(size):
    W = np.random.default_rng(size).standard_normal((2 * size, size))
    found = worst_case(as_map(lambda y: W @ y, np.zeros((size, 2 * size)) + np.eye(size, 2 * size)),
                       np.zeros(size), 0.1, budget=120)
    assert found.method == "probing"
    assert found.gradients == 0
    # half of the budget, 60 evaluations, spans the whole space: exact for a linear map
    assert found.local_lipschitz_lower == pytest.approx(np.linalg.norm(W, 2), rel=1e-9)


def test_probing_with_too_few_evaluations_still_gets_most():
    W = np.random.default_rng(7).standard_normal((60, 30))
    full = worst_case(LinearMap(W), np.zeros(30), 0.1, method="probing", budget=33)      # all of the Jacobian
    assert full.local_lipschitz_lower > (1 - 1e-12) * np.linalg.norm(W, 2)
    W = np.random.default_rng(7).standard_normal((60, 60))
    found = worst_case(LinearMap(W), np.zeros(60), 0.1, method="probing", budget=58)
    assert 0.8 * np.linalg.norm(W, 2) < found.local_lipschitz_lower < 0.999 * np.linalg.norm(W, 2)


def test_clip_decoder_is_driven_to_its_constant():
    rng = np.random.default_rng(2)
    A, x = gaussian(4, 8, rng=rng), rng.standard_normal(8)
    psi = ClipDecoder(A, x, x + 0.3 * rng.standard_normal(8), eta=(0.02, 0.05))
    size = np.linalg.norm(A.matvec(psi.x_alt - psi.x))
    for eps in (0.1 * size, size, 3 * size):      # beyond size the decoder stands still
        found = worst_case(psi, A.matvec(x), eps)
        assert found.error == pytest.approx(psi.lipschitz * min(eps, size), rel=1e-6)
        assert found.local_lipschitz_lower <= psi.lipschitz * (1 + 1e-9)


def test_relu_network_beats_many_random_draws_and_stays_a_lower_bound():
    rng = np.random.default_rng(3)
    layers = relu_layers(rng, 6, 8)
    psi, y = ReLUNetwork(gaussian(6, 8, rng=rng), layers), rng.standard_normal(6)
    found = worst_case(psi, y, 0.5)
    draws = rng.standard_normal((5000, 6))
    draws *= 0.5 / np.linalg.norm(draws, axis=1, keepdims=True)
    assert found.error >= max(np.linalg.norm(psi(y + e) - psi(y)) for e in draws)
    upper = np.linalg.norm(layers[1]["weight"], 2) * np.linalg.norm(layers[3]["weight"], 2)
    assert found.local_lipschitz_lower <= upper


def test_truth_as_reference_seeks_the_largest_error():
    # psi = 2 y with truth 1 and y = 1: errors |2(1 + e) - 1| = |1 + 2e|, largest at e = +0.25
    psi = LinearMap([[2.0]])
    found = worst_case(psi, np.array([1.0]), 0.25, reference=np.array([1.0]))
    assert (found.clean_error, found.error, found.perturbation[0]) == pytest.approx((1.0, 1.5, 0.25))
    assert found.sup_error == pytest.approx(1.5)
    assert found.local_lipschitz_lower == pytest.approx(2.0)


def test_what_is_reported_can_be_checked_again():
    rng = np.random.default_rng(4)
    psi, y = ReLUNetwork(gaussian(6, 8, rng=rng), relu_layers(rng, 6, 8)), rng.standard_normal(6)
    x = rng.standard_normal(8)
    found = worst_case(psi, y, 0.2, reference=x, rng=9)
    np.testing.assert_array_equal(psi(y + found.perturbation), found.reconstruction)
    assert found.error == np.linalg.norm(found.reconstruction - x)
    assert found.evaluations + found.gradients <= 400
    again = worst_case(psi, y, 0.2, reference=x, rng=9)
    assert again.perturbation.tobytes() == found.perturbation.tobytes()


@pytest.mark.parametrize("method", ["gradient", "probing"])
@pytest.mark.parametrize("budget", [20, 57, 300])
def test_budget_is_kept(method, budget):
    found = worst_case(LinearMap(np.eye(30)), np.zeros(30), 1.0, method=method, budget=budget)
    assert found.evaluations + found.gradients <= budget


def test_constant_map_is_not_moved():
    for method in ("gradient", "probing"):
        found = worst_case(LinearMap(np.zeros((2, 3))), np.ones(3), 1.0, method=method)
        assert (found.error, found.local_lipschitz_lower) == (0.0, 0.0)


def test_a_map_that_is_worst_inside_the_ball():
    # |psi| is a hat with its peak at |y| = 1, far inside the radius 10
    psi = as_map(lambda y: np.array([max(0.0, 1 - abs(abs(y[0]) - 1))]), np.eye(1))
    assert worst_case(psi, np.zeros(1), 10.0, budget=200).error > 0.5


@pytest.mark.parametrize(("options", "message"), [
    ({"eps": 0.0}, r"eps must lie in \(0"),
    ({"method": "magic"}, "method must be one of auto, gradient, probing"),
    ({"budget": 5}, "budget must be at least 20"),
    ({"rng": None}, "rng must be an integer seed"),
    ({"reference": np.ones(3)}, r"reference must have shape \(2,\)"),
    ({"psi": as_map(lambda y: y, np.eye(2)), "method": "gradient"}, "method must be 'probing' or 'auto'"),
    ({"psi": lambda y: np.full(2, np.nan)}, "output of map must be finite"),
    ({"y": np.array([np.nan, 0.0])}, "y must be finite"),
])
def test_bad_input_is_named(options, message):
    options = {"psi": LinearMap(np.eye(2)), "y": np.zeros(2), "eps": 1.0} | options
    with pytest.raises(ValueError, match=message):
        worst_case(**options)


def test_pseudo_inverse_of_a_matrix():
    A = gaussian(8, 12, rng=6)
    smallest = np.linalg.svd(A.matrix, compute_uv=False)[-1]
    assert worst_case(PseudoInverse(A), np.zeros(8), smallest).error == pytest.approx(1.0, rel=1e-3)


def test_maps_that_reuse_their_output_are_measured_as_others_are():
    A = np.random.default_rng(0).standard_normal((4, 9))
    inverse, out = np.linalg.pinv(A), np.empty(9)

    def reusing(y):
        return np.matmul(inverse, y, out=out)

    y, x, d = A @ np.ones(9), np.ones(9), np.arange(9.0)
    for measure in (lambda psi: worst_case(psi, y, 1.0).error,
                    lambda psi: equal_norm_noise(psi, y, 1.0).errors,
                    lambda psi: planted_detail(psi, A, x, d).absent,
                    lambda psi: local_lipschitz_lower(A, psi, x, d).output_gap):
        np.testing.assert_allclose(measure(reusing), measure(lambda y: inverse @ y), rtol=1e-9)
    assert worst_case(reusing, y, 1.0).error == pytest.approx(np.linalg.norm(inverse, 2), rel=1e-6)


def test_an_estimator_is_told_how_to_be_adapted():
    class Estimator:
        def predict(self, rows):
            return rows

    A, x = np.eye(2, 3), np.ones(3)
    for measure in (lambda psi: worst_case(psi, x[:2], 1.0), lambda psi: equal_norm_noise(psi, x[:2], 1.0),
                    lambda psi: planted_detail(psi, A, x, x),
                    lambda psi: local_lipschitz_lower(A, psi, x, 2 * x)):
        with pytest.raises(ValueError, match=r"must be callable, got Estimator; kernelstab\.maps\.as_map"):
            measure(Estimator())
