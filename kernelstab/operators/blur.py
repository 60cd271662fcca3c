"""Circular convolution, the forward map whose singular values are known."""

import numpy as np
from scipy import fft

from kernelstab._checks import as_array, as_number, as_shape
from kernelstab.operators.base import ForwardOperator


class Blur(ForwardOperator):
    r"""Convolve a real image circularly with a small array.

    With :math:`c=\lfloor\mathrm{shape}/2\rfloor` the centre of ``kernel`` :math:`h`,

    .. math:: (Ax)_i=\sum_j h_j\,x_{i-(j-c)},\qquad \text{indices modulo the image's shape},

    so :math:`A=F^*\mathrm{diag}(\hat h)F` is normal: its eigenvalues are the transfer function
    :math:`\hat h_k=\sum_j h_je^{-2\pi i\langle k,(j-c)/n\rangle}`, its singular values
    :math:`|\hat h_k|`, and every filter of :math:`A` (Tikhonov, truncation) is a product in
    frequency. The adjoint convolves with the reflected array.

    Parameters
    ----------
    kernel : array_like, shape at most ``shape``
        Real weights of the point spread function (not a null space).
    shape : tuple of int
        Image shape.

    Attributes
    ----------
    transfer : ndarray, the image's shape, complex
        :math:`\hat h` in FFT layout.
    singular_values : ndarray, shape (N,)
        :math:`|\hat h_k|` in falling order.

    Raises
    ------
    ValueError
        If the array is zero, not finite, or larger than the image.

    Notes
    -----
    ``spec()``: ``{"kind": "blur2d", "kernel": array, "shape": tuple}`` with the formula above.

    Examples
    --------
    The mean of a pixel and its right neighbour annihilates the highest frequency:

    >>> A = Blur([0.5, 0.5, 0.0], (4,))
    >>> A.matvec(np.array([1.0, 0.0, 0.0, 3.0]))
    array([0.5, 0. , 1.5, 2. ])
    >>> A.singular_values.round(6) + 0.0
    array([1.      , 0.707107, 0.707107, 0.      ])
    """

    def __init__(self, kernel, shape):
        shape = as_shape(shape)
        kernel = as_array(kernel, "kernel", ndim=len(shape), real=True)
        if any(k > n for k, n in zip(kernel.shape, shape)):
            raise ValueError(f"kernel must fit into the image {shape}, got shape {kernel.shape}")
        if not kernel.any():
            raise ValueError(f"kernel must not be zero, got rank 0 and shape {kernel.shape}")
        self.kernel = kernel.copy()
        self.kernel.flags.writeable = False
        embedded = np.zeros(shape)
        embedded[tuple(slice(k) for k in kernel.shape)] = kernel
        embedded = np.roll(embedded, [-(k // 2) for k in kernel.shape], axis=tuple(range(len(shape))))
        self.transfer = fft.fftn(embedded)
        self._half = fft.rfftn(embedded)
        super().__init__((embedded.size, embedded.size), np.float64, image_shape=shape,
                         norm_upper=_norm_upper(kernel, self.transfer))
        self.singular_values = np.sort(np.abs(self.transfer).ravel())[::-1]

    def _filter(self, x, half):
        if np.iscomplexobj(x):
            return self._filter(x.real, half) + 1j * self._filter(x.imag, half)
        image = np.ravel(x).reshape(self.image_shape)
        return fft.irfftn(half * fft.rfftn(image), s=self.image_shape).ravel()

    def _matvec(self, x):
        return self._filter(x, self._half)

    def _rmatvec(self, y):
        return self._filter(y, self._half.conj())

    def spec(self) -> dict:
        """Describe the operator exactly by its array and the image's shape."""
        return {"kind": "blur2d", "kernel": self.kernel, "shape": self.image_shape}


def gaussian_blur(shape, sigma) -> Blur:
    r"""Return the blur with weights :math:`\propto e^{-|j|^2/2\sigma^2}`, summing to one.

    The array reaches :math:`4\sigma` from its centre, or as far as the image allows.

    >>> gaussian_blur((16, 16), 1.0).kernel.shape
    (9, 9)
    """
    shape = as_shape(shape)
    sigma = as_number(sigma, "sigma", low=0.0, strict=True)
    weights = np.ones(())
    for n in shape:
        reach = min(int(np.ceil(4 * sigma)), (n - 1) // 2)
        line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        weights = np.multiply.outer(weights, line)
    return Blur(weights / weights.sum(), shape)


def _norm_upper(kernel, transfer):
    r"""Return the lesser of :math:`\|h\|_1` (Young) and :math:`\max|\hat h|` plus the FFT's rounding."""
    eps = np.finfo(float).eps
    young = float(np.abs(kernel).sum()) * (1 + kernel.size * eps)
    rounding = 8 * eps * np.log2(2 * transfer.size) * float(np.linalg.norm(transfer))
    return min(young, float(np.abs(transfer).max()) + rounding)
