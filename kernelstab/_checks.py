"""Checks of what users hand in: one clear line naming the argument and its value."""

import os
import warnings
from math import isfinite

import numpy as np

_LEAST, _LARGEST = 1e-70, 1e70      # squares and ratios of such numbers are far from both ends of the floats


def as_array(value, name: str, *, ndim: int | None = None, shape: tuple | None = None,
             real: bool = False, copy: bool = False, other: int | None = None) -> np.ndarray:
    """Return ``value`` as a finite float64 or complex128 array; the caller's array is never changed.

    With ``copy`` the result shares no memory with ``value``. ``other`` is the other side of the matrix
    that ``shape`` belongs to: a vector of that length asks whether the matrix is transposed.

    >>> as_array([1, 2], "y").dtype
    dtype('float64')
    >>> as_array([1, float("nan")], "y")
    Traceback (most recent call last):
        ...
    ValueError: y must be finite, got nan at index (1,)
    """
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:   # the last two come from torch tensors
        raise ValueError(f"{name} must be a numeric array: {error}") from None
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{name} must be a numeric array, got dtype {array.dtype}")
    _refuse_rounded(value, array, name)
    if array.dtype.kind == "c":
        if real:
            way = if_stored_as_complex(array, name)
            raise ValueError(f"{name} must be real, got dtype {array.dtype}{way}")
        array = array.astype(np.complex128, copy=copy)
    else:
        array = array.astype(np.float64, copy=copy)
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimension(s), got shape {array.shape}")
    if shape is not None and array.shape != tuple(shape):
        way = "" if other is None or array.shape != (other,) else "; is the matrix transposed?"
        raise ValueError(f"{name} must have shape {tuple(shape)}, got {array.shape}{way}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if not np.all(np.isfinite(array)):
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, got {array[index]} at index {index}")
    return array


def if_stored_as_complex(thing, name: str) -> str:
    """Return what to do about a complex array, or a matrix operator, whose entries are real, else nothing.

    >>> if_stored_as_complex(np.ones(2, complex), "A")
    '; the imaginary part of A is zero, so give A.real'
    """
    entries = getattr(thing, "matrix", thing)
    real = isinstance(entries, np.ndarray) and not entries.imag.any()
    return f"; the imaginary part of {name} is zero, so give {name}.real" if real else ""


def warn_of_grey_values(given, name: str, stacklevel: int):
    """Warn if images are coded by whole numbers such as 0 to 255; they are taken as they are."""
    values = np.asarray(given)
    largest, dtype = float(np.abs(values).max()), values.dtype
    coded = dtype.kind == "u" or (dtype.kind == "i" and dtype.itemsize <= 2)
    grey = 128 <= largest <= 255 and dtype.kind != "c" and values.min() >= 0
    if largest > 1 and (coded or (grey and np.array_equal(values, np.rint(values)))):
        rule = f"{name}.max()" if coded and dtype != np.uint8 else "255.0"
        warnings.warn(f"{name} holds whole numbers up to {largest:g} (dtype {dtype}) and is taken as it is, "
                      "which a network trained on values from 0 to 1 answers wrongly; if these are coded "
                      f"grey values, convert them by {name} / {rule}", stacklevel=stacklevel)


def as_output(function, vector, who: str, **expected) -> np.ndarray:
    """Return what a function gives for a vector, copied, because its next call may write into the same array.

    >>> as_output(np.negative, np.ones(2), "map")
    array([-1., -1.])
    """
    if not callable(function):
        raise ValueError(f"{who} must be callable, got {type(function).__name__}; "
                         "kernelstab.maps.as_map(..., A) adapts estimators, modules, matrices and names")
    return as_array(function(np.array(vector)), f"output of {who}", copy=True, **expected)


def as_repeated(function, vector, who: str) -> np.ndarray:
    """Return what a function gives for a vector, if two calls agree in every bit.

    >>> noise = np.random.default_rng(0)
    >>> as_repeated(lambda y: y + 1e-12 * noise.standard_normal(2), np.ones(2), "map")
    Traceback (most recent call last):
        ...
    ValueError: map is not a function: two calls with the same measurement differ by ...
    """
    first, second = (as_output(function, vector, who) for _ in range(2))
    if first.shape != second.shape or first.tobytes() != second.tobytes():
        change = "shape" if first.shape != second.shape else f"{np.max(np.abs(first - second)):.3g}"
        raise ValueError(f"{who} is not a function: two calls with the same measurement differ by {change}; "
                         "fix its seed, and switch off what is random or remembers earlier calls")
    return first


def _refuse_rounded(value, array, name):
    """Refuse integers that no float equals: they would be rounded in silence."""
    if array.dtype.kind in "fc":           # a list may hold integers beside floats
        if not isinstance(value, (list, tuple)) or not (np.abs(array) >= 2.0**53).any():
            return
        entries = np.asarray(value, dtype=object).ravel()
        array = np.array([entry for entry in entries if isinstance(entry, (int, np.integer))], object)
    elif array.dtype.kind not in "iu" or array.dtype.itemsize < 8:
        return
    large = array[(array > 2**53) | (array < -2**53)]
    for entry in map(int, large):
        if int(float(entry)) != entry:
            raise ValueError(f"{name} must hold integers that are floats, got {entry}, which would be "
                             "rounded; divide by a common factor, or give floats to accept the rounding")


def as_number(value, name: str, *, low: float = -np.inf, high: float = np.inf,
              strict: bool = False) -> float:
    """Return ``value`` as a finite float in ``[low, high]`` (open interval if ``strict``).

    >>> as_number(-1, "eta", low=0)
    Traceback (most recent call last):
        ...
    ValueError: eta must lie in [0, inf], got -1
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {value!r}") from None
    inside = low < number < high if strict else low <= number <= high
    if not isfinite(number) or not inside:
        left, right = ("(", ")") if strict else ("[", "]")
        raise ValueError(f"{name} must lie in {left}{low}, {high}{right}, got {value!r}")
    return number


def as_flag(value, name: str) -> bool:
    """Return ``value`` as a bool, if it is one.

    >>> as_flag("no", "nonneg")
    Traceback (most recent call last):
        ...
    ValueError: nonneg must be True or False, got 'no'
    """
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def as_callable(value, name: str):
    """Return ``value``, a function or None.

    >>> as_callable(3, "callback")
    Traceback (most recent call last):
        ...
    ValueError: callback must be a function, got 3
    """
    if not (value is None or callable(value)):
        raise ValueError(f"{name} must be a function, got {value!r}")
    return value


def as_count(value, name: str, *, low: int = 0, high: int | None = None) -> int:
    """Return ``value`` as an integer in ``[low, high]``.

    >>> as_count(2.5, "s")
    Traceback (most recent call last):
        ...
    ValueError: s must be an integer, got 2.5
    """
    try:
        count = int(value)
        whole = not isinstance(value, (bool, str)) and count == value
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise ValueError(f"{name} must be an integer, got {value!r}")
    if count < low or (high is not None and count > high):
        bound = f"at least {low}" if high is None else f"between {low} and {high}"
        raise ValueError(f"{name} must be {bound}, got {value!r}")
    return count


def as_shape(shape, ndim: int | None = None) -> tuple:
    """Return the shape of a grid, an integer or several, as a tuple of positive integers.

    >>> as_shape(5), as_shape([4, 6])
    ((5,), (4, 6))
    >>> as_shape((4,), ndim=2)
    Traceback (most recent call last):
        ...
    ValueError: shape must have 2 dimension(s), got (4,)
    """
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if not sizes or (ndim is not None and len(sizes) != ndim):
        raise ValueError(f"shape must have {ndim or 'at least 1'} dimension(s), got {shape!r}")
    return tuple(as_count(n, "shape", low=1) for n in sizes)


def as_generator(rng) -> np.random.Generator:
    """Return the generator that ``rng``, a seed or a generator (then itself), stands for.

    None and anything else is refused: unseeded runs cannot be repeated.

    >>> as_generator(7).integers(10) == as_generator(7).integers(10)
    np.True_
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer, np.random.SeedSequence)) and not isinstance(rng, bool):
        return np.random.default_rng(rng)
    raise ValueError(f"rng must be an integer seed or a numpy Generator, got {rng!r}")


def thread_count(threads) -> int:
    """Read the keyword ``threads``: None stands for the processors that this process may use."""
    if threads is not None:
        return as_count(threads, "threads", low=1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_scales(A=None, **values):
    """Refuse numbers and arrays whose largest magnitude is neither 0 nor in range; words pass.

    Of an operator only an explicit matrix is looked at.

    >>> check_scales(eps=0.0, y=np.array([0.0, 1e-300, 1.0]))
    >>> check_scales(eps=1e-200)
    Traceback (most recent call last):
        ...
    ValueError: eps must be 0 or between 1e-70 and 1e+70 in magnitude, got 1e-200; change the units
    """
    for name, value in {"A": getattr(A, "matrix", None), **values}.items():
        size = 0.0 if value is None or isinstance(value, str) else float(np.abs(value).max())
        if size and not _LEAST <= size <= _LARGEST:
            raise ValueError(f"{name} must be 0 or between {_LEAST:g} and {_LARGEST:g} in magnitude, "
                             f"got {size:g}; change the units")
