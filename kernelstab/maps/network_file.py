"""Networks on disk: one ``.npz`` file with weights and a description, never a pickle."""

import io
import json
import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from kernelstab._checks import as_count
from kernelstab._files import read_numpy, write_atomic
from kernelstab.maps.network import WEIGHTED, ReLUNetwork
from kernelstab.operators import SubsampledFourier, gaussian, masks

SHIPPED = Path(__file__).parent / "weights"
_MOST_ENTRIES = 1 << 26         # of the matrix or the mask that a recipe describes
DAMAGED = "its content is damaged or of another kind"
# what reading raised when every byte of a file was damaged in turn; RuntimeError is encryption
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RuntimeError, MemoryError,
               OverflowError, zlib.error, zipfile.BadZipFile)


def shipped_networks() -> list[str]:
    """Return the names of the networks that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.npz"))


def load_network(name_or_path) -> ReLUNetwork:
    """Read a network and build the operator that it was trained for.

    The file holds the arrays ``<i>.weight`` and ``<i>.bias`` for the layer at position
    ``i``, and ``meta``, a JSON text with ``layers`` (as in
    :class:`~kernelstab.maps.ReLUNetwork`, without arrays) and ``operator`` (see
    :func:`operator_from_recipe`); whatever else ``meta`` says is kept. Pickled content is
    refused, so that reading a file never runs code.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a shipped network, or a path that ends in ``.npz``.

    Returns
    -------
    ReLUNetwork
        With its ``meta``.

    Raises
    ------
    ValueError
        If there is no such file or it is not such a network; the message names the file.

    Examples
    --------
    >>> load_network("no-such-network")
    Traceback (most recent call last):
        ...
    ValueError: name_or_path must be a .npz file or one of [...], got 'no-such-network'
    """
    path = Path(name_or_path)
    if path.suffix != ".npz":
        path = SHIPPED / f"{name_or_path}.npz"
    elif not path.exists():
        raise ValueError(f"no such file: {path}")
    if not path.is_file():
        raise ValueError(f"name_or_path must be a .npz file or one of {shipped_networks()}, "
                         f"got {str(name_or_path)!r}")
    try:
        arrays = read_arrays(path)
        if "meta" not in arrays:
            raise ValueError("it has no description 'meta', so save_network did not write it; it holds "
                             f"{sorted(arrays)[:4]}")
        meta = json.loads(str(arrays.pop("meta")))
        if not isinstance(meta, dict) or not {"layers", "operator"} <= set(meta):
            raise ValueError("its description 'meta' does not give layers and operator")
        layers = _with_arrays(meta["layers"], arrays)
        operator = operator_from_recipe(meta["operator"])
        network = ReLUNetwork(operator, layers, meta.get("name", path.stem))
    except _UNREADABLE as error:
        # the package's own words are plain; those of json and numpy are kept as the cause
        reason = error if type(error) is ValueError else DAMAGED
        raise ValueError(f"not a network file: {path}: {reason}") from error
    network.meta = meta
    return network


def save_network(path, layers, operator, **meta) -> None:
    """Write a network in the form that :func:`load_network` reads.

    Parameters
    ----------
    path : str or Path
        Must end in ``.npz``.
    layers : list of dict
        As :class:`~kernelstab.maps.ReLUNetwork` takes them. Arrays in float16 and float32 are
        kept as they are; other fields, such as channel counts, are dropped on reading.
    operator : dict
        Recipe of the operator, see :func:`operator_from_recipe`.
    **meta
        More entries of the description, JSON values: ``name``, training facts, ...

    Raises
    ------
    ValueError
        If the path does not end in ``.npz``. The layers are checked when they are read.

    Examples
    --------
    A network that forgets the second of two measurements and keeps the positive part of the
    first, written and read again:

    >>> import tempfile
    >>> layers = [
    ...     {"layer": "measurements"},
    ...     {"layer": "dense", "weight": np.array([[1.0, 0.0]] * 4), "bias": np.zeros(4)},
    ...     {"layer": "relu"}]
    >>> recipe = {"kind": "gaussian", "m": 2, "N": 4, "rng": 0, "image_shape": [2, 2]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.npz"
    ...     save_network(path, layers, recipe, name="mine")
    ...     psi = load_network(path)
    >>> psi, psi(np.array([3.0, 5.0])), psi(np.array([-3.0, 5.0]))
    (<ReLUNetwork mine>, array([3., 3., 3., 3.]), array([0., 0., 0., 0.]))
    """
    if Path(path).suffix != ".npz":
        raise ValueError(f"path must end in .npz, got {str(path)!r}")
    arrays, plain = {}, []
    for position, layer in enumerate(layers):
        plain.append({key: value for key, value in layer.items() if key not in ("weight", "bias")})
        arrays |= {f"{position}.{key}": layer[key] for key in ("weight", "bias") if key in layer}
    text = json.dumps({"layers": plain, "operator": operator, **meta})
    write_arrays(path, {"meta": np.array(text), **arrays})


def write_arrays(path, arrays: dict) -> None:
    """Write a compressed ``.npz`` file that is complete or not there."""
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_atomic(path, content.getvalue())


def read_arrays(path) -> dict:
    """Return the arrays of an ``.npz`` file; anything else, pickled content included, is a ValueError."""
    try:
        arrays = read_numpy(path)
        if "" in arrays:
            raise ValueError("it holds one array and no names")
        return arrays
    except _UNREADABLE as error:
        raise ValueError(DAMAGED) from error


def operator_from_recipe(recipe):
    """Build the operator that a network file names, from a dictionary.

    ``{"kind": "fourier2d", "mask": "standard", "size": 64}``: real images of that side on the standard
    mask; ``{"kind": "gaussian", "m": ..., "N": ..., "rng": seed}``, with ``image_shape`` if signals are
    images. Any other recipe is a ValueError.

    >>> operator_from_recipe({"kind": "gaussian", "m": 3, "N": 4, "rng": 0, "image_shape": [2, 2]})
    <DenseOperator 3x4, real>
    """
    if not isinstance(recipe, dict):
        raise ValueError(f"operator recipe must be a dictionary, got {recipe!r}")
    sizes = [recipe.get(name, 1) for name in ("m", "N", "size", "size")]
    if all(type(n) is int for n in sizes) and math.prod(sizes) > _MOST_ENTRIES:
        raise ValueError(f"operator recipe must be of at most {_MOST_ENTRIES} entries, got {recipe!r:.200}")
    if recipe.get("kind") == "fourier2d" and recipe.get("mask") == "standard":
        return SubsampledFourier(masks.standard(as_count(recipe["size"], "size", low=2)), real=True)
    if recipe.get("kind") == "gaussian":
        shape = recipe.get("image_shape")
        return gaussian(recipe["m"], recipe["N"], rng=as_count(recipe["rng"], "rng"),
                        image_shape=None if shape is None else tuple(shape))
    raise ValueError(f"operator recipe must be a known one, got {recipe!r}")


def _with_arrays(layers, arrays):
    """Put the arrays back into the layers and drop fields that only describe; every array must be wanted."""
    full = []
    for position, layer in enumerate(layers):
        stored = {key: layer[key] for key in ("layer", "factor") if key in layer}
        for field in ("weight", "bias"):
            if f"{position}.{field}" in arrays and layer["layer"] in WEIGHTED:
                stored[field] = arrays.pop(f"{position}.{field}")
        full.append(stored)
    if arrays:
        raise ValueError(f"arrays that belong to no layer: {sorted(arrays)}")
    return full
