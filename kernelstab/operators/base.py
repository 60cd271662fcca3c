"""What every forward matrix offers: products, a norm bound, structure, a description."""

import numpy as np
from scipy.sparse.linalg import LinearOperator


class ForwardOperator(LinearOperator):
    r"""A forward matrix :math:`A` of shape ``(m, N)`` acting on flattened signals.

    Subclasses provide ``_matvec`` and ``_rmatvec`` (the exact adjoint) and call this
    constructor; everything else in the package only uses what is declared here.

    Parameters
    ----------
    shape : (int, int)
        Number of measurements and of signal entries.
    dtype : numpy dtype
        ``float64`` or ``complex128``.
    image_shape : tuple of int, optional
        Shape of a signal as an image; its product is ``N``. Default ``(N,)``.
    tight : float, optional
        The constant :math:`c > 0` if :math:`AA^* = cI`, else None. It unlocks closed
        forms: :math:`A^\dagger = A^*/c`, kernel projector :math:`I - A^*A/c`.
    norm_upper : float, optional
        A number that is at least :math:`\|A\|_2`. Defaults to :math:`\sqrt c` rounded
        up for tight operators; subclasses without one override the property.
    """

    def __init_subclass__(cls, **options):
        """Forget an inherited description when a subclass computes something else."""
        super().__init_subclass__(**options)
        cls._ours = cls.__module__.startswith("kernelstab.")
        if {"_matvec", "_rmatvec"} & set(vars(cls)) and "spec" not in vars(cls):
            cls.spec = ForwardOperator.spec

    def __init__(self, shape, dtype, *, image_shape=None, tight=None, norm_upper=None):
        super().__init__(np.dtype(dtype), tuple(int(k) for k in shape))
        self.image_shape = tuple(image_shape) if image_shape is not None else (self.shape[1],)
        if int(np.prod(self.image_shape)) != self.shape[1]:
            raise ValueError(f"image_shape {self.image_shape} does not hold {self.shape[1]} entries")
        self.tight = None if tight is None else float(tight)
        if norm_upper is None and tight is not None:
            norm_upper = np.nextafter(np.sqrt(self.tight), np.inf)
        self._norm_upper = norm_upper

    @property
    def norm_upper(self) -> float:
        r"""An upper bound of :math:`\|A\|_2`, valid up to rounding in its own evaluation."""
        return self._norm_upper

    @property
    def is_real(self) -> bool:
        """Whether the matrix has real entries."""
        return self.dtype.kind == "f"

    def matvec(self, x):
        """Return ``A x`` in double precision, a new array whatever ``_matvec`` returns."""
        return self._own(super().matvec(x))

    def rmatvec(self, y):
        """Return ``A* y`` in double precision, a new array whatever ``_rmatvec`` returns."""
        return self._own(super().rmatvec(y))

    def _own(self, product):
        return product if self._ours else np.array(product, np.result_type(product, np.float64))

    def dot(self, x):
        """Return ``A x``, ``A X`` or, for another forward matrix, the product as a forward matrix."""
        if isinstance(x, ForwardOperator):
            return Composition(self, x)
        return super().dot(x)

    def to_dense(self) -> np.ndarray:
        """Return the matrix, shape ``(m, N)``. Cost: ``N`` products."""
        dense = np.empty(self.shape, dtype=self.dtype)
        for start in range(0, self.shape[1], 512):         # in blocks, so that eye stays small
            stop = min(start + 512, self.shape[1])
            columns = np.eye(self.shape[1], stop - start, -start, dtype=self.dtype)
            dense[:, start:stop] = self.matmat(columns)
        return dense

    def image(self, x) -> np.ndarray:
        """Return the flat signal ``x`` in image form."""
        return np.asarray(x).reshape(self.image_shape)

    def spec(self) -> dict | None:
        """Describe the matrix exactly, for certificates, or None if that is impossible.

        The description holds plain values and arrays only; the evaluator of the same
        ``kind`` in ``kernelstab.certify`` gives it its meaning in ball arithmetic.
        """
        return None

    def __repr__(self):
        m, n = self.shape
        return f"<{type(self).__name__} {m}x{n}, {'real' if self.is_real else 'complex'}>"


class Composition(ForwardOperator):
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
    >>> from kernelstab.operators.matrix import DenseOperator
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
    def norm_upper(self) -> float | None:
        r"""The product of the two norm bounds, rounded up; None where one is not known."""
        bounds = self.left.norm_upper, self.right.norm_upper
        return None if None in bounds else float(np.nextafter(bounds[0] * bounds[1], np.inf))

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
