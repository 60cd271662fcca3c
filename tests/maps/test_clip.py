import numpy as np
import pytest

from kernelstab.maps import ClipDecoder
from kernelstab.operators import SubsampledFourier, gaussian


@pytest.fixture
def decoder():
    rng = np.random.default_rng(3)
    A = gaussian(4, 6, rng=rng)
    x = rng.standard_normal(6)
    return ClipDecoder(A, x, x + 0.1 * rng.standard_normal(6), eta=(0.02, 0.05))


def test_errors_at_the_two_signals_are_exactly_eta(decoder):
    A = decoder.A
    assert np.linalg.norm(decoder(A.matvec(decoder.x)) - decoder.x) == pytest.approx(0.02, rel=1e-12)
    assert np.linalg.norm(decoder(A.matvec(decoder.x_alt)) - decoder.x_alt) == pytest.approx(0.05, rel=1e-12)


def test_secant_between_the_two_measurements_is_the_two_image_bound(decoder):
    A, step = decoder.A, decoder.A.matvec(decoder.x_alt - decoder.x)
    y = A.matvec(decoder.x)
    bound = (np.linalg.norm(decoder.x_alt - decoder.x) - 0.07) / np.linalg.norm(step)
    assert np.linalg.norm(decoder(y + step) - decoder(y)) / np.linalg.norm(step) == pytest.approx(bound)
    assert decoder.lipschitz == pytest.approx(bound, rel=1e-12)


def test_no_pair_of_measurements_beats_the_constant(decoder):
    rng = np.random.default_rng(4)
    y = rng.standard_normal((200, 2, 4))
    quotients = [np.linalg.norm(decoder(a) - decoder(b)) / np.linalg.norm(a - b) for a, b in y]
    assert max(quotients) <= decoder.lipschitz * (1 + 1e-12)


def test_constant_outside_the_slab(decoder):
    A, step = decoder.A, decoder.A.matvec(decoder.x_alt - decoder.x)
    far = A.matvec(decoder.x_alt) + 3 * step
    np.testing.assert_array_equal(decoder(far), decoder(far + step))
    np.testing.assert_array_equal(decoder.vjp(far, decoder.x), np.zeros(4))


def test_complex_measurements():
    mask = np.zeros((1, 4), dtype=bool)
    mask[0, 1] = True
    A = SubsampledFourier(mask)
    x, z = np.zeros(4), np.array([2.0, 0.0, 0.0, 0.0])     # A z = 2 / sqrt(4) = 1
    psi = ClipDecoder(A, x, z)
    assert psi.lipschitz == pytest.approx(2.0)
    # a step along i does not move the position, Re<i, 1> = 0
    np.testing.assert_allclose(psi(np.array([0.5 + 9j])), [1.0, 0.0, 0.0, 0.0], atol=1e-14)


def test_spec_holds_the_two_signals(decoder):
    spec = decoder.spec()
    assert (spec["kind"], spec["eta"]) == ("clip", [0.02, 0.05])
    assert spec["x"] is decoder.x


@pytest.mark.parametrize(("x_alt", "eta", "message"), [
    ([0.0, 1.0], (0.0, 0.0), "different measurements"),        # (0, 1) lies in the kernel
    ([1.0, 0.0], (0.5, 0.5), "further apart"),
    ([0.0, 0.0], (0.0, 0.0), "further apart"),
    ([1.0, 0.0], (-0.5, 0.0), "eta must lie in"),
    ([1.0, 0.0], (0.1,), "eta must hold two"),
])
def test_void_pairs_are_refused(x_alt, eta, message):
    with pytest.raises(ValueError, match=message):
        ClipDecoder([[1.0, 0.0]], [0.0, 0.0], x_alt, eta)
