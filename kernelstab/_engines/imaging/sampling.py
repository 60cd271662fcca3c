"""What the splitting loop asks of a forward operator: the residual of an image, pulled back."""

import numpy as np
from scipy import fft

from kernelstab.operators import SubsampledFourier


class PlainSampling:
    """Any operator with ``AA* = cI``: two products."""

    single = False

    def __init__(self, system):
        self.system, self.r, self.reference = system, None, 0.0

    def pull(self, image):
        r"""Return, for :math:`r=Ax-y`, :math:`A^*r`, :math:`\|r\|` and :math:`\mathrm{Re}\langle r,y\rangle`.
        """
        self.r = self.system.forward(image) - self.system.y
        return (self.system.adjoint(self.r), float(np.linalg.norm(self.r)),
                float(np.vdot(self.r, self.system.y).real))

    def lessen(self, image):
        r"""Subtract :math:`Ax/c` of an image x from r, and return what ``pull`` does."""
        self.r = self.r - self.system.forward(image) / self.system.tight
        return (self.system.adjoint(self.r), float(np.linalg.norm(self.r)),
                float(np.vdot(self.r, self.system.y).real))

    def seen(self, image):
        r"""Return :math:`A^*Ax/c` of an image x."""
        return self.system.adjoint(self.system.forward(image)) / self.system.tight

    def residual(self):
        """Return the last r."""
        return self.r

    def travelled(self, scale):
        """Return how far ``scale * r`` is from where it was at the last call."""
        before, self.reference = self.reference, scale * self.r
        return float(np.linalg.norm(self.reference - before))


class FourierSampling:
    """Subsampled Fourier transforms: the residual is formed where the transform leaves it.

    Real images use half spectra; ``out`` is zero off the mask and stays so. The norm and the
    product are those of the coordinates of ``y``, which are orthonormal. In single precision
    transforms take about half the time.
    """

    def __init__(self, A, y, single):
        self.A, self.single = A, single
        kind = np.complex64 if single else np.complex128
        n1, n2 = A.image_shape
        stored = n2 // 2 + 1 if A.is_real else n2
        mask = A.mask[:, :stored]
        self.index = np.flatnonzero(mask)
        whole = A.half_spectrum(y) if A.is_real else A.to_kspace(y).ravel()
        self.data = whole[self.index].astype(kind)
        del whole
        column = self.index % stored
        alone = (column == 0) | (2 * column == n2) if A.is_real else np.ones(self.index.size, dtype=bool)
        self.weight = np.where(alone, 1.0, 2.0)
        self.out, self.reference = np.zeros((n1, stored), dtype=kind), 0.0

    def pull(self, image):
        """As for any operator; the image may be overwritten."""
        from kernelstab._engines.imaging.wavelet_splitting_jit import residual

        spectrum = self._spectrum(image)
        square, inner = residual(spectrum.ravel(), self.index, self.data, self.weight, self.out.ravel())
        del spectrum
        return self._image(self.out), float(np.sqrt(square)), float(inner)

    def lessen(self, image):
        """As for any operator; the image may be overwritten."""
        from kernelstab._engines.imaging.wavelet_splitting_jit import lessen

        spectrum = self._spectrum(image)
        square, inner = lessen(spectrum.ravel(), self.index, self.data, self.weight, self.out.ravel())
        del spectrum
        return self._image(self.out), float(np.sqrt(square)), float(inner)

    def seen(self, image):
        """As for any operator; the image may be overwritten."""
        spectrum = self._spectrum(image)
        flat, kept = spectrum.ravel(), spectrum.ravel()[self.index]
        flat[:] = 0.0
        flat[self.index] = kept
        return self._image(spectrum)

    def _spectrum(self, image):
        image = image.reshape(self.A.image_shape)
        if self.A.is_real:
            return fft.rfft2(image, norm="ortho")
        return fft.fft2(image, norm="ortho", overwrite_x=True)

    def _image(self, spectrum):
        """Return the flat image of a spectrum, which is kept."""
        if self.A.is_real:
            return fft.irfft2(spectrum, s=self.A.image_shape, norm="ortho").ravel()
        return fft.ifft2(spectrum, norm="ortho").ravel()

    def travelled(self, scale):
        """As for any operator."""
        before, self.reference = self.reference, scale * self.out.ravel()[self.index]
        return float(np.linalg.norm(np.sqrt(self.weight) * (self.reference - before)))

    def residual(self):
        """Return the last r in the coordinates of y."""
        if not self.A.is_real:
            return self.out.ravel()[self.index]
        return self.A.from_half(self.out.ravel()).astype(float)


def sampling(A, system, single):
    """Return the fastest way to sample with ``A``, where ``system`` holds the data and plain products."""
    if type(A) is SubsampledFourier and system.dtype == A.dtype and len(A.image_shape) == 2:
        return FourierSampling(A, system.y, single)
    return PlainSampling(system)
