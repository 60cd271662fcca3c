"""The last steps of complex basis pursuit, where more entries than equations are in use."""

import numpy as np

STEPS = 6


def corner(columns, x, h, y):
    r"""Solve :math:`Ax=y`, :math:`a_j^*h=x_j/|x_j|` on the support by Newton's method.

    A complex solution may have up to twice as many entries as there are equations; then the
    residual of a penalised solution is all rounding before lambda is small enough. These
    equations have no lambda. With :math:`D_j=(I-u_ju_j^T)/|x_j|` on real and imaginary parts a
    step solves

    .. math:: A_S\delta=y-A_Sx,\qquad A_S^*h-D\delta=u .

    Parameters
    ----------
    columns : ndarray, shape (S, m)
        The columns of the support, as rows.
    x : ndarray, shape (S,)
        Start, no entry zero.
    h, y : ndarray, shape (m,)
        Dual point, where no step can be taken, and data.

    Returns
    -------
    (ndarray, ndarray)
        The best x met and its dual point.

    Notes
    -----
    Cost: one solution of a real system of size ``2*(S + m)`` for each step, at most six.
    """
    size, m = columns.shape
    best = (np.inf, x, h)
    for _ in range(STEPS + 1):
        u = x / np.abs(x)
        missed = y - x @ columns
        error = np.linalg.norm(missed) / np.linalg.norm(y) + np.abs(columns.conj() @ h - u).max()
        if not error < 0.5 * best[0]:
            break
        best = (error, x, h)
        system = np.zeros((2 * (size + m), 2 * (size + m)))
        bend = 1j * u / np.sqrt(np.abs(x))
        system[: 2 * size : 2, : 2 * size : 2] = -np.diag(bend.real**2)
        system[: 2 * size : 2, 1 : 2 * size : 2] = -np.diag(bend.real * bend.imag)
        system[1 : 2 * size : 2, : 2 * size : 2] = -np.diag(bend.real * bend.imag)
        system[1 : 2 * size : 2, 1 : 2 * size : 2] = -np.diag(bend.imag**2)
        _place(system[: 2 * size, 2 * size :], columns.conj())
        _place(system[2 * size :, : 2 * size], columns.T)
        right = np.concatenate([u, missed]).view(float)
        try:
            step = np.linalg.solve(system, right).view(complex)
        except np.linalg.LinAlgError:
            break
        x, h = x + step[:size], step[size:]
        if not np.all(x):
            break
    return best[1], best[2]


def _place(block, matrix):
    """Write a complex matrix as a real one, parts interleaved."""
    block[::2, ::2] = block[1::2, 1::2] = matrix.real
    block[1::2, ::2] = matrix.imag
    block[::2, 1::2] = -matrix.imag
