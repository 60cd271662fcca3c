"""Matrices whose squared entries fit into floats, for constants that rest on inner products."""

import numpy as np

from kernelstab.operators import as_operator


def dense_within_range(A, *, real=False) -> np.ndarray:
    """Return the entries of a forward matrix, after a look at the largest.

    Squares and inverses of numbers beyond these limits leave the range of floats, and nan
    fails every comparison, so that a bound would look as if it held.

    Raises
    ------
    ValueError
        If the largest entry does not lie between 1e-100 and 1e100, or one is complex and ``real`` is asked.

    >>> dense_within_range([[1.0, 2.0]])
    array([[1., 2.]])
    >>> dense_within_range([[1e-200]])
    Traceback (most recent call last):
        ...
    ValueError: A must have its largest entry between 1e-100 and 1e100, got 1e-200
    """
    matrix = as_operator(A).to_dense()
    largest = float(np.abs(matrix).max())
    if largest > 0 and not 1e-100 < largest < 1e100:
        raise ValueError(f"A must have its largest entry between 1e-100 and 1e100, got {largest!r}")
    if real and np.iscomplexobj(matrix):
        raise ValueError(f"A must be real, got dtype {matrix.dtype}")
    return matrix


def unit_scale(matrix) -> float:
    """Return the power of two that brings the largest entry to between 1/2 and 1: nothing is rounded.

    >>> unit_scale(np.array([[3.0, -6.0]]))
    0.125
    """
    return 2.0 ** -float(np.frexp(np.abs(matrix).max())[1])
