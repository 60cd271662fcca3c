"""Forward operators that act on each frequency by itself, and what the methods for images need of them."""

import numpy as np
from scipy import fft

from kernelstab.operators import Blur

BLOCK = 2**15    # pixels whose transforms along the last axis are in memory beside their image


def eigenvalues(shape, real):
    """Return the eigenvalues of the periodic Laplacian ``D* D`` as (outer, last): their sums over rows.

    Along an axis of n pixels they are ``4 sin(pi k/n)^2``; half spectra keep ``k <= n/2``
    along the last axis.

    >>> eigenvalues((2, 4), real=True)[0].round(12), eigenvalues((2, 4), real=True)[1].round(12)
    (array([0., 4.]), array([0., 2., 4.]))
    """
    lines = [4.0 * np.sin(np.pi * np.arange(n) / n) ** 2 for n in shape]
    outer = np.zeros(1)
    for line in lines[:-1]:
        outer = np.add.outer(outer, line).ravel()
    return outer, lines[-1][: shape[-1] // 2 + 1] if real else lines[-1]


class Spectrum:
    """Unitary transforms of images of one shape, real ones by half spectra.

    ``single`` images are of single precision, whose transforms take about half the time.
    """

    def __init__(self, shape, real, workers=1, single=False):
        self.shape, self.real, self.workers = tuple(shape), real, workers
        self.others = tuple(range(len(self.shape) - 1))
        self.layout = int(np.prod(self.shape[:-1])), self.shape[-1]
        self.set_precision(single)

    def set_precision(self, single):
        """Choose the precision of the images."""
        self.number = np.float32 if single else np.float64
        self.dtype = np.dtype(self.number if self.real else np.complex64 if single else np.complex128)
        self.outer, self.last = (line.astype(self.number) for line in eigenvalues(self.shape, self.real))

    def forward(self, image):
        """Return the spectrum as a new array (rows, frequencies)."""
        transform = fft.rfft if self.real else fft.fft
        B = transform(image.reshape(self.shape), axis=-1, norm="ortho", workers=self.workers)
        if self.others:
            B = fft.fftn(B, axes=self.others, norm="ortho", overwrite_x=True, workers=self.workers)
        return B.reshape(self.outer.size, self.last.size)

    def back(self, B, out=None):
        """Return the image (rows, n) of a spectrum, which is overwritten.

        A real image is written to ``out`` where that is given; a complex one needs no more memory.
        """
        B = B.reshape(*self.shape[:-1], self.last.size)
        if self.others:
            B = fft.ifftn(B, axes=self.others, norm="ortho", overwrite_x=True, workers=self.workers)
        rows, n = self.outer.size, self.shape[-1]
        if not self.real:
            return fft.ifft(B, axis=-1, norm="ortho", overwrite_x=True, workers=self.workers).reshape(rows, n)
        B, out = B.reshape(rows, -1), np.empty((rows, n), self.dtype) if out is None else out
        count = max(BLOCK // n, 1)
        for row in range(0, rows, count):
            lines = slice(row, row + count)
            out[lines] = fft.irfft(B[lines], n=n, norm="ortho", overwrite_x=True, workers=self.workers)
        return out

    def invert(self, image, scale=1.0, shift=0.0, out=None):
        """Solve with ``scale D* D + shift``; where the shift is 0 the mean becomes 0."""
        B = self.forward(image)
        self.divide(B, scale, shift)
        return self.back(B, out)

    def divide(self, B, scale=1.0, shift=0.0):
        """Divide a spectrum by the eigenvalues of ``scale D* D + shift``; what they annihilate becomes 0."""
        from kernelstab._engines.imaging.passes_jit import divide

        outer, last = self.outer, self.last
        if scale != 1.0 or shift != 0.0:
            outer, last = self.number(scale) * outer + self.number(shift), self.number(scale) * last
        divide(B, outer, last, self.number(1.0))


class Samples(Spectrum):
    r"""A subsampled Fourier transform or a blur: :math:`\hat x_k\mapsto a_k\hat x_k` at the places ``index``.

    Sums over the places count one of a half spectrum twice where it stands for two frequencies
    (``weight``), so that norms and products are those of the coordinates of ``y``. ``a`` is one number
    where it is 1 everywhere.
    """

    def __init__(self, A, y, workers=1, single=False):
        super().__init__(A.image_shape, A.is_real, workers, single)
        self.A, count = A, self.last.size
        if isinstance(A, Blur):
            self.a = A.transfer[..., :count].ravel()
            self.index = np.arange(self.a.size)
            whole = fft.rfftn(y.reshape(self.shape), norm="ortho").ravel()
        else:
            self.a, self.index = np.ones(1, complex), np.flatnonzero(A.mask[..., :count])
            whole = A.half_spectrum(y) if A.is_real else A.spectrum(y).ravel()
        self.data = whole[self.index]
        column = self.index % count
        alone = (column == 0) | (2 * column == self.shape[-1]) if self.real else np.ones(column.size, bool)
        self.weight = np.where(alone, 1.0, 2.0)

    def inner(self, u, v) -> float:
        """Return the real inner product of two sets of values at the sampled places."""
        return float(np.dot(self.weight, u.real * v.real) + np.dot(self.weight, u.imag * v.imag))

    def norm(self, u) -> float:
        """Return the norm of values at the sampled places."""
        return float(np.sqrt(self.inner(u, u)))

    def measured(self, values):
        """Return values at the sampled places as a vector in the coordinates of y."""
        if not self.real:
            return values.astype(complex)
        whole = np.zeros(self.outer.size * self.last.size, complex)
        whole[self.index] = values
        if isinstance(self.A, Blur):
            return fft.irfftn(whole.reshape(*self.shape[:-1], -1), s=self.shape, norm="ortho").ravel()
        return self.A.from_half(whole)


class FourierFit(Samples):
    r"""Images nearest to a field, among those that fit the data, where :math:`W^*W=scale\,D^*D+shift`.

    ``residual`` is what the last fit left, ``a x - data`` at the sampled places.
    """

    def __init__(self, A, y, scale=1.0, shift=0.0, workers=1, single=False):
        super().__init__(A, y, workers, single)
        outer, last = eigenvalues(self.shape, self.real)
        self.gram = scale, shift
        self.d = scale * (outer[self.index // last.size] + last[self.index % last.size]) + shift
        self.residual = np.zeros_like(self.data)

    def fit(self, b, mu, radius=None):
        r"""Solve the x-step: the image nearest to the field p for which ``b`` is :math:`W^*p`.

        With a radius: subject to :math:`\|Ax-y\|\le radius`; the multiplier is sought from
        ``mu`` on. Without: with the penalty :math:`\tfrac\mu2\|Ax-y\|^2`. Returns the image, which
        takes the memory of ``b`` if it is real, and the multiplier.
        """
        from kernelstab._engines.imaging.passes_jit import fit, mismatches, multiplier

        B = self.forward(b)
        self.divide(B, *self.gram)
        flat, r, q = B.ravel(), self.residual, np.empty(self.index.size)
        mismatches(flat, self.index, self.data, self.a, self.d, self.weight, r, q)
        if radius is not None:
            mu = multiplier(q, self.d, self.a, radius, mu) if radius > 0 else np.inf
        limit = np.inf if radius is None else radius
        fit(flat, self.index, self.data, self.a, self.d, self.weight, r, mu, limit)
        return self.back(B, b), mu

    def project(self, x, radius):
        r"""Return the image nearest to x with :math:`\|Ax-y\|\le radius`, and note its residual.

        A real image is written over x. A blur leaves x as it is: what it misses is paid for.
        """
        B = self.forward(x)
        flat = B.ravel()
        r = flat[self.index]
        r *= self.a
        r -= self.data
        size = self.norm(r)
        if size > radius and self.a.size == 1:
            r *= radius / size
            flat[self.index] = self.data + r
            x = self.back(B, x)
        self.residual = r
        return x

    def share(self, b, h):
        r"""Split :math:`b=W^*p` into :math:`A^*h` and a rest; return h and :math:`(W^*W)^+` of the rest.

        A subsampled transform takes :math:`h=Ab`, which leaves least. A blur keeps the ``h``
        given, since dividing by small factors would make it large. What is returned may take the memory of b.
        """
        B = self.forward(b)
        flat = B.ravel()
        if self.a.size == 1:
            h = flat[self.index].astype(complex, copy=False)
            h[self.d == 0.0] = 0.0
            flat[self.index] = 0.0
        else:
            flat[self.index] -= self.a.conj() * h
        self.divide(B, *self.gram)
        return h, self.back(B, b)
