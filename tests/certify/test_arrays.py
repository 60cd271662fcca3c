"""Decoding of arrays: exact values, and refusal of everything that is not an array."""

import base64
import struct

import pytest

from kernelstab.certify.arrays import Array, ComplexArray, decode, decode_array


def _array(code, values, dtype, shape=None):
    data = base64.b64encode(struct.pack(f"<{len(values)}{code}", *values)).decode()
    return {"dtype": dtype, "shape": shape or [len(values)], "data": data}


@pytest.mark.parametrize(("code", "dtype", "values"), [
    ("d", "float64", (0.1, -2.5e-300)), ("f", "float32", (0.5, -3.0)), ("e", "float16", (0.25, 2048.0)),
    ("B", "uint8", (0, 255)), ("B", "bool", (1, 0)),
])
def test_every_dtype_comes_back(code, dtype, values):
    assert decode_array(_array(code, values, dtype)) == Array((2,), values)


def test_bytes_are_little_endian_in_c_order():
    # 1.0 as float64 is 3ff0000000000000, least significant byte first
    data = base64.b64encode(bytes(6) + b"\xf0\x3f" + bytes(8)).decode()
    assert decode_array({"dtype": "float64", "shape": [1, 2], "data": data}) == Array((1, 2), (1.0, 0.0))


def test_nested_descriptions_are_decoded():
    one = _array("d", [1.0], "float64")
    plain = {"kind": "clip", "x": one, "layers": [{"w": {"re": one, "im": one}}], "eta": [0, 0.5]}
    array = Array((1,), (1.0,))
    assert decode(plain) == {"kind": "clip", "x": array, "layers": [{"w": ComplexArray(array, array)}],
                             "eta": [0, 0.5]}


@pytest.mark.parametrize(("change", "reason"), [
    ({"dtype": "int64"}, "dtype must be one of"),
    ({"dtype": ["float64"]}, "dtype must be one of"),
    ({"shape": [3]}, "needs 24 bytes, got 16"),
    ({"shape": [-2]}, "positive integers"),
    ({"shape": [0]}, "positive integers"),
    ({"shape": [True, 2]}, "positive integers"),
    ({"shape": 2}, "positive integers"),
    ({"data": "####"}, "not base64"),
    ({"data": 5}, "not base64"),
    ({"data": "AAAA"}, "needs 16 bytes, got 3"),
    ({"more": 1}, "needs the fields"),
])
def test_malformed_arrays_are_refused(change, reason):
    with pytest.raises(ValueError, match=reason):
        decode_array(_array("d", [1.0, 2.0], "float64") | change)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match="not finite"):
        decode_array(_array("d", [value], "float64"))
    with pytest.raises(ValueError, match="not finite"):
        decode({"factor": value})


def test_a_bool_is_zero_or_one():
    with pytest.raises(ValueError, match="other than 0 and 1"):
        decode_array(_array("B", [2], "bool"))


def test_parts_of_a_complex_array_have_one_shape():
    with pytest.raises(ValueError, match=r"shapes \(1,\) and \(2,\)"):
        decode({"re": _array("d", [1.0], "float64"), "im": _array("d", [1.0, 2.0], "float64")})
