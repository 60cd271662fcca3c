"""Only what is proved becomes a certificate."""

import json

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_certificate, verify
from kernelstab.certify.writing.terms import Program, norm


def program(bound):
    p = Program()
    x = p.vector("x")
    p.hypothesis("H1", norm(x) > 0)
    p.conclusion("C1", norm(x) >= bound)
    return p


def test_what_is_in_it():
    found = make_certificate("pythagoras", program(4), {"x": np.array([3.0, 4.0])}, precision=64,
                             extra={"note": "by hand", "eps": np.float64(0.5), "size": np.int64(2)}, seed=7)
    assert json.loads(json.dumps(found)) == found
    assert (found["slug"], found["scope"], found["precision"]) == ("pythagoras", "ideal", 64)
    assert found["claims"][1] == {"role": "conclusion", "label": "C1", "text": "|x| >= 4", "outcome": "true",
                                  "margin": ["1e0", "1e0"]}
    assert found["extra"] == {"note": "by hand", "eps": 0.5, "size": 2}
    assert found["provenance"]["seed"] == 7
    assert {"python-flint", "numpy"} < set(found["provenance"]["packages"])
    assert verify(found).ok


def test_claims_that_are_not_proved():
    with pytest.raises(CertificateError, match=r"conclusion C1 is false at 128 bits; .*: \|x\| >= 6"):
        make_certificate("p", program(6), {"x": np.array([3.0, 4.0])})
    with pytest.raises(CertificateError, match="hypothesis H1 is false"):
        make_certificate("p", program(0), {"x": np.zeros(2)})
    p = Program()
    x = p.vector("x")
    p.conclusion("C1", norm(x * norm(x)) >= norm(x) * norm(x))
    with pytest.raises(CertificateError, match="conclusion C1 is unknown"):
        make_certificate("p", p, {"x": np.ones(2)})


def test_a_program_without_conclusion():
    p = Program()
    p.hypothesis("H1", norm(p.vector("x")) > 0)
    with pytest.raises(CertificateError, match="must state a conclusion"):
        make_certificate("p", p, {"x": np.ones(2)})


def test_a_program_that_the_verifier_could_not_read():
    p = Program()
    term = norm(p.vector("x"))
    for _ in range(20):
        term = term + term
    p.conclusion("C1", term > 0)
    with pytest.raises(ValueError, match="too long to be read"):
        make_certificate("p", p, {"x": np.ones(2)})
