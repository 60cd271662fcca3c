"""Bundled image sets: loaded from the package, checked against recorded digests."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_FILES = Path(__file__).parent / "files"
_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, repr=False)
class ImageSet:
    """One bundled set of square grey images.

    Attributes
    ----------
    name : str
    images : ndarray, shape (n, size, size)
        Float64 in [0, 1]: stored bytes divided by 255.
    about : str
        What the images show, in one line.
    licence : str
        The notice that must travel with copies.
    labels : dict of ndarray, shape (n, ...)
        What else is known of each image: ``split``, ``orientation``, ``position`` (slice
        number in its volume, 1 mm apart), or ``source`` and ``window``.
    """

    name: str
    images: np.ndarray
    about: str
    licence: str
    labels: dict

    def __repr__(self):
        count, size, _ = self.images.shape
        return f"<ImageSet {self.name}: {count} images, {size} x {size}>"


def _registry() -> dict:
    return json.loads((_FILES / "registry.json").read_text(encoding="utf-8"))


def names() -> tuple:
    """List the bundled image sets.

    >>> names()
    ('mni152-t1-64', 'mni152-t1-128', 'colin27-t1-64', 'natural-64')
    """
    return tuple(_registry())


def load(name: str) -> ImageSet:
    """Load one bundled image set.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Raises
    ------
    ValueError
        If the name is unknown, or a file is missing or does not have the recorded SHA-256
        digest: images that changed silently would change every published number.

    Examples
    --------
    >>> load("colin27-t1-64")
    <ImageSet colin27-t1-64: 30 images, 64 x 64>
    """
    registry = _registry()
    if name not in registry:
        raise ValueError(f"name must be one of {', '.join(registry)}, got {name!r}")
    entry = registry[name]
    try:
        blob = (_FILES / entry["file"]).read_bytes()
    except FileNotFoundError:
        raise ValueError(f"the bundled file {entry['file']} is missing from {_FILES}") from None
    if hashlib.sha256(blob).hexdigest() != entry["sha256"]:
        raise ValueError(f"the bundled file {entry['file']} is corrupt: "
                         "its SHA-256 digest is not the recorded one")
    with np.load(io.BytesIO(blob), allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    images = arrays.pop("images") / 255.0
    licence = (_FILES / entry["notice"]).read_text(encoding="utf-8")
    return ImageSet(name, images, entry["about"], licence, arrays)


def licences() -> str:
    """Return the notices of all bundled files, each once."""
    notices = dict.fromkeys(entry["notice"] for entry in _registry().values())
    return "\n".join((_FILES / notice).read_text(encoding="utf-8") for notice in notices)


def slices(size: int = 64, split: str = "test") -> np.ndarray:
    """Return the MR slices of the MNI template, shape ``(n, size, size)``, in [0, 1].

    Three orientations, skull removed. The splits are slabs: slices of different splits in one
    orientation lie at least 10 mm apart, because neighbouring slices are near copies of each
    other. Only one half of the sagittal slices is used, as the template is mirror symmetric.

    Parameters
    ----------
    size : {32, 64, 128}
        Side in pixels (6, 3, 1.5 mm). Size 32 is size 64 averaged over blocks of 2 x 2.
    split : {"train", "validation", "test"}

    Raises
    ------
    ValueError
        For another size or split.

    Examples
    --------
    >>> slices(64, "test").shape, slices(32, "train").shape
    ((39, 64, 64), (173, 32, 32))
    """
    if split not in _SPLITS:
        raise ValueError(f"split must be one of {', '.join(_SPLITS)}, got {split!r}")
    if size not in (32, 64, 128):
        raise ValueError(f"size must be 32, 64 or 128, got {size!r}")
    chosen = load(f"mni152-t1-{max(size, 64)}")
    images = chosen.images[chosen.labels["split"] == split]
    return _halve(images) if size == 32 else images


def colin(size: int = 64) -> np.ndarray:
    """Return thirty MR slices of another subject, shape ``(30, size, size)``, size 32 or 64.

    >>> colin(32).shape
    (30, 32, 32)
    """
    return _small("colin27-t1-64", size)


def natural(size: int = 64) -> np.ndarray:
    """Return twenty crops of photographs, shape ``(20, size, size)``, size 32 or 64.

    >>> natural().shape
    (20, 64, 64)
    """
    return _small("natural-64", size)


def _small(name: str, size: int) -> np.ndarray:
    if size not in (32, 64):
        raise ValueError(f"size must be 32 or 64, got {size!r}")
    images = load(name).images
    return _halve(images) if size == 32 else images


def _halve(images: np.ndarray) -> np.ndarray:
    count, side, _ = images.shape
    return images.reshape(count, side // 2, 2, side // 2, 2).mean((2, 4))
