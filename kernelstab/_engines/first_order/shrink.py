"""Soft thresholding in place: the step that every loop for operators shares."""

import numpy as np


def shrink(v, threshold, nonneg=False) -> np.ndarray:
    """Overwrite ``v`` by its proximal point of ``threshold * ||.||_1``, and return it.

    Entries lose ``threshold`` of their modulus; with ``nonneg`` the minimum is over
    nonnegative vectors. Costs one real work array.
    """
    if nonneg:
        v -= threshold
        return np.maximum(v, 0.0, out=v)
    size = np.abs(v)
    np.maximum(size, threshold, out=size)
    if threshold > 0.0:
        np.divide(threshold, size, out=size)
        np.subtract(1.0, size, out=size)
        v *= size
    return v
