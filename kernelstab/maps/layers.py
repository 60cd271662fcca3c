"""The layers of a ReLU network as plain dictionaries: their shapes, and the convolution.

A layer acts on a state, an array that starts as a function of the measurements. The
list of kinds is closed, because certificates evaluate the same list in ball arithmetic.
"""

import numpy as np

from kernelstab._checks import as_number

STARTS = ("adjoint", "measurements")
WEIGHTED = ("dense", "conv")
PLAIN = ("relu", "push", "add", "data_consistency", "scale")
FIELDS = {"dense": {"weight", "bias"}, "conv": {"weight", "bias"}, "scale": {"factor"}}


def convolve(h, weight) -> np.ndarray:
    r"""Correlate a stack of images with a stack of filters, zero outside the image.

    .. math:: g_{o,p} = \sum_{c,q} w_{o,c,q}\, h_{c,\,p+q-\lfloor k/2\rfloor}

    Every patch becomes a column of one matrix, so that the sum is one matrix product;
    of five ways tried this was the plainest and within a tenth of the fastest.

    Parameters
    ----------
    h : ndarray, shape (channels_in, n1, n2)
        Images.
    weight : ndarray, shape (channels_out, channels_in, k, k)
        Filters with ``k`` odd.

    Returns
    -------
    ndarray, shape (channels_out, n1, n2)

    Examples
    --------
    A filter with its only one right of the centre fetches the right neighbour:

    >>> w = np.zeros((1, 1, 3, 3)); w[0, 0, 1, 2] = 1.0
    >>> convolve(np.array([[[1.0, 2.0, 3.0]]]), w)
    array([[[2., 3., 0.]]])
    """
    channels, n1, n2 = h.shape
    side = weight.shape[-1]
    half = side // 2
    padded = np.zeros((channels, n1 + 2 * half, n2 + 2 * half), dtype=h.dtype)
    padded[:, half:half + n1, half:half + n2] = h
    patches = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    columns = patches.transpose(0, 3, 4, 1, 2).reshape(channels * side * side, n1 * n2)
    return (weight.reshape(len(weight), -1) @ columns).reshape(len(weight), n1, n2)


def transposed_filters(weight) -> np.ndarray:
    """Return the filters whose convolution is the transpose: turned by 180 degrees, channels exchanged.

    >>> w = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> transposed_filters(w)[0, 0, 0]
    array([8., 7., 6.])
    """
    return np.ascontiguousarray(weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3))


def check_layers(layers, A) -> list[dict]:
    """Return the layers as dictionaries with checked arrays, having walked the shapes once.

    Raises
    ------
    ValueError
        If a layer is unknown, has a missing or foreign field, holds NaN or infinity, or
        does not fit the state that reaches it. The message names its position.
    """
    if not layers:
        raise ValueError("layers must not be empty")
    checked = [_checked(position, layer) for position, layer in enumerate(layers)]
    shape: tuple = ()
    saved: list[tuple] = []
    for position, layer in enumerate(checked):
        shape = _shape_after(f"layers[{position}]", layer, shape, saved, A)
    if int(np.prod(shape)) != A.shape[1]:
        raise ValueError(f"layers must end with {A.shape[1]} entries, got shape {shape}")
    if saved:
        raise ValueError(f"layers must add what they push, got {len(saved)} push without add")
    return checked


def _checked(position, layer):
    """Return one layer with its arrays as arrays of floats in the precision they came in."""
    where = f"layers[{position}]"
    kind = layer.get("layer") if isinstance(layer, dict) else None
    if kind not in STARTS + WEIGHTED + PLAIN:
        raise ValueError(f"{where} must be one of {', '.join(STARTS + WEIGHTED + PLAIN)}, got {layer!r:.80}")
    fields, wanted = set(layer) - {"layer"}, FIELDS.get(kind, set())
    if fields != wanted:
        raise ValueError(f"{where} ({kind}) must have the fields {sorted(wanted)}, got {sorted(fields)}")
    if (kind in STARTS) != (position == 0):
        raise ValueError(f"{where} ({kind}): a network starts with adjoint or measurements, and only there")
    if kind == "scale":
        return {"layer": kind, "factor": as_number(layer["factor"], f"{where}.factor")}
    if kind not in WEIGHTED:
        return {"layer": kind}
    weight, bias = (np.asarray(layer[field]) for field in ("weight", "bias"))
    for field, array in (("weight", weight), ("bias", bias)):
        if array.dtype.kind != "f" or not np.all(np.isfinite(array)):
            raise ValueError(f"{where}.{field} must be finite floats, got dtype {array.dtype}")
    if weight.ndim != (2 if kind == "dense" else 4) or bias.shape != weight.shape[:1]:
        raise ValueError(f"{where} ({kind}): weight and bias do not fit, got {weight.shape} and {bias.shape}")
    if kind == "conv" and (weight.shape[2] != weight.shape[3] or weight.shape[2] % 2 == 0):
        raise ValueError(f"{where} (conv): filters must be square and odd, got {weight.shape[2:]}")
    return {"layer": kind, "weight": weight, "bias": bias}


def _shape_after(where, layer, shape, saved, A):
    """Return the shape of the state after the layer; ``saved`` is the stack of pushed shapes."""
    kind = layer["layer"]
    if kind == "adjoint":
        return (1, *A.image_shape)
    if kind == "measurements":
        return A.shape[:1]
    if kind == "dense":
        out, width = layer["weight"].shape
        if int(np.prod(shape)) != width:
            raise ValueError(f"{where} (dense) expects {width} entries, got a state of shape {shape}")
        return (out,)
    if kind == "conv":
        out, channels = layer["weight"].shape[:2]
        if len(shape) != 3 or shape[0] != channels:
            raise ValueError(f"{where} (conv) expects {channels} images, got a state of shape {shape}")
        return (out, *shape[1:])
    if kind == "data_consistency":
        if A.tight is None:
            raise ValueError(f"{where} (data_consistency) needs A A* = c I, got {A!r}")
        if int(np.prod(shape)) != A.shape[1]:
            raise ValueError(f"{where} (data_consistency) expects one signal, got a state of shape {shape}")
    if kind == "push":
        saved.append(shape)
    if kind == "add" and (not saved or saved.pop() != shape):
        raise ValueError(f"{where} (add) needs a pushed state of shape {shape}")
    return shape
