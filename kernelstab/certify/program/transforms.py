r"""Transforms of images in balls: subsampled Fourier and Walsh-Hadamard transforms, circular convolution.

*Fourier*, in any number of dimensions: along each axis the transform is a product with the symmetric
matrix :math:`F_{jk}=n^{-1/2}e^{-2\pi ijk/n}`, whose entries Arb encloses; ``acb_mat.dft`` has this sign and
this scaling (a test compares it with numpy). Real and imaginary parts are kept apart because products of
real matrices are fast.

*Walsh-Hadamard*: exact when the number of pixels is a power of four, since then :math:`N^{-1/2}` is dyadic.

*Convolution*: exact, because the weights are floats. Image and kernel become polynomials whose powers are
the positions of the pixels; their product is wrapped around at the borders.
"""

from collections.abc import Callable
from functools import lru_cache
from math import prod

from flint import acb_mat, arb, arb_mat, arb_poly, ctx

from kernelstab.certify.arrays import Array
from kernelstab.certify.program.lipschitz_bound import OperatorFacts
from kernelstab.certify.program.vectors import Vector, column


class RealTransform:
    """A real matrix, which acts on real and imaginary parts alike."""

    kind: str
    shape: tuple
    _measure: Callable
    _fill: Callable

    def forward(self, x: Vector) -> Vector:
        """Return the measurements of a signal."""
        self._check(x, self.shape[1])
        return x.each(self._measure)

    def adjoint(self, y: Vector) -> Vector:
        """Return the product with the transpose."""
        self._check(y, self.shape[0])
        return y.each(self._fill)

    def _check(self, vector, length):
        if len(vector) != length:
            raise ValueError(f"a vector of length {len(vector)} does not fit a {self.kind} operator "
                             f"of shape {self.shape}")


class OrthonormalRows(RealTransform):
    """Some rows of an orthonormal transform."""

    rough_norm = 1.0

    def facts(self) -> OperatorFacts:
        """Return norm 1, ``c = 1`` and no defect: the rows are orthonormal."""
        return OperatorFacts(arb(1), arb(1), arb(0))


class FourierBalls(OrthonormalRows):
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

    kind = "Fourier"

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

    def forward(self, x: Vector) -> Vector:
        """Return the measurements of a signal."""
        if self.is_real:
            return super().forward(x)
        self._check(x, self.shape[1])
        im = None if x.imag is None else x.imag.entries()
        re, im = transform(self.image_shape, x.real.entries(), im, 1)
        return Vector(column([re[k] for k in self._taken]), column([im[k] for k in self._taken]))

    def _measure(self, values):
        re, im = transform(self.image_shape, values, None, 1)
        root = arb(2).sqrt()
        return ([re[k] for k in self._self] + [root * re[k] for k in self._rep]
                + [root * im[k] for k in self._rep])

    def adjoint(self, y: Vector) -> Vector:
        """Return the zero-filled inverse transform."""
        if self.is_real:
            return super().adjoint(y)
        self._check(y, self.shape[0])
        spectrum = [[arb(0)] * self.shape[1] for _ in range(2)]
        for part, values in zip(spectrum, y.parts):
            for k, value in zip(self._taken, values.entries()):
                part[k] = value
        re, im = transform(self.image_shape, spectrum[0], spectrum[1], -1)
        return Vector(column(re), column(im))

    def _fill(self, values):
        """Fill both halves of the spectrum; the imaginary part of the image is zero by symmetry."""
        width, pairs = len(self._self), len(self._rep)
        re, im = [arb(0)] * self.shape[1], [arb(0)] * self.shape[1]
        half = arb(0.5).sqrt()
        for k, value in zip(self._self, values):
            re[k] = value
        for j, k in enumerate(self._rep):
            a, b = half * values[width + j], half * values[width + pairs + j]
            re[k], re[self._mirror[k]] = a, a
            im[k], im[self._mirror[k]] = b, -b
        return transform(self.image_shape, re, im, -1)[0]


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


class HadamardBalls(OrthonormalRows):
    r"""Evaluate ``{"kind": "hadamard", "mask": array of bool}``, one or two axes of length :math:`2^p`.

    Along an axis, row :math:`s` in sequency order is row :math:`g(s)` in natural order, where
    :math:`g(s)` is the Gray code :math:`s\oplus\lfloor s/2\rfloor` with its bits reversed, and the
    natural matrix is :math:`N^{-1/2}(-1)^{\mathrm{popcount}(i\wedge j)}`. Measurements are the masked
    rows in C order; they are orthonormal.

    >>> A = HadamardBalls({"mask": Array((4,), (1, 0, 0, 1))})
    >>> A.forward(Vector(arb_mat(4, 1, [1, 2, 3, 4]))).real.entries()    # mean, and most changes
    [5.00000000000000, -1.00000000000000]
    """

    kind = "hadamard"

    def __init__(self, spec):
        mask = spec["mask"]
        fits = isinstance(mask, Array) and len(mask.shape) in (1, 2)
        if not fits or any(n & (n - 1) for n in mask.shape):
            raise ValueError("a hadamard operator needs a mask whose one or two sides are powers of two")
        self.image_shape = mask.shape
        width = mask.shape[-1]
        rows, columns = _order(len(mask.data) // width), _order(width)
        taken = [divmod(k, width) for k, value in enumerate(mask.data) if value]
        self._rows = [rows[s] * width + columns[t] for s, t in taken]
        if not self._rows:
            raise ValueError("the mask of a hadamard operator is empty")
        self.shape = (len(self._rows), len(mask.data))

    def _measure(self, values):
        values = _walsh_hadamard(values)
        return [values[k] for k in self._rows]

    def _fill(self, values):
        full = [arb(0)] * self.shape[1]
        for k, value in zip(self._rows, values):
            full[k] = value
        return _walsh_hadamard(full)          # the matrix is symmetric


def _order(n) -> list[int]:
    """Return the natural row for each number of sign changes.

    >>> _order(8)
    [0, 4, 6, 2, 3, 7, 5, 1]
    """
    digits = n.bit_length() - 1
    return [sum(((s ^ s >> 1) >> bit & 1) << (digits - 1 - bit) for bit in range(digits)) for s in range(n)]


def _walsh_hadamard(values):
    """Return the orthonormal transform in natural order by the butterfly."""
    size, width = len(values), 1
    while width < size:
        folded = []
        for start in range(0, size, 2 * width):
            left, right = values[start:start + width], values[start + width:start + 2 * width]
            folded += [a + b for a, b in zip(left, right)] + [a - b for a, b in zip(left, right)]
        values, width = folded, 2 * width
    scale = 1 / arb(size).sqrt()
    return [value * scale for value in values]


class BlurBalls(RealTransform):
    r"""Evaluate ``{"kind": "blur2d", "kernel", "shape"}`` for images of one or two axes.

    :math:`(Ax)_i=\sum_jh_jx_{i-(j-c)}` with indices modulo the shape and
    :math:`c=\lfloor\mathrm{shape}(h)/2\rfloor`; the adjoint has :math:`i+(j-c)`.

    >>> A = BlurBalls({"kernel": Array((3,), (0.5, 0.5, 0.0)), "shape": [4]})
    >>> A.forward(Vector(arb_mat(4, 1, [1, 0, 0, 3]))).real.entries()
    [0.500000000000000, 0, 1.50000000000000, 2.00000000000000]
    """

    kind = "blur2d"

    def __init__(self, spec):
        kernel, shape = spec["kernel"], spec["shape"]
        if not isinstance(kernel, Array) or not isinstance(shape, list) or len(shape) != len(kernel.shape) \
                or len(shape) > 2 or not all(type(n) is int and n >= k for n, k in zip(shape, kernel.shape)):
            raise ValueError("a blur2d operator needs a kernel and the shape of an image that holds it")
        self.image_shape = tuple(shape)
        self._n1, self._n2 = (1, *shape)[-2:]
        self.shape = (self._n1 * self._n2,) * 2
        self._k1, self._k2 = (1, *kernel.shape)[-2:]
        self._weights = kernel.data
        # zeros between rows make the product of two images one product of polynomials
        self._stride = self._n2 + self._k2 - 1
        self._norm = None
        self.rough_norm = sum(map(abs, kernel.data))

    def _measure(self, values):
        return self._filter(values, 1)

    def _fill(self, values):
        """Return the convolution with the reflected kernel."""
        return self._filter(values, -1)

    def _filter(self, values, sign):
        n1, n2, k1, k2 = self._n1, self._n2, self._k1, self._k2
        weights = self._weights if sign > 0 else self._weights[::-1]
        first = (k1 // 2, k2 // 2) if sign > 0 else (k1 - 1 - k1 // 2, k2 - 1 - k2 // 2)
        product = self._polynomial(values, n2) * self._polynomial(weights, k2)
        total = [arb(0)] * (n1 * n2)
        for power, value in enumerate(product.coeffs()):
            row, column = divmod(power, self._stride)
            total[(row - first[0]) % n1 * n2 + (column - first[1]) % n2] += value
        return total

    def _polynomial(self, values, width):
        """Return the polynomial of an image in C order, rows ``stride`` powers apart."""
        gap = [0] * (self._stride - width)
        return arb_poly([v for i in range(0, len(values), width) for v in (*values[i:i + width], *gap)])

    def facts(self) -> OperatorFacts:
        r"""Return the norm, the largest :math:`|\hat h_k|`; a blur is not tight."""
        if self._norm is None:
            values = [arb(0)] * self.shape[1]
            for i, weight in enumerate(self._weights):      # where the kernel starts does not matter
                values[i // self._k2 * self._n2 + i % self._k2] += weight
            re, im = transform((self._n1, self._n2), values, None, 1)
            squares = [(a * a + b * b).upper() for a, b in zip(re, im)]
            self._norm = (max(squares) * self.shape[1]).sqrt().upper()
        return OperatorFacts(self._norm, None, None)
