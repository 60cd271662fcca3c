"""Problems whose squares leave the range of floating point: solved at size 1, and brought back exactly."""

from dataclasses import replace

import numpy as np

from kernelstab._engines.linear_system import System, dense_products

LOW, HIGH = 1e-50, 1e50   # between these a fourth power is a number, also that of a residual of rounding
_FULL = 1e-292            # a largest entry below this has neighbours that have lost digits


def powers(sizes) -> np.ndarray:
    """Return the exponents of two that bring extreme sizes into [1/2, 1), or near; 0 for all others.

    >>> powers(np.array([3.0, 2.0**300, 0.0, np.inf])).tolist()
    [0, -301, 0, 0]
    """
    ordinary = (sizes >= LOW) & (sizes <= HIGH) | (sizes == 0) | ~np.isfinite(sizes)
    return np.where(ordinary, 0, np.minimum(-np.frexp(sizes)[1], 1000))


def matrix_powers(matrices) -> np.ndarray:
    """Return the same for the largest moduli of matrices, by one pass where all are ordinary."""
    parts = (matrices.real, matrices.imag) if matrices.dtype.kind == "c" else (matrices,)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = sum(np.einsum("...ij,...ij->...", part, part) for part in parts)
    if np.all((squares > LOW**2) & (squares < HIGH**2)):
        return np.zeros(squares.shape, int)
    return powers(np.abs(matrices).max(axis=(-2, -1)))


def shifted(values, power):
    """Return ``values * 2**power``, also where ``2**power`` is no number."""
    if not np.any(power):
        return values
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if np.iscomplexobj(values):
            return np.ldexp(values.real, power) + 1j * np.ldexp(values.imag, power)
        return np.ldexp(values, power)


def ordinary(system: System) -> tuple:
    """Return the system at an ordinary size, and the exponents that matrix and data were raised by.

    An operator stays as it is.
    """
    data = powers(np.abs(system.y).max())
    matrix = np.int64(0) if system.matrix is None else matrix_powers(system.matrix)
    if data:
        system = replace(system, y=shifted(system.y, data))
    if matrix:
        array = shifted(system.matrix, matrix)
        forward, adjoint = dense_products(array)
        system = replace(system, matrix=array, forward=forward, adjoint=adjoint, tight=None, source=None)
    return system, matrix, data


def brought_back(found: dict, matrix, data) -> dict:
    """Return the fields of a solution, or of one per row, in the caller's units.

    Raises
    ------
    ValueError
        If floating point cannot hold the answer.
    """
    up = {"x": matrix - data, "dual": matrix, "objective": matrix - data, "dual_objective": matrix - data,
          "gap": matrix - data, "residual": -data}
    new = {}
    for name, power in up.items():
        vectors = name in ("x", "dual")
        new[name] = shifted(found[name], np.asarray(power)[..., None] if vectors else power)
        lost = ~np.isfinite(new[name])
        if vectors:  # what is small beside the largest entry may be lost, the largest not
            small = np.abs(new[name]).max(axis=-1) < _FULL
            lost = lost.any(axis=-1) | small & (np.abs(found[name]).max(axis=-1) > 0)
        if lost.any():
            raise ValueError("A and y must be of sizes for which floating point holds the answer, got "
                             f"{name} near 2**{np.broadcast_to(power, lost.shape)[lost].flat[0]}")
    return found | new


def require_ordinary(system: System, peak, size) -> None:
    """Refuse operators that change sizes so much that squares are no numbers; arrays are scaled instead.

    Raises
    ------
    ValueError
        Naming the factor.
    """
    if system.matrix is None and peak > 0 and not LOW <= peak / size <= HIGH:
        raise ValueError(f"an operator A must change sizes by {LOW:g} to {HIGH:g}, got data for which it is "
                         f"{peak / size:.1e}; multiply it by a constant")
