"""Vectors whose entries are balls."""

from flint import arb, arb_mat, ctx

from kernelstab.certify.arrays import MOST_BYTES, Array, ComplexArray, affordable, spend


class Vector:
    r"""A real or complex vector: one column of balls, or two for real and imaginary parts.

    The norm of a complex vector is that of its two parts stacked, and the inner product is
    :math:`\mathrm{Re}\langle u,v\rangle`, so that complex signals need no theory of their own.

    >>> v = Vector(arb_mat(2, 1, [3, 0]), arb_mat(2, 1, [0, 4]))
    >>> v.norm(), v.exact
    (5.00000000000000, True)
    """

    __slots__ = ("imag", "real")

    def __init__(self, real: arb_mat, imag: arb_mat | None = None):
        self.real, self.imag = real, imag

    @classmethod
    def from_array(cls, array) -> "Vector":
        """Read an array of one dimension, exactly."""
        parts = list(array) if isinstance(array, ComplexArray) else [array]
        if not all(isinstance(part, Array) for part in parts):
            raise ValueError(f"a vector must be an array, got {array!r:.60}")
        if any(len(part.shape) != 1 for part in parts):
            raise ValueError(f"a vector must have one dimension, got shape {parts[0].shape}")
        return cls(*(column(part.data) for part in parts))

    def __len__(self):
        return self.real.nrows()

    @property
    def parts(self) -> list:
        """The columns: one, or a real and an imaginary one."""
        return [self.real] if self.imag is None else [self.real, self.imag]

    @property
    def exact(self) -> bool:
        """Whether every entry has radius zero."""
        return all(entry.is_exact() for part in self.parts for entry in part.entries())

    def each(self, function) -> "Vector":
        """Apply a function of a list of balls to the entries of each part."""
        return Vector(*(column(function(part.entries())) for part in self.parts))

    def _check(self, other):
        if len(self) != len(other):
            raise ValueError(f"vectors of lengths {len(self)} and {len(other)} do not fit")

    def __add__(self, other):
        self._check(other)
        if self.imag is None or other.imag is None:
            return Vector(self.real + other.real, self.imag if other.imag is None else other.imag)
        return Vector(self.real + other.real, self.imag + other.imag)

    def __neg__(self):
        return self.scaled(arb(-1))

    def __sub__(self, other):
        return self + (-other)

    def scaled(self, factor: arb) -> "Vector":
        """Return the vector times a ball."""
        return Vector(*(part * factor for part in self.parts))

    def inner(self, other) -> arb:
        """Return the real part of the inner product."""
        self._check(other)
        return sum(((u.transpose() * v)[0, 0] for u, v in zip(self.parts, other.parts)), arb(0))

    def norm(self) -> arb:
        """Return the Euclidean norm."""
        return root(self.inner(self))


def hold(count, what="bytes of balls") -> None:
    """Refuse to hold so many balls of the working precision at a time."""
    affordable(count * (64 + ctx.prec // 8), MOST_BYTES, what)


def multiply(count) -> None:
    """Count so many multiplications of balls as work, in nanoseconds."""
    words = 1 + ctx.prec // 64
    spend(count * (40 + 5 * words + words * words // 2))


def column(entries) -> arb_mat:
    """Return balls, or exact numbers, as one column."""
    return arb_mat(len(entries), 1, list(entries))


def root(square: arb) -> arb:
    """Return the root of a number that is known not to be negative.

    A ball may reach below zero by its radius; then only the upper end counts, and
    the result is a ball from zero to its root.

    >>> root(arb(0, 1e-4)).upper() < 0.0101
    True
    """
    if square >= 0 or not square.is_finite():
        return square.sqrt()
    half = square.upper().sqrt().upper() / 2
    return arb(half.upper(), half.upper())


def magnitude(value: arb) -> arb:
    """Return an exact number that is at least the absolute value of every point of a ball."""
    return abs(value).upper()
