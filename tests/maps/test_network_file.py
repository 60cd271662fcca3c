import pickle

import numpy as np
import pytest

from kernelstab.maps import ReLUNetwork, load_network, operator_from_recipe, save_network, shipped_networks

RECIPE = {"kind": "gaussian", "m": 3, "N": 4, "rng": 1, "image_shape": [2, 2]}


def layers():
    rng = np.random.default_rng(0)
    return [{"layer": "measurements"},
            {"layer": "dense", "weight": rng.standard_normal((4, 3)).astype(np.float32),
             "bias": np.zeros(4, np.float32)},
            {"layer": "relu"}, {"layer": "scale", "factor": 0.5}]


def test_what_is_saved_is_what_is_loaded(tmp_path):
    path = tmp_path / "net.npz"
    save_network(path, layers(), RECIPE, name="small", seed=7)
    psi, y = load_network(path), np.array([1.0, -2.0, 3.0])
    expected = ReLUNetwork(operator_from_recipe(RECIPE), layers())
    assert psi(y).tobytes() == expected(y).tobytes()
    assert (psi.name, psi.meta["seed"]) == ("small", 7)
    assert psi.A.image_shape == (2, 2)
    assert psi.layers[1]["weight"].dtype == np.float32


def test_fields_that_only_describe_are_ignored(tmp_path):
    described = [layer | ({"in": 3, "out": 4} if layer["layer"] == "dense" else {}) for layer in layers()]
    save_network(tmp_path / "net.npz", described, RECIPE)
    assert load_network(tmp_path / "net.npz").name == "net"


def test_fourier_recipe_is_the_standard_problem():
    A = operator_from_recipe({"kind": "fourier2d", "mask": "standard", "size": 64})
    assert A.image_shape == (64, 64)
    assert A.is_real
    assert 0.25 <= A.shape[0] / A.shape[1] <= 0.33


@pytest.mark.parametrize("recipe", [
    {}, {"kind": "radon"}, {"kind": "fourier2d", "mask": "other", "size": 64}])
def test_unknown_recipe_is_named(recipe):
    with pytest.raises(ValueError, match="operator recipe must be a known one"):
        operator_from_recipe(recipe)


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a file ran code')",))


def spoil(kind, path):
    """Write a file that is wrong in one way."""
    if kind == "not a zip":
        path.write_bytes(b"junk")
    elif kind == "truncated":
        save_network(path, layers(), RECIPE)
        path.write_bytes(path.read_bytes()[:-200])
    elif kind == "one byte":
        save_network(path, layers(), RECIPE)
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 1
        path.write_bytes(content)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb()))
    elif kind == "pickle inside":
        np.savez(path, meta=np.array(Bomb(), dtype=object))
    elif kind == "no meta":
        np.savez(path, weight=np.ones(2))
    elif kind == "no json":
        np.savez(path, meta=np.array("{"))
    elif kind == "foreign array":
        save_network(path, layers()[:1] + layers()[2:], RECIPE)
        with np.load(path) as stored:
            np.savez(path, meta=stored["meta"], **{"1.weight": np.ones(2)})
    elif kind == "missing array":
        save_network(path, layers(), RECIPE)
        with np.load(path) as stored:
            kept = {key: stored[key] for key in stored.files if key != "1.bias"}
        np.savez(path, **kept)
    elif kind == "foreign operator":
        save_network(path, layers(), {"kind": "radon"})
    elif kind == "operator is a text":
        save_network(path, layers(), "gaussian")
    elif kind == "layer is a number":
        save_network(path, layers(), RECIPE)
        np.savez(path, meta=np.array('{"layers": [1], "operator": {}}'))


@pytest.mark.parametrize("kind", ["not a zip", "truncated", "one byte", "pickle", "pickle inside", "no meta",
                                  "no json", "foreign array", "missing array", "foreign operator",
                                  "operator is a text", "layer is a number"])
def test_spoilt_files_are_refused_by_name(tmp_path, kind):
    path = tmp_path / "net.npz"
    spoil(kind, path)
    with pytest.raises(ValueError, match=r"^not a network file: .*net\.npz: "):
        load_network(path)


def test_no_damaged_byte_gets_through(tmp_path):
    path, y = tmp_path / "net.npz", np.ones(3)
    save_network(path, layers(), RECIPE)
    content, expected = path.read_bytes(), load_network(path)(y)
    refused, loaded = 0, 0
    for position in range(0, len(content), 11):
        path.write_bytes(content[:position] + bytes([content[position] ^ 255]) + content[position + 1:])
        try:
            loaded += load_network(path)(y).tobytes() == expected.tobytes()     # time stamps do not matter
        except ValueError as error:
            refused += "not a network file" in str(error)
    assert refused > 30
    assert refused + loaded == len(range(0, len(content), 11))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"^no such file: .*none\.npz$"):
        load_network(tmp_path / "none.npz")
    with pytest.raises(ValueError, match=r"name_or_path must be a \.npz file or one of \["):
        load_network("none")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ValueError, match=r"name_or_path must be a \.npz file or one of \["):
        load_network(tmp_path / "folder.npz")


def test_files_of_another_kind_are_refused_in_plain_words(tmp_path):
    path = tmp_path / "net.npz"
    with path.open("wb") as stream:
        np.save(stream, np.ones(3))
    with pytest.raises(ValueError, match=r"net\.npz: its content is damaged or of another kind$"):
        load_network(path)
    np.savez(path, **{f"weights/{k}": np.ones(1) for k in range(6)})
    with pytest.raises(ValueError, match="so save_network did not write it; it "
                                         r"holds \['weights/0', 'weights/1', .*\]$"):
        load_network(path)
    spoil("missing array", path)
    with pytest.raises(ValueError, match=r"layers\[1\] \(dense\) must have the fields .* got \['weight'\]$"):
        load_network(path)
    for kind in ("no json", "pickle inside", "one byte"):
        spoil(kind, path)
        with pytest.raises(ValueError, match=r"net\.npz: its content is damaged or of another kind$"):
            load_network(path)


@pytest.mark.parametrize("recipe", [
    {"kind": "gaussian", "m": 10**9, "N": 10**9, "rng": 0},
    {"kind": "fourier2d", "mask": "standard", "size": 10**6},
])
def test_a_recipe_of_a_huge_operator_is_refused(recipe):
    with pytest.raises(ValueError, match="at most 67108864 entries"):
        operator_from_recipe(recipe)


def test_saving_needs_the_suffix(tmp_path):
    with pytest.raises(ValueError, match=r"path must end in \.npz"):
        save_network(tmp_path / "net.pt", layers(), RECIPE)


@pytest.mark.parametrize("name", shipped_networks())
def test_shipped_networks_load_and_run(name):
    psi = load_network(name)
    assert psi(np.zeros(psi.A.shape[0])).shape == (psi.A.shape[1],)
