import json
from dataclasses import replace

import numpy as np
import pytest

from kernelstab import data
from kernelstab.maps import load_network, shipped_networks
from kernelstab.maps.network_file import SHIPPED
from kernelstab.maps.training import RECIPES, Recipe, augmented, perceptron, unrolled

FOURIER = Recipe("tiny-fourier", 32, {"kind": "fourier2d", "mask": "standard", "size": 32},
                 unrolled(2, 3, inner=1), pool=24, per_epoch=16, batch=8, epochs=2)
GAUSSIAN = Recipe("tiny-gaussian", 32, {"kind": "gaussian", "m": 12, "N": 1024, "rng": 3,
                                        "image_shape": [32, 32]},
                  perceptron([12, 5, 1024]), pool=24, per_epoch=16, batch=8, dtype="float16", epochs=2)


@pytest.fixture
def training():
    pytest.importorskip("torch")
    from kernelstab.maps import training

    return training


def correlate(h, weight, bias):
    """Zero-padded correlation written from its definition, one product per filter entry."""
    out, _, k, _ = weight.shape
    half = k // 2
    wide = np.pad(h, ((0, 0), (half, half), (half, half)))
    result = np.zeros((out, *h.shape[1:])) + bias[:, None, None]
    for i in range(k):
        for j in range(k):
            part = wide[:, i:i + h.shape[1], j:j + h.shape[2]]
            result += np.einsum("oc,chw->ohw", weight[:, :, i, j], part)
    return result


def evaluate(layers, arrays, A, y):
    """Walk the exported layers in float64, independently of ReLUNetwork."""
    h, stack = None, []
    for k, layer in enumerate(layers):
        kind = layer["layer"]
        if kind == "adjoint":
            h = A.rmatvec(y).reshape(1, *A.image_shape)
        elif kind == "measurements":
            h = y
        elif kind == "conv":
            h = correlate(h, arrays[f"{k}.weight"].astype(float), arrays[f"{k}.bias"].astype(float))
        elif kind == "dense":
            h = arrays[f"{k}.weight"].astype(float) @ h.ravel() + arrays[f"{k}.bias"].astype(float)
        elif kind == "relu":
            h = np.maximum(h, 0)
        elif kind == "push":
            stack.append(h)
        elif kind == "add":
            h = h + stack.pop()
        elif kind == "data_consistency":
            h = h + A.rmatvec(y - A.matvec(h.ravel())).reshape(h.shape)
    return h.ravel()


@pytest.mark.parametrize("recipe", [FOURIER, GAUSSIAN], ids=["fourier", "gaussian"])
def test_exported_layers_are_the_torch_module(training, recipe, tmp_path):
    import torch

    run = training.train(recipe, epochs=1, seed=5, out=tmp_path, progress=False)
    network = load_network(run.weights)
    with np.load(run.weights, allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored.files}
    meta = json.loads(str(arrays["meta"]))
    image = data.slices(32, "test")[7]
    y = network.A.matvec(image.ravel())

    module = training.build_module(recipe)
    module.load_state_dict({f"steps.{key}": torch.tensor(value.astype(np.float32))
                            for key, value in arrays.items() if key != "meta"})
    with torch.no_grad():
        start = training.forward_function(recipe, "cpu")(torch.tensor(image[None], dtype=torch.float32))
        expected = module(start).numpy().ravel()

    assert expected.shape == (1024,)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(evaluate(meta["layers"], arrays, network.A, y), expected, atol=1e-5)
    np.testing.assert_allclose(network(y), expected, atol=1e-5)
    assert all(arrays[key].dtype == recipe.dtype for key in arrays if key != "meta")
    assert set(meta["psnr"]) == {"validation", "test", "colin27"}
    assert meta["seed"] == 5
    assert meta["curve"] == run.curve


def test_exported_psnr_is_that_of_the_loaded_network(training, tmp_path):
    run = training.train(FOURIER, epochs=1, out=tmp_path, progress=False)
    network = load_network(run.weights)
    scores = []
    for image in data.slices(32, "test"):
        error = network(network.A.matvec(image.ravel())) - image.ravel()
        scores.append(-10 * np.log10(np.mean(error**2)))
    assert run.psnr["test"] == pytest.approx(np.mean(scores), abs=1e-3)


def interrupted(training, monkeypatch, recipe, after, **options):
    """Start a run and press Ctrl-C once ``after`` epochs are saved."""
    saved, save = [], training._Run.save

    def stop(self, path):
        save(self, path)
        saved.append(path)
        if len(saved) == after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training._Run, "save", stop)
        with pytest.raises(KeyboardInterrupt):
            training.train(recipe, progress=False, **options)


def test_resumed_run_equals_the_uninterrupted_one(training, tmp_path, monkeypatch):
    whole = training.train(FOURIER, epochs=3, seed=1, out=tmp_path / "whole", progress=False)
    interrupted(training, monkeypatch, FOURIER, 1, epochs=3, seed=1, out=tmp_path / "parts")
    assert not (tmp_path / "parts" / "tiny-fourier.npz").exists()
    rest = training.train(FOURIER, epochs=3, seed=1, out=tmp_path / "parts", progress=False, resume=True)
    assert rest.curve == whole.curve
    assert rest.psnr == whole.psnr
    assert json.loads((tmp_path / "parts" / "tiny-fourier.curve.json").read_text()) == whole.curve
    with np.load(whole.weights) as a, np.load(rest.weights) as b:
        assert a.files == b.files
        for key in a.files:
            np.testing.assert_array_equal(a[key], b[key])


def test_seed_changes_the_run_and_leaves_the_global_generator_alone(training, tmp_path):
    import torch

    before = torch.random.get_rng_state()
    one = training.train(GAUSSIAN, epochs=1, seed=1, out=tmp_path, progress=False)
    two = training.train(GAUSSIAN, epochs=1, seed=2, out=tmp_path, progress=False)
    assert one.curve != two.curve
    assert torch.equal(before, torch.random.get_rng_state())


def test_loss_falls(training, tmp_path):
    run = training.train(replace(GAUSSIAN, rate=1e-2), epochs=8, out=tmp_path, progress=False)
    losses = [point["loss"] for point in run.curve]
    assert losses[-1] < 0.7 * losses[0]


def test_bad_input_is_named(training, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="name must be one of mri64-fourier, mri32-gaussian, got 'x'"):
        training.train("x", out=tmp_path)
    with pytest.raises(ValueError, match="epochs must be at least 1, got 0"):
        training.train(FOURIER, epochs=0, out=tmp_path)
    with pytest.raises(ValueError, match="resume needs a checkpoint"):
        training.train(FOURIER, out=tmp_path, resume=True)
    interrupted(training, monkeypatch, FOURIER, 1, epochs=2, out=tmp_path)
    checkpoint = "tiny-fourier.checkpoint.npz belongs to another run: "
    for changes, message in [({"seed": 9}, "seed is 0 there and 9 here"),
                             ({"epochs": 5}, "epochs is 2 there and 5 here"),
                             ({"name": replace(FOURIER, batch=4)}, "batch is 8 there and 4 here"),
                             ({"seed": 9, "epochs": 5},
                              "seed is 0 there and 9 here, epochs is 2 there and 5 here")]:
        options = {"name": FOURIER, "epochs": 2} | changes
        with pytest.raises(ValueError, match=f"{checkpoint}{message}$"):
            training.train(**options, out=tmp_path, progress=False, resume=True)
    np.savez(tmp_path / "tiny-fourier.checkpoint.npz", weight=np.ones(1))
    with pytest.raises(ValueError, match="is not a checkpoint: it does not say of which run"):
        training.train(FOURIER, epochs=2, out=tmp_path, progress=False, resume=True)
    (tmp_path / "tiny-fourier.checkpoint.npz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"tiny-fourier.checkpoint.npz is not a checkpoint"):
        training.train(FOURIER, epochs=2, out=tmp_path, progress=False, resume=True)


@pytest.mark.parametrize("device", ["no-such-device", "cuda:99", "meta", 3.5])
def test_a_device_that_cannot_be_used_is_named_before_anything_is_written(training, tmp_path, device):
    with pytest.raises(ValueError, match=f"^device must be one that torch can use here, .* got {device!r}: "):
        training.train(FOURIER, out=tmp_path / "new", device=device, progress=False)
    assert not (tmp_path / "new").exists()


def test_a_file_is_no_folder(training, tmp_path):
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ValueError, match=r"^out must be a folder, got '.*', a file or below one$"):
            training.train(FOURIER, out=out, progress=False)
    assert (tmp_path / "file").read_text() == "mine"


def test_augmented_images_are_seeded_and_graded():
    images = augmented(32, 12, np.random.default_rng(4))
    assert images.shape == (12, 32, 32)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    np.testing.assert_array_equal(images, augmented(32, 12, np.random.default_rng(4)))
    # brains, not black frames: the slices themselves have means between 0.08 and 0.35
    assert np.all(images.mean((1, 2)) > 0.03)


def test_shipped_networks_are_small_and_hold_what_they_say():
    assert shipped_networks() == sorted(RECIPES)
    for name, recipe in RECIPES.items():
        network = load_network(name)
        assert (SHIPPED / f"{name}.npz").stat().st_size < 1_000_000
        assert [layer["layer"] for layer in network.layers] == [layer["layer"] for layer in recipe.layers]
        assert network.meta["operator"] == recipe.operator
        for image in data.slices(recipe.size, "test")[::13]:
            y = network.A.matvec(image.ravel())
            score = -10 * np.log10(np.mean((network(y) - image.ravel()) ** 2))
            assert abs(score - network.meta["psnr"]["test"]) < 5     # single slices scatter about the mean


def test_fourier_network_explains_the_measurements_exactly():
    # the last layer replaces the sampled frequencies by the data
    network = load_network("mri64-fourier")
    y = network.A.matvec(data.colin()[3].ravel())
    np.testing.assert_allclose(network.A.matvec(network(y)), y, atol=1e-12)
