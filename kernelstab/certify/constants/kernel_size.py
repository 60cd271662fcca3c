r"""Kernel sizes :math:`\sup\{\|x-x'\|:x,x'\in M,\ \|A(x-x')\|\le2\varepsilon\}`.

Options: ``prior``, a description with its ``kind``; ``eps``, the noise level; ``norm``, ``"2"`` or, for a
polytope, ``"inf"``. Numbers are those that the floats are. Noise is measured in the maximum norm for
a polytope, in the Euclidean norm else. Complex matrices act on real and imaginary parts, one
after the other, which changes no norm; sparse, polytope and l1-ball are for real ones.

Proofs of a lower bound, in exact arithmetic:

``pair``
    Integers ``x`` and ``x_alt`` over ``denominator`` (coefficients in the basis, for a subspace): that both
    are members and that their measurements differ by at most :math:`2\varepsilon` is checked.
``signals``
    Two members of a finite set, by their row.
``ray``
    Integers ``direction`` in the null space whose multiples all are differences of members; the size is
    infinite, and ``reach`` is the number that the certificate chooses to state.

Upper bounds: see ``kernel_size_upper``.
"""

from fractions import Fraction

from flint import fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.exact_vectors import column, largest, root_below, squares
from kernelstab.certify.constants.kernel_size_upper import METHODS, upper
from kernelstab.certify.constants.matrix import integer
from kernelstab.certify.constants.prior_setting import read_setting
from kernelstab.certify.constants.reading import decimal, integers, proof_kind

KINDS = {
    "lower": {"pair": ["x", "x_alt", "denominator"], "ray": ["direction", "reach"],
              "signals": ["first", "second"]},
    "upper": {kind: method.fields for kind, method in METHODS.items()},
}


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the kernel size that a proof proves.

    Raises
    ------
    CertificateError
        If the options or the proof are malformed, or nothing is proved.
    """
    setting = read_setting(matrix, options)
    kind = proof_kind(proof, KINDS[side])
    if side == "upper":
        return upper(setting, kind, proof)
    if kind == "signals":
        return _signals(setting, proof)
    if kind == "ray":
        return _ray(setting, proof)
    return _pair(setting, proof)


def _pair(setting, proof) -> Fraction:
    """Check both members and their measurements; return their distance, rounded down."""
    if setting.kind == "finite":
        raise CertificateError("members of a finite set are given by their rows")
    denominator = integer(proof["denominator"], "denominator")
    if denominator < 1:
        raise CertificateError(f"denominator must be positive, got {denominator!r:.60}")
    signals = []
    for name in ("x", "x_alt"):
        entries = integers(proof[name], name)
        if len(entries) != setting.width:
            raise CertificateError(f"{name} must have {setting.width} entries, got {len(entries)}")
        signals.append(setting.signal(column(entries, denominator)))
        setting.require_member(signals[-1], name)
    gap = signals[0] - signals[1]
    _require_near(setting, gap)
    if setting.norm == "inf":
        return largest(gap)
    return root_below(squares(gap))


def _require_near(setting, gap):
    """Refuse two signals whose measurements differ by more than twice the noise level."""
    difference = setting.matrix * gap
    if setting.kind == "polytope":
        near = largest(difference) <= 2 * setting.eps
    else:
        near = squares(difference) <= 4 * setting.eps**2
    if not near:
        raise CertificateError("the measurements of the pair differ by more than 2 eps")


def _signals(setting, proof) -> Fraction:
    if setting.kind != "finite":
        raise CertificateError(f"signals are for a finite set, not for {setting.kind}")
    count = setting.form.nrows()
    first, second = integers([proof["first"], proof["second"]], "signals", 0, count - 1)
    rows = setting.form.tolist()
    gap = fmpq_mat(setting.form.ncols(), 1, [a - b for a, b in zip(rows[first], rows[second])])
    _require_near(setting, gap)
    return root_below(squares(gap))


def _ray(setting, proof) -> Fraction:
    """Check that all multiples of a direction are differences of members with equal measurements."""
    entries = integers(proof["direction"], "direction")
    if len(entries) != setting.width or not any(entries):
        raise CertificateError(f"direction must have {setting.width} entries, not all zero")
    direction = setting.signal(column(entries))
    if setting.kind == "subspace":
        free = setting.radius is None
    elif setting.kind in ("ellipsoid", "polytope"):
        free = not any((setting.form * direction).entries())
    elif setting.kind == "sparse":
        free = sum(value != 0 for value in entries) <= 2 * setting.s
    else:
        free = setting.kind == "everything"
    if not free:
        raise CertificateError(f"the prior {setting.kind} is bounded along the direction")
    if not any(direction.entries()) or any((setting.matrix * direction).entries()):
        raise CertificateError("the direction is not in the null space")
    return decimal(proof["reach"], "reach")
