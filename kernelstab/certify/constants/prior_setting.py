"""What certificates of kernel sizes and details are about: matrix, prior and noise level, read exactly."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import ComplexArray
from kernelstab.certify.constants.matrix import ExactMatrix, exact, fractions, largest, squares
from kernelstab.certify.constants.reading import integer, number, parts_rows

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
        """Refuse a signal that is not a member of the prior, decided exactly; for a subspace, of its ball."""
        holds = {
            "ball": lambda: squares(x) <= self.radius**2,
            "subspace": lambda: self.radius is None or squares(x) <= self.radius**2,
            "ellipsoid": lambda: squares(self.form * x) <= 1,
            "polytope": lambda: largest(self.form * x) <= 1,
            "sparse": lambda: sum(value != 0 for value in x.entries()) <= self.s,
            "l1-ball": lambda: sum(map(abs, fractions(x))) <= self.radius,
            "finite": lambda: x.transpose().tolist()[0] in self.form.tolist(),
            "everything": lambda: True,
        }
        if not holds[self.kind]():
            raise CertificateError(f"{name} is no member of the prior {self.kind}")


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
    s = integer(prior.get("s", 1), "s", 1, width)
    if is_complex and not matrix.is_complex:
        matrix = ExactMatrix(matrix.numerators, matrix.denominator, matrix.numerators * 0)
    return PriorSetting(kind, matrix.embedded().rational, eps, norm, form, radius, s)


def _form(array, kind, width, is_complex):
    """Return the matrix of a prior; on complex signals it acts on real and imaginary parts."""
    shape = (width, None) if kind == "subspace" else (None, width)
    parts = parts_rows(array, kind, shape, is_complex)
    if is_complex and kind == "finite":
        parts = [[a + b for a, b in zip(*parts)]]
    return exact(*parts).embedded().rational
