"""Arrays and descriptions as plain values, as certificates hold them; needs numpy."""

import base64

import numpy as np

from kernelstab.certify.arrays import CODES


def encode_array(array) -> dict:
    """Encode an array exactly, complex ones as two real ones.

    Integers and float64 are stored as float64 unless the dtype is one of those that
    certificates know.

    Raises
    ------
    ValueError
        If an entry is not finite or an integer is not a float64.

    >>> encode_array(np.array([1.0, 2.5]))
    {'dtype': 'float64', 'shape': [2], 'data': 'AAAAAAAA8D8AAAAAAAAEQA=='}
    """
    array = np.asarray(array)
    if array.dtype.kind == "c":
        return {"re": encode_array(array.real), "im": encode_array(array.imag)}
    if array.dtype.name not in CODES:
        wide = array.astype(np.float64)
        # comparing integers with floats would round the integers first
        large = array.dtype.kind in "iu" and (array.max() > 2**53 or array.min() < -(2**53))
        if large or not np.array_equal(wide, array):
            raise ValueError(f"an array of dtype {array.dtype} must hold values that float64 holds")
        array = wide
    if not np.all(np.isfinite(array)):
        raise ValueError(f"an array of shape {array.shape} holds a value that is not finite")
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {"dtype": array.dtype.name, "shape": list(array.shape),
            "data": base64.b64encode(little.tobytes()).decode("ascii")}


def encode(value):
    """Encode the arrays inside nested dictionaries, lists and numbers.

    >>> encode({"kind": "clip", "eta": (0, np.float64(0.5))})
    {'kind': 'clip', 'eta': [0, 0.5]}
    """
    if isinstance(value, np.ndarray):
        return encode_array(value)
    if isinstance(value, dict):
        return {str(name): encode(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(entry) for entry in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"a description may not hold {type(value).__name__}: {value!r:.60}")
