"""Orthogonal wavelet synthesis: from coefficients to an image."""

from typing import NamedTuple

import numpy as np

from kernelstab._checks import as_count, as_shape
from kernelstab.operators.base import ForwardOperator


class WaveletSynthesis(ForwardOperator):
    r"""Build a signal, image or volume from its orthonormal periodic wavelet coefficients.

    One level of analysis is an orthogonal matrix :math:`Q_n` of size :math:`n` (low-pass rows
    above high-pass rows, PyWavelets mode ``"periodization"``), applied along every axis of the
    current approximation, for an image :math:`a\mapsto Q_{n_1}aQ_{n_2}^T`, whose top left corner
    of half the sides is the next one. The analysis :math:`W^*` is the product of all levels and
    this operator is its transpose :math:`W`, so :math:`WW^*=W^*W=I` up to the rounding of the
    filter, and :math:`A` ``@ W`` acts on coefficients.

    Coefficients are laid out as by ``pywt.coeffs_to_array``: approximation top left.

    Parameters
    ----------
    shape : tuple of 1, 2 or 3 int
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
    Cost: with a filter of length :math:`f` and :math:`d` axes fewer than
    :math:`2fdN/(1-2^{-d})` multiplications, in a compiled loop; complex signals cost twice.

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
        if len(shape) > 3:
            raise ValueError(f"shape must have 1 to 3 dimensions, got {shape}")
        if level is None:
            level = max(1, min(_default_level(n) for n in shape))
        level = as_count(level, "level", low=1)
        if any(n % 2**level for n in shape):
            step = 2**level
            padded = tuple(-(-n // step) * step for n in shape)
            raise ValueError(f"shape must be divisible by 2**level = {step}, got {shape}: "
                             f"pad images to {padded}")
        self.wavelet, self.level = wavelet, level
        defect = _filter_defect(wavelet)
        self._banks = {8: _bank(wavelet, np.float64), 4: _bank(wavelet, np.float32)}
        self._grid = (1,) * (3 - len(shape)) + shape
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

    def analyse(self, image, out) -> None:
        """Write the coefficients of ``image`` to ``out``, two different arrays in C order of one dtype.

        Single precision stays single.

        Raises
        ------
        ValueError
            If an array has the wrong size, is not in C order or not of the same dtype.
        """
        from kernelstab.operators._wavelet_jit import transform

        source, parts, bank = self._reals(image, "image")
        target = self._reals(out, "out")[0]
        if image.dtype != out.dtype:
            raise ValueError(f"out must have dtype {image.dtype}, got {out.dtype}")
        transform(source, target, self._grid, parts, self.level, bank.analysis, bank.analysis_shifts, True)

    def synthesise(self, coefficients) -> None:
        """Turn ``coefficients``, a real or complex array in C order, into their image in place.

        Raises
        ------
        ValueError
            If the array has the wrong size or is not in C order.
        """
        from kernelstab.operators._wavelet_jit import transform

        values, parts, bank = self._reals(coefficients, "coefficients")
        transform(values, values, self._grid, parts, self.level, bank.synthesis, bank.synthesis_shifts, False)

    def _reals(self, values, name):
        """See an array as a flat one of reals, without a copy; return it, reals per sample and the bank."""
        if values.dtype.char not in "dDfF" or values.size != self.shape[0] or not values.flags.carray:
            raise ValueError(f"{name} must be a writeable C-ordered array of {self.shape[0]} floats, "
                             f"got shape {values.shape} and dtype {values.dtype}")
        parts = 2 if values.dtype.kind == "c" else 1
        flat = values.reshape(-1).view(values.real.dtype)
        return flat, parts, self._banks[flat.dtype.itemsize]

    def _matvec(self, x):
        image = np.array(x, dtype=np.result_type(x, np.float64)).ravel()
        self.synthesise(image)
        return image

    def _rmatvec(self, y):
        image = np.require(y, np.result_type(y, np.float64), ["C", "W"]).ravel()
        coefficients = np.empty_like(image)
        self.analyse(image, coefficients)
        return coefficients


def _default_level(n):
    level = 0
    while n % 2 == 0 and n >= 16:
        n, level = n // 2, level + 1
    return level


class _Bank(NamedTuple):
    """Tables and shifts of the compiled loop, see ``_bank``."""

    analysis: np.ndarray
    analysis_shifts: np.ndarray
    synthesis: np.ndarray
    synthesis_shifts: np.ndarray


def _bank(wavelet, dtype):
    r"""Split the two filters by parity.

    PyWavelets computes :math:`low_k=\sum_jh_jx_{2k+c-j}` with :math:`c=f/2` and indices modulo the
    length, and ``high`` in the same way. The taps with :math:`j\equiv c` modulo 2 meet even samples
    :math:`x_{2q}` at :math:`q=k+(c-j)/2`, the others odd samples :math:`x_{2q+1}` at
    :math:`q=k+(c-1-j)/2`: with j descending both run through consecutive q, from the first
    two shifts on. The transpose collects the same products with j ascending; there the even
    samples start at :math:`k=q+(j-c)/2` and the odd ones at :math:`k=q+(j+1-c)/2`, a difference
    that the third shift turns into one of the place where odd samples are written.
    """
    import pywt

    known = pywt.Wavelet(wavelet)
    low, high = np.asarray(known.dec_lo), np.asarray(known.dec_hi)
    centre = len(low) // 2
    even, odd = np.arange(centre % 2, len(low), 2), np.arange(1 - centre % 2, len(low), 2)
    low, high = low.astype(dtype), high.astype(dtype)
    analysis = np.stack([low[even][::-1], low[odd][::-1], high[even][::-1], high[odd][::-1]], axis=1)
    synthesis = np.stack([low[even], high[even], low[odd], high[odd]], axis=1)
    first, last = (even[0] - centre) // 2, (odd[0] + 1 - centre) // 2
    return _Bank(analysis, np.array([(centre - even[-1]) // 2, (centre - 1 - odd[-1]) // 2, 0]),
                 synthesis, np.array([first, first, first - last]))


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
