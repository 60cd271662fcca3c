import pickle
import subprocess
import sys

import numpy as np
import pytest

from kernelstab.maps import (
    AdjointMap,
    CallableMap,
    ReconstructionMap,
    as_map,
    check_function,
    has_gradient,
    save_network,
)
from kernelstab.maps.base import Map
from kernelstab.operators import SubsampledFourier, gaussian

A = gaussian(3, 4, image_shape=(2, 2), rng=0)


class Affine:
    """A user's own map with a gradient."""

    name = "affine"

    def __call__(self, y):
        return A.matrix.T @ y + 1.0

    def vjp(self, y, u):
        return A.matrix @ u


def test_maps_of_the_package_pass():
    psi = AdjointMap(A)
    adapted = as_map(psi, A, name="mine")
    assert isinstance(adapted, AdjointMap)
    assert (adapted.name, psi.name) == ("mine", "adjoint")


def test_callables_are_wrapped():
    psi = as_map(lambda y: A.matrix.T @ y, A)
    assert isinstance(psi, ReconstructionMap)
    assert psi.name == "<lambda>"
    assert not has_gradient(psi)
    assert psi.spec() is None
    np.testing.assert_array_equal(psi(np.ones(3)), A.matrix.T @ np.ones(3))


def test_a_users_gradient_is_kept():
    psi = as_map(Affine(), A)
    assert psi.name == "affine"
    assert has_gradient(psi)
    np.testing.assert_array_equal(psi.vjp(np.ones(3), np.ones(4)), A.matrix @ np.ones(4))


def test_image_output_is_flattened_and_widened():
    psi = as_map(lambda y: np.full((2, 2), y[0], dtype=np.float32), A)
    output = psi(np.array([2.0, 0.0, 0.0]))
    assert output.dtype == np.float64
    np.testing.assert_array_equal(output, [2.0, 2.0, 2.0, 2.0])


@pytest.mark.parametrize("base", [object, Map])
def test_a_map_that_reuses_its_output_and_gradient_is_copied(base):
    class Reusing(base):
        name, out, back = "reusing", np.empty(4), np.empty(3)

        def __call__(self, y):
            return np.matmul(A.matrix.T, y, out=self.out)

        def vjp(self, y, u):
            return np.matmul(A.matrix, u, out=self.back)

    psi = as_map(Reusing(), A)
    one, two, up = np.eye(3)[0], np.eye(3)[1], np.eye(4)[0]
    outputs, gradients = [psi(one), psi(two)], [psi.vjp(one, up), psi.vjp(one, 2 * up)]
    np.testing.assert_array_equal(outputs, A.matrix[:2])
    np.testing.assert_array_equal(gradients, [A.matrix[:, 0], 2 * A.matrix[:, 0]])


def test_one_buffer_does_not_hide_that_two_calls_differ():
    out = np.zeros(4)

    def counting(y):
        out[0] += 1.0
        return out

    with pytest.raises(ValueError, match="map is not a function: two calls with .* differ by 1"):
        as_map(counting, A)


@pytest.mark.parametrize("shape", [(1, 4), (1, 1, 4), (1, 2, 2), (1, 1, 2, 2), (1, 2, 2, 1), (2, 2, 1)])
def test_a_batch_of_one_and_one_channel_are_dropped(shape):
    psi = as_map(lambda y: (A.matrix.T @ y).reshape(shape), A)
    np.testing.assert_array_equal(psi(np.ones(3)), A.matrix.T @ np.ones(3))


COMPLEX = SubsampledFourier(np.ones((2, 3), dtype=bool))
SIGNAL = np.arange(6) + 1j * np.arange(6)[::-1]


@pytest.mark.parametrize("parts", [
    lambda x: np.stack([x.real, x.imag]), lambda x: np.stack([x.real, x.imag], axis=-1),
    lambda x: np.stack([x.real, x.imag]).reshape(1, 2, 2, 3),
    lambda x: np.stack([x.real, x.imag], axis=-1).reshape(1, 2, 3, 2),
])
def test_real_and_imaginary_part_in_front_or_behind_are_told_apart(parts):
    psi = as_map(lambda y: parts(COMPLEX.rmatvec(y)), COMPLEX)
    np.testing.assert_allclose(psi(COMPLEX.matvec(SIGNAL)), SIGNAL, atol=1e-13)


@pytest.mark.parametrize("shape", [(12,), (1, 12), (3, 4), (3, 2, 2), (2, 3, 2, 1, 1), (4, 3)])
def test_two_real_numbers_per_complex_one_in_any_other_order_are_refused(shape):
    with pytest.raises(ValueError, match=r"must return shape \(6,\), got .* return complex numbers: real"):
        as_map(lambda y: np.ones(shape), COMPLEX)


def test_two_readings_of_real_and_imaginary_part_are_refused():
    square = SubsampledFourier(np.ones((2, 2), dtype=bool))
    with pytest.raises(ValueError, match="where both fit or none does, return complex numbers"):
        as_map(lambda y: np.ones((1, 2, 2, 2)), square)


def test_a_turned_image_is_not_reshaped():
    wide = gaussian(3, 6, image_shape=(2, 3), rng=0)
    with pytest.raises(ValueError, match=r"must return shape \(6,\), got \(3, 2\); if its order is right"):
        as_map(lambda y: np.ones((3, 2)), wide)


class Estimator:
    """What fitted estimators offer: rows in, rows out, and no call."""

    def __init__(self, weight=A.matrix.T):
        self.weight = weight

    def predict(self, rows):
        if self.weight is None:
            raise ValueError("This Estimator instance is not fitted yet.")
        return rows @ self.weight.T


def test_an_estimator_is_adapted():
    psi = as_map(Estimator(), A)
    assert psi.name == "Estimator"
    np.testing.assert_array_equal(psi(np.ones(3)), A.matrix.T @ np.ones(3))
    with pytest.raises(ValueError, match=r"not fitted yet\.; fit the estimator on measurements \(n, m\)"):
        as_map(Estimator(None), A)
    with pytest.raises(ValueError, match="map 'Estimator' is a class; give an instance"):
        as_map(Estimator, A)


def test_a_transposed_matrix_is_asked_about():
    for thing in (A.matrix, AdjointMap(A.matrix.T)):
        with pytest.raises(ValueError, match=r"for A of shape \(3, 4\): .*; is the matrix transposed\?"):
            as_map(thing, A)


@pytest.mark.parametrize(("error", "way"), [
    (AssertionError("Torch not compiled with CUDA enabled"), "leave the network on the processor"),
    (RuntimeError("Attempting to deserialize object on a CUDA device but"), "map_location='cpu'"),
    (RuntimeError("mat1 and mat2 must have the same dtype, but got"), "give the torch module itself"),
    (TypeError("argument 'input' must be Tensor, not numpy.ndarray"), "give the torch module itself"),
    (RuntimeError("Can't call numpy() on Tensor that requires grad."), r"torch\.no_grad\(\)"),
])
def test_frequent_errors_name_the_way_on(error, way):
    def broken(y):
        raise error

    with pytest.raises(ValueError, match=f"^map 'broken' raised {type(error).__name__}: .*; .*{way}"):
        as_map(broken, A)


def test_two_lines_are_shown_for_a_file_of_torch():
    with pytest.raises(ValueError, match=r"`net = Network\(\)` .*`net\.load_state_dict\(torch\.load\("
                                         r"'a\.pt', map_location='cpu', weights_only=True\)\)`, and give"):
        as_map("a.pt", A)
    with pytest.raises(ValueError, match="put its weights into the module that they belong to"):
        as_map({"weight": np.eye(3)}, A)


def test_a_map_cannot_change_the_callers_measurement():
    def spoiler(y):
        y[:] = 0.0
        return np.zeros(4)

    y = np.ones(3)
    as_map(spoiler, A)(y)
    np.testing.assert_array_equal(y, np.ones(3))


def test_matrices_are_linear_maps():
    np.testing.assert_array_equal(as_map(np.eye(4, 3), A)(np.array([1.0, 2.0, 3.0])), [1.0, 2.0, 3.0, 0.0])


GENERATOR = np.random.default_rng(0)


def random_output(y):
    return GENERATOR.standard_normal(4)


def one_bit(y, calls=[0.0]):                        # noqa: B006 - a map with memory is the point
    calls[0] += np.spacing(1.0)
    return np.full(4, 1.0 + calls[0])


@pytest.mark.parametrize(("thing", "message"), [
    (lambda y: np.full(4, np.nan), "output of <lambda> must be finite, got nan"),
    (lambda y: np.full(4, np.inf), "output of <lambda> must be finite, got inf"),
    (lambda y: np.ones(3), r"<lambda>> for A of shape \(3, 4\): map must return shape \(4,\), got \(3,\)"),
    (lambda y: np.ones((4, 1)), r"map must return shape \(4,\), got \(4, 1\)"),
    (lambda y: None, "output of <lambda> must be a numeric array"),
    (lambda y: "image", "output of <lambda> must be a numeric array"),
    (random_output, "map is not a function: two calls with the same measurement differ by"),
    (one_bit, "map is not a function"),
    (7, "map must be callable, got 7"),
    (np.eye(5, 3), r"<LinearMap linear> for A of shape \(3, 4\): map must return shape \(4,\), got \(5,\)"),
    (np.eye(4, 5), r"<LinearMap linear> for A of shape \(3, 4\): y must have shape \(5,\)"),
    (AdjointMap(np.eye(2)), r"<AdjointMap adjoint> for A of shape \(3, 4\): y must have shape \(2,\)"),
])
def test_what_is_not_a_map_is_refused(thing, message):
    with pytest.raises(ValueError, match=message):
        as_map(thing, A)


def test_outputs_are_checked_at_every_call():
    psi = as_map(lambda y: np.full(4, np.nan if y[0] > 100 else 0.0), A)
    with pytest.raises(ValueError, match="must be finite"):
        psi(np.array([101.0, 0.0, 0.0]))


def test_gradients_are_checked_too():
    broken = Affine()
    broken.vjp = lambda y, u: np.ones(4)
    with pytest.raises(ValueError, match=r"map must give a vjp of shape \(3,\), got \(4,\)"):
        as_map(broken, A).vjp(np.ones(3), np.ones(4))


def test_check_function_returns_the_output():
    psi = CallableMap(lambda y: np.append(y, 0.0), A)
    np.testing.assert_array_equal(check_function(psi, np.ones(3)), [1.0, 1.0, 1.0, 0.0])


def test_names_are_imported(tmp_path, monkeypatch):
    (tmp_path / "users_module.py").write_text(
        "import numpy as np\n"
        "def pad(y):\n    return np.append(y, 0.0)\n"
        "class Box:\n    inner = staticmethod(pad)\n")
    (tmp_path / "needs_more.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert as_map("users_module:pad", A).name == "pad"
    np.testing.assert_array_equal(as_map("users_module:Box.inner", A)(np.ones(3)), [1.0, 1.0, 1.0, 0.0])
    with pytest.raises(ValueError, match=r"'users_module:absent'.*has no attribute 'absent'"):
        as_map("users_module:absent", A)
    for module, missing in (("absent_module", "absent_module"), ("needs_more", "no_such_dependency")):
        with pytest.raises(ValueError, match=f"importing map '{module}:f' raised ModuleNotFoundError: No "
                                             f"module named '{missing}'"):
            as_map(f"{module}:f", A)


@pytest.mark.parametrize(("body", "message"), [
    ("raise RuntimeError('my bug\\nmore')", "RuntimeError: my bug"),
    ("raise TypeError", "TypeError"),
    ("1 / 0", "ZeroDivisionError: division by zero"),
    ("raise SystemExit(3)", "SystemExit: 3"),
    ("raise ValueError('no')", "ValueError: no"),
])
def test_what_users_code_raises_is_one_line_about_the_map(tmp_path, monkeypatch, body, message):
    module = f"raising_{abs(hash(body))}"
    (tmp_path / f"{module}.py").write_text(f"def f(y):\n    {body}\n")
    (tmp_path / f"{module}_import.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=f"^map '{module}:f' raised {message}$") as caught:
        as_map(f"{module}:f", A)
    assert type(caught.value.__cause__).__name__ == message.partition(":")[0]
    with pytest.raises(ValueError, match=f"^importing map '{module}_import:f' raised {message}$"):
        as_map(f"{module}_import:f", A)


def test_errors_at_later_calls_and_of_other_methods_are_named_too():
    class Fragile(Affine):
        def __call__(self, y):
            return Affine.__call__(self, y) if abs(y[0]) < 100 else [][1]

        def vjp(self, y, u):
            raise KeyError("gone")

        def spec(self):
            raise OSError("disk")

    psi = as_map(Fragile(), A)
    with pytest.raises(ValueError, match="^map 'affine' raised IndexError: list index out of range$"):
        psi(np.full(3, 101.0))
    with pytest.raises(ValueError, match="^the vjp of map 'affine' raised KeyError: 'gone'$"):
        psi.vjp(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="^the spec of map 'affine' raised OSError: disk$"):
        psi.spec()


def test_a_users_subclass_that_raises_is_named():
    class Mine(Map):
        name = "mine"

        def __call__(self, y):
            raise RuntimeError("my bug")

    with pytest.raises(ValueError, match="^map 'mine' raised RuntimeError: my bug$"):
        as_map(Mine(), A)


def test_an_interrupt_passes():
    def stopped(y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        as_map(stopped, A)


def test_classes_and_factories_are_explained():
    with pytest.raises(ValueError, match="^map 'Affine' is a class; give an instance, e.g. affine = Affine"):
        as_map(Affine, A)
    with pytest.raises(ValueError, match=r"^map '<lambda>' raised TypeError: .* takes 0 positional"):
        as_map(lambda: Affine(), A)
    with pytest.raises(ValueError, match="got a Affine: 'made' seems to make maps; give the map"):
        as_map(made, A)


def made(y=None):
    return Affine()


def test_weights_files_are_loaded(tmp_path):
    layers = [{"layer": "measurements"}, {"layer": "dense", "weight": np.eye(4, 3), "bias": np.zeros(4)}]
    save_network(tmp_path / "net.npz", layers, {"kind": "gaussian", "m": 3, "N": 4, "rng": 0})
    for path in (tmp_path / "net.npz", str(tmp_path / "net.npz")):
        np.testing.assert_array_equal(as_map(path, A)(np.ones(3)), [1.0, 1.0, 1.0, 0.0])


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a file ran code')",))


@pytest.mark.parametrize("name", ["model.pt", "model.pkl", "./model.pt", "model", "C:\\model.pt", "a:b:c",
                                  "module:"])
def test_other_files_are_never_opened(tmp_path, monkeypatch, name):
    (tmp_path / "model.pt").write_bytes(pickle.dumps(Bomb()))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"map must be module:name, a \.npz file or one of .*never opened"):
        as_map(name, A)


def test_torch_is_not_imported_for_others():
    code = ("import sys, numpy as np; from kernelstab.maps import as_map; as_map(lambda y: y, np.eye(2)); "
            "print([name for name in ('torch', 'numba', 'cvxpy', 'matplotlib') if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_torch_modules_get_what_they_take():
    torch = pytest.importorskip("torch")
    dense = as_map(torch.nn.Linear(3, 4), A)
    image = as_map(torch.nn.Conv2d(1, 1, 3, padding=1), A)
    assert (dense.input, image.input) == ("measurements", "adjoint-image")
    assert has_gradient(image)
    with pytest.raises(ValueError, match=r"module Linear .* fails on measurements: .*; adjoint-image: "):
        as_map(torch.nn.Linear(7, 4), A)


def test_a_random_torch_module_is_refused():
    torch = pytest.importorskip("torch")

    class Noisy(torch.nn.Module):
        def forward(self, y):
            return torch.randn(4)

    with pytest.raises(ValueError, match="map is not a function"):
        as_map(Noisy(), A)


def test_a_torch_class_and_a_module_that_raises(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    (tmp_path / "users_torch.py").write_text(
        "import torch\n"
        "class Mine(torch.nn.Module):\n    def forward(self, y):\n        raise TypeError('my bug')\n"
        "mine = Mine()\n"
        "def make(depth=2):\n    return mine\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=r"^map 'users_torch:Mine' is a class; give an instance, "
                                         r"e\.g\. mine = Mine\(\)$"):
        as_map("users_torch:Mine", A)
    with pytest.raises(ValueError, match="^map 'users_torch:mine': module Mine .* raised TypeError: my") as e:
        as_map("users_torch:mine", A)
    assert isinstance(e.value.__cause__, TypeError)
    with pytest.raises(ValueError, match="got a Mine: 'users_torch:make' seems to make maps"):
        as_map("users_torch:make", A)
