"""Compiled steps of the accelerated proximal gradient method for dense matrices."""

from collections import namedtuple

import numpy as np
from numba import njit

Iterate = namedtuple("Iterate", ["x", "image", "x_old", "image_old", "momentum"])


@njit(cache=True)
def steps(A, y, iterate, step, threshold, nonneg, count):
    """Take ``count`` steps from ``iterate``; the same arithmetic as the loop for operators."""
    x, image, x_old, image_old, momentum = iterate
    for _ in range(count):
        following = 0.5 + np.sqrt(0.25 + momentum * momentum)
        weight = (momentum - 1.0) / following
        z = x + weight * (x - x_old)
        residual = image + weight * (image - image_old) - y
        new = z - step * np.conj(np.dot(A.T, np.conj(residual)))
        turn = 0.0
        for i in range(new.size):
            size = new[i].real if nonneg else abs(new[i])
            new[i] = new[i] * (1.0 - threshold / size) if size > threshold else 0.0
            turn += (np.conj(z[i] - new[i]) * (new[i] - x[i])).real
        x_old, image_old = x, image
        x, image = new, np.dot(A, new)
        momentum = 1.0 if turn > 0.0 else following
    return Iterate(x, image, x_old, image_old, momentum)
