r"""Circular convolution in balls; exact, because the weights are floats.

A row of the kernel acts on the rows of the image as a circulant matrix, so the product is
one matrix product per row of the kernel.
"""

from flint import arb, arb_mat

from kernelstab.certify.arrays import Array
from kernelstab.certify.ball_fourier import transform
from kernelstab.certify.lipschitz import OperatorFacts
from kernelstab.certify.vectors import Vector


class BlurBalls:
    r"""Evaluate ``{"kind": "blur2d", "kernel", "shape"}`` for images of one or two axes.

    :math:`(Ax)_i=\sum_jh_jx_{i-(j-c)}` with indices modulo the shape and
    :math:`c=\lfloor\mathrm{shape}(h)/2\rfloor`; the adjoint has :math:`i+(j-c)`.

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
        k1, k2 = (1, *kernel.shape)[-2:]
        # shift of every weight, and for each shift of rows the circulant of that kernel row
        self._weights = {(r - k1 // 2, s - k2 // 2): kernel.data[r * k2 + s]
                         for r in range(k1) for s in range(k2)}
        self._circulants = {r - k1 // 2: self._circulant(r - k1 // 2, k2) for r in range(k1)}
        self._norm = None
        self.rough_norm = sum(map(abs, kernel.data))

    def _circulant(self, shift, width):
        """Return the matrix that convolves a row standing on its left."""
        n = self._n2
        entries = [0.0] * (n * n)
        for s in (s - width // 2 for s in range(width)):
            for j in range(n):
                entries[j * n + (j + s) % n] = self._weights[shift, s]
        return arb_mat(n, n, entries)

    def forward(self, x: Vector) -> Vector:
        """Return the blurred image."""
        return self._each(x, 1)

    def adjoint(self, y: Vector) -> Vector:
        """Return the convolution with the reflected kernel."""
        return self._each(y, -1)

    def _each(self, vector, sign):
        if len(vector) != self.shape[1]:
            raise ValueError(f"a vector of length {len(vector)} does not fit a blur2d operator "
                             f"of shape {self.shape}")
        parts = [vector.real] if vector.imag is None else [vector.real, vector.imag]
        return Vector(*(self._filter(part.entries(), sign) for part in parts))

    def _filter(self, values, sign):
        total, n1, n2 = arb_mat(self._n1, self._n2), self._n1, self._n2
        for shift, circulant in self._circulants.items():
            turn = sign * shift % n1 * n2
            turned = values[len(values) - turn:] + values[:len(values) - turn]
            total += arb_mat(n1, n2, turned) * (circulant if sign > 0 else circulant.transpose())
        return arb_mat(n1 * n2, 1, total.entries())

    def facts(self) -> OperatorFacts:
        r"""Return the norm, the largest :math:`|\hat h_k|`; a blur is not tight."""
        if self._norm is None:
            values = [arb(0)] * self.shape[1]
            for (r, s), weight in self._weights.items():
                values[r % self._n1 * self._n2 + s % self._n2] += weight
            re, im = transform((self._n1, self._n2), values, None, 1)
            squares = [(a * a + b * b).upper() for a, b in zip(re, im)]
            self._norm = (max(squares) * self.shape[1]).sqrt().upper()
        return OperatorFacts(self._norm, None, None)
