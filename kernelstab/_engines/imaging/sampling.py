"""What the splitting for wavelets asks of a forward operator: the residual and its correlation."""

import numpy as np

from kernelstab._engines.imaging.spectrum import Samples
from kernelstab.operators import SubsampledFourier


class PlainSampling:
    """Any operator with ``AA* = cI``: two products."""

    single = False

    def __init__(self, system):
        self.system, self.r, self.reference = system, None, 0.0

    def correlate(self, image, lessen=False):
        r"""Return :math:`A^*r`, :math:`\|r\|` and :math:`\mathrm{Re}\langle r,y\rangle`.

        r is :math:`Ax-y` of an image x; with ``lessen`` it is the last r less :math:`Ax/c`.
        """
        Ax = self.system.forward(image)
        self.r = self.r - Ax / self.system.tight if lessen else Ax - self.system.y
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


class FourierSampling(Samples):
    """Subsampled Fourier transforms: the residual is formed where the transform leaves it.

    ``out`` is a spectrum that is zero off the mask and stays so. Images handed in may be overwritten.
    """

    def __init__(self, A, y, single):
        super().__init__(A, y, single=single)
        self.single = single
        self.data = self.data.astype(np.complex64 if single else complex)
        self.out = np.zeros((self.outer.size, self.last.size), self.data.dtype)
        self.reference = 0.0

    def correlate(self, image, lessen=False):
        """As for any operator."""
        from kernelstab._engines.imaging.wavelet_splitting_jit import residual

        spectrum = self.forward(image).ravel()
        square, inner = residual(spectrum, self.index, self.data, self.weight, self.out.ravel(), lessen)
        del spectrum
        return self.back(self.out.copy()).ravel(), float(np.sqrt(square)), float(inner)

    def seen(self, image):
        """As for any operator."""
        spectrum = self.forward(image)
        kept = spectrum.ravel()[self.index]
        spectrum[:] = 0.0
        spectrum.ravel()[self.index] = kept
        return self.back(spectrum).ravel()

    def travelled(self, scale):
        """As for any operator."""
        before, self.reference = self.reference, scale * self.out.ravel()[self.index]
        return self.norm(self.reference - before)

    def residual(self):
        """Return the last r in the coordinates of y."""
        return self.measured(self.out.ravel()[self.index])


def sampling(A, system, single):
    """Return the fastest way to sample with ``A``, where ``system`` holds the data and plain products."""
    if type(A) is SubsampledFourier and system.dtype == A.dtype and len(A.image_shape) == 2:
        return FourierSampling(A, system.y, single)
    return PlainSampling(system)
