"""Arrays inside a certificate, little-endian bytes in base64, read without numpy; what a check may cost.

>>> decode({"dtype": "float64", "shape": [2], "data": "AAAAAAAA8D8AAAAAAAAEQA=="})
Array(shape=(2,), data=(1.0, 2.5))
"""

import base64
import binascii
import struct
from contextlib import contextmanager
from contextvars import ContextVar
from math import ceil, isfinite, prod
from typing import NamedTuple

from kernelstab._errors import CertificateError

# dtype -> struct code; every value of every dtype is an exact dyadic rational
MOST_ENTRIES = 1 << 22     # of one array
MOST_BYTES = 1 << 28       # of one table, or of the values of a program
MOST_WORK = 2 * 10**10         # of one verification, in nanoseconds, roughly
_AXES = 32
_budget: ContextVar = ContextVar("budget", default=None)      # its factor, and the work done so far
CODES = {"float64": "d", "float32": "f", "float16": "e", "uint8": "B", "bool": "B"}


class Array(NamedTuple):
    """A real array: its shape and its entries in C order as Python numbers."""

    shape: tuple
    data: tuple


class ComplexArray(NamedTuple):
    """A complex array as two real ones of one shape."""

    real: Array
    imag: Array


def decode_array(plain) -> Array:
    """Read one real array; a ValueError says which field does not fit, or that an entry is not finite.

    >>> decode_array({"dtype": "float64", "shape": [3], "data": "AAAAAAAA8D8="})
    Traceback (most recent call last):
        ...
    ValueError: an array of shape (3,) and dtype float64 needs 24 bytes, got 8
    """
    if not isinstance(plain, dict) or set(plain) != {"dtype", "shape", "data"}:
        raise ValueError(f"an array needs the fields data, dtype and shape, got {plain!r:.80}")
    dtype, shape = plain["dtype"], plain["shape"]
    if not isinstance(dtype, str) or dtype not in CODES:
        raise ValueError(f"dtype must be one of {', '.join(CODES)}, got {dtype!r:.60}")
    if not isinstance(shape, list) or not all(type(n) is int and 1 <= n < 1 << 48 for n in shape) \
            or len(shape) > _AXES:
        raise ValueError(f"shape must be a list of positive integers, got {shape!r:.80}")
    try:
        raw = base64.b64decode(plain["data"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise ValueError(f"data of an array is not base64: {error}") from None
    code, count = CODES[dtype], prod(shape)
    size = count * struct.calcsize(f"<{code}")
    if len(raw) != size:
        raise ValueError(f"an array of shape {tuple(shape)} and dtype {dtype} "
                         f"needs {size} bytes, got {len(raw)}")
    affordable(count, MOST_ENTRIES, "entries of an array")
    data = struct.unpack(f"<{count}{code}", raw)
    if dtype == "bool" and not set(data) <= {0, 1}:
        raise ValueError("an array of dtype bool holds a byte other than 0 and 1")
    if not all(map(isfinite, data)):
        raise ValueError(f"an array of shape {tuple(shape)} holds a value that is not finite")
    return Array(tuple(shape), data)


def decode(value):
    """Replace the encoded arrays inside nested lists and dictionaries by :class:`Array`."""
    if isinstance(value, dict):
        if "dtype" in value:
            return decode_array(value)
        if set(value) == {"re", "im"}:
            real, imag = decode_array(value["re"]), decode_array(value["im"])
            if real.shape != imag.shape:
                raise ValueError(f"real and imaginary part have shapes {real.shape} and {imag.shape}")
            return ComplexArray(real, imag)
        return {name: decode(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [decode(entry) for entry in value]
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"a number is not finite: {value}")
    return value


@contextmanager
def limits(factor):
    """Multiply all limits by a factor, and add up the work of what is done inside."""
    if type(factor) not in (int, float) or not (isfinite(factor) and factor > 0):
        raise ValueError(f"budget must be a positive number, got {factor!r:.60}")
    token = _budget.set([factor, 0])
    try:
        yield
    finally:
        _budget.reset(token)


def affordable(count, most, what) -> None:
    """Refuse work, or what takes memory, before it is begun: the one place where declared sizes are judged.

    >>> affordable(3, 2, "supports")
    Traceback (most recent call last):
        ...
    kernelstab._errors.CertificateError: at most 2 supports are checked, got 3; --budget 2 allows more
    """
    factor = (_budget.get() or (1,))[0]
    if count > most * factor:
        more = count / most if count < 1 << 1000 else 1e300
        allows = f"; --budget {ceil(more)} allows more" if more < 1e6 else ""
        raise CertificateError(f"at most {int(most * factor)} {what} are checked, "
                               f"got {short(ceil(count))}{allows}")


def spend(work) -> None:
    """Add to the work of this verification; refuse if the sum is too much."""
    spent = _budget.get()
    if spent is not None:
        spent[1] += work
        affordable(spent[1], MOST_WORK, "nanoseconds of estimated work")


def short(number):
    """Return an integer as errors name it; Python refuses to write more than 4300 digits."""
    return number if abs(number) < 1 << 100 else f"about 2^{number.bit_length()} in size"
