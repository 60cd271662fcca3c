"""What the shipped networks are trained on: operator, layers, augmented slices, torch module."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kernelstab import data
from kernelstab._errors import require
from kernelstab.maps.network_file import operator_from_recipe


@dataclass(frozen=True)
class Recipe:
    """Everything a training run depends on besides its seed and number of epochs.

    Attributes
    ----------
    name : str
        Stem of the weights file.
    size : int
        Image side, 32 or 64.
    operator : dict
        As :func:`~kernelstab.maps.operator_from_recipe` reads it.
    layers : tuple of dict
        The network; layers with weights also carry ``in``, ``out`` and ``kernel``.
    pool, per_epoch, batch : int
        Augmented images drawn once; images seen per epoch; images per step.
    rate : float
        Largest step size of Adam, warmed up over the first twentieth and then lowered by a cosine.
    dtype : str
        Precision of the exported weights.
    epochs : int
        Default length of a run.
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

    Ending with ``data_consistency`` makes the output explain the measurements exactly.

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
    """Return the layers of a dense ReLU network on the measurements.

    >>> [layer["layer"] for layer in perceptron([2, 5, 4])]
    ['measurements', 'dense', 'relu', 'dense']
    """
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
        dtype="float16", epochs=40),
}


def augmented(size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw ``count`` training images: turned, shifted, zoomed, mirrored, re-graded slices.

    Geometry is done by cubic interpolation at twice the size and then averaged down, so that
    the images stay as sharp as the slices they imitate. One in four keeps its geometry.
    """
    from scipy import ndimage

    fine = data.slices(2 * size, "train")
    exact = data.slices(size, "train")
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
    """Return a torch function from images ``(b, n, n)`` to what the first layer receives.

    For Fourier data this is :math:`A^*Ax` as an image, which carries exactly what
    :math:`y = Ax` does; for a matrix it is the measurement vector.
    """
    torch = require("torch", extra="learn")
    operator = operator_from_recipe(recipe.operator)
    if recipe.operator["kind"] == "fourier2d":
        mask = torch.tensor(operator.mask, device=device)
        return lambda x: torch.fft.ifft2(mask * torch.fft.fft2(x)).real[:, None]
    matrix = torch.tensor(operator.to_dense(), dtype=torch.float32, device=device)
    return lambda x: x.flatten(1) @ matrix.T


def build_module(recipe: Recipe):
    """Return the torch module that interprets the recipe's layers, in float32.

    Its input is that of :func:`forward_function`, its output has shape ``(b, n, n)``.
    """
    torch = require("torch", extra="learn")
    size = recipe.size
    mask = None
    if recipe.operator["kind"] == "fourier2d":
        mask = torch.tensor(operator_from_recipe(recipe.operator).mask)

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
                self.register_buffer("mask", mask, persistent=False)

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
            return h.reshape(-1, size, size)

    return Network()
