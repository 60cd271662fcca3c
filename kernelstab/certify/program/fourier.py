r"""The subsampled unitary Fourier transform in balls, in any number of dimensions.

Along each axis the transform is a product with the symmetric matrix
:math:`F_{jk}=n^{-1/2}e^{-2\pi ijk/n}`, whose entries Arb encloses; ``acb_mat.dft``
has this sign and this scaling (a test compares it with numpy). Real and imaginary
parts are kept apart because products of real matrices are fast.
"""

from functools import lru_cache
from math import prod

from flint import acb_mat, arb, arb_mat, ctx

from kernelstab.certify.arrays import Array
from kernelstab.certify.program.lipschitz_bound import OperatorFacts
from kernelstab.certify.program.vectors import Vector


class FourierBalls:
    r"""Evaluate ``{"kind": "fourier", "real": bool, "mask": (n1, ..., nd) array of bool}``.

    ``"fourier2d"`` is its name where the mask has two dimensions.

    Complex measurements are the masked frequencies in C order. For ``real`` the mask
    must be symmetric; "self" frequencies equal their mirror image :math:`-k`, "rep"
    frequencies come before it in C order, and
    :math:`y=(\mathrm{Re}\,F_{self},\sqrt2\,\mathrm{Re}\,F_{rep},\sqrt2\,\mathrm{Im}\,F_{rep})`.
    Rows are orthonormal in both cases, so :math:`AA^*=I` exactly.

    >>> A = FourierBalls({"real": True, "mask": Array((1, 2), (1, 1))})
    >>> y = A.forward(Vector(arb_mat(2, 1, [3, 1]))).real      # (3 + 1, 3 - 1) / sqrt 2
    >>> y[0, 0].overlaps(arb(8).sqrt()), y[1, 0].overlaps(arb(2).sqrt())
    (True, True)
    """

    rough_norm = 1.0

    def __init__(self, spec):
        mask, self.is_real = spec["mask"], spec["real"]
        if not isinstance(mask, Array) or not mask.shape or not isinstance(self.is_real, bool):
            raise ValueError("a Fourier operator needs a mask and real true or false")
        if spec.get("kind") == "fourier2d" and len(mask.shape) != 2:
            raise ValueError("a fourier2d operator needs a two-dimensional mask")
        self.image_shape = mask.shape
        taken = [k for k, value in enumerate(mask.data) if value]
        if not taken:
            raise ValueError("the mask of a Fourier operator is empty")
        self.shape = (len(taken), prod(mask.shape))
        mirror = {k: _opposite(k, mask.shape) for k in taken}
        if self.is_real and not set(mirror.values()) <= set(taken):
            raise ValueError("the mask of a Fourier operator for real images must be symmetric")
        self._taken, self._mirror = taken, mirror
        self._self = [k for k in taken if mirror[k] == k]
        self._rep = [k for k in taken if k < mirror[k]]

    def facts(self) -> OperatorFacts:
        """Return norm 1, ``c = 1`` and no defect: the rows are orthonormal."""
        return OperatorFacts(arb(1), arb(1), arb(0))

    def forward(self, x: Vector) -> Vector:
        """Return the measurements of a signal."""
        self._check(x, self.shape[1])
        if not self.is_real:
            im = None if x.imag is None else x.imag.entries()
            re, im = transform(self.image_shape, x.real.entries(), im, 1)
            return Vector(_column([re[k] for k in self._taken]), _column([im[k] for k in self._taken]))
        return Vector(*(self._forward_real(part) for part in _parts(x)))

    def _forward_real(self, part):
        re, im = transform(self.image_shape, part.entries(), None, 1)
        root = arb(2).sqrt()
        return _column([re[k] for k in self._self] + [root * re[k] for k in self._rep]
                       + [root * im[k] for k in self._rep])

    def adjoint(self, y: Vector) -> Vector:
        """Return the zero-filled inverse transform."""
        self._check(y, self.shape[0])
        if not self.is_real:
            spectrum = [[arb(0)] * self.shape[1] for _ in range(2)]
            for part, column in zip(spectrum, _parts(y)):
                for k, value in zip(self._taken, column.entries()):
                    part[k] = value
            re, im = transform(self.image_shape, spectrum[0], spectrum[1], -1)
            return Vector(_column(re), _column(im))
        return Vector(*(self._adjoint_real(part) for part in _parts(y)))

    def _adjoint_real(self, part):
        """Fill both halves of the spectrum; the imaginary part of the image is zero by symmetry."""
        values, width, pairs = part.entries(), len(self._self), len(self._rep)
        re, im = [arb(0)] * self.shape[1], [arb(0)] * self.shape[1]
        half = arb(0.5).sqrt()
        for k, value in zip(self._self, values):
            re[k] = value
        for j, k in enumerate(self._rep):
            a, b = half * values[width + j], half * values[width + pairs + j]
            re[k], re[self._mirror[k]] = a, a
            im[k], im[self._mirror[k]] = b, -b
        return _column(transform(self.image_shape, re, im, -1)[0])

    def _check(self, vector, length):
        if len(vector) != length:
            raise ValueError(f"a vector of length {len(vector)} does not fit a Fourier operator "
                             f"of shape {self.shape}")


def _opposite(k, shape):
    """Return the flat index of the frequency ``-k``."""
    flat, stride = 0, 1
    for n in reversed(shape):
        k, digit = divmod(k, n)
        flat, stride = flat + -digit % n * stride, stride * n
    return flat


@lru_cache(maxsize=8)
def _table(n, precision):
    """Return cosine and sine part of the unitary transform of length ``n``."""
    dft = acb_mat.dft(n)
    return dft.real, dft.imag


def transform(shape, re, im, sign):
    """Transform an image unitarily; ``sign`` -1 gives the inverse.

    Each round transforms the first axis and makes it the last, so that after all rounds the axes
    are in order again.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image.
    re, im : list of balls, or None for a zero imaginary part
        Entries in C order.
    """
    for n in shape:
        c, s = _table(n, ctx.prec)
        x = [None if part is None else arb_mat(n, len(part) // n, part) for part in (re, im)]
        re, im = (part.transpose().entries() for part in _left(c, s * sign, *x))
    return re, im


def _left(c, s, re, im):
    """Return real and imaginary part of ``(c + i s)(re + i im)``."""
    if im is None:
        return c * re, s * re
    return c * re - s * im, c * im + s * re


def _parts(vector):
    return [vector.real] if vector.imag is None else [vector.real, vector.imag]


def _column(entries):
    return arb_mat(len(entries), 1, entries)
