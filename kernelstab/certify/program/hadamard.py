r"""The subsampled orthonormal Walsh-Hadamard transform in balls.

Exact when the number of pixels is a power of four, since then :math:`N^{-1/2}` is dyadic.
"""

from flint import arb, arb_mat

from kernelstab.certify.arrays import Array
from kernelstab.certify.program.lipschitz_bound import OperatorFacts
from kernelstab.certify.program.vectors import Vector


class HadamardBalls:
    r"""Evaluate ``{"kind": "hadamard", "mask": array of bool}``, one or two axes of length :math:`2^p`.

    Along an axis, row :math:`s` in sequency order is row :math:`g(s)` in natural order, where
    :math:`g(s)` is the Gray code :math:`s\oplus\lfloor s/2\rfloor` with its bits reversed, and the
    natural matrix is :math:`N^{-1/2}(-1)^{\mathrm{popcount}(i\wedge j)}`. Measurements are the masked
    rows in C order; they are orthonormal.

    >>> A = HadamardBalls({"mask": Array((4,), (1, 0, 0, 1))})
    >>> A.forward(Vector(arb_mat(4, 1, [1, 2, 3, 4]))).real.entries()    # mean, and most changes
    [5.00000000000000, -1.00000000000000]
    """

    rough_norm = 1.0

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

    def facts(self) -> OperatorFacts:
        """Return norm 1, ``c = 1`` and no defect: the rows are orthonormal."""
        return OperatorFacts(arb(1), arb(1), arb(0))

    def forward(self, x: Vector) -> Vector:
        """Return the measurements of a signal."""
        return self._each(x, self.shape[1], self._measure)

    def adjoint(self, y: Vector) -> Vector:
        """Return the transform of the measurements in their places; the matrix is symmetric."""
        return self._each(y, self.shape[0], self._fill)

    def _each(self, vector, length, function):
        if len(vector) != length:
            raise ValueError(f"a vector of length {len(vector)} does not fit a hadamard operator "
                             f"of shape {self.shape}")
        parts = [vector.real] if vector.imag is None else [vector.real, vector.imag]
        return Vector(*(function(part.entries()) for part in parts))

    def _measure(self, values):
        values = _transform(values)
        return arb_mat(len(self._rows), 1, [values[k] for k in self._rows])

    def _fill(self, values):
        full = [arb(0)] * self.shape[1]
        for k, value in zip(self._rows, values):
            full[k] = value
        return arb_mat(len(full), 1, _transform(full))


def _order(n) -> list[int]:
    """Return the natural row for each number of sign changes.

    >>> _order(8)
    [0, 4, 6, 2, 3, 7, 5, 1]
    """
    digits = n.bit_length() - 1
    return [sum(((s ^ s >> 1) >> bit & 1) << (digits - 1 - bit) for bit in range(digits)) for s in range(n)]


def _transform(values):
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
