"""Reading the parts of a proof strictly; whatever is not as it should be is refused with one line."""

from fractions import Fraction

from flint import fmpz

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import Array, ComplexArray
from kernelstab.certify.constants.matrix import integer
from kernelstab.certify.enclosure import DECIMAL


def decimal(text, name) -> Fraction:
    """Read a decimal number as certificates write it.

    >>> decimal("2.5e-1", "bound")
    Fraction(1, 4)
    """
    if not isinstance(text, str) or not DECIMAL.fullmatch(text):
        raise CertificateError(f"{name} must be a decimal number like 2.5e-1, got {text!r:.60}")
    return Fraction(text)


def proof_kind(proof, kinds, given_up=()) -> str:
    """Return the kind of a proof after checking that it has exactly the fields of that kind.

    Parameters
    ----------
    proof : dict
    kinds : dict
        Kind -> names of its other fields.
    given_up : dict
        Kind that was checked once -> why it is refused now.

    >>> proof_kind({"kind": "ranks", "prime": 7}, {"ranks": ["prime"]})
    'ranks'
    """
    kind = proof["kind"]
    if kind in given_up:
        raise CertificateError(f"proofs of kind {kind} are no longer checked: {given_up[kind]}")
    if kind not in kinds:
        raise CertificateError(f"proof must be one of {', '.join(kinds)}, got {kind!r:.60}")
    wanted = {"kind", *kinds[kind]}
    if set(proof) != wanted:
        odd = sorted(wanted ^ set(proof))[0]
        raise CertificateError(f"proof {kind} {'lacks' if odd in wanted else 'knows no'} field {odd!r:.60}")
    return kind


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
    found = [integer(value, name) for value in values]
    if any((low is not None and n < low) or (high is not None and n > high) for n in found):
        raise CertificateError(f"{name} must lie in [{low}, {high}]")
    return found


def index_set(values, name, size) -> tuple[int, ...]:
    """Read distinct indices in rising order.

    >>> index_set([0, 2], "support", 3)
    (0, 2)
    """
    found = integers(values, name, 0, size - 1)
    if any(a >= b for a, b in zip(found, found[1:])):
        raise CertificateError(f"{name} must be in rising order without repetition")
    return tuple(found)


def rationals(values, name, size=None) -> list[Fraction]:
    """Read a vector of exact numbers: an array with one axis, or a list of floats and integers.

    >>> rationals(Array((2,), (0.5, 2.0)), "entries", 2)
    [Fraction(1, 2), Fraction(2, 1)]
    """
    if isinstance(values, Array) and len(values.shape) == 1:
        values = values.data
    elif not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise CertificateError(f"{name} must be a vector of numbers")
    if size is not None and len(values) != size:
        raise CertificateError(f"{name} must have {size} entries, got {len(values)}")
    return [Fraction(value) for value in values]


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


def complex_parts(values) -> tuple:
    """Return the real and the imaginary part of an array, or of a list of real numbers.

    >>> complex_parts(Array((1,), (2.0,)))
    (Array(shape=(1,), data=(2.0,)), Array(shape=(1,), data=(0.0,)))
    """
    if isinstance(values, ComplexArray):
        return tuple(values)
    if isinstance(values, Array):
        return values, Array(values.shape, (0.0,) * len(values.data))
    return values, [0] * len(values) if isinstance(values, list) else values


def parts_rows(array, name, shape, is_complex) -> list[tuple]:
    """Return the rows of an array, each as a tuple of its parts: one, or a real and an imaginary one.

    >>> parts_rows(Array((1, 2), (0.5, 2.0)), "Y", (1, 2), True)
    [((0.5, 2.0), (0.0, 0.0))]
    """
    parts = complex_parts(array) if is_complex else (array,)
    return list(zip(*(matrix_rows(part, name, shape) for part in parts)))


def read_groups(groups, width, order, height, is_complex=False):
    """Return the supports, signs and dual vectors of all groups, one of each per program.

    Signs are returned as they are written; only that the shapes fit is checked. A dual vector is a tuple
    of its parts.
    """
    if not isinstance(groups, list) or not groups:
        raise CertificateError("groups must be a list of groups")
    supports, signs, duals = [], [], []
    for group in groups:
        if not isinstance(group, dict) or set(group) != {"supports", "signs", "duals"}:
            raise CertificateError("a group needs the fields duals, signs and supports")
        rows = matrix_rows(group["supports"], "supports", (None, None))
        if not 1 <= len(rows[0]) <= order:
            raise CertificateError(f"a support must have 1 to {order} columns, got {len(rows[0])}")
        supports += [index_set(Array((len(row),), row), "a support", width) for row in rows]
        signs += matrix_rows(group["signs"], "signs", (len(rows), len(rows[0])))
        duals += parts_rows(group["duals"], "duals", (None, height), is_complex)
    if len(duals) != len(supports):
        raise CertificateError(f"{len(supports)} supports have {len(duals)} duals")
    return supports, signs, duals
