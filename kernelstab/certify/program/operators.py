r"""Forward matrices in balls, from their descriptions.

Every evaluator is an :class:`Operator`.

==========================================================  ====================================
``{"kind": "dense", "matrix"[, "tight", "image_shape"]}``     entries as given, exact
``{"kind": "fourier", "real", "mask"}``, ``"fourier2d"``      rows of a Fourier transform
``{"kind": "hadamard", "mask"}``                              rows of a Walsh-Hadamard transform
``{"kind": "blur2d", "kernel", "shape"}``                     circular convolution
==========================================================  ====================================

*Fourier*, in any number of dimensions: along each axis the transform is a product with the symmetric
matrix :math:`F_{jk}=n^{-1/2}e^{-2\pi ijk/n}`, whose entries Arb encloses; ``acb_mat.dft`` has this sign and
this scaling (a test compares it with numpy). Real and imaginary parts are kept apart because products of
real matrices are fast. *Walsh-Hadamard* is exact when the number of pixels is a power of four, since then
:math:`N^{-1/2}` is dyadic, and *convolution* always, because the weights are floats.
"""

from functools import cached_property, lru_cache
from math import hypot, prod

from flint import acb_mat, arb, arb_mat, arb_poly, ctx

from kernelstab.certify.arrays import Array, ComplexArray
from kernelstab.certify.program.lipschitz_bound import matrix_norm
from kernelstab.certify.program.vectors import Vector, column, hold, multiply


class Operator:
    """A forward matrix: products with vectors, and what is known of its norm.

    ``norm`` bounds the spectral norm; ``rough_norm`` is a float near or above it, for checks of plausibility
    only. ``tight`` is a number ``c``, or None, and ``defect`` bounds ``||A A* - c I||``. A subclass gives
    ``measure`` and ``fill``, the products of vectors that fit.
    """

    shape: tuple
    image_shape: tuple
    tight: arb | None = None
    defect: arb | None = None
    products: int             # multiplications of balls that a product with a vector takes

    def forward(self, x: Vector) -> Vector:
        """Return the measurements of a signal."""
        self._check(x, self.shape[1])
        return self.measure(x)

    def measure(self, x: Vector) -> Vector:
        """Return the product with a vector that fits."""
        raise NotImplementedError

    def adjoint(self, y: Vector) -> Vector:
        """Return the product with the conjugate transpose."""
        self._check(y, self.shape[0])
        return self.fill(y)

    def fill(self, y: Vector) -> Vector:
        """Return the product of the conjugate transpose with a vector that fits."""
        raise NotImplementedError

    def _check(self, vector, length):
        if len(vector) != length:
            raise ValueError(f"a vector of length {len(vector)} does not fit a matrix of shape {self.shape}")
        hold(2 * sum(self.shape))
        multiply(self.products * len(vector.parts))


class DenseBalls(Operator):
    """A matrix of floats, which are exact numbers.

    >>> A = DenseBalls({"kind": "dense", "matrix": Array((1, 2), (3.0, 4.0))})
    >>> A.forward(Vector(arb_mat(2, 1, [1, 0.5]))).real
    [5.00000000000000]
    """

    def __init__(self, spec):
        self._array = matrix = spec["matrix"]
        parts = list(matrix) if isinstance(matrix, ComplexArray) else [matrix]
        if not all(isinstance(part, Array) and len(part.shape) == 2 for part in parts):
            raise ValueError("a dense operator needs a matrix")
        self.shape = parts[0].shape
        self.products = len(parts) * len(parts[0].data)
        hold(2 * self.products)
        self.image_shape = image_shape(spec, self.shape[1])
        tight = spec.get("tight")
        if tight is not None and (type(tight) not in (int, float) or tight <= 0):
            raise ValueError(f"tight must be a positive number, got {tight!r:.80}")
        self.tight = None if tight is None else arb(tight)
        self._re, self._im = (*(arb_mat(*self.shape, list(part.data)) for part in parts), None)[:2]
        self.rough_norm = hypot(*(hypot(*part.data) for part in parts))

    def measure(self, x):
        return _product(self._re, self._im, x)

    def fill(self, y):
        return _product(self._re.transpose(), None if self._im is None else -self._im.transpose(), y)

    @cached_property
    def norm(self) -> arb:
        """A bound of the spectral norm."""
        return matrix_norm(self._array)

    @cached_property
    def defect(self) -> arb:
        """The Frobenius norm of ``A A* - c I``, for a matrix that says it is tight."""
        m = self.shape[0]
        hold(4 * m * m)
        multiply(m * self.products)
        identity = arb_mat(m, m, [int(i == j) for i in range(m) for j in range(m)])
        re, im = self._re, self._im
        with ctx.workprec(128):       # fixed: a bound does not depend on who computes it
            gram = re * re.transpose() - identity * self.tight
            squares = list(gram.entries())
            if im is not None:
                squares = list((gram + im * im.transpose()).entries())
                squares += (im * re.transpose() - re * im.transpose()).entries()
            return sum((abs(v).upper() ** 2 for v in squares), arb(0)).sqrt().upper()


def _product(re, im, v: Vector) -> Vector:
    if im is None:
        return Vector(*(re * part for part in v.parts))
    if v.imag is None:
        return Vector(re * v.real, im * v.real)
    return Vector(re * v.real - im * v.imag, im * v.real + re * v.imag)


def image_shape(spec, size) -> tuple:
    """Return the image shape of a description, by default one axis."""
    shape = spec.get("image_shape", [size])
    if not isinstance(shape, list) or not all(type(n) is int and n > 0 for n in shape) or prod(shape) != size:
        raise ValueError(f"image_shape {shape!r:.80} does not hold {size} entries")
    return tuple(shape)


class OrthonormalRows(Operator):
    """The rows of an orthonormal transform that a mask takes, in C order."""

    norm, tight, defect, rough_norm = arb(1), arb(1), arb(0), 1.0

    def __init__(self, spec):
        mask = spec["mask"]
        if not isinstance(mask, Array) or not mask.shape:
            raise ValueError("the mask must be an array")
        self.image_shape = mask.shape
        self.taken = [k for k, value in enumerate(mask.data) if value]
        if not self.taken:
            raise ValueError("the mask is empty")
        self.shape = len(self.taken), len(mask.data)
        self.products = 2 * self.shape[1] * sum(mask.shape)


class FourierBalls(OrthonormalRows):
    r"""Evaluate ``{"kind": "fourier", "real": bool, "mask": (n1, ..., nd) array of bool}``.

    ``"fourier2d"`` is its name where the mask has two dimensions.

    Complex measurements are the masked frequencies. For ``real`` the mask
    must be symmetric; "self" frequencies equal their mirror image :math:`-k`, "rep"
    frequencies come before it in C order, and
    :math:`y=(\mathrm{Re}\,F_{self},\sqrt2\,\mathrm{Re}\,F_{rep},\sqrt2\,\mathrm{Im}\,F_{rep})`.
    Rows are orthonormal in both cases, so :math:`AA^*=I` exactly.

    >>> A = FourierBalls({"real": True, "mask": Array((1, 2), (1, 1))})
    >>> y = A.forward(Vector(arb_mat(2, 1, [3, 1]))).real      # (3 + 1, 3 - 1) / sqrt 2
    >>> y[0, 0].overlaps(arb(8).sqrt()), y[1, 0].overlaps(arb(2).sqrt())
    (True, True)
    """

    def __init__(self, spec):
        super().__init__(spec)
        if not isinstance(spec["real"], bool):
            raise ValueError("real must be true or false")
        if spec.get("kind") == "fourier2d" and len(self.image_shape) != 2:
            raise ValueError("a fourier2d operator needs a two-dimensional mask")
        self.is_real = spec["real"]
        self._mirror = {k: _opposite(k, self.image_shape) for k in self.taken}
        if self.is_real and not set(self._mirror.values()) <= set(self.taken):
            raise ValueError("the mask of a Fourier operator for real images must be symmetric")
        self._self = [k for k in self.taken if self._mirror[k] == k]
        self._rep = [k for k in self.taken if k < self._mirror[k]]

    def measure(self, x):
        """Return the masked frequencies; for real images, part by part."""
        if self.is_real:
            return x.each(self._halves)
        im = None if x.imag is None else x.imag.entries()
        return Vector(*(column([part[k] for k in self.taken])
                        for part in transform(self.image_shape, x.real.entries(), im, 1)))

    def fill(self, y):
        if self.is_real:
            return y.each(self._both)
        spectrum = [[arb(0)] * self.shape[1] for _ in range(2)]
        for part, values in zip(spectrum, y.parts):
            for k, value in zip(self.taken, values.entries()):
                part[k] = value
        return Vector(*map(column, transform(self.image_shape, *spectrum, -1)))

    def _halves(self, values):
        re, im = transform(self.image_shape, values, None, 1)
        root = arb(2).sqrt()
        return ([re[k] for k in self._self] + [root * re[k] for k in self._rep]
                + [root * im[k] for k in self._rep])

    def _both(self, values):
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


@lru_cache(maxsize=4)
def _table(n, precision):
    """Return cosine and sine part of the unitary transform of length ``n``."""
    hold(2 * n * n)
    dft = acb_mat.dft(n)
    return dft.real, dft.imag


def transform(shape, re, im, sign):
    """Transform an image unitarily; ``sign`` -1 gives the inverse.

    ``re`` and ``im`` are lists of balls in C order, or None for a zero imaginary part. Each round transforms
    the first axis and makes it the last, so that after all rounds the axes are in order again.
    """
    for n in shape:
        c, s = _table(n, ctx.prec)
        s = s * sign
        x, y = (None if part is None else arb_mat(n, len(part) // n, part) for part in (re, im))
        found = (c * x, s * x) if y is None else (c * x - s * y, c * y + s * x)
        re, im = (part.transpose().entries() for part in found)
    return re, im


class HadamardBalls(OrthonormalRows):
    r"""Evaluate ``{"kind": "hadamard", "mask": array of bool}``, one or two axes of length :math:`2^p`.

    Along an axis, row :math:`s` in sequency order is row :math:`g(s)` in natural order, where
    :math:`g(s)` is the Gray code :math:`s\oplus\lfloor s/2\rfloor` with its bits reversed, and the
    natural matrix is :math:`N^{-1/2}(-1)^{\mathrm{popcount}(i\wedge j)}`.

    >>> A = HadamardBalls({"mask": Array((4,), (1, 0, 0, 1))})
    >>> A.forward(Vector(arb_mat(4, 1, [1, 2, 3, 4]))).real.entries()    # mean, and most changes
    [5.00000000000000, -1.00000000000000]
    """

    def __init__(self, spec):
        super().__init__(spec)
        if len(self.image_shape) > 2 or any(n & (n - 1) for n in self.image_shape):
            raise ValueError("a hadamard operator needs a mask whose one or two sides are powers of two")
        self.products = self.shape[1] * self.shape[1].bit_length()
        width = self.image_shape[-1]
        rows, columns = _order(self.shape[1] // width), _order(width)
        self._rows = [rows[k // width] * width + columns[k % width] for k in self.taken]

    def measure(self, x):
        return x.each(self._taken_rows)

    def fill(self, y):
        """Return the transform of the zero-filled coefficients; the matrix is symmetric."""
        return y.each(self._filled)

    def _taken_rows(self, values):
        values = _walsh_hadamard(values)
        return [values[k] for k in self._rows]

    def _filled(self, values):
        full = [arb(0)] * self.shape[1]
        for k, value in zip(self._rows, values):
            full[k] = value
        return _walsh_hadamard(full)


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


class BlurBalls(Operator):
    r"""Evaluate ``{"kind": "blur2d", "kernel", "shape"}`` for images of one or two axes.

    :math:`(Ax)_i=\sum_jh_jx_{i-(j-c)}` with indices modulo the shape and
    :math:`c=\lfloor\mathrm{shape}(h)/2\rfloor`; the adjoint has :math:`i+(j-c)`. Image and kernel become
    polynomials whose powers are the positions of the pixels; their product is wrapped around at the borders.

    >>> A = BlurBalls({"kernel": Array((3,), (0.5, 0.5, 0.0)), "shape": [4]})
    >>> A.forward(Vector(arb_mat(4, 1, [1, 0, 0, 3]))).real.entries()
    [0.500000000000000, 0, 1.50000000000000, 2.00000000000000]
    """

    def __init__(self, spec):
        kernel, shape = spec["kernel"], spec["shape"]
        if not isinstance(kernel, Array) or not isinstance(shape, list) or len(shape) != len(kernel.shape) \
                or len(shape) > 2 or not all(type(n) is int and n >= k for n, k in zip(shape, kernel.shape)):
            raise ValueError("a blur2d operator needs a kernel and the shape of an image that holds it")
        self.image_shape = tuple(shape)
        self._n1, self._n2 = (1, *shape)[-2:]
        self.shape = (self._n1 * self._n2,) * 2
        hold(4 * self.shape[0])
        self.products = 16 * self.shape[0] * min(len(kernel.data), 64)
        self._k1, self._k2 = (1, *kernel.shape)[-2:]
        self._weights = kernel.data
        # zeros between rows make the product of two images one product of polynomials
        self._stride = self._n2 + self._k2 - 1
        self.rough_norm = sum(map(abs, kernel.data))

    def measure(self, x):
        return x.each(lambda values: self._filter(values, self._weights, self._k1 // 2, self._k2 // 2))

    def fill(self, y):
        k1, k2 = self._k1 - 1 - self._k1 // 2, self._k2 - 1 - self._k2 // 2
        return y.each(lambda values: self._filter(values, self._weights[::-1], k1, k2))

    def _filter(self, values, weights, first_row, first_column):
        n1, n2 = self._n1, self._n2
        product = self._polynomial(values, n2) * self._polynomial(weights, self._k2)
        total = [arb(0)] * (n1 * n2)
        for power, value in enumerate(product.coeffs()):
            row, column = divmod(power, self._stride)
            total[(row - first_row) % n1 * n2 + (column - first_column) % n2] += value
        return total

    def _polynomial(self, values, width):
        """Return the polynomial of an image in C order, rows ``stride`` powers apart."""
        gap = [0] * (self._stride - width)
        return arb_poly([v for i in range(0, len(values), width) for v in (*values[i:i + width], *gap)])

    @cached_property
    def norm(self) -> arb:
        r"""The largest :math:`|\hat h_k|`; a blur is not tight."""
        multiply(2 * self.shape[1] * (self._n1 + self._n2))
        values = [arb(0)] * self.shape[1]
        for i, weight in enumerate(self._weights):      # where the kernel starts does not matter
            values[i // self._k2 * self._n2 + i % self._k2] += weight
        re, im = transform((self._n1, self._n2), values, None, 1)
        squares = [(a * a + b * b).upper() for a, b in zip(re, im)]
        return (max(squares) * self.shape[1]).sqrt().upper()


KINDS = {"dense": DenseBalls, "fourier": FourierBalls, "fourier2d": FourierBalls, "hadamard": HadamardBalls,
         "blur2d": BlurBalls}


def build_operator(spec):
    """Return the evaluator of a decoded description."""
    return build(spec, KINDS, "operator")


def build(spec, kinds, what, context=lambda spec: ()):
    """Return the evaluator of a decoded description: the class of its kind on it and its context."""
    if not isinstance(spec, dict) or spec.get("kind") not in list(kinds):
        kind = spec.get("kind") if isinstance(spec, dict) else spec
        raise ValueError(f"{what} kind must be one of {', '.join(kinds)}, got {kind!r:.80}")
    try:
        return kinds[spec["kind"]](spec, *context(spec))
    except KeyError as error:
        raise ValueError(f"{what} of kind {spec['kind']} lacks the field {error}") from None
