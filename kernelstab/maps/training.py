"""Train the networks that ship with the package: recipes, augmented slices, a seeded and resumable run."""

import json
import sys
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np

from kernelstab import data
from kernelstab._checks import as_count
from kernelstab._errors import require
from kernelstab._files import require_writable, write_atomic
from kernelstab.maps.network_file import operator_from_recipe, read_arrays, save_network, write_arrays


@dataclass(frozen=True)
class Recipe:
    """What a training run depends on besides its seed.

    Attributes
    ----------
    name, size : str, int
        Stem of the weights file; side of the images, 32 or 64.
    operator : dict
        As :func:`~kernelstab.maps.operator_from_recipe` reads it.
    layers : tuple of dict
        The network; layers with weights also carry ``in``, ``out`` and ``kernel``.
    pool, per_epoch, batch : int
        Augmented images drawn once; images seen per epoch; images per step.
    rate : float
        Largest step size of Adam, warmed up over the first twentieth and then lowered by a cosine.
    dtype, epochs : str, int
        Precision of the exported weights; default length of a run.
    """

    name: str
    size: int
    operator: dict
    layers: tuple
    pool: int = 6000
    per_epoch: int = 1536
    batch: int = 16
    rate: float = 2e-3
    dtype: str = "float32"
    epochs: int = 40


def unrolled(cascades: int, channels: int, inner: int = 2) -> tuple:
    """Return the layers of an unrolled network: residual blocks, each followed by the data.

    The last one, ``data_consistency``, makes the output explain the measurements exactly.

    >>> [layer["layer"] for layer in unrolled(1, 4, inner=1)]
    ['adjoint', 'push', 'conv', 'relu', 'conv', 'relu', 'conv', 'add', 'data_consistency']
    """
    layers: list[dict] = [{"layer": "adjoint"}]
    for _ in range(cascades):
        layers.append({"layer": "push"})
        widths = [1] + [channels] * (inner + 1)
        for before, after in pairwise(widths):
            layers += [{"layer": "conv", "in": before, "out": after, "kernel": 3}, {"layer": "relu"}]
        layers += [{"layer": "conv", "in": channels, "out": 1, "kernel": 3},
                   {"layer": "add"}, {"layer": "data_consistency"}]
    return tuple(layers)


def perceptron(widths) -> tuple:
    """Return the layers of a dense ReLU network on the measurements."""
    layers: list[dict] = [{"layer": "measurements"}]
    for before, after in pairwise(widths):
        layers += [{"layer": "dense", "in": before, "out": after}, {"layer": "relu"}]
    return tuple(layers[:-1])


RECIPES = {
    "mri64-fourier": Recipe(
        "mri64-fourier", 64, {"kind": "fourier2d", "mask": "standard", "size": 64}, unrolled(4, 16)),
    "mri32-gaussian": Recipe(
        "mri32-gaussian", 32, {"kind": "gaussian", "m": 256, "N": 1024, "rng": 0, "image_shape": [32, 32]},
        perceptron([256, 256, 256, 1024]), pool=24000, per_epoch=24000, batch=64, rate=1e-3,
        dtype="float16"),
}


@dataclass(frozen=True, repr=False)
class TrainingRun:
    """What a call of :func:`train` left behind.

    Attributes
    ----------
    weights, checkpoint : Path
        The exported ``.npz``, and the state after the last epoch.
    curve : list of dict
        Per epoch: ``loss`` (training mean square error) and ``validation`` (PSNR, dB).
    psnr : dict
        Of the exported weights on the ``validation`` and ``test`` slabs and on ``colin27``.
    """

    weights: Path
    checkpoint: Path
    curve: list
    psnr: dict

    def __repr__(self):
        return (f"<TrainingRun finished after {len(self.curve)} epochs, "
                f"validation {self.curve[-1]['validation']:.2f} dB>")


def train(name, *, epochs: int | None = None, seed: int = 0, out=".", resume: bool = False,
          progress: bool = True, device: str = "cpu") -> TrainingRun:
    """Train one of the shipped networks on the MR training slabs.

    The loss is the mean square error, the method Adam with a warm-up and a cosine; the weights
    exported are those of the epoch with the best PSNR on the validation slab. The same seed,
    machine and number of threads give the same weights, interrupted or not.

    Parameters
    ----------
    name : str or Recipe
        ``"mri64-fourier"``, ``"mri32-gaussian"``, or a recipe of your own.
    epochs : int, optional
        Length of the whole run; the step size depends on it. Default that of the recipe.
    seed : int
        Seed of the initial weights, the augmentation and the order of the images.
    out : path
        Folder for ``NAME.npz``, ``NAME.checkpoint.npz`` and ``NAME.curve.json``.
    resume : bool
        Go on from the checkpoint in ``out``, exactly where it stopped.
    progress : bool
        Show a progress bar.
    device : str
        A torch device.

    Raises
    ------
    ValueError
        If the name is unknown, torch cannot compute on the device, ``out`` is a file, there is
        nothing to resume, or the checkpoint belongs to another recipe, seed or number of epochs;
        the message says which and gives both values.
    ImportError
        If torch is not installed.

    Cost: about 23 (Fourier) and 4 (Gaussian) minutes of processor time.
    """
    require("torch", extra="learn")
    _require_device(device)
    if not isinstance(name, Recipe) and name not in RECIPES:
        raise ValueError(f"name must be one of {', '.join(RECIPES)}, got {name!r}")
    recipe = name if isinstance(name, Recipe) else RECIPES[name]
    epochs = as_count(recipe.epochs if epochs is None else epochs, "epochs", low=1)
    seed, out = as_count(seed, "seed"), Path(out)
    checkpoint, weights = out / f"{recipe.name}.checkpoint.npz", out / f"{recipe.name}.npz"
    if resume and not checkpoint.exists():
        raise ValueError(f"resume needs a checkpoint, and {checkpoint} does not exist")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ValueError(f"out must be a folder, got {str(out)!r}, a file or below one") from None
    require_writable(weights, "out")
    run = _Run(recipe, epochs, seed, device)
    if resume:
        run.restore(checkpoint)
    run.loop(checkpoint, progress)
    psnr = run.export(weights)
    write_atomic(out / f"{recipe.name}.curve.json", json.dumps(run.curve, indent=1))
    return TrainingRun(weights, checkpoint, run.curve, psnr)


class _Run:
    """The moving parts of one run: module, optimiser, curve, best weights so far."""

    def __init__(self, recipe, epochs, seed, device):
        self.torch = torch = require("torch", extra="learn")
        self.recipe, self.epochs, self.seed, self.device = recipe, epochs, seed, device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.module = build_module(recipe).to(device)
        self.measure = forward_function(recipe, device)
        self.optimiser = torch.optim.Adam(self.module.parameters(), lr=recipe.rate)
        self.curve, self.best = [], self.weights()
        pool_rng = np.random.default_rng(np.random.SeedSequence([seed, 0]))
        self.pool = torch.tensor(augmented(recipe.size, recipe.pool, pool_rng), device=device)

    def weights(self) -> dict:
        """Return the weights as arrays named ``"<layer index>.weight"`` and ``".bias"``."""
        return {key.removeprefix("steps."): value.cpu().numpy().copy()
                for key, value in self.module.state_dict().items()}

    def load(self, weights: dict) -> None:
        tensors = {f"steps.{key}": self.torch.tensor(value) for key, value in weights.items()}
        self.module.load_state_dict(tensors)

    def identity(self) -> dict:
        """Return all that decides the run, in the form that JSON gives back."""
        facts = {"recipe": asdict(replace(self.recipe, epochs=self.epochs)), "seed": self.seed}
        return json.loads(json.dumps(facts))

    def rate(self, fraction: float) -> float:
        """Return the step size at a fraction of the whole run."""
        if fraction < 0.05:
            return self.recipe.rate * (0.05 + 0.95 * fraction / 0.05)
        return self.recipe.rate * (1e-3 + 0.999 * (1 + np.cos(np.pi * (fraction - 0.05) / 0.95)) / 2)

    def loop(self, checkpoint: Path, progress: bool) -> None:
        """Run the epochs that are left, saving the state after each."""
        from tqdm.auto import tqdm

        steps = self.recipe.per_epoch // self.recipe.batch
        with tqdm(total=(self.epochs - len(self.curve)) * steps, disable=not progress,
                  desc=self.recipe.name, unit="step") as bar:
            while len(self.curve) < self.epochs:
                loss = self.epoch(bar)
                score = self.psnr(data.slices(self.recipe.size, "validation"))
                if not self.curve or score > max(point["validation"] for point in self.curve):
                    self.best = self.weights()
                self.curve.append({"loss": loss, "validation": score})
                self.save(checkpoint)
                bar.set_postfix(epoch=len(self.curve), validation=f"{score:.2f} dB")

    def epoch(self, bar) -> float:
        """Run one epoch; return its mean loss."""
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, 1, len(self.curve)]))
        order = rng.permutation(self.recipe.pool)[:self.recipe.per_epoch]
        steps, total = len(order) // self.recipe.batch, 0.0
        self.module.train()
        for step, chosen in enumerate(np.array_split(order, steps)):
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate((len(self.curve) + step / steps) / self.epochs)
            truth = self.pool[self.torch.tensor(chosen, device=self.device)]
            loss = self.torch.mean((self.module(self.measure(truth)) - truth) ** 2)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            total += float(loss.detach()) / steps
            bar.update()
        return total

    def psnr(self, images: np.ndarray) -> float:
        """Return the mean PSNR (peak 1, dB) over images, from noiseless measurements."""
        self.module.eval()
        with self.torch.no_grad():
            truth = self.torch.tensor(images, dtype=self.torch.float32, device=self.device)
            error = self.torch.mean((self.module(self.measure(truth)) - truth) ** 2, dim=(1, 2))
            return float(self.torch.mean(-10 * self.torch.log10(error)))

    def save(self, path: Path) -> None:
        """Write the whole state as plain arrays (no pickle)."""
        arrays = {f"weights/{key}": value for key, value in self.weights().items()}
        arrays |= {f"best/{key}": value for key, value in self.best.items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            for key, value in state.items():
                arrays[f"adam/{index}/{key}"] = value.cpu().numpy()
        arrays["curve"] = np.array(json.dumps(self.curve))
        arrays["identity"] = np.array(json.dumps(self.identity()))
        write_arrays(path, arrays)

    def restore(self, path: Path) -> None:
        """Take up the state that :meth:`save` wrote."""
        try:
            arrays = read_arrays(path)
        except ValueError as error:
            raise ValueError(f"{path} is not a checkpoint: {error}") from None
        if "identity" not in arrays:
            raise ValueError(f"{path} is not a checkpoint: it does not say of which run")
        stored = json.loads(str(arrays["identity"]))
        if stored != self.identity():
            raise ValueError(f"the checkpoint {path} belongs to another run: "
                             f"{_differences(stored, self.identity())}")
        parts: dict = {"weights": {}, "best": {}, "adam": {}}
        for key, value in arrays.items():
            kind, _, field = key.partition("/")
            parts.get(kind, {})[field] = value
        self.load(parts["weights"])
        self.best, self.curve = parts["best"], json.loads(str(arrays["curve"]))
        state: dict = {}
        for key, value in parts["adam"].items():
            index, field = key.split("/")
            state.setdefault(int(index), {})[field] = self.torch.tensor(value)
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})

    def export(self, path: Path) -> dict:
        """Write the best weights in their final precision; return their PSNRs."""
        weights = {key: value.astype(self.recipe.dtype) for key, value in self.best.items()}
        self.load({key: value.astype(np.float32) for key, value in weights.items()})
        size = self.recipe.size
        psnr = {part: self.psnr(data.slices(size, part)) for part in ("validation", "test")}
        psnr["colin27"] = self.psnr(data.colin(size))
        meta = {
            "name": self.recipe.name, "seed": self.seed, "epochs": self.epochs,
            "psnr": psnr, "curve": self.curve,
            "versions": {"python": sys.version.split()[0]} | {k: version(k) for k in ("numpy", "torch")},
            "command": f"kernelstab train {self.recipe.name} --epochs {self.epochs} --seed {self.seed}",
        }
        layers = [{"layer": layer["layer"]} for layer in self.recipe.layers]
        for key, value in weights.items():
            position, field = key.split(".")
            layers[int(position)][field] = value
        save_network(path, layers, self.recipe.operator, **meta)
        return psnr


def augmented(size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw ``count`` training images: turned, shifted, zoomed, mirrored, re-graded slices.

    Cubic interpolation at twice the size, averaged down, keeps them sharp. One in four keeps its geometry.
    """
    from scipy import ndimage

    fine, exact = data.slices(2 * size, "train"), data.slices(size, "train")
    splines = [ndimage.spline_filter(image, order=3, mode="constant") for image in fine]
    images = np.empty((count, size, size), np.float32)
    centre = (2 * size - 1) / 2
    for k in range(count):
        if rng.random() < 0.25:
            image = exact[rng.integers(len(exact))]
        else:
            angle, zoom = np.deg2rad(rng.uniform(-25, 25)), rng.uniform(0.85, 1.15)
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / zoom
            shift = rng.uniform(-size / 8, size / 8, 2)
            image = ndimage.affine_transform(
                splines[rng.integers(len(splines))], turn, centre - turn @ (centre + shift),
                order=3, prefilter=False)
            image = image.reshape(size, 2, size, 2).mean((1, 3))
        if rng.random() < 0.5:
            image = image[:, ::-1]
        image = np.clip(image, 0, 1) ** rng.uniform(0.7, 1.4) * rng.uniform(0.75, 1.1)
        images[k] = np.clip(image, 0, 1)
    return images


def forward_function(recipe: Recipe, device: str):
    r"""Return a torch function from images ``(b, n, n)`` to what the first layer receives.

    That is :math:`A^*Ax` as an image for Fourier data, and the measurements for a matrix.
    """
    torch = require("torch", extra="learn")
    operator = operator_from_recipe(recipe.operator)
    if recipe.operator["kind"] == "fourier2d":
        mask = torch.tensor(operator.mask, device=device)
        return lambda x: torch.fft.ifft2(mask * torch.fft.fft2(x)).real[:, None]
    matrix = torch.tensor(operator.to_dense(), dtype=torch.float32, device=device)
    return lambda x: x.flatten(1) @ matrix.T


def build_module(recipe: Recipe):
    """Return the float32 module of the recipe, from what :func:`forward_function` gives to ``(b, n, n)``."""
    torch = require("torch", extra="learn")
    mask = getattr(operator_from_recipe(recipe.operator), "mask", None)

    class Network(torch.nn.Module):  # type: ignore[name-defined]
        def __init__(self):
            super().__init__()
            self.steps = torch.nn.ModuleDict()
            for k, layer in enumerate(recipe.layers):
                if layer["layer"] == "conv":
                    self.steps[str(k)] = torch.nn.Conv2d(
                        layer["in"], layer["out"], layer["kernel"], padding=layer["kernel"] // 2)
                elif layer["layer"] == "dense":
                    self.steps[str(k)] = torch.nn.Linear(layer["in"], layer["out"])
            if mask is not None:
                self.register_buffer("mask", torch.tensor(mask), persistent=False)

        def forward(self, start):
            h, stack = start, []
            for k, layer in enumerate(recipe.layers):
                kind = layer["layer"]
                if kind in ("conv", "dense"):
                    h = self.steps[str(k)](h)
                elif kind == "relu":
                    h = torch.relu(h)
                elif kind == "push":
                    stack.append(h)
                elif kind == "add":
                    h = h + stack.pop()
                elif kind == "data_consistency":
                    h = h + start - torch.fft.ifft2(self.mask * torch.fft.fft2(h)).real
            return h.reshape(-1, recipe.size, recipe.size)

    return Network()


def _require_device(device) -> None:
    """Refuse a device on which torch cannot hold a number."""
    torch = require("torch", extra="learn")
    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"device must be one that torch can use here, such as cpu, got {device!r}: "
                         f"{reason}") from error


def _differences(stored: dict, asked: dict) -> str:
    """Say in which entries two runs differ, with both values."""
    there, here = ({"seed": run["seed"]} | run["recipe"] for run in (stored, asked))
    return ", ".join(f"{name} is {there.get(name)!r:.60} there and {here.get(name)!r:.60} here"
                     for name in there | here if there.get(name) != here.get(name))
