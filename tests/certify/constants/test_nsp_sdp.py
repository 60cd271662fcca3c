"""The semidefinite bound: by hand, from the solver, and forged."""

import random
from fractions import Fraction

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.kernel.nsp_sdp import sdp_bound

ZERO = np.zeros((2, 2))
# I - M A with M = (1, 1)^T / 2 and A = (1, 1) is R, so the form D vanishes and the largest entry of R is left
BY_HAND = {"kind": "sdp", "P": ZERO, "Q": ZERO, "T": ZERO, "R": np.array([[0.5, -0.5], [-0.5, 0.5]]),
           "L": np.zeros((1, 2)), "M": np.full((2, 1), 0.5)}


def bound(matrix, order, proof, options=None):
    certificate = make_constant_certificate("nsp", matrix, order=order, upper=proof, options=options)
    assert verify(certificate).ok
    return Fraction(certificate["statements"][0]["value"])


def test_a_row_of_two_ones():
    assert bound([[1, 1]], 1, BY_HAND) == Fraction(1, 2)
    assert bound([[1, 1]], 2, BY_HAND) == 1
    # T = I / 8: one entry of modulus 1/8, and D is diag(0, 0, 1/8, 1/8) with a shift of 2^-60 / 8
    near = bound([[1, 1]], 1, BY_HAND | {"T": np.eye(2) / 8})
    assert Fraction(5, 8) < near < Fraction(5, 8) + Fraction(1, 10**16)
    # Q = I / 8 instead: its entries add up to 1/4
    near = bound([[1, 1]], 1, BY_HAND | {"Q": np.eye(2) / 8})
    assert Fraction(3, 4) < near < Fraction(3, 4) + Fraction(1, 10**16)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_what_the_solver_finds(order):
    matrix = np.random.default_rng(5).standard_normal((4, 6))
    found = sdp_bound(matrix, order)
    proof = {"kind": "sdp", **found.dual}
    assert float(bound(matrix, order, proof)) == pytest.approx(found.upper, rel=1e-8)
    assert bound(matrix, order, proof) >= Fraction(found.lower)


def test_refusals():
    def reason(**changes):
        with pytest.raises(CertificateError) as caught:
            bound([[1, 1]], 1, BY_HAND | changes)
        return str(caught.value)

    assert "not positive semidefinite up to rounding" in reason(T=-np.eye(2) / 8)
    assert "not positive semidefinite" in reason(M=np.full((2, 1), 0.75))
    assert "L must be an array of shape 1 x 2" in reason(L=ZERO)
    assert "proof sdp knows no field 'S'" in reason(S=ZERO)
    with pytest.raises(CertificateError, match="without weights and levels"):
        bound([[1, 1]], 1, BY_HAND, {"weights": [1, 2]})


def test_forged_certificates_prove_nothing_false(forgeries):
    """The constant of every row (a, b) is the larger of |a| and |b| over their sum."""
    certificate = make_constant_certificate("nsp", [[1, 1]], order=1, upper=BY_HAND | {"T": np.eye(2) / 8})
    accepted = 0
    for path, forged in forgeries(certificate, 300, random.Random(1)):
        found = verify(forged)
        if found.ok:
            accepted += 1
            sizes = sorted(abs(Fraction(value)) for value in forged["matrix"]["numerators"][0])
            assert len(sizes) == 2
            value = 1 if forged["order"] == 2 or not sum(sizes) else sizes[1] / sum(sizes)
            assert Fraction(forged["statements"][0]["value"]) >= value, path
    assert accepted < 200
