"""Make a certificate of a constant of a matrix; needs numpy."""

from fractions import Fraction
from math import lcm

import numpy as np

from kernelstab._files import provenance
from kernelstab.certify.certificate import CONSTANT_FORMAT, signed, write_certificate
from kernelstab.certify.constants.matrix import read_matrix
from kernelstab.certify.constants.statement import bound
from kernelstab.certify.enclosure import decimal_above, decimal_below
from kernelstab.certify.writing.encode import encode, encode_array


def make_constant_certificate(constant, matrix, *, order=None, options=None, lower=None, upper=None,
                              path=None) -> dict:
    """Prove bounds on a constant of a matrix and return what is needed to prove them again.

    The bounds stated are those that the verifier's own checker finds in the proofs, rounded outward
    to 17 digits; whatever a search or solver claimed about its result is not consulted. They are
    about the matrix exactly as its entries stand. Cost: that of verifying.

    Parameters
    ----------
    constant : str
        Name in ``kernelstab.certify.constants.CONSTANTS``.
    matrix : array_like, shape (m, N)
        Floats (real or complex), integers or fractions.
    order : int, optional
    options : dict, optional
        Plain values, numbers that belong to the definition of the constant.
    lower, upper : dict, optional
        The proofs, at least one: ``kind`` and the fields of that kind; arrays allowed.
    path : str or Path, optional
        Where to write the certificate.

    Returns
    -------
    dict
        Plain values; see ``certificate`` for the fields.

    Raises
    ------
    CertificateError
        If a proof is malformed or proves nothing.
    ValueError
        If there is no proof or the matrix is malformed.

    Examples
    --------
    The kernel of a row of two ones is spanned by (1, -1), half of which lies on one entry:

    >>> from kernelstab.certify import verify
    >>> vector = {"kind": "kernel-vector", "columns": [0, 1], "entries": ["1", "-1"]}
    >>> certificate = make_constant_certificate("nsp", [[1, 1]], order=1, lower=vector)
    >>> certificate["statements"][0]["value"]
    '5e-1'
    >>> verify(certificate)
    <Verification of nsp: proved (exact), 1 claim>
    """
    given = {"lower": lower, "upper": upper}
    proofs = {side: encode(proof) for side, proof in given.items() if proof is not None}
    if not proofs:
        raise ValueError("lower and upper are both None: there is nothing to prove")
    plain, options = encode_matrix(matrix), encode(options or {})
    order = None if order is None else int(order)
    content = read_matrix(plain)
    statements = []
    for side, proof in proofs.items():
        found = bound(constant, content, order, options, side, proof)
        value = decimal_below(found) if side == "lower" else decimal_above(found)
        statements.append({"side": side, "value": value, "proof": proof})
    certificate = signed(CONSTANT_FORMAT, {
        "constant": constant, "order": order, "options": options, "statements": statements,
        "provenance": provenance(None), "extra": {}, "matrix": plain,
    })
    if path is not None:
        write_certificate(certificate, path)
    return certificate


def encode_matrix(matrix) -> dict:
    """Encode a matrix exactly: floats as bytes, integers and fractions over one denominator.

    >>> encode_matrix([[1, Fraction(1, 2)]])
    {'numerators': [['2', '1']], 'denominator': '2'}
    """
    array = np.asarray(matrix)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"matrix must have two axes and entries, got shape {array.shape}")
    if array.dtype.kind in "fc":
        return encode_array(array)
    rows = [[_rational(value) for value in row] for row in array.tolist()]
    denominator = lcm(*{value.denominator for row in rows for value in row})
    return {"numerators": [[str(int(value * denominator)) for value in row] for row in rows],
            "denominator": str(denominator)}


def exact_matrix(matrix):
    """Return a matrix as the checkers see it.

    >>> exact_matrix(np.array([[0.5, 1.0]]))
    <ExactMatrix 1 x 2>
    """
    return read_matrix(encode_matrix(matrix))


def _rational(value):
    try:
        return Fraction(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"matrix must hold finite rationals, got {value!r:.60}") from None
