"""Forward matrices in balls, from their descriptions.

Every evaluator offers ``shape``, ``image_shape``, ``forward(x)``, ``adjoint(y)`` on
:class:`~kernelstab.certify.program.vectors.Vector` and ``facts()``: norm bound, tight constant
``c`` and a bound of ``||A A* - c I||``; ``rough_norm`` is a float near or above the norm,
for checks of plausibility only.

======================================================  ====================================
``{"kind": "dense", "matrix"[, "tight", "image_shape"]}``  entries as given, exact
``{"kind": "fourier", "real", "mask"}``, ``"fourier2d"``   see ``transforms``
``{"kind": "hadamard", "mask"}``                           see ``transforms``
``{"kind": "blur2d", "kernel", "shape"}``                  see ``transforms``
======================================================  ====================================
"""

from math import hypot, prod

from flint import arb, arb_mat

from kernelstab.certify.arrays import Array, ComplexArray
from kernelstab.certify.program.lipschitz_bound import BallArithmetic, OperatorFacts, matrix_norm
from kernelstab.certify.program.transforms import BlurBalls, FourierBalls, HadamardBalls
from kernelstab.certify.program.vectors import Vector


class DenseBalls:
    """A matrix of floats, which are exact numbers.

    >>> A = DenseBalls({"kind": "dense", "matrix": Array((1, 2), (3.0, 4.0))})
    >>> A.forward(Vector(arb_mat(2, 1, [1, 0.5]))).real
    [5.00000000000000]
    """

    def __init__(self, spec):
        matrix = spec["matrix"]
        parts = list(matrix) if isinstance(matrix, ComplexArray) else [matrix]
        if not all(isinstance(part, Array) and len(part.shape) == 2 for part in parts):
            raise ValueError("a dense operator needs a matrix")
        self.shape = parts[0].shape
        self.image_shape = image_shape(spec, self.shape[1])
        self._array = matrix
        self._tight = spec.get("tight")
        if self._tight is not None and (type(self._tight) not in (int, float) or self._tight <= 0):
            raise ValueError(f"tight must be a positive number, got {self._tight!r:.80}")
        self._re, self._im = (*(arb_mat(*self.shape, list(part.data)) for part in parts), None)[:2]
        self._facts = None
        self.rough_norm = hypot(*(hypot(*part.data) for part in parts))

    def forward(self, x: Vector) -> Vector:
        """Return the product with the matrix."""
        return _product(self._re, self._im, x)

    def adjoint(self, y: Vector) -> Vector:
        """Return the product with the conjugate transpose."""
        return _product(self._re.transpose(), None if self._im is None else -self._im.transpose(), y)

    def facts(self) -> OperatorFacts:
        """Return the norm bound and, for a matrix that says it is tight, its proved defect."""
        if self._facts is None:
            norm = matrix_norm(self._array, BallArithmetic)
            c = None if self._tight is None else arb(self._tight)
            self._facts = OperatorFacts(norm, c, None if c is None else self._defect(c))
        return self._facts

    def _defect(self, c):
        """Bound ``||A A* - c I||`` by the Frobenius norm."""
        re, im = self._re, self._im
        gram = re * re.transpose() - _identity(self.shape[0]) * c
        squares = list(gram.entries())
        if im is not None:
            squares = list((gram + im * im.transpose()).entries())
            squares += (im * re.transpose() - re * im.transpose()).entries()
        return sum((abs(v).upper() ** 2 for v in squares), arb(0)).sqrt().upper()


def _identity(size):
    return arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])


def _product(re, im, v: Vector) -> Vector:
    if len(v) != re.ncols():
        raise ValueError(f"a vector of length {len(v)} does not fit a matrix "
                         f"of shape {(re.nrows(), re.ncols())}")
    if im is None:
        return Vector(re * v.real, None if v.imag is None else re * v.imag)
    if v.imag is None:
        return Vector(re * v.real, im * v.real)
    return Vector(re * v.real - im * v.imag, im * v.real + re * v.imag)


def image_shape(spec, size) -> tuple:
    """Return the image shape of a description, by default one axis."""
    shape = spec.get("image_shape", [size])
    if not isinstance(shape, list) or not all(type(n) is int and n > 0 for n in shape) or prod(shape) != size:
        raise ValueError(f"image_shape {shape!r:.80} does not hold {size} entries")
    return tuple(shape)


KINDS = {"dense": DenseBalls, "fourier": FourierBalls, "fourier2d": FourierBalls, "hadamard": HadamardBalls,
         "blur2d": BlurBalls}


def build_operator(spec):
    """Return the evaluator of a decoded description; see ``build``."""
    return build(spec, KINDS, "operator")


def build(spec, kinds, what, context=lambda spec: ()):
    """Return the evaluator of a decoded description, by its kind.

    Parameters
    ----------
    spec : dict
    kinds : dict
        Kind -> class.
    what : str
    context : callable
        Description -> what the class needs besides it.

    Raises
    ------
    ValueError
        If the kind is unknown or a field is missing or does not fit.
    """
    if not isinstance(spec, dict) or spec.get("kind") not in list(kinds):
        kind = spec.get("kind") if isinstance(spec, dict) else spec
        raise ValueError(f"{what} kind must be one of {', '.join(kinds)}, got {kind!r:.80}")
    try:
        return kinds[spec["kind"]](spec, *context(spec))
    except KeyError as error:
        raise ValueError(f"{what} of kind {spec['kind']} lacks the field {error}") from None
