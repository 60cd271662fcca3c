"""What a decoder must pay for an error bound in the 2-norm that holds for every signal."""

import numpy as np

from kernelstab.kernel.nullspace import nullspace_basis


def instance_optimality_lower(A) -> float:
    r"""Bound from below what instance optimality in the 2-norm costs.

    It is every constant ``C`` with :math:`\|x-\Delta(Ax)\|_2\le C\sigma_1(x)_2` for all ``x``. Whatever the
    decoder, ``v`` in the null space without its ``j``-th entry has the measurements of :math:`-v_je_j`,
    which is 1-sparse and so is returned; hence :math:`\|v\|_2\le C\|v-v_je_j\|_2`. For the projection
    :math:`v=P_Ne_j` this reads :math:`C\ge(1-(P_N)_{jj})^{-1/2}`. The trace of :math:`P_N` is
    :math:`N-\mathrm{rank}`, so a small ``C`` needs about as many measurements as unknowns:
    :math:`\mathrm{rank}\,A\ge N/C^2`.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)

    Returns
    -------
    float
        Infinite if a column is zero; at least 1.

    Examples
    --------
    The null space of (1, 1, 1, 1) has :math:`(P_N)_{jj}=3/4`:

    >>> round(instance_optimality_lower([[1.0, 1.0, 1.0, 1.0]]), 12)
    2.0
    """
    basis = nullspace_basis(A).basis
    left = 1 - float((np.abs(basis) ** 2).sum(axis=1).max(initial=0.0))
    return float(left**-0.5) if left > basis.shape[0] * np.finfo(float).eps else np.inf
