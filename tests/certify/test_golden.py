"""Certificates that were written once and are only read here: what the verifier proved, it still proves.

The other tests write and verify with one code, so that a change of both would pass them.
``golden/write.py`` says how these files were made.
"""

import base64
import copy
import json
import struct
from pathlib import Path

import pytest

from kernelstab.certify import verify
from kernelstab.certify.certificate import CONSTANT_FORMAT, FORMAT, FORMS, VERSION, digest
from kernelstab.certify.constants import CONSTANTS

PLACE = Path(__file__).parent / "golden"
FILES = {path.stem: json.loads(path.read_text()) for path in sorted(PLACE.glob("*.json"))}
# kinds that were proved once, and the line with which they are refused
REMOVED = {
    "nsp-sdp": "upper bound: proofs of kind sdp are no longer checked: "
               "jn is never worse; make the certificate again with it",
    "nsp-duals-complex": "upper bound: proofs of kind duals are no longer checked: "
                         "a complex matrix is proved by arcs; make the certificate again",
}
KEPT = sorted(set(FILES) - set(REMOVED))


def signed(changed):
    return changed | {"sha256": digest(changed)}


@pytest.mark.parametrize("name", KEPT)
def test_every_stored_file_is_proved(name):
    found = verify(PLACE / f"{name}.json")
    assert found.ok, found.reason
    stated = FILES[name]
    if stated["format"] == FORMAT:
        assert [(d.role, d.text) for d in found.claims] == [(c["role"], c["text"]) for c in stated["claims"]]
        assert found.scope == stated["scope"]
    else:
        assert len(found.claims) == sum(len(part["statements"]) for part in parts(stated))


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_a_kind_that_was_given_up_is_refused_with_its_reason(name):
    found = verify(PLACE / f"{name}.json")
    assert not found.ok
    assert found.reason == REMOVED[name]


def parts(content):
    """Return the certificates of constants in a file."""
    if content["format"] == FORMAT:
        return []
    return [content] if content["format"] == CONSTANT_FORMAT else content["certificates"]


def bolder(value, side):
    """Change the first digit of a decimal number so that it claims more.

    >>> bolder("9.5e0", "lower"), bolder("1.5e0", "upper"), bolder("-2e0", "upper"), bolder("0", "lower")
    ('1e1', '0.5e0', '-3e0', '1e0')
    """
    up = side == "lower"
    if value == "0":
        return "1e0" if up else "-1e0"
    sign, size = ("-", value[1:]) if value.startswith("-") else ("", value)
    step = 1 if up == (sign == "") else -1
    if size[0] == "9" and step == 1:
        return f"{sign}1e{int(size.partition('e')[2]) + 1}"
    return f"{sign}{int(size[0]) + step}{size[1:]}"


@pytest.mark.parametrize("name", [name for name in KEPT if parts(FILES[name])])
def test_one_digit_more_in_a_bound_is_refused(name):
    for number, part in enumerate(parts(FILES[name])):
        for k, statement in enumerate(part["statements"]):
            changed = copy.deepcopy(FILES[name])
            place = parts(changed)[number]
            side = statement["side"]
            place["statements"][k]["value"] = bolder(statement["value"], side)
            place |= {"sha256": digest(place)}
            found = verify(signed(changed))
            assert not found.ok, statement["value"]
            assert f"{side} bound: proved is" in found.reason


def numbers(value):
    """Yield a copy of a proof for each of its numbers, changed in one digit or one bit."""
    if isinstance(value, dict) and "dtype" in value:
        yield from arrays(value)
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from (value | {key: changed} for changed in numbers(entry) if key != "kind")
    elif isinstance(value, list):
        for k, entry in enumerate(value):
            yield from ([*value[:k], changed, *value[k + 1:]] for changed in numbers(entry))
    elif type(value) in (int, float):
        yield value + 1
    elif isinstance(value, str) and value[-1:].isdigit():
        yield value[:-1] + str((int(value[-1]) + 1) % 10)


def arrays(plain):
    """Yield a copy of an array for each entry, changed by a half."""
    code = {"float64": "d", "int8": "b", "uint8": "B"}.get(plain["dtype"])
    if code is None:
        return
    raw = base64.b64decode(plain["data"])
    entries = list(struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw))
    for k, entry in enumerate(entries):
        changed = [*entries[:k], entry + 0.5 if code == "d" else entry + 1, *entries[k + 1:]]
        data = base64.b64encode(struct.pack(f"<{len(entries)}{code}", *changed)).decode()
        yield plain | {"data": data}


def with_one_change(content):
    """Yield copies of a certificate of a constant with one number of a proof changed."""
    for k, statement in enumerate(content["statements"]):
        for proof in numbers(statement["proof"]):
            changed = copy.deepcopy(content)
            changed["statements"][k]["proof"] = proof
            yield signed(changed)


# proofs without a number that decides: nothing, a prime, a shape, a rounded bound, duals that are not tight
NO_NUMBER = ("gram", "modular", "shape", "trivial-kernel", "injective", "gershgorin", "enumeration")


@pytest.mark.parametrize("name", [name for name in KEPT if FILES[name]["format"] == CONSTANT_FORMAT])
def test_one_digit_of_a_proof_decides(name):
    content = FILES[name]
    if all(statement["proof"]["kind"] in NO_NUMBER for statement in content["statements"]):
        return
    refused = [not verify(changed).ok for changed in with_one_change(content)]
    assert any(refused)


@pytest.mark.parametrize("name", [name for name in KEPT if FILES[name]["format"] == FORMAT])
def test_one_digit_of_a_program_is_refused(name):
    for k, claim in enumerate(FILES[name]["claims"]):
        changed = copy.deepcopy(FILES[name])
        low, high = claim["margin"]
        changed["claims"][k]["margin"] = [bolder(low, "lower"), high]
        found = verify(signed(changed))
        assert not found.ok
        assert "margin of" in found.reason
    for number, bounds in ((number, entry["bounds"]) for number, entry in FILES[name]["quantities"].items()):
        changed = copy.deepcopy(FILES[name])
        changed["quantities"][number]["bounds"] = [bounds[0], bolder(bounds[1], "upper")]
        assert not verify(signed(changed)).ok
    changed = copy.deepcopy(FILES[name])
    vector = next(entry for entry in changed["inputs"].values() if entry["kind"] == "vector")
    vector["values"] = next(arrays(vector["values"]))
    assert not verify(signed(changed)).ok, "half a unit more in an input"


# every kind that the verifier knows has a file

def known_proofs():
    """Yield (constant, real or complex, side, kind) for every proof that a checker knows."""
    for name, constant in CONSTANTS.items():
        for over_complex in (False, True):
            # priors on complex signals are read as real ones
            if over_complex and (constant.real_only or name == "kernel-size"):
                continue
            for side in ("lower", "upper"):
                yield from ((name, over_complex, side, kind) for kind in getattr(constant, side)
                            if (kind, over_complex) not in (*constant.given_up, ("arcs", False)))


def is_complex(content):
    matrix = content["matrix"]
    return "imag" in matrix or "re" in matrix


def test_every_kind_of_proof_has_a_file():
    stored = {(part["constant"], is_complex(part), statement["side"], statement["proof"]["kind"])
              for content in FILES.values() for part in parts(content) for statement in part["statements"]}
    assert {proof for proof in known_proofs() if proof not in stored} == set()


def test_every_prior_and_problem_has_a_file():
    from kernelstab.certify.constants.kernel_size import METHODS
    from kernelstab.certify.constants.optimal_value import PROBLEMS
    from kernelstab.certify.constants.prior_setting import FIELDS

    found = [part for content in FILES.values() for part in parts(content)]
    priors = {(part["constant"], part["options"]["prior"]["kind"]) for part in found
              if "prior" in part["options"]}
    assert priors == {(name, kind) for name in ("kernel-size", "detail-interval") for kind in FIELDS}
    uppers = {(statement["proof"]["kind"], part["options"]["prior"]["kind"]) for part in found
              if part["constant"] == "kernel-size" for statement in part["statements"]
              if statement["side"] == "upper"}
    several = {"injective"}                          # one checker for all its priors
    assert uppers >= {(kind, prior) for kind in CONSTANTS["kernel-size"].upper for prior in METHODS[kind][1]
                      if kind not in several}
    problems = {(part["options"]["problem"], is_complex(part)) for part in found
                if part["constant"] == "optimal-value"}
    assert problems == {(problem, kind) for problem in PROBLEMS for kind in (False, True)}


def test_every_instruction_operator_map_and_layer_has_a_file():
    from kernelstab.certify.program import network
    from kernelstab.certify.program.instructions import LITERALS, SIGNATURES
    from kernelstab.certify.program.maps import KINDS as MAPS
    from kernelstab.certify.program.operators import KINDS as OPERATORS

    files = [content for content in FILES.values() if content["format"] == FORMAT]
    steps = {step[0] for content in files for step in content["program"]["instructions"]}
    assert steps == {*SIGNATURES, *LITERALS}
    inputs = [entry for content in files for entry in content["inputs"].values()]
    kinds = {entry["kind"] for entry in inputs}
    assert kinds == {"vector", "recorded"} | set(MAPS) | set(OPERATORS)
    layers = {layer["layer"] for entry in inputs for layer in entry.get("layers", [])}
    assert layers == {*network.STARTS, *network.PLAIN, *network.AXES, "scale"}
    assert {content["scope"] for content in files} == {"ideal", "recorded"}


def test_every_format_and_version_has_a_file():
    assert {content["format"] for content in FILES.values()} == set(FORMS)
    assert {content["version"] for content in FILES.values()} == {VERSION}


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in PLACE.glob("*.json")) < 300_000
