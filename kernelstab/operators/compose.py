"""The product of two forward matrices."""

import numpy as np

from kernelstab.operators.base import ForwardOperator


class Composition(ForwardOperator, product=True):
    r"""The product :math:`AW`, which is what ``A @ W`` returns.

    :math:`(AW)^*=W^*A^*`. If :math:`WW^*=c_WI` and :math:`AA^*=c_AI` then
    :math:`AWW^*A^*=c_Ac_WI`, so the product is tight; in particular a tight operator stays
    tight behind an orthogonal wavelet synthesis. The norm bound is the product of the two.

    Parameters
    ----------
    left : ForwardOperator, shape (m, N)
    right : ForwardOperator, shape (N, K)
        Its ``image_shape`` becomes that of the product.

    Raises
    ------
    ValueError
        If the inner sizes differ.

    Examples
    --------
    >>> from kernelstab.operators.dense import DenseOperator
    >>> product = DenseOperator([[1.0, 1.0]]) @ DenseOperator([[1.0, 2.0], [3.0, 4.0]])
    >>> product.to_dense()
    array([[4., 6.]])
    """

    def __init__(self, left, right):
        if left.shape[1] != right.shape[0]:
            raise ValueError(f"left and right must fit, got shapes {left.shape} and {right.shape}")
        self.left, self.right = left, right
        both = left.tight is not None and right.tight is not None
        super().__init__((left.shape[0], right.shape[1]), np.result_type(left.dtype, right.dtype),
                         image_shape=right.image_shape, tight=left.tight * right.tight if both else None)

    @property
    def norm_upper(self) -> float:
        r"""The product of the two norm bounds, rounded up."""
        return float(np.nextafter(self.left.norm_upper * self.right.norm_upper, np.inf))

    def _matvec(self, x):
        return self.left.matvec(self.right.matvec(np.ravel(x)))

    def _rmatvec(self, y):
        return self.right.rmatvec(self.left.rmatvec(np.ravel(y)))

    def _matmat(self, X):
        return self.left.matmat(self.right.matmat(X))

    def _rmatmat(self, Y):
        return self.right.rmatmat(self.left.rmatmat(Y))

    def __repr__(self):
        m, n = self.shape
        return f"<{type(self.left).__name__} @ {type(self.right).__name__} {m}x{n}>"
