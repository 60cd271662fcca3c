"""Reading the parts of a proof strictly; whatever is not as it should be is refused with one line."""

import re
from fractions import Fraction

from flint import fmpz

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import Array, ComplexArray, short
from kernelstab.certify.enclosure import DECIMAL

_INTEGER = re.compile("-?[0-9]{1,100000}")


def decimal(text, name) -> Fraction:
    """Read a decimal number as certificates write it.

    >>> decimal("2.5e-1", "bound")
    Fraction(1, 4)
    """
    if not isinstance(text, str) or not DECIMAL.fullmatch(text):
        raise CertificateError(f"{name} must be a decimal number like 2.5e-1, got {text!r:.60}")
    return Fraction(text)


def number(value, name) -> Fraction:
    """Read a number that must not be negative, exactly as the float or integer that it is.

    >>> number(0.5, "eps")
    Fraction(1, 2)
    """
    if type(value) not in (int, float) or not value >= 0:
        raise CertificateError(f"{name} must be a number, not negative, got {value!r:.60}")
    return Fraction(value)


def integer(value, name, low=None, high=None) -> int:
    """Read an integer, given as a JSON number or as a decimal string.

    >>> integer("-12", "n") + integer(2, "n", 1)
    -10
    """
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(fmpz(value))       # unlike int, without a limit on the number of digits
    if type(value) is not int:
        raise CertificateError(f"{name} must hold integers, got {value!r:.60}")
    if (low is not None and value < low) or (high is not None and value > high):
        wanted = f"be at least {low}" if high is None else f"lie in [{low}, {high}]"
        raise CertificateError(f"{name} must {wanted}, got {short(value)}")
    return value


def modulus(value) -> int:
    """Read a prime below 2^63; that it is prime is checked.

    >>> modulus(7)
    7
    """
    if type(value) is not int or not 2 <= value < 1 << 63 or not fmpz(value).is_prime():
        raise CertificateError(f"prime must be a prime number below 2^63, got {value!r:.60}")
    return value


def integers(values, name, low=None, high=None) -> list[int]:
    """Read a list of JSON integers or decimal strings, or an array of whole numbers with one axis.

    >>> integers([1, "-20"], "entries"), integers(Array((2,), (0.0, 3.0)), "columns", 0, 3)
    ([1, -20], [0, 3])
    """
    if isinstance(values, Array):
        if len(values.shape) != 1:
            raise CertificateError(f"{name} must have one axis, got shape {values.shape}")
        values = [int(value) if value == int(value) else value for value in values.data]
    if not isinstance(values, list):
        raise CertificateError(f"{name} must be a list of integers, got {type(values).__name__}")
    return [integer(value, name, low, high) for value in values]


def index_set(values, name, size) -> tuple[int, ...]:
    """Read distinct indices in rising order.

    >>> index_set([0, 2], "support", 3)
    (0, 2)
    """
    found = integers(values, name, 0, size - 1)
    if any(a >= b for a, b in zip(found, found[1:])):
        raise CertificateError(f"{name} must be in rising order without repetition")
    return tuple(found)


def rationals(values, name, size) -> list[Fraction]:
    """Read exact numbers: an array with one axis, a list, or ``integers`` over a ``denominator``.

    >>> rationals(Array((2,), (0.5, 2.0)), "entries", 2)
    [Fraction(1, 2), Fraction(2, 1)]
    """
    below = 1
    if isinstance(values, dict) and set(values) == {"integers", "denominator"}:
        below = integer(values["denominator"], "denominator", 1)
        values = integers(values["integers"], name)
    elif isinstance(values, Array) and len(values.shape) == 1:
        values = values.data
    elif not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise CertificateError(f"{name} must be a vector of numbers, or integers over a denominator")
    if len(values) != size:
        raise CertificateError(f"{name} must have {size} entries, got {len(values)}")
    return [Fraction(value) / below for value in values]


def matrix_rows(array, name, shape) -> list[tuple]:
    """Return the rows of an array with two axes; None in ``shape`` leaves a length open.

    >>> matrix_rows(Array((2, 1), (0.5, 2.0)), "Y", (2, None))
    [(0.5,), (2.0,)]
    """
    if not isinstance(array, Array) or len(array.shape) != 2 or any(
            wanted is not None and wanted != found for wanted, found in zip(shape, array.shape)):
        wanted = " x ".join("any" if n is None else str(n) for n in shape)
        raise CertificateError(f"{name} must be an array of shape {wanted}")
    width = array.shape[1]
    return [array.data[k:k + width] for k in range(0, len(array.data), width)]


def parts_of(values, is_complex) -> tuple:
    """Return an array, or a list of real numbers, as one part, or as a real and an imaginary one.

    >>> parts_of(Array((1,), (2.0,)), True)
    (Array(shape=(1,), data=(2.0,)), Array(shape=(1,), data=(0.0,)))
    """
    if not is_complex:
        return (values,)
    if isinstance(values, ComplexArray):
        return tuple(values)
    if isinstance(values, Array):
        return values, Array(values.shape, (0.0,) * len(values.data))
    return values, [0] * len(values) if isinstance(values, list) else None


def parts_rows(array, name, shape, is_complex) -> list[list[tuple]]:
    """Return the rows of each part of an array.

    >>> parts_rows(Array((1, 2), (0.5, 2.0)), "Y", (1, 2), True)
    [[(0.5, 2.0)], [(0.0, 0.0)]]
    """
    return [matrix_rows(part, name, shape) for part in parts_of(array, is_complex)]


def read_groups(groups, width, order, height, is_complex=False):
    """Return the supports, signs and dual vectors of all groups, the latter as rows of each part.

    Signs are returned as they are written; only that the shapes fit is checked.
    """
    if not isinstance(groups, list) or not groups:
        raise CertificateError("groups must be a list of groups")
    supports, signs, duals = [], [], [[] for _ in range(2 if is_complex else 1)]
    for group in groups:
        if not isinstance(group, dict) or set(group) != {"supports", "signs", "duals"}:
            raise CertificateError("a group needs the fields duals, signs and supports")
        rows = matrix_rows(group["supports"], "supports", (None, None))
        if not 1 <= len(rows[0]) <= order:
            raise CertificateError(f"a support must have 1 to {order} columns, got {len(rows[0])}")
        supports += [index_set(Array((len(row),), row), "a support", width) for row in rows]
        signs += matrix_rows(group["signs"], "signs", (len(rows), len(rows[0])))
        for known, part in zip(duals, parts_rows(group["duals"], "duals", (None, height), is_complex)):
            known += part
    if any(len(part) != len(supports) for part in duals):
        raise CertificateError(f"{len(supports)} supports have {len(duals[0])} duals")
    return supports, signs, duals


def over_patterns(supports, signs, bound_of) -> dict:
    """Return the largest bound of each support whose patterns of signs, up to a common one, are all there.

    ``bound_of`` gives the bound of a program by its number; of equal patterns the smallest one counts.

    >>> over_patterns([(0, 1)] * 3, [(1, -1), (1, 1), (-1, 1)], [5, 4, 3].__getitem__)
    {(0, 1): 4}
    """
    found: dict = {}
    for k, (support, pattern) in enumerate(zip(supports, signs)):
        if not set(pattern) <= {1, -1}:
            raise CertificateError("signs must be 1 or -1")
        pattern = tuple(int(sign * pattern[0]) for sign in pattern)
        known, bound = found.setdefault(support, {}), bound_of(k)
        known[pattern] = min(bound, known.get(pattern, bound))
    return {support: max(known.values()) for support, known in found.items()
            if len(known) == 2 ** (len(support) - 1)}
