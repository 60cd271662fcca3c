r"""Circular convolution in balls; exact, because the weights are floats.

Image and kernel become polynomials whose powers are the positions of the pixels; their
product is wrapped around at the borders.
"""

from flint import arb, arb_mat, arb_poly

from kernelstab.certify.arrays import Array
from kernelstab.certify.program.fourier import transform
from kernelstab.certify.program.lipschitz_bound import OperatorFacts
from kernelstab.certify.program.vectors import Vector


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
        self._k1, self._k2 = (1, *kernel.shape)[-2:]
        self._weights = kernel.data
        # zeros between rows make the product of two images one product of polynomials
        self._stride = self._n2 + self._k2 - 1
        self._norm = None
        self.rough_norm = sum(map(abs, kernel.data))

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
        n1, n2, k1, k2 = self._n1, self._n2, self._k1, self._k2
        weights = self._weights if sign > 0 else self._weights[::-1]
        first = (k1 // 2, k2 // 2) if sign > 0 else (k1 - 1 - k1 // 2, k2 - 1 - k2 // 2)
        product = self._polynomial(values, n2) * self._polynomial(weights, k2)
        total = [arb(0)] * (n1 * n2)
        for power, value in enumerate(product.coeffs()):
            row, column = divmod(power, self._stride)
            total[(row - first[0]) % n1 * n2 + (column - first[1]) % n2] += value
        return arb_mat(n1 * n2, 1, total)

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
