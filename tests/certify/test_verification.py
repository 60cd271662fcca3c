"""Certificates are proved again, and changed ones are refused for the right reason.

Every change below is followed by a new digest, because a digest can be computed by anyone.
"""

import base64
import copy
import json
import random
import sys

import numpy as np
import pytest
from flint import ctx

from kernelstab.certify import make_certificate, make_constant_certificate, verify, write_certificate
from kernelstab.certify.certificate import digest
from kernelstab.certify.writing.encode import encode_array
from kernelstab.certify.writing.terms import Program, inner, lipschitz, norm
from kernelstab.maps import ClipDecoder, LinearMap, ReLUNetwork
from kernelstab.operators.fourier import SubsampledFourier
from kernelstab.operators.matrix import DenseOperator

RNG = np.random.default_rng(0)
MASK = np.zeros((4, 4), dtype=bool)
for _k in ((2, 2), (0, 1), (0, 3), (1, 0), (3, 0)):      # without the mean, which would hide a bias
    MASK[_k] = True
X = RNG.random(16)
FOURIER = SubsampledFourier(MASK, real=True)


def network():
    weight = RNG.standard_normal((2, 1, 3, 3)).astype(np.float32)
    back = RNG.standard_normal((1, 2, 3, 3)).astype(np.float16)
    return ReLUNetwork(FOURIER, [{"layer": "adjoint"}, {"layer": "push"},
                                 {"layer": "conv", "weight": weight, "bias": np.ones(2)}, {"layer": "relu"},
                                 {"layer": "conv", "weight": back, "bias": np.ones(1)}, {"layer": "add"},
                                 {"layer": "scale", "factor": 0.5}, {"layer": "data_consistency"}])


def program(with_lipschitz=True):
    """Two images: the errors and the move of the outputs cover the distance."""
    p = Program()
    A, psi, x, z = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("z")
    u, v = psi(A(x)), psi(A(z))
    error = p.let("error at x", norm(u - x), "signal")
    p.let("overlap", inner(x, z))
    p.hypothesis("H1", norm(x - z) > 0)
    if with_lipschitz:
        bound = p.let("Lipschitz", lipschitz(psi), "signal/measurement")
        p.conclusion("C2", bound * norm(A(x) - A(z)) >= norm(u - v))
    p.conclusion("C1", error + norm(u - v) + norm(v - z) >= norm(x - z))
    return p


def certificate(A, psi, n=16, **options):
    inputs = {"A": A, "psi": psi, "x": X[:n], "z": X[::-1][:n] * 2}
    return make_certificate("test", program(**options), inputs, precision=96)


DENSE = DenseOperator(RNG.standard_normal((3, 6)))
KINDS = {
    "network": certificate(FOURIER, network()),
    "linear": certificate(DENSE, LinearMap(RNG.standard_normal((6, 3))), 6),
    "clip": certificate(DENSE, ClipDecoder(DENSE, RNG.random(6), np.ones(6), (0.25, 0.0)), 6),
    "recorded": certificate(DENSE, lambda y: np.tanh(DENSE.rmatvec(y)), 6, with_lipschitz=False),
}


@pytest.fixture(params=KINDS)
def proved(request):
    return copy.deepcopy(KINDS[request.param])


@pytest.fixture
def linear():
    return copy.deepcopy(KINDS["linear"])


def signed(changed):
    return changed | {"sha256": digest(changed)}


def refusal(changed):
    found = verify(signed(changed))
    assert not found.ok
    assert found.reason
    assert "\n" not in found.reason
    return found.reason


def test_honest_certificates_are_proved(proved, tmp_path):
    found = verify(proved)
    assert found.ok
    assert found.reason == ""
    assert found.scope == proved["scope"]
    assert found.precision == 96 + 32
    assert [c.outcome for c in found.claims] == ["true"] * len(proved["claims"])
    assert found.program.to_json() == proved["program"]
    for name, quantity in found.quantities.items():
        low, high = proved["quantities"][name]["bounds"]
        assert float(low) <= quantity.value <= float(high)
    assert verify(write_certificate(proved, tmp_path / "a.json")).ok
    assert repr(found).startswith("<Verification of test: proved (")
    assert json.loads(json.dumps(found.to_json()))["ok"]


def test_the_caller_keeps_its_precision(proved):
    with ctx.workprec(71):
        verify(proved)
        proved["inputs"]["x"] = {}
        verify(signed(proved))
        assert ctx.prec == 71


def test_a_change_without_a_new_digest(proved):
    proved["slug"] = "better"
    assert "digest does not match" in verify(proved).reason


@pytest.mark.parametrize("field", list(KINDS["linear"]))
def test_every_field_is_needed(linear, field):
    del linear[field]
    reason = verify(linear).reason
    assert (f"field {field} is missing" in reason) or (field in ("format", "version") and field in reason)
    linear[field] = 17.5
    assert field in verify(linear).reason


def test_other_formats_and_versions(linear):
    assert "version must be 1, got 2" in refusal(linear | {"version": 2})
    assert "format must be" in refusal(linear | {"format": "kernelstab"})
    assert "field 'note' is unknown" in refusal(linear | {"note": "trust me"})


def _flip(encoded):
    """Change the most significant mantissa bits of the first number of an encoded array."""
    size = {"float64": 8, "float32": 4, "float16": 2, "uint8": 1, "bool": 1}[encoded["dtype"]]
    raw = bytearray(base64.b64decode(encoded["data"]))
    raw[size - 1 if size == 1 else size - 2] ^= 1 if encoded["dtype"] == "bool" else 0b111
    encoded["data"] = base64.b64encode(raw).decode()


def _arrays(value, path=()):
    if isinstance(value, dict):
        if "dtype" in value:
            yield path, value
            return
        value = value.items()
    elif isinstance(value, list):
        value = enumerate(value)
    else:
        return
    for name, entry in value:
        yield from _arrays(entry, (*path, name))


@pytest.mark.parametrize("kind", KINDS)
def test_every_array_matters(kind):
    """Three bits of one number in each array of the inputs, one after the other."""
    count = 0
    for path, _ in _arrays(KINDS[kind]["inputs"]):
        changed = copy.deepcopy(KINDS[kind])
        array = changed["inputs"]
        for step in path:
            array = array[step]
        _flip(array)
        assert not verify(signed(changed)).ok, path
        reason = refusal(changed)
        assert any(word in reason for word in ("outside the stated bounds", "is not proved", "symmetric",
                                               "not near the computed one")), (path, reason)
        count += 1
    assert count >= {"network": 7, "linear": 4, "clip": 5, "recorded": 7}[kind]


def test_an_asymmetric_mask():
    changed = copy.deepcopy(KINDS["network"])
    mask = MASK.copy()
    mask[1, 2] = True
    changed["inputs"]["A"]["mask"] = encode_array(mask)
    assert "mask of a Fourier operator for real images must be symmetric" in refusal(changed)


def test_shapes_that_do_not_fit(linear):
    linear["inputs"]["x"]["values"] = encode_array(np.ones(5))
    assert "length 5 does not fit" in refusal(linear)
    linear["inputs"]["x"]["values"]["shape"] = [7]
    assert "needs 56 bytes, got 40" in refusal(linear)


def test_data_that_are_not_finite(linear):
    raw = np.full(6, np.nan).tobytes()
    linear["inputs"]["x"]["values"]["data"] = base64.b64encode(raw).decode()
    assert "not finite" in refusal(linear)


def test_unknown_kinds_and_instructions(linear):
    linear["inputs"]["psi"]["kind"] = "oracle"
    assert "map kind must be one of" in refusal(linear)
    linear["program"]["instructions"][3] = ["exec", "x"]
    assert "program is malformed: instruction 3: 'exec' is unknown" in refusal(linear)


@pytest.mark.parametrize("name", ["error at x", "overlap", "Lipschitz"])
@pytest.mark.parametrize("end", [0, 1])
def test_reported_quantities_must_hold_what_is_found(linear, name, end):
    bounds = linear["quantities"][name]["bounds"]
    low, high = map(float, bounds)
    inwards = (low + 1e-9 * abs(low), high - 1e-9 * abs(high))[end]
    bounds[end] = f"{inwards:.17e}".replace("e+", "e")
    assert f"quantity {name!r} lies in" in refusal(linear)


def test_wider_bounds_are_still_true(linear):
    linear["quantities"]["overlap"]["bounds"] = ["-9e9", "9e9"]
    assert verify(signed(linear)).ok


def test_quantities_cannot_be_hidden_added_or_renamed(linear):
    hidden = copy.deepcopy(linear)
    del hidden["quantities"]["overlap"]
    assert "quantities must be" in refusal(hidden)
    empty = copy.deepcopy(linear)
    empty["quantities"]["overlap"]["bounds"] = None
    assert "stated bounds are None" in refusal(empty)
    unit = copy.deepcopy(linear)
    unit["quantities"]["error at x"]["unit"] = "km"
    assert "not stated with its unit" in refusal(unit)
    for bounds in (["1", "x"], "12", [1.0, 2.0], ["1e999999", "1e0"], ["nan", "inf"]):
        linear["quantities"]["overlap"]["bounds"] = bounds
        assert "must be two decimal numbers" in refusal(linear)


def test_what_is_stated_of_a_claim_must_be_what_is_found(linear):
    for key, value in (("role", "conclusion"), ("label", "C9"), ("text", "|x| >= 0"), ("outcome", "false")):
        changed = copy.deepcopy(linear)
        changed["claims"][0][key] = value
        assert f"{key} is" in refusal(changed)
    changed = copy.deepcopy(linear)
    changed["claims"][2]["margin"][0] = "1e3"
    assert "margin of conclusion C1 lies in" in refusal(changed)
    changed = copy.deepcopy(linear)
    del changed["claims"][1]
    assert "program has 3 claims, stated are 2" in refusal(changed)
    changed = copy.deepcopy(linear)
    del changed["claims"][0]["margin"]
    assert "is not stated with the fields" in refusal(changed)


def test_a_stronger_constant_is_not_proved(linear):
    """The weakest true form of C1 with the constant made larger: twice the distance."""
    plain = linear["program"]
    index = plain["claims"][2][4]
    assert plain["instructions"][index][0] == "norm"
    plain["instructions"] += [["constant", "20"], ["mul", index, len(plain["instructions"])]]
    plain["claims"][2][4] = len(plain["instructions"]) - 1
    assert "conclusion C1 is not proved (false)" in refusal(linear)


def test_a_weaker_program_does_not_pass_for_the_stated_one(linear):
    """The claim stays true, but its formula is no longer the stated one."""
    plain = linear["program"]
    plain["instructions"].append(["constant", "-1"])
    plain["claims"][2][4] = len(plain["instructions"]) - 1
    assert "text is" in refusal(linear)


def test_a_false_hypothesis_is_no_certificate(linear):
    linear["inputs"]["z"] = linear["inputs"]["x"]
    assert "hypothesis H1 is not proved (false): |x - z| > 0" in refusal(linear)


def test_an_undecided_claim_is_no_certificate(linear):
    plain = linear["program"]
    norm_x = len(plain["instructions"])
    x = next(i for i, s in enumerate(plain["instructions"]) if s == ["vector", "x"])
    plain["instructions"] += [["norm", x], ["mul", norm_x, norm_x], ["inner", x, x]]
    plain["claims"][2][2:] = [norm_x + 1, ">=", norm_x + 2]
    assert "conclusion C1 is not proved (unknown)" in refusal(linear)


def test_a_program_without_conclusion(linear):
    linear["program"]["claims"] = []
    linear["claims"] = []
    assert "program states no conclusion" in refusal(linear)


def test_the_scope_is_derived():
    changed = copy.deepcopy(KINDS["recorded"])
    changed["scope"] = "ideal"
    assert "scope is recorded, stated is 'ideal'" in refusal(changed)


@pytest.mark.parametrize("precision", [0, 31, 9000, 10**30])
def test_precisions_out_of_range(linear, precision):
    assert "precision must lie in [32, 8192]" in refusal(linear | {"precision": precision})


@pytest.fixture
def constant():
    return make_constant_certificate("nsp", np.ones((1, 3)), order=1, lower={
        "kind": "kernel-vector", "columns": [0, 2], "entries": ["1", "-1"]})


def test_constants_are_proved_by_their_checkers(constant):
    """Half of the kernel vector (1, 0, -1) lies on one entry; nothing is said from above."""
    found = verify(constant)
    assert repr(found) == "<Verification of nsp: proved (exact), 1 claim>"
    assert found.subject.startswith("real 1 x 3 matrix ")
    (claim,) = found.claims
    assert (claim.role, claim.text, claim.outcome, claim.margin) == ("lower", "alpha_1 >= 0.5", "true", 0.0)
    assert (found.quantities["alpha_1"].lower, found.quantities["alpha_1"].upper) == (0.5, np.inf)
    assert found.to_json()["quantities"]["alpha_1"] == {"lower": 0.5, "upper": None, "unit": ""}
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["format"] == "kernelstab-constant"


def test_one_format_does_not_pass_for_the_other(constant, linear):
    assert "field slug is missing" in refusal(constant | {"format": "kernelstab-certificate"})
    assert "field constant is missing" in refusal(linear | {"format": "kernelstab-constant"})
    for wrong in (None, [], {}, 1, "kernelstab"):
        assert "format must be 'kernelstab-certificate' or 'kernelstab-constant'" in refusal(
            constant | {"format": wrong})
    assert "version must be 1, got True" in refusal(constant | {"version": True})
    found = verify(constant | {"order": 2})
    assert (found.slug, found.format) == ("", "kernelstab-certificate")       # the digest comes first
    found = verify(signed(constant | {"order": 9}))
    assert (found.slug, found.format) == ("nsp", "kernelstab-constant")


def test_missing_files(tmp_path):
    found = verify(tmp_path / "none.json")
    assert not found.ok
    assert "cannot be read" in found.reason
    assert repr(found).startswith("<Verification of a certificate: REFUSED, ")


JUNK = (None, True, -1, 3, 10**20, 0.5, "", "x", [], {}, [1, 2], [[0]], {"kind": "dense"}, {"dtype": "bool"})


def _places(value, path=()):
    yield path
    entries = enumerate(value) if isinstance(value, list) else ()
    entries = value.items() if isinstance(value, dict) else entries
    for name, entry in entries:
        yield from _places(entry, (*path, name))


@pytest.mark.parametrize("kind", KINDS)
def test_junk_anywhere_is_refused_without_an_exception(kind):
    """Replace one value after the other by something else; free text may change, nothing else."""
    rng = random.Random(1)
    free = {"slug", "provenance", "extra"}
    for path in list(_places(KINDS[kind]))[1:]:
        if path[0] in free or path[0] == "sha256":
            continue
        for junk in rng.sample(JUNK, 3):
            changed = copy.deepcopy(KINDS[kind])
            parent = changed
            for step in path[:-1]:
                parent = parent[step]
            if parent[path[-1]] == junk:
                continue
            parent[path[-1]] = junk
            found = verify(signed(changed))
            assert not found.ok or _harmless(path, junk, KINDS[kind]), (path, junk)


def _harmless(path, junk, original):
    """Units of unreported names do not exist; a smaller claim of precision still proves."""
    return path[0] == "precision" or (path[:2] == ("program", "units") and not junk)


def stated(plain, names=()):
    """A certificate whose program is ``plain`` on x = (3, 4), with bounds that exclude nothing."""
    p = Program()
    p.conclusion("C1", norm(p.vector("x")) >= 0)
    certified = make_certificate("test", p, {"x": np.array([3.0, 4.0])})
    read = Program.from_json(plain)
    certified["program"] = plain
    certified["claims"] = [{"role": c.role, "label": c.label, "text": read.claim_text(c), "outcome": "true",
                            "margin": ["-9e9", "9e9"]} for c in read.claims]
    certified["quantities"] = {name: {"unit": "", "bounds": ["-9e9", "9e9"]} for name in plain["quantities"]}
    return certified


def straight(instructions, left, right, quantities=()):
    return {"instructions": instructions, "quantities": dict(quantities), "units": {},
            "claims": [["conclusion", "C1", left, ">=", right]]}


def test_a_number_that_does_not_exist_is_not_even_itself():
    """1 / (|x| - |x|) >= 1 / (|x| - |x|) has no meaning, so it is not proved."""
    steps = [["vector", "x"], ["norm", 0], ["sub", 1, 1], ["constant", "1"], ["div", 3, 2]]
    assert "conclusion C1 is not proved (unknown)" in refusal(stated(straight(steps, 4, 4)))
    assert verify(signed(stated(straight(steps, 1, 1)))).ok


@pytest.mark.parametrize("count", [12, 25, 45, 60])
def test_astronomic_numbers_are_unknown_and_fill_no_memory(count):
    """5 squared again and again; 2 ** 2 ** 60 has no digits that could be written."""
    steps = [["vector", "x"], ["norm", 0], *(["mul", k, k] for k in range(1, count))]
    found = refusal(stated(straight(steps, 1, 1, {"large": count})))
    assert "quantity 'large'" in found
    assert ("found None" in found) == (count > 12)


def test_deep_descriptions_are_refused(linear):
    deep: dict = {}
    for _ in range(900):
        deep = {"a": deep}
    linear["inputs"]["A"]["matrix"] = deep
    certificate, limit = signed(linear), sys.getrecursionlimit()
    sys.setrecursionlimit(600)      # fewer than levels, whatever a level takes in this Python
    try:
        found = verify(certificate)
    finally:
        sys.setrecursionlimit(limit)
    assert not found.ok
    assert "too large or too deep" in found.reason


@pytest.mark.parametrize("place", ["slug", "label", "quantity", "unit"])
def test_text_cannot_write_lines_of_its_own(place):
    forged = "C1\n  PROVED: everything"
    plain = straight([["vector", "x"], ["norm", 0]], 1, 1)
    certified = stated(plain)
    if place == "slug":
        certified["slug"] = forged
    elif place == "label":
        plain["claims"][0][1] = forged
    else:
        plain["quantities"] = {forged if place == "quantity" else "q": 1}
        plain["units"] = {"q": forged}
    assert "must be printable" in refusal(certified)


def test_a_name_given_twice_is_refused(linear, tmp_path):
    """One reader would keep the first program, another the last."""
    path = tmp_path / "twice.json"
    path.write_text('{"slug": "two-images", ' + json.dumps(linear)[1:])
    assert "the name 'slug' is given twice" in verify(path).reason


@pytest.mark.parametrize("certificate", [None, 3, b"file", "a\0b", {1: 2, "a": 3}])
def test_what_is_neither_a_file_nor_plain_is_refused(certificate):
    found = verify(certificate)
    assert not found.ok
    assert found.reason


def test_plain_values_only(linear):
    for odd in (np.ones(2), {1: 2, "a": 3}, {3}):
        assert "is not JSON" in verify(linear | {"extra": {"odd": odd}}).reason
