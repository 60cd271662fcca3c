"""Inputs are described exactly where they can be, and shared."""

import numpy as np
import pytest

from kernelstab.certify.writing.inputs import encode_inputs
from kernelstab.certify.writing.terms import Program, norm
from kernelstab.maps import AdjointMap, ClipDecoder
from kernelstab.operators.dense import DenseOperator

A = DenseOperator(np.eye(2, 3))


def program():
    p = Program()
    forward, psi, x = p.operator("A"), p.map("psi"), p.vector("x")
    norm(psi(forward(x)) - x)
    return p


def test_the_operator_of_a_map_is_stored_once():
    encoded = encode_inputs(program(), {"A": A, "psi": AdjointMap(A), "x": np.ones(3)})
    assert encoded["psi"]["operator"] == {"kind": "input", "name": "A"}
    other = encode_inputs(program(), {"A": A, "psi": AdjointMap(np.ones((2, 3))), "x": np.ones(3)})
    assert other["psi"]["operator"]["kind"] == "dense"


def test_clip_decoders_are_described_in_full():
    psi = ClipDecoder(A, np.zeros(3), np.ones(3), (0.25, 0))
    encoded = encode_inputs(program(), {"A": A, "psi": psi, "x": np.ones(3)})["psi"]
    assert encoded["eta"] == [0.25, 0.0]
    assert encoded["x_alt"]["shape"] == [3]


def test_inputs_that_the_program_does_not_use_are_ignored():
    encoded = encode_inputs(program(), {"A": A, "psi": AdjointMap(A), "x": np.ones(3), "z": "anything"})
    assert set(encoded) == {"A", "psi", "x"}


def test_missing_and_malformed_inputs_are_named():
    with pytest.raises(ValueError, match="inputs must hold"):
        encode_inputs(program(), {"A": A, "x": np.ones(3)})
    with pytest.raises(ValueError, match="x must have 1 dimension"):
        encode_inputs(program(), {"A": A, "psi": AdjointMap(A), "x": np.ones((3, 1))})
