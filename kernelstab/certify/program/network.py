"""ReLU networks with dyadic weights, evaluated with a proved error.

The layers are those of ``kernelstab.maps.network``; see ``fixed_point`` for the states.
There are as many fractional bits as the working precision has, or more if the product of
the layers' norms asks for it.
"""

from math import frexp, prod

from flint import arb, ctx, fmpz, fmpz_mat

from kernelstab.certify.arrays import Array
from kernelstab.certify.program.fixed_point import correlate, cut, from_vector, midpoint, shifted, to_vector
from kernelstab.certify.program.lipschitz_bound import map_lipschitz
from kernelstab.certify.program.vectors import Vector

STARTS = ("adjoint", "measurements")
PLAIN = ("relu", "push", "add", "data_consistency")
_MOST = 1 << 16  # bits of growth; shipped networks have a few hundred
_KEPT = 80      # bits that are left at the end at least, whatever the layers' norms; a float has 53


class NetworkBalls:
    """Evaluate ``{"kind": "network", "operator", "layers"}`` at ball vectors.

    >>> from kernelstab.certify.program.operators import build_operator
    >>> A = build_operator({"kind": "dense", "matrix": Array((1, 1), (1.0,))})
    >>> double = {"layer": "dense", "weight": Array((1, 1), (2.0,)), "bias": Array((1,), (0.5,))}
    >>> psi = NetworkBalls({"layers": [{"layer": "measurements"}, double, {"layer": "relu"}]}, A)
    >>> from flint import arb_mat
    >>> psi.apply(Vector(arb_mat(1, 1, [3]))).real, psi.apply(Vector(arb_mat(1, 1, [-3]))).real
    ([6.50000000000000], [0])
    """

    def __init__(self, spec, operator):
        self.operator, self.length = operator, operator.shape[1]
        self._layers = spec["layers"]
        if not isinstance(self._layers, list) or not self._layers:
            raise ValueError("a network needs a list of layers")
        self._steps = [_step(position, layer) for position, layer in enumerate(self._layers)]
        _check_order([layer["layer"] for layer in self._layers], operator)
        self._lipschitz = None

    def lipschitz(self) -> arb:
        """Return the bound of :func:`~kernelstab.certify.program.lipschitz_bound.map_lipschitz`."""
        if self._lipschitz is None:
            spec = {"kind": "network", "layers": self._layers}
            self._lipschitz = map_lipschitz(spec, self.operator.facts())
        return self._lipschitz

    def apply(self, y: Vector) -> Vector:
        """Return the output for the measurement ``y``, which must be real."""
        if y.imag is not None:
            raise ValueError("a network needs real measurements")
        if len(y) != self.operator.shape[0]:
            raise ValueError(f"a network for {self.operator.shape[0]} measurements got {len(y)}")
        bits = self._fractional_bits(y)
        with ctx.workprec(max(ctx.prec, bits)):
            saved: list = []
            state = self._steps[0].advance(None, saved, y, self.operator, bits)
            for position, step in enumerate(self._steps[1:], start=1):
                try:
                    state = step.advance(state, saved, y, self.operator, bits)
                except ValueError as error:
                    raise ValueError(f"layer {position} of a network: {error}") from None
            output = to_vector(state)
        if len(output) != self.length:
            raise ValueError(f"a network must end with {self.length} entries, got {len(output)}")
        return output

    def _fractional_bits(self, y):
        """Return how many bits after the point are carried; small measurements need more."""
        size = max(abs(float(v.mid())) for v in y.real.entries())
        growth = sum(max(0, step.growth) for step in self._steps)
        if growth > _MOST:
            raise ValueError(f"the layers of a network may multiply by up to 2**{growth}, too much")
        return max(ctx.prec, growth + _KEPT) - min(0, frexp(size)[1] if size > 0 else 0)


class _Weighted:
    """What dense layers and convolutions share: integer weights and their norm."""

    def __init__(self, layer):
        weight, bias = layer["weight"], layer["bias"]
        if not isinstance(weight, Array) or not isinstance(bias, Array) or bias.shape != weight.shape[:1]:
            raise ValueError("weight and bias do not fit")
        if len(weight.shape) != self.axes:
            raise ValueError(f"weight must have {self.axes} axes, got {len(weight.shape)}")
        self.shape = weight.shape
        self.integers, self.exponent = _common(weight.data)
        self.bias, self.bias_exponent = _common(bias.data)
        self.norm = self._norm_upper()
        self.growth = _log2(self.norm)

    def _norm_upper(self):
        """Bound the norm by the root of the largest row sum times the largest column sum."""
        out, channels, *taps = self.shape
        count, sizes = prod(taps), [abs(n) for n in self.integers]
        width = channels * count
        rows = max(sum(sizes[i * width:(i + 1) * width]) for i in range(out))
        columns = [0] * channels
        for start in range(0, len(sizes), count):
            columns[start // count % channels] += sum(sizes[start:start + count])
        return (arb(fmpz(rows * max(columns))).sqrt() * arb((1, -self.exponent))).upper()

    def finish(self, shape, state, products, per_channel):
        """Add the bias to the products and cut back to the bits of the state."""
        bits = state.bits + self.exponent
        biases = [n << (bits - self.bias_exponent) if bits >= self.bias_exponent
                  else n >> (self.bias_exponent - bits) for n in self.bias]
        radius = state.radius * self.norm
        if bits < self.bias_exponent:
            radius += cut(len(products), bits)
        summed = [n + b for c, b in enumerate(biases)
                  for n in products[c * per_channel:(c + 1) * per_channel]]
        return shifted(shape, summed, state.bits, self.exponent, radius)


class _Dense(_Weighted):
    """``W h + b`` on the flattened state."""

    axes = 2

    def __init__(self, layer):
        super().__init__(layer)
        self._matrix = fmpz_mat(*self.shape, self.integers)

    def advance(self, state, saved, y, operator, bits):
        if len(state.integers) != self.shape[1]:
            raise ValueError(f"expects {self.shape[1]} entries, got {len(state.integers)}")
        products = (self._matrix * fmpz_mat(self.shape[1], 1, state.integers)).entries()
        products = [int(n) for n in products]
        return self.finish((self.shape[0],), state, products, 1)


class _Convolution(_Weighted):
    """Zero-padded correlation."""

    axes = 4

    def __init__(self, layer):
        super().__init__(layer)
        if self.shape[2] != self.shape[3] or self.shape[2] % 2 == 0:
            raise ValueError("filters must be square and odd")

    def advance(self, state, saved, y, operator, bits):
        if len(state.shape) != 3 or state.shape[0] != self.shape[1]:
            raise ValueError(f"expects {self.shape[1]} images, got a state of shape {state.shape}")
        _, n1, n2 = state.shape
        products = correlate(self.integers, self.shape, state.integers, n1, n2)
        return self.finish((self.shape[0], n1, n2), state, products, n1 * n2)


class _Start:
    """``A^* y`` as one image, or ``y`` itself."""

    def __init__(self, kind):
        self.kind, self.growth = kind, 0

    def advance(self, state, saved, y, operator, bits):
        if self.kind == "measurements":
            return from_vector(y, (len(y),), bits)
        back = operator.adjoint(y)
        if back.imag is not None:
            raise ValueError("adjoint needs a real operator")
        return from_vector(back, (1, *operator.image_shape), bits)


class _Plain:
    """Layers without weights, except data consistency; ReLU is 1-Lipschitz."""

    def __init__(self, kind):
        self.kind, self.growth = kind, int(kind == "add")

    def advance(self, state, saved, y, operator, bits):
        if self.kind == "relu":
            return state._replace(integers=[n if n > 0 else 0 for n in state.integers])
        if self.kind == "push":
            saved.append(state)
            return state
        other = saved.pop()
        if other.shape != state.shape:
            raise ValueError(f"a state of shape {other.shape} was saved, not {state.shape}")
        integers = [m + n for m, n in zip(state.integers, other.integers)]
        return state._replace(integers=integers, radius=(state.radius + other.radius).upper())


class _DataConsistency:
    r"""``h + A^*(y - A h)/c`` at the midpoint; :math:`I-A^*A/c` does not enlarge the radius of ``h``."""

    growth = 1

    def advance(self, state, saved, y, operator, bits):
        _, c, defect = operator.facts()
        if len(state.integers) != operator.shape[1]:
            raise ValueError(f"data_consistency expects one signal, got a state of shape {state.shape}")
        h = midpoint(state)
        moved = h + operator.adjoint(y - operator.forward(h)).scaled(1 / c)
        if moved.imag is not None:
            raise ValueError("data_consistency needs a real operator")
        fresh = from_vector(moved, state.shape, bits)
        # eigenvalues of I - A^*A/c lie in [-defect/c, defect/c] on the range of A^*, else are 1
        factor = max(arb(1), (defect / c).upper())
        return fresh._replace(radius=(fresh.radius + factor * state.radius).upper())


class _Scale:
    """``factor * h`` with a dyadic factor."""

    def __init__(self, layer):
        factor = layer["factor"]
        if type(factor) not in (int, float):
            raise ValueError(f"factor must be a number, got {factor!r:.60}")
        (self.numerator,), self.exponent = _common([factor])
        self.norm = abs(arb(factor)).upper()
        self.growth = _log2(self.norm)

    def advance(self, state, saved, y, operator, bits):
        integers = [n * self.numerator for n in state.integers]
        return shifted(state.shape, integers, bits, self.exponent, state.radius * self.norm)


def _check_order(kinds, operator):
    """Demand as many add as push, never one too early, and a tight operator where it is used."""
    depth = 0
    for kind in kinds:
        depth += (kind == "push") - (kind == "add")
        if depth < 0:
            raise ValueError("a network adds what it did not push")
    if depth:
        raise ValueError("a network must add what it pushes")
    if "data_consistency" in kinds and operator.facts().tight is None:
        raise ValueError("data_consistency needs an operator with A A* = c I")


WEIGHTED = {"dense": _Dense, "conv": _Convolution, "scale": _Scale}


def _step(position, layer):
    """Turn a layer into what advances a state; the first must start from ``y``."""
    kind = layer.get("layer") if isinstance(layer, dict) else None
    if (kind in STARTS) != (position == 0):
        raise ValueError("a network starts with adjoint or measurements, and only there")
    if position == 0:
        return _Start(kind)
    if kind == "data_consistency":
        return _DataConsistency()
    if kind in PLAIN:
        return _Plain(kind)
    if not isinstance(kind, str) or kind not in WEIGHTED:
        raise ValueError(f"layer {position} is unknown: {kind!r:.80}")
    try:
        return WEIGHTED[kind](layer)
    except KeyError as error:
        raise ValueError(f"layer {position} ({kind}) lacks the field {error}") from None
    except ValueError as error:
        raise ValueError(f"layer {position} ({kind}): {error}") from None


def _common(values) -> tuple[list, int]:
    """Write floats as integers over one power of two.

    >>> _common([0.5, -3.0])
    ([1, -6], 1)
    """
    ratios = [value.as_integer_ratio() for value in values]
    exponent = max(denominator.bit_length() for _, denominator in ratios) - 1
    return [n << (exponent + 1 - d.bit_length()) for n, d in ratios], exponent


def _log2(norm) -> int:
    """Return the smallest power of two that is surely above a norm."""
    mantissa, exponent = norm.man_exp()
    return int(exponent) + int(mantissa).bit_length()
