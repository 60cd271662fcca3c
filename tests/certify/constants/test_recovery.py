"""The checker of recovery certificates: hand computations and forgeries."""

import copy
import random

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify

FRAME = [[1, 0, 1], [0, 1, 1]]
GIVEN = {"support": [0], "signs": [1]}
# e_0: theta = 1/2 with h = (1, -1/2), attained at the kernel vector (1, 1, -1): 1 / (1 + 1)
DUAL = {"kind": "dual", "h": np.array([1.0, -0.5])}
VECTOR = {"kind": "kernel-vector", "columns": [0, 1, 2], "entries": ["1", "1", "-1"]}


def _certificate(matrix=FRAME, options=GIVEN, upper=DUAL, lower=VECTOR, order=None):
    return make_constant_certificate("recovery", matrix, options=options, lower=lower, upper=upper,
                                     order=order)


def _values(certificate):
    return [entry["value"] for entry in certificate["statements"]]


def test_by_hand():
    certificate = _certificate()
    assert _values(certificate) == ["5e-1", "5e-1"]
    assert verify(certificate).ok


def test_the_dual_is_corrected_exactly():
    # (2, 1) becomes (2, 1) + e_0 (1 - 2) = (1, 1): products 1 and 2
    assert _values(_certificate(upper={"kind": "dual", "h": np.array([2.0, 1.0])}, lower=None)) == ["2e0"]
    # two columns: only one vector fits, whatever is handed in; xi = (1, -1) gives h = (1, -1), product 0
    both = {"support": [0, 1], "signs": [1, -1]}
    assert _values(_certificate(options=both, upper={"kind": "dual", "h": np.array([3.0, 0.25])},
                                lower=None)) == ["0"]
    # a column of length 3: h = (1/3, 0) is no float but exact; product 1/3, rounded up
    near = {"kind": "dual", "h": np.array([0.3, 0.0])}
    scaled = _certificate([[3, 0, 1], [0, 1, 1]], upper=near, lower=None)
    (value,) = _values(scaled)
    assert 1 / 3 <= float(value) < 1 / 3 + 1e-15


def test_a_kernel_vector_of_the_other_sign_bounds_nothing():
    flipped = VECTOR | {"entries": ["-1", "-1", "1"]}
    assert _values(_certificate(lower=flipped)) == ["-5e-1", "5e-1"]


@pytest.mark.parametrize(("change", "message"), [
    ({"options": {}}, "support"),
    ({"options": {"support": [0], "signs": [1, 1]}}, "signs must be 1 or -1, one for each column"),
    ({"options": {"support": [0], "signs": [0]}}, "signs must be 1 or -1"),
    ({"options": {"support": [], "signs": []}}, "signs must be 1 or -1"),
    ({"options": {"support": [3], "signs": [1]}}, r"support must lie in \[0, 2\]"),
    ({"options": {"support": [0, 1, 2], "signs": [1, 1, 1]}, "lower": None}, "are dependent"),
    ({"options": {"support": [0, 1, 2], "signs": [1, 1, 1]}}, "are dependent"),
    ({"lower": VECTOR | {"entries": ["1", "1", "1"]}}, "the vector does not lie in the null space"),
    ({"lower": VECTOR | {"entries": ["0", "0", "0"]}}, "one that is not zero"),
    ({"lower": VECTOR | {"entries": ["1"]}}, "one entry per column"),
    ({"upper": {"kind": "dual", "h": np.ones(3)}}, "h must have 2 entries, got 3"),
    ({"matrix": [[1j, 0, 1], [0, 1, 1]]}, "recovery is for real matrices"),
    ({"order": 1}, "recovery has no order"),
])
def test_refusals(change, message):
    with pytest.raises(CertificateError, match=message):
        _certificate(**change)


def test_a_wrong_value_is_refused(sign):
    for k, value in enumerate(("5.1e-1", "4.9e-1")):
        changed = copy.deepcopy(_certificate())
        changed["statements"][k]["value"] = value
        assert f"stated {value}" in verify(sign(changed)).reason


def test_forgeries_prove_nothing_false(forgeries):
    accepted = 0
    for path, forged in forgeries(_certificate(), 200, random.Random(1)):
        if path[0] in ("matrix", "options", "order") or not verify(forged).ok:
            continue
        accepted += 1
        for entry in forged["statements"]:
            value = float(entry["value"])
            assert value <= 0.5 if entry["side"] == "lower" else value >= 0.5
    assert accepted < 100
