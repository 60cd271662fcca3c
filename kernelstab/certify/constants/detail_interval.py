r"""Values of one detail :math:`\langle d,x\rangle` over the signals that explain data.

These are the signals of a prior with :math:`\|Ax-y\|\le\varepsilon`. Options: ``d``, ``y``, vectors;
``prior`` and ``eps`` as for a kernel size, noise in the Euclidean norm; ``end``: ``"range"``, all values lie
between the two bounds; ``"largest"`` or ``"smallest"``, the largest or smallest value does. Real
matrices only. A vector is an array of floats, or ``integers`` over a ``denominator``.

Proofs that no value is larger (for a lower bound: smaller, with :math:`-d` for :math:`d`):

``dual``
    Any ``q``: :math:`\langle d,x\rangle\le\langle q,y\rangle+\varepsilon\|q\|+h(d-A^Tq)` with :math:`h` the
    support function of the prior. For an ellipsoid or a polytope also ``mu``, with
    :math:`A^Tq+W^T\mu=d` exactly, and :math:`\|\mu\|_2` or :math:`\|\mu\|_1` in place of :math:`h`; without
    a prior :math:`A^Tq=d` exactly.
``enumeration``
    A finite prior: every signal is tried.

Proof that some value is as large or as small:

``point``
    A signal ``x`` (for a subspace its coefficients): membership and data are checked exactly.
"""

from fractions import Fraction

from flint import fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.matrix import fractions, inner, largest, read_column, root_above, squares
from kernelstab.certify.constants.prior_setting import read_setting

ENDS = ("range", "largest", "smallest")
WITH_MU = ("ellipsoid", "polytope")           # for these a dual has the field mu too
_OUTER = {"lower": ("range", "smallest"), "upper": ("range", "largest")}


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the values of a detail that a proof proves."""
    if set(options) != {"d", "end", "eps", "prior", "y"} or options["end"] not in ENDS:
        raise CertificateError(f"options must be d, eps, prior, y and end, one of {', '.join(ENDS)}")
    setting = read_setting(matrix, {"prior": options["prior"], "eps": options["eps"], "norm": "2"})
    d, y = read_column(options["d"], "d", matrix.shape[1]), read_column(options["y"], "y", matrix.shape[0])
    kind = proof["kind"]
    if (kind != "point") != (options["end"] in _OUTER[side]):
        raise CertificateError(f"proof {kind} proves no {side} bound of end {options['end']}")
    if kind == "point":
        return inner(d, _signal(setting, y, proof["x"]))
    if kind == "enumeration":
        return _enumerated(setting, d, y, side)
    if ("mu" in proof) != (setting.kind in WITH_MU):
        raise CertificateError(f"the field mu belongs to duals for the priors {' and '.join(WITH_MU)}")
    return _most(setting, d, y, proof) if side == "upper" else -_most(setting, -d, y, proof)


def _most(setting, d, y, proof) -> Fraction:
    """Return the dual bound of the largest value."""
    q = read_column(proof["q"], "q", y.nrows())
    found = inner(q, y) + setting.eps * root_above(squares(q))
    rest = d - setting.matrix.transpose() * q
    if setting.kind == "ball":
        return found + setting.radius * root_above(squares(rest))
    if setting.kind == "l1-ball":
        return found + setting.radius * largest(rest)
    if setting.kind == "subspace":
        return found + _within(setting, setting.form.transpose() * rest)
    if setting.kind in WITH_MU:
        mu = read_column(proof["mu"], "mu", setting.form.nrows())
        rest = rest - setting.form.transpose() * mu
        size = root_above(squares(mu)) if setting.kind == "ellipsoid" else sum(map(abs, fractions(mu)))
        found += size
    elif setting.kind != "everything":
        raise CertificateError(f"there is no dual bound for the prior {setting.kind}")
    if any(rest.entries()):
        raise CertificateError("the dual vectors do not add up to the detail")
    return found


def _within(setting, rest) -> Fraction:
    """Return the largest value over a subspace, given by coefficients, of a functional of them."""
    if not any(rest.entries()):
        return Fraction(0)
    if setting.radius is None:
        raise CertificateError("the dual vectors do not add up to the detail on the subspace")
    gram = setting.form.transpose() * setting.form
    return setting.radius * root_above(inner(rest, gram.solve(rest)))


def _signal(setting, y, value) -> fmpq_mat:
    """Return a signal after checking that it is a member and explains the data."""
    x = setting.signal(read_column(value, "x", setting.width))
    setting.require_member(x, "x")
    if not _explains(setting, x, y):
        raise CertificateError("x does not explain the data to within eps")
    return x


def _explains(setting, x, y) -> bool:
    return squares(setting.matrix * x - y) <= setting.eps**2


def _enumerated(setting, d, y, side) -> Fraction:
    if setting.kind != "finite":
        raise CertificateError(f"enumeration is for a finite prior, not for {setting.kind}")
    signals = [fmpq_mat(len(row), 1, row) for row in setting.form.tolist()]
    values = [inner(d, x) for x in signals if _explains(setting, x, y)]
    if not values:
        raise CertificateError("no signal of the prior explains the data exactly")
    return max(values) if side == "upper" else min(values)
