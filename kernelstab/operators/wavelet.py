"""Orthogonal wavelet synthesis: from coefficients to an image."""

import numpy as np
from scipy import sparse

from kernelstab._checks import as_count
from kernelstab.operators.base import ForwardOperator
from kernelstab.operators.race import as_shape


class WaveletSynthesis(ForwardOperator):
    r"""Build a signal or image from its orthonormal periodic wavelet coefficients.

    One level of analysis is an orthogonal matrix :math:`Q_n` of size :math:`n` (low-pass rows
    above high-pass rows, PyWavelets mode ``"periodization"``), applied to the rows and columns of
    the current approximation :math:`a\mapsto Q_naQ_n^T`, whose top left quarter is the next one.
    The analysis :math:`W^*` is the product of all levels and this operator is its transpose
    :math:`W`, so :math:`WW^*=W^*W=I` up to the rounding of the filter, and :math:`A` ``@ W`` acts
    on coefficients.

    Coefficients are laid out as by ``pywt.coeffs_to_array``: approximation top left.

    Parameters
    ----------
    shape : (int,) or (int, int)
        Image shape; each side divisible by :math:`2^{level}`.
    wavelet : str
        An orthogonal wavelet of PyWavelets, such as ``"haar"``, ``"db4"``, ``"sym8"``.
    level : int, optional
        Number of levels; default: as many as leave the coarsest side at least 8 and even splits.

    Attributes
    ----------
    scales : ndarray of int, shape (N,)
        0 for the approximation, then 1 (coarsest detail) to ``level`` (finest).

    Raises
    ------
    ValueError
        If the wavelet is unknown or its filter is not orthonormal to 1e-9, or if the sides do
        not fit the level.

    Notes
    -----
    Cost: a few sparse products per level; the matrices are built once.

    Examples
    --------
    >>> W = WaveletSynthesis((4,), "haar", level=1)
    >>> W.matvec(np.array([1.0, 0.0, 0.0, 0.0])).round(6)        # a box of width two
    array([0.707107, 0.707107, 0.      , 0.      ])
    >>> W.scales
    array([0, 0, 1, 1])
    """

    def __init__(self, shape, wavelet="db4", *, level=None):
        shape = as_shape(shape)
        if len(shape) > 2:
            raise ValueError(f"shape must have 1 or 2 dimensions, got {shape}")
        if level is None:
            level = max(1, min(_default_level(n) for n in shape))
        level = as_count(level, "level", low=1)
        if any(n % 2**level for n in shape):
            raise ValueError(f"shape must be divisible by 2**level = {2**level}, got {shape}")
        self.wavelet, self.level = wavelet, level
        defect = _filter_defect(wavelet)
        self._steps = [[_analysis_matrix(n >> j, wavelet) for n in shape] for j in range(level)]
        self._inverse = [[sparse.csr_array(q.T) for q in step] for step in self._steps]
        # one level and axis has squared norm at most 1 + defect
        bound = (1 + defect) ** (level * len(shape) / 2) * (1 + 1e-12)
        size = int(np.prod(shape))
        super().__init__((size, size), np.float64, image_shape=shape, tight=1.0, norm_upper=bound)

    @property
    def scales(self) -> np.ndarray:
        """The scale of each coefficient, see the class."""
        scale = np.zeros(self.image_shape, dtype=int)
        for j in range(self.level):
            corner = np.s_[tuple(slice(n >> j) for n in self.image_shape)]
            scale[corner] = self.level - j
        scale[tuple(slice(n >> self.level) for n in self.image_shape)] = 0
        return scale.ravel()

    def _transform(self, values, steps):
        """Apply each step to its corner, rows and columns."""
        values = np.array(values, dtype=np.result_type(values, np.float64)).reshape(self.image_shape)
        for step in steps:
            corner = tuple(slice(q.shape[0]) for q in step)
            block = step[0] @ values[corner]
            values[corner] = (step[1] @ block.T).T if len(step) == 2 else block
        return values.ravel()

    def _matvec(self, x):
        return self._transform(x, self._inverse[::-1])

    def _rmatvec(self, y):
        return self._transform(y, self._steps)


def _default_level(n):
    level = 0
    while n % 2 == 0 and n >= 16:
        n, level = n // 2, level + 1
    return level


def _analysis_matrix(n, wavelet):
    """Return one analysis step of length ``n`` as a sparse matrix, low-pass rows first."""
    import pywt

    low, high = pywt.dwt(np.eye(n), wavelet, mode="periodization", axis=0)
    return sparse.csr_array(np.concatenate([low, high]))


def _filter_defect(wavelet):
    r"""Return a bound of :math:`\|QQ^T-I\|` from the filter, or refuse the wavelet.

    The entries of :math:`QQ^T-I` along any row are the correlations of the two filters at
    even shifts less the unit, so the sum of their absolute values bounds the norm.
    """
    import pywt

    try:
        known = pywt.Wavelet(wavelet)
    except ValueError:
        raise ValueError(f"wavelet must be a discrete wavelet of PyWavelets, got {wavelet!r}") from None
    low, high = np.asarray(known.dec_lo), np.asarray(known.dec_hi)
    rows = []
    for own, other in ((low, high), (high, low)):
        correlation = np.correlate(own, own, "full")
        correlation[len(own) - 1] -= 1.0
        lags = np.s_[(len(own) - 1) % 2::2]
        rows.append(np.abs(correlation[lags]).sum() + np.abs(np.correlate(own, other, "full")[lags]).sum())
    defect = float(max(rows))
    if not known.orthogonal or defect > 1e-9:
        raise ValueError(f"wavelet must be orthonormal, got {wavelet!r} with defect {defect:.2g}")
    return defect
