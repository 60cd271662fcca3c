r"""Wavelet bands, and the share of each that a forward operator sees.

A dual point is feasible where no entry of :math:`W^*A^*h` exceeds its limit. With
:math:`AA^*=cI` the matrix :math:`P=W^*A^*AW/c` is a projection, and where an entry of band b is
changed by d in the coefficients, itself changes by :math:`P_{ii}d`. For Fourier samples the diagonal is
one number in each band, the share :math:`\rho_b` of its energy that is measured, so entries that
exceed by little and are few are mended by moving h along :math:`-AW(e/\rho)`, with e the excess.
"""

import itertools

import numpy as np

LEAST = 0.02     # no band is taken to be seen less than this


def bands(shape, level) -> list:
    """Return the slices of every band of coefficients, the approximation first.

    >>> bands((4, 4), 1)[:2]
    [(slice(0, 2, None), slice(0, 2, None)), (slice(0, 2, None), slice(2, 4, None))]
    """
    found = [tuple(slice(0, n >> level) for n in shape)]
    for j in range(level, 0, -1):
        halves = [(slice(0, n >> j), slice(n >> j, n >> (j - 1))) for n in shape]
        found += list(itertools.product(*halves))[1:]
    return found


def seen(frame, sampling, dtype) -> list:
    """Return pairs of slices and shares.

    With random signs z the products of z and ``Pz`` have the diagonal as their mean, and many are averaged.
    Nothing but speed depends on it.
    """
    signs = np.random.default_rng(0).integers(0, 2, frame.shape[1], dtype=np.int8)
    signs += signs - np.int8(1)
    image = signs.astype(dtype)
    frame.synthesise(image)
    image, back = sampling.seen(image), image
    frame.analyse(image, back)
    shaped = (back.real * signs).reshape(frame.image_shape)
    return [(band, min(max(float(np.mean(shaped[band])), LEAST), 1.0))
            for band in bands(frame.image_shape, frame.level)]
