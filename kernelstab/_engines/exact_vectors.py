"""Exact vectors near computed ones, for certificates: of a null space, and solutions of equations."""

from fractions import Fraction

import numpy as np

from kernelstab._errors import CertificateError

_SMALL = 1e-12     # entries below this share of the largest are taken for rounding


def exact_product(left, right) -> np.ndarray:
    """Return the product of two matrices of floats, as fractions.

    >>> exact_product(np.array([[0.5, 1.0]]), np.array([[2.0], [0.25]]))
    array([[Fraction(5, 4)]], dtype=object)
    """
    return _fractions(left) @ _fractions(right)


def integer_kernel_vector(rows, wanted) -> list[int]:
    """Return an integer vector that all rows map to zero exactly, near a multiple of a computed one.

    >>> integer_kernel_vector(np.array([[1.0, 1.0]]), np.array([0.5, -0.5]))
    [1, -1]
    """
    from kernelstab.certify import exact_matrix, kernel_vector_near

    wanted = np.where(np.abs(wanted) > _SMALL * np.abs(wanted).max(), wanted, 0.0)
    return kernel_vector_near(exact_matrix(rows), wanted.tolist())


def solution_near(matrix, right, near) -> dict:
    """Return an exact solution of ``matrix z = right`` near a computed one: integers over a denominator.

    >>> solution_near(np.array([[2.0]]), np.array([3.0]), np.array([1.5]))
    {'integers': ['6'], 'denominator': '4'}
    """
    from kernelstab.certify import exact_matrix, kernel_vector_near
    from kernelstab.certify.constants.matrix import digits

    # the vector (z / unit, 1) is in a null space, with entries of one size
    power = int(np.frexp(np.abs(near).max())[1])
    unit = Fraction(2) ** power
    whole = np.hstack([_fractions(matrix), -_fractions(right)[:, None] / unit])
    wanted = [*np.ldexp(np.asarray(near, float), -power).tolist(), 1.0]
    reason = "the equations have no exact solution near the computed one"
    try:
        vector = kernel_vector_near(exact_matrix(whole), wanted)
    except CertificateError as error:
        raise CertificateError(f"{reason}: {error}") from None
    if vector[-1] == 0:
        raise CertificateError(reason)
    sign = 1 if vector[-1] > 0 else -1
    return {"integers": [digits(sign * value * unit.numerator) for value in vector[:-1]],
            "denominator": digits(abs(vector[-1]) * unit.denominator)}


def _fractions(array) -> np.ndarray:
    return np.vectorize(Fraction, otypes=[object])(np.asarray(array))
