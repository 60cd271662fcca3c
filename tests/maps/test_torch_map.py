import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kernelstab.maps import as_map, has_gradient  # noqa: E402
from kernelstab.maps.torch_map import TorchMap, from_torch  # noqa: E402
from kernelstab.operators import SubsampledFourier, gaussian, masks  # noqa: E402

RNG = np.random.default_rng(11)


def real_fourier(n=8):
    return SubsampledFourier(masks.symmetrise(RNG.random((n, n)) < 0.4), real=True)


def complex_fourier(n=6):
    return SubsampledFourier(RNG.random((n, n)) < 0.5)


class ComplexNet(torch.nn.Module):
    """From complex measurements to a complex image, smooth and not holomorphic."""

    def __init__(self, m, n):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weight = torch.nn.Parameter(torch.randn(n, m, dtype=torch.complex128, generator=generator))
        self.gain = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, y):
        z = y @ self.weight.T
        return self.gain * z * torch.tanh(torch.abs(z) ** 2) + 0.3 * z.conj()


def network(channels):
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(channels, 4, 3, padding=1), torch.nn.Tanh(),
        torch.nn.Conv2d(4, channels, 3, padding=1)).double()


def check_gradient(psi, seed=0):
    """Compare <u, (psi(y + t v) - psi(y - t v)) / 2t> with <vjp(y, u), v> for random u, v."""
    rng = np.random.default_rng(seed)
    draw = lambda k: (rng.standard_normal(k) if psi.A.is_real                     # noqa: E731
                      else rng.standard_normal(k) + 1j * rng.standard_normal(k))
    m, N = psi.A.shape
    y, v, u, t = draw(m), draw(m), draw(N), 1e-5
    slope = np.vdot(u, psi(y + t * v) - psi(y - t * v)).real / (2 * t)
    gradient = psi.vjp(y, u)
    assert gradient.shape == (m,)
    assert gradient.dtype == psi.A.dtype
    assert np.vdot(gradient, v).real == pytest.approx(slope, rel=1e-6)


def test_measurements_reach_the_module_as_they_are():
    A = gaussian(3, 5, rng=0)
    layer = torch.nn.Linear(3, 5).double()
    y = np.array([1.0, -2.0, 0.5])
    expected = layer.weight.detach().numpy() @ y + layer.bias.detach().numpy()
    np.testing.assert_allclose(TorchMap(layer, A)(y), expected, atol=1e-14)


def test_adjoint_image_is_the_zero_filled_image():
    A = real_fourier()
    psi = TorchMap(torch.nn.Identity(), A, input="adjoint-image")
    x = RNG.standard_normal(64)
    np.testing.assert_allclose(psi(A.matvec(x)), A.rmatvec(A.matvec(x)), atol=1e-14)
    B = complex_fourier()
    z = RNG.standard_normal(36) + 1j * RNG.standard_normal(36)
    psi = TorchMap(torch.nn.Identity(), B, input="adjoint-image")     # two channels in, two out
    output = psi(B.matvec(z))
    assert output.dtype == np.complex128
    np.testing.assert_allclose(output, B.rmatvec(B.matvec(z)), atol=1e-14)


@pytest.mark.parametrize("case", ["measurements", "real image", "complex image", "complex measurements"])
def test_gradient_agrees_with_differences(case):
    if case == "measurements":
        module = torch.nn.Sequential(torch.nn.Linear(4, 9), torch.nn.Tanh(), torch.nn.Linear(9, 6)).double()
        psi = TorchMap(module, gaussian(4, 6, rng=1))
    elif case == "real image":
        psi = TorchMap(network(1), real_fourier(), input="adjoint-image")
    elif case == "complex image":
        psi = TorchMap(network(2), complex_fourier(), input="adjoint-image")
    else:
        B = complex_fourier(4)
        psi = TorchMap(ComplexNet(*B.shape), B)
    assert has_gradient(psi)
    check_gradient(psi)


def test_pullback_serves_several_directions():
    psi = TorchMap(network(1), real_fourier(), input="adjoint-image")
    y = RNG.standard_normal(psi.A.shape[0])
    value, transposed = psi.pullback(y)
    np.testing.assert_array_equal(value, psi(y))
    for u in RNG.standard_normal((2, 64)):
        np.testing.assert_array_equal(transposed(u), psi.vjp(y, u))


def test_constant_map_has_zero_gradient():
    class Constant(torch.nn.Module):
        def forward(self, y):
            return torch.ones(6)

    psi = TorchMap(Constant(), gaussian(4, 6, rng=1))
    np.testing.assert_array_equal(psi.vjp(np.ones(4), np.ones(6)), np.zeros(4))


def test_precision_follows_the_module():
    A = gaussian(3, 5, rng=0)
    single = TorchMap(torch.nn.Linear(3, 5), A)
    assert single.dtype == torch.float32
    assert single.precision == pytest.approx(2.0**-23)
    assert single(np.ones(3)).dtype == np.float64
    double = TorchMap(copy.deepcopy(single.module).double(), A)
    assert double.precision == pytest.approx(2.0**-52)
    third = np.ones(3) / 3
    assert np.abs(double(third) - single(third)).max() > 0


def test_evaluation_mode_is_kept():
    module = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Dropout(0.5))
    psi = TorchMap(module, gaussian(3, 5, rng=0))
    module.train()                      # a user trains on in between
    first = psi(np.ones(3))
    for _ in range(5):
        np.testing.assert_array_equal(psi(np.ones(3)), first)


def test_as_map_wraps_a_module():
    psi = as_map(torch.nn.Linear(3, 5), gaussian(3, 5, rng=0), name="mine")
    assert isinstance(psi, TorchMap)
    assert psi.name == "mine"


def test_module_is_not_trained_by_the_search():
    layer = torch.nn.Linear(3, 5)
    psi = TorchMap(layer, gaussian(3, 5, rng=0))
    psi.vjp(np.ones(3), np.ones(5))
    assert layer.weight.grad is None


def test_translated_network_equals_the_module():
    A = real_fourier()
    torch.manual_seed(5)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3, padding="same", bias=False), torch.nn.ReLU(), torch.nn.Dropout(0.1),
        torch.nn.Conv2d(3, 2, 5, padding=2), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(128, 64))
    y = A.matvec(RNG.standard_normal(64))
    exact = from_torch(module, A, input="adjoint-image", name="mine")
    assert exact.name == "mine"
    assert exact.spec()["kind"] == "network"
    np.testing.assert_allclose(
        exact(y), TorchMap(module.double(), A, input="adjoint-image")(y), atol=1e-12)


def test_bad_input_is_named():
    A = gaussian(3, 5, rng=0)
    with pytest.raises(ValueError, match=r"module must be a torch.nn.Module, got function"):
        TorchMap(lambda y: y, A)
    with pytest.raises(ValueError, match="input must be one of measurements, adjoint-image, got 'image'"):
        TorchMap(torch.nn.Identity(), A, input="image")
    with pytest.raises(ValueError, match=r"module must compute in single or double precision, got torch\.f"):
        TorchMap(torch.nn.Linear(3, 5).half(), A)
    with pytest.raises(ValueError, match=r"must return 5 numbers, got shape \(1, 3\)"):
        TorchMap(torch.nn.Identity(), A)(np.ones(3))
    with pytest.raises(ValueError, match="y must be finite"):
        TorchMap(torch.nn.Linear(3, 5), A)(np.array([1.0, np.nan, 0.0]))
    with pytest.raises(ValueError, match=r"y must have shape \(3,\)"):
        TorchMap(torch.nn.Linear(3, 5), A)(np.ones(4))
    with pytest.raises(ValueError, match=r"module must be a torch.nn.Sequential, got Linear"):
        from_torch(torch.nn.Linear(3, 5), A)
    with pytest.raises(ValueError, match="cannot be translated at position 1: Tanh"):
        from_torch(torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh()), A)
    strided = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3, stride=2, padding=1))
    with pytest.raises(ValueError, match="cannot be translated at position 0: Conv2d"):
        from_torch(strided, real_fourier(), input="adjoint-image")

    class Broken(torch.nn.Module):
        def forward(self, y):
            return torch.full((5,), float("nan"))

    with pytest.raises(ValueError, match="module Broken returned nan or infinity"):
        TorchMap(Broken(), A)(np.ones(3))


def test_a_module_in_training_mode_is_put_into_evaluation_mode_and_says_so():
    module = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Dropout(0.5))
    assert module.training
    psi = as_map(module, gaussian(3, 5, rng=0), name="mine")
    assert repr(psi) == "<TorchMap mine (eval mode)>"
    assert not module.training
    image = as_map(torch.nn.Conv2d(1, 1, 3, padding=1), real_fourier())      # the second form that is tried
    assert repr(image) == "<TorchMap Conv2d (eval mode)>"
    again = as_map(module, gaussian(3, 5, rng=0))
    assert (repr(again), again.about) == ("<TorchMap Sequential>", "")


def test_a_class_is_no_module():
    with pytest.raises(ValueError, match=r"module must be a torch\.nn\.Module, got the class ComplexNet"):
        TorchMap(ComplexNet, np.eye(2))


class Reordered(torch.nn.Module):
    """Two channels in, ``(1, 2, H, W)``; what comes out is put into another order."""

    def __init__(self, order):
        super().__init__()
        self.order = order

    def forward(self, z):
        return self.order(z)


@pytest.mark.parametrize("order", [
    lambda z: z, lambda z: z[0], lambda z: z.flatten(2), lambda z: z.movedim(1, -1),
    lambda z: z[0].movedim(0, -1),
    lambda z: z.flatten(2).movedim(1, -1), lambda z: torch.complex(z[:, 0], z[:, 1]),
])
def test_real_and_imaginary_part_in_front_or_behind(order):
    A = SubsampledFourier(np.ones((2, 3), dtype=bool))
    x = np.arange(6) + 1j * np.arange(6)[::-1]
    psi = TorchMap(Reordered(order), A, input="adjoint-image")
    np.testing.assert_allclose(psi(A.matvec(x)), x, atol=1e-13)
    check_gradient(psi)


@pytest.mark.parametrize("order", [
    lambda z: z.flatten(), lambda z: z.flatten(1), lambda z: z.swapaxes(-1, -2), lambda z: z.reshape(1, 5, 6),
    lambda z: torch.complex(z, z),
])
def test_other_orders_are_refused(order):
    A = SubsampledFourier(np.ones((3, 5), dtype=bool))
    with pytest.raises(ValueError, match=r"module Reordered must return shape \(15,\), got \("):
        TorchMap(Reordered(order), A, input="adjoint-image")(np.ones(15))


def test_a_layer_that_works_in_place_does_not_reach_the_operator():
    store = np.empty(4)

    class Lending(type(gaussian(1, 1, rng=0))):
        def _rmatvec(self, y):
            store[:] = y.ravel()
            return store                                  # its own array, not a copy

    A = Lending(np.eye(4), image_shape=(2, 2))
    TorchMap(torch.nn.Hardtanh(-0.5, 0.5, inplace=True), A, input="adjoint-image")(np.ones(4))
    np.testing.assert_array_equal(store, np.ones(4))


def test_tensors_that_require_a_gradient_are_told_what_to_do():
    A, layer = gaussian(3, 5, rng=0), torch.nn.Linear(3, 5)
    with pytest.raises(ValueError, match=r"output of <lambda> must be .* requires grad\. Use tensor\.detach"):
        as_map(lambda y: layer(torch.tensor(y, dtype=torch.float32)), A)
    with pytest.raises(ValueError, match=r"^y must be a numeric array: .* requires grad\. Use tensor"):
        as_map(np.ones((5, 3)), A)(torch.ones(3, requires_grad=True))
    psi = as_map(lambda y: layer(torch.tensor(y, dtype=torch.float32)).detach()[None], A)
    np.testing.assert_allclose(psi(np.ones(3)), as_map(layer, A)(np.ones(3)), atol=1e-6)


def test_an_operator_of_real_entries_stored_as_complex_is_explained():
    with pytest.raises(ValueError, match=r"A must be real for a ReLU network, .*is zero, so give A\.real"):
        from_torch(torch.nn.Sequential(torch.nn.Linear(3, 5)), np.ones((3, 5)) + 0j)
    with pytest.raises(ValueError, match=r"module Linear .* fails on .*is zero, so give A\.real$"):
        as_map(torch.nn.Linear(3, 5), np.ones((3, 5)) + 0j)


def test_a_module_that_takes_measurements_and_images_is_not_guessed():
    A = SubsampledFourier(np.ones((2, 3), dtype=bool))             # as many measurements as pixels
    x = np.arange(6) + 1j * np.arange(6)[::-1]
    last = Reordered(lambda z: z.movedim(1, -1))
    with pytest.raises(ValueError, match=r"for A of shape \(6, 6\) takes the measurements and the image .*"
                                         r"input='measurements'\) or 'adjoint-image'$"):
        as_map(last, A)
    psi = as_map(TorchMap(last, A, input="adjoint-image"), A)
    np.testing.assert_allclose(psi(A.matvec(x)), x, atol=1e-13)
    assert as_map(torch.nn.Linear(2, 2), np.eye(2)).input == "measurements"      # both inputs are the same
