"""A race of keys: how every random sampling pattern meets its budget, layout and symmetry."""

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._rng import as_generator


def as_mask(mask, name, *, ndim=None) -> np.ndarray:
    """Return ``mask`` as a fresh array of bool with at least one true entry.

    Raises
    ------
    ValueError
        If the entries are neither bool nor 0 and 1, or if none is true.

    >>> as_mask([[0, 0]], "mask")
    Traceback (most recent call last):
        ...
    ValueError: mask must hold at least one sample, got none in shape (1, 2)
    """
    array = np.array(mask)
    if array.dtype != bool:
        if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
            raise ValueError(f"{name} must hold bool values, got dtype {array.dtype}")
        array = array.astype(bool)
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimension(s), got shape {array.shape}")
    if not array.any():
        raise ValueError(f"{name} must hold at least one sample, got none in shape {array.shape}")
    return array


def symmetrise(mask) -> np.ndarray:
    """Return the smallest mask in FFT layout that contains ``mask`` and its mirror ``-k``.

    >>> symmetrise([[1, 1, 0, 0]]).astype(int)         # frequencies 0, 1, -2, -1
    array([[1, 1, 0, 1]])
    """
    mask = as_mask(mask, "mask")
    return mask | mask.ravel()[mirror(mask.shape)].reshape(mask.shape)


def as_shape(shape, ndim=None):
    """Return a grid shape as a tuple of positive integers."""
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if not sizes or (ndim is not None and len(sizes) != ndim):
        raise ValueError(f"shape must have {ndim or 'at least 1'} dimension(s), got {shape!r}")
    return tuple(as_count(n, "shape", low=1) for n in sizes)


def frequencies(shape, layout):
    """Return one array of frequencies per axis, of the full shape."""
    if layout not in ("fft", "sequency"):
        raise ValueError(f'layout must be "fft" or "sequency", got {layout!r}')
    axes = [np.fft.fftfreq(n, 1 / n) if layout == "fft" else np.arange(float(n)) for n in shape]
    return np.meshgrid(*axes, indexing="ij")


def mirror(shape):
    """Return the flat index of ``-k`` for every flat index ``k``."""
    axes = np.meshgrid(*[-np.arange(n) % n for n in shape], indexing="ij")
    return np.ravel_multi_index(axes, shape).ravel()


def uniform_draws(shape, symmetric, rng):
    """Draw one uniform number in (0, 1) per frequency, or per pair ``{k, -k}``."""
    draws = 1.0 - as_generator(rng).random(shape)
    if symmetric:
        draws = draws.ravel()[np.minimum(np.arange(draws.size), mirror(shape))].reshape(shape)
    return draws


def sample_count(shape, rate):
    """Return the number of samples that ``rate`` stands for, at least one."""
    rate = as_number(rate, "rate", low=0.0, high=1.0)
    budget = round(rate * int(np.prod(shape)))
    if budget == 0:
        raise ValueError(f"rate must give at least one sample in shape {tuple(shape)}, got {rate!r}")
    return budget


def race(keys, rate, symmetric):
    """Take the smallest keys; ties in flat order, a pair together or not at all."""
    budget, flat = sample_count(keys.shape, rate), keys.ravel()
    index = np.arange(flat.size)
    first = np.minimum(index, mirror(keys.shape)) if symmetric else index
    order = np.lexsort((index, first, flat))
    if symmetric and budget < flat.size and first[order[budget - 1]] == first[order[budget]]:
        budget -= 1
    mask = np.zeros(flat.size, dtype=bool)
    mask[order[:budget]] = True
    return as_mask(mask.reshape(keys.shape), f"rate {rate!r} is too small; the mask")
