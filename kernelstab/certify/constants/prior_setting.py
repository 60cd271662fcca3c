"""What certificates of kernel sizes and details are about: matrix, prior and noise level, read exactly."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import ComplexArray
from kernelstab.certify.constants.exact_vectors import fractions, largest, squares
from kernelstab.certify.constants.matrix import ComplexExactMatrix, ExactMatrix, exact, integer
from kernelstab.certify.constants.reading import complex_parts, matrix_rows

FIELDS = {
    "ball": {"radius"}, "subspace": {"basis", "radius"}, "ellipsoid": {"T"}, "polytope": {"W"},
    "finite": {"signals"}, "sparse": {"s"}, "l1-ball": {"radius"}, "everything": set(),
}
REAL_ONLY = ("sparse", "polytope", "l1-ball")


@dataclass(frozen=True)
class PriorSetting:
    """A matrix, a prior and a noise level, exact and real; ``form`` is T, W, the basis or the signals."""

    kind: str
    matrix: fmpq_mat
    eps: Fraction
    norm: str
    form: Any           # None for priors without one
    radius: Any         # a Fraction, or None
    s: int

    @property
    def width(self) -> int:
        """The number of entries that describe a signal; for a subspace, of its coefficients."""
        return self.form.ncols() if self.kind == "subspace" else self.matrix.ncols()

    def signal(self, entries: fmpq_mat) -> fmpq_mat:
        """Return the signal that a column of ``width`` entries describes."""
        return self.form * entries if self.kind == "subspace" else entries

    def require_member(self, x: fmpq_mat, name: str) -> None:
        """Refuse a signal that is not a member of the prior."""
        if not self.holds(x):
            raise CertificateError(f"{name} is no member of the prior {self.kind}")

    def holds(self, x: fmpq_mat) -> bool:
        """Whether a column is a member of the prior, decided exactly; for a subspace, of its ball."""
        if self.kind in ("ball", "subspace"):
            return self.radius is None or squares(x) <= self.radius**2
        if self.kind == "ellipsoid":
            return squares(self.form * x) <= 1
        if self.kind == "polytope":
            return largest(self.form * x) <= 1
        if self.kind == "sparse":
            return sum(value != 0 for value in x.entries()) <= self.s
        if self.kind == "l1-ball":
            return sum(map(abs, fractions(x))) <= self.radius
        return self.kind == "everything" or x.transpose().tolist()[0] in self.form.tolist()


def read_setting(matrix, options) -> PriorSetting:
    """Read the options of a certificate next to its matrix, strictly."""
    if set(options) != {"eps", "norm", "prior"}:
        raise CertificateError(f"options must be eps, norm and prior, got {sorted(options)!r:.80}")
    prior, eps, norm = options["prior"], number(options["eps"], "eps"), options["norm"]
    kind = prior.get("kind") if isinstance(prior, dict) else None
    if kind not in FIELDS or set(prior) != {"kind", *FIELDS[kind]}:
        raise CertificateError(f"prior must be described by its kind and fields, got {prior!r:.80}")
    if norm not in ("2", "inf") or (norm == "inf" and kind != "polytope"):
        raise CertificateError(f"norm must be '2', or 'inf' for a polytope, got {norm!r:.60}")
    array = next((prior[name] for name in ("T", "W", "basis", "signals") if name in prior), None)
    is_complex = matrix.is_complex or isinstance(array, ComplexArray)
    if is_complex and kind in REAL_ONLY:
        raise CertificateError(f"the prior {kind} is for real matrices")
    width = matrix.shape[1]
    form = None if array is None else _form(array, kind, width, is_complex)
    radius = None if prior.get("radius") is None else number(prior["radius"], "radius")
    if radius == 0 or (radius is None and kind in ("ball", "l1-ball")):
        raise CertificateError("radius must be positive")
    s = integer(prior.get("s", 1), "s")
    if not 1 <= s <= width:
        raise CertificateError(f"s must lie in [1, {width}], got {s}")
    whole = _embedded(matrix) if is_complex else matrix
    return PriorSetting(kind, quotient(whole), eps, norm, form, radius, s)


def number(value, name) -> Fraction:
    """Read a number that must not be negative, exactly as the float or integer that it is.

    >>> number(0.5, "eps")
    Fraction(1, 2)
    """
    if type(value) not in (int, float) or not value >= 0:
        raise CertificateError(f"{name} must be a number, not negative, got {value!r:.60}")
    return Fraction(value)


def quotient(matrix: ExactMatrix) -> fmpq_mat:
    """Return an exact matrix as one of rationals."""
    return fmpq_mat(matrix.numerators) * fmpq(1, matrix.denominator)


def rational_matrix(array, name, shape) -> fmpq_mat:
    """Read a real array as a matrix of rationals."""
    return quotient(exact(matrix_rows(array, name, shape)))


def _embedded(matrix):
    if matrix.is_complex:
        return matrix.embedded()
    zero = ExactMatrix(matrix.numerators * 0, matrix.denominator)
    return ComplexExactMatrix(matrix, zero).embedded()


def _form(array, kind, width, is_complex):
    """Return the matrix of a prior; on complex signals it acts on real and imaginary parts."""
    shape = (width, None) if kind == "subspace" else (None, width)
    if not is_complex:
        return rational_matrix(array, kind, shape)
    parts = [matrix_rows(part, kind, shape) for part in complex_parts(array)]
    if kind == "finite":
        return quotient(exact([a + b for a, b in zip(*parts)]))
    rows = [a + tuple(-x for x in b) for a, b in zip(*parts)] + [b + a for a, b in zip(*parts)]
    return quotient(exact(rows))
