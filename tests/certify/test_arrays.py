"""Decoding of arrays: exact values, and refusal of everything that is not an array, or costs too much."""

import base64
import math
import re
import struct

import pytest

from kernelstab.certify import verify
from kernelstab.certify.arrays import Array, ComplexArray, decode, decode_array
from kernelstab.certify.certificate import CONSTANT_FORMAT, FORMAT, signed


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


def ones(*shape, dtype="float64"):
    return _array("d" if dtype == "float64" else "B", [1] * math.prod(shape), dtype, list(shape))


def theorem(instructions, precision=64, **inputs):
    """Return a certificate that claims nothing of its last value but that it is what it is."""
    last = len(instructions) - 1
    program = {"instructions": instructions, "quantities": {}, "units": {},
               "claims": [["conclusion", "C", last, ">=", last]]}
    return signed(FORMAT, {
        "slug": "x", "scope": "ideal", "precision": precision, "claims": [], "quantities": {},
        "provenance": {}, "extra": {}, "inputs": inputs, "program": program})


def product(operator, size, precision=64, times=1):
    """Return a certificate on the norm of a product of an operator with a vector."""
    steps = [["operator", "A"], ["vector", "x"], *([["forward", 0, 1]] * times), ["norm", 2]]
    return theorem(steps, precision, A=operator, x={"kind": "vector", "values": ones(size)})


def applied(size, operator, *layers):
    """Return a certificate on the norm of an output of a network."""
    return theorem([["vector", "y"], ["map", "p"], ["apply", 1, 0], ["norm", 2]],
                   y={"kind": "vector", "values": ones(size)},
                   p={"kind": "network", "operator": operator, "layers": list(layers)})


def constant(name, matrix, order, proof, **options):
    return signed(CONSTANT_FORMAT, {
        "constant": name, "matrix": matrix, "order": order, "options": options, "provenance": {}, "extra": {},
        "statements": [{"side": proof.pop("side", "upper"), "value": "1e0", "proof": proof}]})


def blur(*shape):
    return {"kind": "blur2d", "kernel": ones(*(1 for _ in shape)), "shape": list(shape)}


def masked(kind, *shape):
    return {"kind": kind, "mask": ones(*shape, dtype="bool")} | ({"real": False} if kind == "fourier" else {})


SINGLES = {"supports": _array("d", range(30), "float64", [30, 1]), "signs": ones(30, 1), "duals": ones(30, 1)}
GRAM = {"kind": "gram"}
DENSE = {"kind": "dense", "matrix": ones(1, 1)}
FIRST = {"layer": "measurements"}


@pytest.mark.parametrize(("certificate", "reason"), [
    # a blur of one weight; its norm would take a table of 300 000 x 300 000 balls
    (theorem([["operator", "A"], ["map", "p"], ["lipschitz", 1]], A=blur(300_000, 1),
             p={"kind": "scaled-adjoint", "operator": {"kind": "input", "name": "A"}, "scale": 1}), "work"),
    (product(blur(1 << 40), 1), "bytes of balls"),
    (product(masked("fourier", 3000), 3000), "bytes of balls"),
    (product(masked("fourier", 100), 100, 8192, times=900), "bytes of balls|work"),
    (theorem([["vector", "x"], ["norm", 0], *(["add", k, k] for k in range(1, 150_000))],
             x={"kind": "vector", "values": ones(1)}), "10000 instructions"),
    (applied(1, DENSE, FIRST, *[{"layer": "scale", "factor": 2.0**1000}] * 60,
             {"layer": "dense", "weight": ones(60_000, 1), "bias": ones(60_000)}), "bytes of a state"),
    (applied(1, DENSE, FIRST, *[{"layer": "relu"}] * 2000), "1000 layers"),
    (applied(256, masked("hadamard", 16, 16), {"layer": "adjoint"},
             {"layer": "conv", "weight": ones(1, 1, 201, 201), "bias": ones(1)}), "bytes of a convolution"),
    (applied(1024, masked("hadamard", 32, 32), {"layer": "adjoint"},
             {"layer": "conv", "weight": ones(9000, 1, 1, 1), "bias": ones(9000)}), "bytes of a state"),
    (applied(9000, DENSE | {"matrix": ones(9000, 1), "tight": 1}, {"layer": "adjoint"},
             {"layer": "data_consistency"}), "bytes of balls"),
    # 2000 supports only, but each is eliminated column by column
    (constant("ric-plus", ones(1, 900), 899, {"kind": "enumeration", "bound": "3e3"}), "steps of elim"),
    (constant("spark", ones(300, 300), None, {"side": "lower", "kind": "ranks", "prime": 101, "size": 299}),
     "steps of elimination"),
    (constant("coherence", {"re": ones(1, 2000), "im": ones(1, 2000)}, None, GRAM), "inner products"),
    (constant("coherence", _array("d", [2.0**1000, 2.0**-1000] * 999, "float64", [1, 1998]), None, GRAM),
     "inner products"),
    (constant("kernel-size", ones(1, 9000), None, {"kind": "multipliers", "alpha": 1, "beta": 1}, eps=1,
              norm="2", prior={"kind": "ball", "radius": 1}), "rows of a square matrix"),
    (constant("nsp", ones(1, 9000), 1, {"kind": "jn", "Y": ones(1, 9000)}), "products of duals"),
    # the bounds of all 2^30 subsets of the one support
    (constant("nsp", ones(1, 30), 30, {"kind": "duals", "groups": [SINGLES]}), "supports of the cover rule"),
    (constant("robust-nsp-l1", ones(1, 9000), 8999, {"kind": "duals", "groups": []}, rho="5e-1"), "columns"),
    (constant("robust-nsp-l1", ones(1, 900), 899, {"kind": "duals", "groups": []}, rho="5e-1"), "work"),
])
def test_what_is_too_large_is_refused_before_it_is_begun(certificate, reason):
    found = verify(certificate)
    assert not found.ok
    assert re.search(f"at most .*({reason}).* are checked, got .*", found.reason), found.reason


def test_a_budget_raises_every_limit_and_is_named():
    certificate = theorem([["vector", "x"], *(["norm", 0] for _ in range(15_000))],
                          x={"kind": "vector", "values": ones(1)})
    assert verify(certificate).reason == ("at most 10000 instructions are checked, got 15001; "
                                          "--budget 2 allows more")
    assert verify(certificate, budget=2).reason == "program has 1 claims, stated are 0"
    with pytest.raises(ValueError, match="budget must be a positive number, got -1"):
        verify(certificate, budget=-1)


def test_a_large_bound_is_rounded_in_linear_time():
    # the largest eigenvalue of a Gram matrix of ones is at most 1e99999 + 1
    proof = {"kind": "enumeration", "bound": "1e99999"}
    assert "proved is delta^+_1 <= 1e99999" in verify(constant("ric-plus", ones(1, 300), 1, proof)).reason
