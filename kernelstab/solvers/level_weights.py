"""Weights in levels: coefficients where few are expected cost more."""

import numpy as np

from kernelstab._checks import as_array


def level_weights(scales, sparsities) -> np.ndarray:
    r"""Return the weight :math:`\sqrt{s/s_l}` for every coefficient of level l, where :math:`s=\sum_ls_l`.

    Recovery bounds for weighted sparsity in r levels grow with
    :math:`\kappa=\sum_lw_l^2s_l\,/\,\min_lw_l^2s_l`. A sum of r terms is at least r times the
    least of them, with equality if and only if all are equal; these weights make all equal, so
    :math:`\kappa=r`, the least value there is.

    Parameters
    ----------
    scales : ndarray of int, shape (N,)
        The level of each coefficient, from 0 on, such as ``WaveletSynthesis.scales``.
    sparsities : sequence of float
        How many large coefficients are expected in each level: :math:`s_0, s_1, \dots`, positive.

    Returns
    -------
    ndarray, shape (N,)

    Raises
    ------
    ValueError
        If a sparsity is not positive, a level has none, or ``scales`` is empty or not of integers.

    Examples
    --------
    One large coefficient in the first level, three in the second, four in all:

    >>> level_weights([0, 1, 1, 1], [1, 3]).round(4)
    array([2.    , 1.1547, 1.1547, 1.1547])
    """
    sparsities = as_array(sparsities, "sparsities", ndim=1, real=True)
    if sparsities.min() <= 0:
        raise ValueError(f"sparsities must be positive, got {sparsities.min()}")
    scales = np.asarray(scales)
    known = np.arange(sparsities.size)
    if scales.dtype.kind not in "iu" or not scales.size or not np.isin(scales, known).all():
        raise ValueError(f"scales must hold integers from 0 to {sparsities.size - 1}, one for each sparsity, "
                         f"got {scales!r}")
    return np.sqrt(sparsities.sum() / sparsities)[scales]
