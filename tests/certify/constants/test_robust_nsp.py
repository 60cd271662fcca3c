"""The checker of robust null space constants: hand computations, and forgeries that prove nothing false."""

import copy
import random
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.constants.matrix import exact
from kernelstab.certify.constants.statement import bound

check = partial(bound, "robust-nsp-l1")

FRAME = [[1, 0, 1], [0, 1, 1]]
# rho = 3/4: (1, -1/4) for column 0, (-1/4, 1) for column 1, (1/2, 1/2) for column 2; sqrt(17)/4 at most
SINGLES = {"supports": np.array([[0], [1], [2]]), "signs": np.ones((3, 1)),
           "duals": np.array([[1.0, -0.25], [-0.25, 1.0], [0.5, 0.5]])}
RHO = {"rho": "7.5e-1"}
TAU = 17**0.5 / 4


def _duals(**changes):
    return {"kind": "duals", "groups": [SINGLES | changes]}


def _certificate(**changes):
    return make_constant_certificate(
        "robust-nsp-l1", FRAME, order=1, options=RHO, upper=_duals(**changes),
        # (1, -1/4) = A v for v = (5/4, 0, -1/4): 5/4 - 3/16 = 17/16 over sqrt(17)/4
        lower={"kind": "vector", "entries": np.array([1.25, 0.0, -0.25])})


def _values(certificate):
    return {entry["side"]: float(entry["value"]) for entry in certificate["statements"]}


def test_by_hand():
    certificate = _certificate()
    values = _values(certificate)
    np.testing.assert_allclose((values["lower"], values["upper"]), TAU, rtol=1e-15)
    assert values["lower"] <= TAU <= values["upper"] or values["upper"] - values["lower"] < 1e-15
    assert "proved (exact)" in repr(verify(certificate))
    assert verify(certificate).claims


def test_a_residual_costs_its_factor():
    # 7/8 of the vectors: r = 1/8, limits 3/4 * 7/8 met: the same bound; one more hair and it fails
    shrunk = SINGLES["duals"] * 0.875                              # r = 1/8 exactly
    np.testing.assert_allclose(_values(_certificate(duals=shrunk))["upper"], TAU, rtol=1e-15)
    beyond = shrunk.copy()
    beyond[0, 1] = np.nextafter(beyond[0, 1], 0)
    with pytest.raises(CertificateError, match=r"of support \[0\] exceeds rho \(1 - r\) outside"):
        _certificate(duals=beyond)


def test_supports_left_out_are_bounded_by_their_columns():
    # identity, s = 2, rho = 1/2: rho_1 = (1/2) / (5/2) = 1/5, h = e_i, shares (3/2) / (6/5) = 5/4, sums 5/2;
    # the truth is sqrt 2
    A = exact([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    singles = {"supports": [[0], [1], [2]], "signs": [[1]] * 3, "duals": np.eye(3).tolist()}

    def group(supports, signs, duals):
        from kernelstab.certify.arrays import decode_array
        from kernelstab.certify.writing.encode import encode_array
        names = {"supports": supports, "signs": signs, "duals": duals}
        return {name: decode_array(encode_array(np.array(value, dtype=float)))
                for name, value in names.items()}

    alone = {"kind": "duals", "groups": [group(**singles)]}
    assert check(A, 2, {"rho": "5e-1"}, "upper", alone) == Fraction(5, 2)
    # with the support (0, 1) solved, the others stay; with all three, the root of 2
    own = [group([pair] * 2, [[1, 1], [1, -1]], [[(i in pair) * (1 if i == pair[0] else k) for i in range(3)]
                                                 for k in (1, -1)]) for pair in ([0, 1], [0, 2], [1, 2])]
    some = {"kind": "duals", "groups": [group(**singles), own[0]]}
    assert check(A, 2, {"rho": "5e-1"}, "upper", some) == Fraction(5, 2)
    found = check(A, 2, {"rho": "5e-1"}, "upper", {"kind": "duals", "groups": own})
    assert 2 <= found**2 < 2 + Fraction(1, 10**30)
    with pytest.raises(CertificateError, match=r"support \[1, 2\] is not covered"):
        check(A, 2, {"rho": "5e-1"}, "upper", {"kind": "duals", "groups": own[:2]})


def test_both_sign_patterns_are_needed():
    A = exact([[1, 0], [0, 1]])
    from kernelstab.certify.arrays import Array
    group = {"supports": Array((2, 2), (0.0, 1.0, 0.0, 1.0)), "signs": Array((2, 2), (1.0, 1.0, -1.0, -1.0)),
             "duals": Array((2, 2), (1.0, 1.0, -1.0, -1.0))}
    with pytest.raises(CertificateError, match=r"support \[0, 1\] is not covered"):
        check(A, 2, {"rho": "5e-1"}, "upper", {"kind": "duals", "groups": [group]})


@pytest.mark.parametrize(("change", "message"), [
    ({"options": {}}, "rho must be a decimal number"),
    ({"options": {"rho": "-1e0"}}, "rho must not be negative"),
    ({"order": 4}, r"order must lie in \[1, 3\], got 4"),
    ({"order": None}, "robust-nsp-l1 needs an order"),
    ({"matrix": [[1j, 0, 1], [0, 1, 1]]}, "robust-nsp-l1 is for real matrices"),
    ({"lower": {"kind": "vector", "entries": np.array([1.0, 1.0, -1.0])}, "upper": None,
      "options": {"rho": "2.5e-1"}}, "the vector lies in the kernel"),
    ({"upper": _duals(signs=np.full((3, 1), 2))}, "signs must be 1 or -1"),
    ({"upper": _duals(duals=np.ones((2, 2)))}, "3 supports have 2 duals"),
    ({"upper": _duals(duals=-SINGLES["duals"])}, "exceeds rho"),
    ({"upper": {"kind": "duals", "groups": []}}, "groups must be a list of groups"),
    ({"upper": {"kind": "jn", "groups": []}}, "proof must be one of duals, got 'jn'"),
])
def test_refusals(change, message):
    given = {"matrix": FRAME, "order": 1, "options": RHO, "upper": _duals()}
    given |= change
    with pytest.raises(CertificateError, match=message):
        make_constant_certificate("robust-nsp-l1", given.pop("matrix"), **given)


def test_a_wrong_value_is_refused(sign):
    changed = copy.deepcopy(_certificate())
    changed["statements"][1]["value"] = "1.03e0"                  # below sqrt(17) / 4 = 1.0308
    assert "stated 1.03e0" in verify(sign(changed)).reason


def test_forgeries_prove_nothing_false(forgeries):
    for path, forged in forgeries(_certificate(), 150, random.Random(3)):
        if path[0] in ("matrix", "options", "order"):
            continue                                              # another constant, not known here
        if not verify(forged).ok:
            continue
        values = _values(forged)
        assert values.get("lower", 0) <= TAU * (1 + 1e-15)
        assert values.get("upper", 9) >= TAU * (1 - 1e-15)
