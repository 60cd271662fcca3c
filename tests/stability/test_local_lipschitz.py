import numpy as np
import pytest

from kernelstab.maps import ClipDecoder, LinearMap
from kernelstab.operators import gaussian
from kernelstab.stability import local_lipschitz_lower


def test_clip_decoder_attains_the_bound():
    rng = np.random.default_rng(0)
    A, x = gaussian(3, 5, rng=rng), rng.standard_normal(5)
    x_alt = x + 0.2 * rng.standard_normal(5)
    psi = ClipDecoder(A, x, x_alt, eta=(0.03, 0.01))
    witness = local_lipschitz_lower(A, psi, x, x_alt)
    assert witness.lower == pytest.approx(psi.lipschitz, rel=1e-12)
    assert witness.errors == pytest.approx((0.03, 0.01))
    # the secant is the bound itself: nothing moves more than it must
    assert witness.output_gap / np.linalg.norm(witness.step) == pytest.approx(witness.lower, rel=1e-12)


def test_never_exceeds_the_constant_of_a_linear_map():
    # the ratio must be output gap over measurement gap; inverted, a gain of 4 would read 1/4
    rng = np.random.default_rng(1)
    A, psi = np.diag([1.0, 0.25]), LinearMap(np.diag([1.0, 4.0]))
    for _ in range(20):
        x, x_alt = rng.standard_normal((2, 2))
        witness = local_lipschitz_lower(A, psi, x, x_alt)
        assert 1.0 <= witness.lower <= 4.0 * (1 + 1e-12)
    assert local_lipschitz_lower(A, psi, np.zeros(2), np.array([0.0, 1.0])).lower == pytest.approx(4.0)


def test_called_exactly_twice():
    calls = []
    local_lipschitz_lower(np.eye(2), lambda y: calls.append(1) or y, np.zeros(2), np.ones(2))
    assert len(calls) == 2


def test_vacuous_bound_is_zero():
    witness = local_lipschitz_lower(np.eye(2), lambda y: np.array([9.0, 9.0]), np.zeros(2), np.ones(2))
    assert witness.lower == 0.0


@pytest.mark.parametrize(("x_alt", "psi", "message"), [
    ([0.0, 1.0], lambda y: np.zeros(2), "different measurements"),
    ([1.0, 1.0], lambda y: np.full(2, np.nan), "output of reconstruct must be finite"),
    ([1.0, 1.0], lambda y: np.zeros(3), r"output of reconstruct must have shape \(2,\)"),
    ([1.0], lambda y: np.zeros(2), r"x_alt must have shape \(2,\)"),
])
def test_bad_input_is_named(x_alt, psi, message):
    with pytest.raises(ValueError, match=message):
        local_lipschitz_lower(np.eye(1, 2), psi, np.zeros(2), x_alt)
