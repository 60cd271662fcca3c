"""Subsampled Walsh-Hadamard transform in sequency order."""

import numpy as np

from kernelstab.operators.base import ForwardOperator
from kernelstab.operators.masks import as_mask

# Sylvester's matrix of order 16 by the popcount formula; its corners are the smaller ones
_SIGNS = 1.0 - 2.0 * (np.bitwise_count(np.bitwise_and.outer(np.arange(16), np.arange(16))) % 2)


class SubsampledHadamard(ForwardOperator):
    r"""Sample the orthonormal Walsh-Hadamard transform of a real signal on a mask.

    Along one axis of length :math:`n=2^p` row :math:`s` of the transform is the Walsh function
    with exactly :math:`s` sign changes,

    .. math:: H_{s,j}=n^{-1/2}(-1)^{\mathrm{popcount}(g(s)\wedge j)},

    where :math:`g(s)` are the :math:`p` bits of the Gray code :math:`s\oplus\lfloor s/2\rfloor` in
    reversed order. For images the transform acts along both axes,
    :math:`(H x)_{s,t}=\sum_{i,j}H_{s,i}H_{t,j}x_{ij}`. :math:`H` is symmetric and orthogonal, so
    :math:`A=P_\Omega H` has orthonormal rows: :math:`AA^*=I`, :math:`A^*=HP_\Omega^*`.

    Parameters
    ----------
    mask : array of bool, shape (n,) or (n1, n2), sides powers of two
        Sampled rows in sequency layout: ``mask[0, 0]`` is the mean. The masks of
        :mod:`~kernelstab.operators.masks` take ``layout="sequency"``.

    Raises
    ------
    ValueError
        If the mask is empty, has more than two dimensions, or a side that is not a power of two.

    Notes
    -----
    ``spec()``: ``{"kind": "hadamard", "mask": array of bool}``; the measurements are the values
    :math:`(Hx)_s`, :math:`s` in the mask, in C order, with :math:`H` as above.
    Cost: :math:`O(N\log N)` per product.

    Examples
    --------
    The four Walsh functions of length 4, by number of sign changes:

    >>> A = SubsampledHadamard(np.ones(4, dtype=bool))
    >>> 2 * A.to_dense()
    array([[ 1.,  1.,  1.,  1.],
           [ 1.,  1., -1., -1.],
           [ 1., -1., -1.,  1.],
           [ 1., -1.,  1., -1.]])
    """

    def __init__(self, mask):
        self.mask = as_mask(mask, "mask")
        if self.mask.ndim > 2:
            raise ValueError(f"mask must have 1 or 2 dimensions, got shape {self.mask.shape}")
        if any(n & (n - 1) for n in self.mask.shape):
            raise ValueError(f"mask must have sides that are powers of two, got shape {self.mask.shape}")
        self.mask.flags.writeable = False
        shape = self.mask.shape
        natural = np.ravel_multi_index(np.ix_(*[sequency_order(n) for n in shape]), shape)
        self._rows = natural[self.mask]
        super().__init__((len(self._rows), self.mask.size), np.float64, image_shape=shape, tight=1.0)

    def _matvec(self, x):
        return walsh_hadamard(np.ravel(x))[self._rows]

    def _rmatvec(self, y):
        y = np.ravel(y)
        full = np.zeros(self.shape[1], dtype=y.dtype)
        full[self._rows] = y
        return walsh_hadamard(full)

    def spec(self) -> dict:
        """Describe the operator exactly by its mask."""
        return {"kind": "hadamard", "mask": self.mask}


def sequency_order(n) -> np.ndarray:
    """Return, for each number of sign changes, the row of the natural Hadamard matrix that has it.

    >>> sequency_order(8)
    array([0, 4, 6, 2, 3, 7, 5, 1])
    """
    s = np.arange(n)
    gray, reversed_bits = s ^ (s >> 1), np.zeros(n, dtype=np.intp)
    for bit in range(n.bit_length() - 1):
        reversed_bits = (reversed_bits << 1) | ((gray >> bit) & 1)
    return reversed_bits


def walsh_hadamard(x) -> np.ndarray:
    r"""Return the orthonormal Walsh-Hadamard transform in natural order, :math:`N=2^p` entries.

    Entry :math:`(i,j)` of the matrix is :math:`N^{-1/2}(-1)^{\mathrm{popcount}(i\wedge j)}`. Because
    the bits of a flat index are those of its coordinates, the same transform of the
    flattened image is the two-dimensional one. The transform is its own inverse.

    >>> walsh_hadamard(np.array([1.0, 2.0, 3.0, 4.0]))
    array([ 5., -1., -2.,  0.])
    """
    values, left = x / np.sqrt(len(x)), len(x)
    while left > 1:
        # four of the log2 N butterflies at once, on the leading bits, which then become the last
        radix = min(16, left)
        values = (_SIGNS[:radix, :radix] @ values.reshape(radix, -1)).T.ravel()
        left //= radix
    return values
