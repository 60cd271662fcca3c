"""Matrices whose squared entries fit into floats, for constants that rest on inner products."""

import numpy as np

from kernelstab.operators import as_operator


def dense_within_range(A) -> np.ndarray:
    """Return the entries of a forward matrix, after a look at the largest.

    Squares and inverses of numbers beyond these limits leave the range of floats, and nan
    fails every comparison, so that a bound would look as if it held.

    Raises
    ------
    ValueError
        If the largest entry does not lie between 1e-100 and 1e100.

    >>> dense_within_range([[1.0, 2.0]])
    array([[1., 2.]])
    >>> dense_within_range([[1e-200]])
    Traceback (most recent call last):
        ...
    ValueError: A must have its largest entry between 1e-100 and 1e100, got 1e-200
    """
    matrix = as_operator(A).to_dense()
    peak = float(np.abs(matrix).max())
    if peak > 0 and not 1e-100 < peak < 1e100:
        raise ValueError(f"A must have its largest entry between 1e-100 and 1e100, got {peak!r}")
    return matrix
