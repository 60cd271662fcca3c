"""Subsampled unitary discrete Fourier transform in any number of dimensions."""

import math
import warnings

import numpy as np
from scipy import fft

from kernelstab._checks import as_flag
from kernelstab.operators.base import ForwardOperator
from kernelstab.operators.masks import as_mask, looks_centred


class SubsampledFourier(ForwardOperator):
    r"""Sample the unitary discrete Fourier transform of a signal, an image or a volume on a mask.

    With :math:`(Fx)_k=(n_1\cdots n_d)^{-1/2}\sum_j x_j e^{-2\pi i(k_1j_1/n_1+\cdots+k_dj_d/n_d)}` and
    :math:`P_\Omega` the restriction to the mask, :math:`A=P_\Omega F` has orthonormal rows,
    so :math:`AA^*=I`, :math:`\|A\|=1` and :math:`A^*y` is the zero-filled inverse transform.

    For real images (``real=True``) the values at :math:`k` and :math:`-k` are conjugate, hence
    the mask must be symmetric, and the measurements are written in real orthonormal
    coordinates. Take the frequencies of the mask in C order; "self" are those with
    :math:`k=-k` modulo the shape, "rep" those whose flat index is less than that of :math:`-k`:

    .. math:: y = (\mathrm{Re}\,F_{self},\ \sqrt2\,\mathrm{Re}\,F_{rep},\ \sqrt2\,\mathrm{Im}\,F_{rep}).

    Then :math:`A` is a real matrix with :math:`m=|\Omega|` orthonormal rows.

    Parameters
    ----------
    mask : array of bool, shape (n1, ..., nd)
        Sampled frequencies in FFT layout: the first entry is the mean, not the centre of
        the array. Its shape is that of the images.
    real : bool
        Whether images are real; see above.
    centred : bool, optional
        Whether the zero frequency stands in the middle of ``mask``, at index ``n // 2``, as in pictures of
        k-space. Then the mask is shifted (``ifftshift``), and :meth:`to_kspace` and :meth:`from_kspace` use
        the same layout; the attribute ``mask``, the measurements and ``spec()`` are in FFT layout always.
        Without it the mask is taken as it is, with a warning if it looks centred
        (:func:`~kernelstab.operators.masks.looks_centred`); False takes it as it is and is silent.

    Raises
    ------
    ValueError
        If the mask is not an array of bool, is empty, or, for real images, is not symmetric
        (see :func:`~kernelstab.operators.masks.symmetrise`).

    Notes
    -----
    ``spec()``: ``{"kind": "fourier2d", "real": bool, "mask": (n1, n2) array of bool}``, and
    ``"fourier"`` in place of ``"fourier2d"`` where the mask has not two dimensions.
    Cost: one fast transform per product.

    Examples
    --------
    The mean of four pixels, times two because the transform is unitary:

    >>> A = SubsampledFourier(np.array([[True, False], [False, False]]), real=True)
    >>> A.matvec(np.array([1.0, 2.0, 3.0, 4.0]))
    array([5.])
    >>> A.rmatvec(np.array([5.0]))                       # the image of equal mean
    array([2.5, 2.5, 2.5, 2.5])
    """

    def __init__(self, mask, *, real=False, centred=None):
        self.mask = as_mask(mask, "mask")
        self.centred = centred is not None and as_flag(centred, "centred")
        if self.centred:
            self.mask = np.fft.ifftshift(self.mask)
        elif centred is None and looks_centred(self.mask):
            warnings.warn("mask looks as if the zero frequency stood in the middle of the array, but it is "
                          "read in FFT layout, where the first entry is the mean of the image: pass "
                          "centred=True, or centred=False if it is right", stacklevel=2)
        if self.mask.ndim == 0:
            raise ValueError("mask must have at least 1 dimension, got shape ()")
        self.mask.flags.writeable = False
        count = int(self.mask.sum())
        super().__init__((count, self.mask.size), np.float64 if real else np.complex128,
                         image_shape=self.mask.shape, tight=1.0)
        self._axes = tuple(range(-self.mask.ndim, 0))
        if real:
            self._index_real()

    def _index_real(self):
        """Find the coordinates of :math:`y`, and where they sit in the half spectrum of ``rfftn``."""
        places = np.nonzero(self.mask)
        flat = np.flatnonzero(self.mask)
        opposite = [-k % n for k, n in zip(places, self.image_shape)]
        mirror = np.ravel_multi_index(opposite, self.image_shape)
        if not self.mask.ravel()[mirror].all():
            alone = int(np.argmin(self.mask.ravel()[mirror]))
            raise ValueError("mask must be symmetric under k -> -k for real images, but it holds "
                             f"{tuple(int(k[alone]) for k in places)} and not its mirror; "
                             "if the zero frequency stands in its middle, pass centred=True, "
                             "else see kernelstab.operators.masks.symmetrise")
        self._self, self._rep = flat[flat == mirror], flat[flat < mirror]
        self._mirror = mirror[flat < mirror]
        # rfftn stores the columns whose last frequency is < half; the others are conjugates of stored ones
        n = self.image_shape[-1]
        half, pairs = n // 2 + 1, np.arange(len(self._rep))
        kept = np.concatenate([self._self, self._rep])
        stored = kept % n < half
        place = np.where(stored, kept, np.concatenate([self._self, self._mirror]))
        self._gather, self._gather_sign = place // n * half + place % n, np.where(stored, 1.0, -1.0)
        every = np.concatenate([kept, self._mirror])
        stored = every % n < half
        self._scatter = (every // n * half + every % n)[stored]
        self._source = np.concatenate([np.arange(len(kept)), len(self._self) + pairs])[stored]
        self._sign = np.where(np.arange(len(every)) < len(kept), 1.0, -1.0)[stored]

    def _forward(self, x):
        """Apply :math:`A` along the last axis."""
        images = x.reshape(*x.shape[:-1], *self.image_shape)
        if not self.is_real:
            return fft.fftn(images, axes=self._axes, norm="ortho")[..., self.mask]
        if np.iscomplexobj(x):
            return self._forward(x.real) + 1j * self._forward(x.imag)
        return self.from_half(fft.rfftn(images, axes=self._axes, norm="ortho").reshape(*x.shape[:-1], -1))

    def from_half(self, spectrum):
        """Return the measurements of a real image from its half spectrum, the flat output of ``rfftn``."""
        values = spectrum[..., self._gather]
        return self._coordinates(values.real, self._gather_sign * values.imag)

    def _coordinates(self, real, imag):
        width, root = len(self._self), np.sqrt(2.0)
        parts = real[..., :width], root * real[..., width:], root * imag[..., width:]
        return np.concatenate(parts, axis=-1)

    def _adjoint_apply(self, y):
        """Apply :math:`A^*` along the last axis."""
        if not self.is_real:
            spectrum = np.zeros((*y.shape[:-1], *self.image_shape), dtype=np.complex128)
            spectrum[..., self.mask] = y
            return fft.ifftn(spectrum, axes=self._axes, norm="ortho").reshape(*y.shape[:-1], -1)
        if np.iscomplexobj(y):
            return self._adjoint_apply(y.real) + 1j * self._adjoint_apply(y.imag)
        shape = self.image_shape
        spectrum = self.half_spectrum(y).reshape(*y.shape[:-1], *shape[:-1], shape[-1] // 2 + 1)
        return fft.irfftn(spectrum, s=shape, axes=self._axes, norm="ortho").reshape(*y.shape[:-1], -1)

    def half_spectrum(self, y):
        """Return the flat half spectrum, in the layout of ``rfftn``, of the real image :math:`A^*y`."""
        shape = self.image_shape
        values = self._values(y)[..., self._source]
        count = math.prod(shape[:-1]) * (shape[-1] // 2 + 1)
        spectrum = np.zeros((*y.shape[:-1], count), dtype=np.complex128)
        spectrum[..., self._scatter] = values.real + 1j * self._sign * values.imag
        return spectrum

    def _values(self, y):
        """Return the complex values at the self and rep frequencies from the coordinates."""
        width, pairs = len(self._self), len(self._rep)
        values = np.zeros((*y.shape[:-1], width + pairs), dtype=np.complex128)
        values[..., :width] = y[..., :width]
        values[..., width:] = (y[..., width:width + pairs] + 1j * y[..., width + pairs:]) / np.sqrt(2.0)
        return values

    def _matvec(self, x):
        return self._forward(np.ravel(x))

    def _rmatvec(self, y):
        return self._adjoint_apply(np.ravel(y))

    def _matmat(self, X):
        return self._forward(np.ascontiguousarray(X.T)).T

    def _rmatmat(self, Y):
        return self._adjoint_apply(np.ascontiguousarray(Y.T)).T

    def to_kspace(self, y) -> np.ndarray:
        """Return the measurements as a complex array in the layout of the mask, zero off it.

        >>> A = SubsampledFourier(np.ones((1, 2), dtype=bool), real=True)
        >>> A.to_kspace(np.array([1.0, 2.0]))
        array([[1.+0.j, 2.+0.j]])
        """
        spectrum = self.spectrum(y)
        return np.fft.fftshift(spectrum) if self.centred else spectrum

    def spectrum(self, y) -> np.ndarray:
        """Return the measurements as a complex array in FFT layout, zero off the mask."""
        y = np.asarray(y)
        spectrum = np.zeros(self.shape[1], dtype=np.complex128)
        if not self.is_real:
            spectrum[self.mask.ravel()] = y
        else:
            values, width = self._values(y), len(self._self)
            spectrum[self._self] = values[:width]
            spectrum[self._rep], spectrum[self._mirror] = values[width:], values[width:].conj()
        return spectrum.reshape(self.image_shape)

    def from_kspace(self, spectrum) -> np.ndarray:
        """Return the measurements that belong to a complex k-space array, the inverse of ``to_kspace``.

        Values off the mask are ignored. For real images only the Hermitian part
        ``(K(k) + conj K(-k)) / 2`` can come from an image; it is the part that is kept,
        which is the orthogonal projection.
        """
        spectrum = np.asarray(spectrum, dtype=np.complex128)
        if self.centred:
            spectrum = np.fft.ifftshift(spectrum.reshape(self.image_shape))
        flat = spectrum.reshape(self.shape[1])
        if not self.is_real:
            return flat[self.mask.ravel()]
        pairs = (flat[self._rep] + flat[self._mirror].conj()) / 2
        values = np.concatenate([flat[self._self], pairs])
        return self._coordinates(values.real, values.imag)

    def spec(self) -> dict:
        """Describe the operator exactly by its mask."""
        kind = "fourier2d" if self.mask.ndim == 2 else "fourier"
        return {"kind": kind, "real": self.is_real, "mask": self.mask}
