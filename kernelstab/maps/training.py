"""Train the networks that ship with the package: seeded, resumable, with a learning curve."""

import json
import sys
import zipfile
import zlib
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from kernelstab import data
from kernelstab._checks import as_count
from kernelstab._errors import require
from kernelstab._files import write_atomic
from kernelstab.maps.network_file import save_network, write_arrays
from kernelstab.maps.training_problem import RECIPES, Recipe, augmented, build_module, forward_function


@dataclass(frozen=True, repr=False)
class TrainingRun:
    """What a call of :func:`train` left behind.

    Attributes
    ----------
    weights : Path or None
        The exported ``.npz``; None if the run stopped before its last epoch.
    checkpoint : Path
        State after the last finished epoch.
    curve : list of dict
        Per epoch: ``loss`` (training mean square error) and ``validation`` (PSNR, dB).
    psnr : dict
        Of the exported weights on the ``validation`` and ``test`` slabs and on ``colin27``;
        empty if the run stopped early.
    """

    weights: Path | None
    checkpoint: Path
    curve: list
    psnr: dict

    def __repr__(self):
        state = "finished" if self.weights else "stopped"
        last = f", validation {self.curve[-1]['validation']:.2f} dB" if self.curve else ""
        return f"<TrainingRun {state} after {len(self.curve)} epochs{last}>"


def train(name, *, epochs: int | None = None, seed: int = 0, out=".", resume: bool = False,
          progress: bool = True, device: str = "cpu", stop_after: int | None = None) -> TrainingRun:
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
    stop_after : int, optional
        Leave after this many epochs of this call, for jobs with a time limit.

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
    recipe = _recipe(name)
    epochs = as_count(recipe.epochs if epochs is None else epochs, "epochs", low=1)
    seed = as_count(seed, "seed")
    budget = epochs if stop_after is None else as_count(stop_after, "stop_after", low=1)
    out = Path(out)
    if not _first_existing(out).is_dir():
        raise ValueError(f"out must be a folder, got {str(out)!r}, where {_first_existing(out)} is a file")
    checkpoint = out / f"{recipe.name}.checkpoint.npz"
    if resume and not checkpoint.exists():
        raise ValueError(f"resume needs a checkpoint, and {checkpoint} does not exist")
    out.mkdir(parents=True, exist_ok=True)
    run = _Run(recipe, epochs, seed, device)
    if resume:
        run.restore(checkpoint)
    last = min(epochs, len(run.curve) + budget)
    run.loop(last, checkpoint, progress)
    if len(run.curve) < epochs:
        return TrainingRun(None, checkpoint, run.curve, {})
    psnr = run.export(out / f"{recipe.name}.npz")
    write_atomic(out / f"{recipe.name}.curve.json", json.dumps(run.curve, indent=1))
    return TrainingRun(out / f"{recipe.name}.npz", checkpoint, run.curve, psnr)


class _Run:
    """The moving parts of one run: module, optimiser, curve, best weights so far."""

    def __init__(self, recipe: Recipe, epochs: int, seed: int, device: str):
        torch = require("torch", extra="learn")
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
        state = self.module.state_dict()
        return {key.removeprefix("steps."): value.cpu().numpy().copy() for key, value in state.items()}

    def load(self, weights: dict) -> None:
        torch = require("torch", extra="learn")
        self.module.load_state_dict({f"steps.{key}": torch.tensor(value) for key, value in weights.items()})

    def identity(self) -> dict:
        """Return all that decides the run, in the form that JSON gives back."""
        facts = {"recipe": asdict(replace(self.recipe, epochs=self.epochs)), "seed": self.seed}
        return json.loads(json.dumps(facts))

    def rate(self, fraction: float) -> float:
        """Return the step size at a fraction of the whole run."""
        if fraction < 0.05:
            return self.recipe.rate * (0.05 + 0.95 * fraction / 0.05)
        return self.recipe.rate * (1e-3 + 0.999 * (1 + np.cos(np.pi * (fraction - 0.05) / 0.95)) / 2)

    def loop(self, last: int, checkpoint: Path, progress: bool) -> None:
        """Run the epochs up to ``last``, saving the state after each."""
        from tqdm.auto import tqdm

        steps = self.recipe.per_epoch // self.recipe.batch
        with tqdm(total=(last - len(self.curve)) * steps, disable=not progress,
                  desc=self.recipe.name, unit="step") as bar:
            while len(self.curve) < last:
                loss = self.epoch(bar)
                score = self.psnr(data.slices(self.recipe.size, "validation"))
                if not self.curve or score > max(point["validation"] for point in self.curve):
                    self.best = self.weights()
                self.curve.append({"loss": loss, "validation": score})
                self.save(checkpoint)
                bar.set_postfix(epoch=len(self.curve), validation=f"{score:.2f} dB")

    def epoch(self, bar) -> float:
        """Run one epoch; return its mean loss."""
        torch = require("torch", extra="learn")
        done = len(self.curve)
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, 1, done]))
        order = rng.permutation(self.recipe.pool)[:self.recipe.per_epoch]
        steps = len(order) // self.recipe.batch
        total = 0.0
        self.module.train()
        for step, chosen in enumerate(np.array_split(order, steps)):
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate((done + step / steps) / self.epochs)
            truth = self.pool[torch.tensor(chosen, device=self.device)]
            loss = torch.mean((self.module(self.measure(truth)) - truth) ** 2)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            total += float(loss.detach()) / steps
            bar.update()
        return total

    def psnr(self, images: np.ndarray) -> float:
        """Return the mean PSNR (peak 1, dB) over images, from noiseless measurements."""
        torch = require("torch", extra="learn")
        self.module.eval()
        with torch.no_grad():
            truth = torch.tensor(images, dtype=torch.float32, device=self.device)
            error = torch.mean((self.module(self.measure(truth)) - truth) ** 2, dim=(1, 2))
            return float(torch.mean(-10 * torch.log10(error)))

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
        torch = require("torch", extra="learn")
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                arrays = {key: archive[key] for key in archive.files}
        except (ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is not a checkpoint: {error}") from None
        if "identity" not in arrays:
            raise ValueError(f"{path} is not a checkpoint: it does not say of which run")
        stored = json.loads(str(arrays["identity"]))
        if stored != self.identity():
            raise ValueError(f"the checkpoint {path} belongs to another run: "
                             f"{_differences(stored, self.identity())}")
        self.load({key.removeprefix("weights/"): value for key, value in arrays.items()
                   if key.startswith("weights/")})
        self.best = {key.removeprefix("best/"): value for key, value in arrays.items()
                     if key.startswith("best/")}
        self.curve = json.loads(str(arrays["curve"]))
        state: dict = {}
        for key, value in arrays.items():
            if key.startswith("adam/"):
                _, index, field = key.split("/")
                state.setdefault(int(index), {})[field] = torch.tensor(value)
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})

    def export(self, path: Path) -> dict:
        """Write the best weights in their final precision; return their PSNRs."""
        weights = {key: value.astype(self.recipe.dtype) for key, value in self.best.items()}
        self.load({key: value.astype(np.float32) for key, value in weights.items()})
        size = self.recipe.size
        psnr = {"validation": self.psnr(data.slices(size, "validation")),
                "test": self.psnr(data.slices(size, "test")), "colin27": self.psnr(data.colin(size))}
        meta = {
            "name": self.recipe.name,
            "seed": self.seed, "epochs": self.epochs, "psnr": psnr, "curve": self.curve,
            "versions": {"python": sys.version.split()[0]} | {k: version(k) for k in ("numpy", "torch")},
            "command": f"kernelstab train {self.recipe.name} --epochs {self.epochs} --seed {self.seed}",
        }
        layers = [{"layer": layer["layer"]} for layer in self.recipe.layers]
        for key, value in weights.items():
            position, field = key.split(".")
            layers[int(position)][field] = value
        save_network(path, layers, self.recipe.operator, **meta)
        return psnr


def _recipe(name) -> Recipe:
    if isinstance(name, Recipe):
        return name
    if name not in RECIPES:
        raise ValueError(f"name must be one of {', '.join(RECIPES)}, got {name!r}")
    return RECIPES[name]


def _require_device(device) -> None:
    """Refuse a device on which torch cannot hold a number."""
    torch = require("torch", extra="learn")
    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"device must be one that torch can use here, such as cpu, got {device!r}: "
                         f"{reason}") from error


def _first_existing(path: Path) -> Path:
    """Return the path or the nearest folder above it that exists."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())


def _differences(stored: dict, asked: dict) -> str:
    """Say in which entries two runs differ, with both values.

    >>> _differences({"recipe": {"epochs": 2}, "seed": 0}, {"recipe": {"epochs": 3}, "seed": 0})
    'epochs is 2 there and 3 here'
    """
    there, here = ({"seed": run["seed"]} | run["recipe"] for run in (stored, asked))
    names = {name: name if name in ("seed", "epochs") else f"recipe.{name}" for name in there | here}
    return ", ".join(f"{label} is {there.get(name)!r:.60} there and {here.get(name)!r:.60} here"
                     for name, label in names.items() if there.get(name) != here.get(name))
