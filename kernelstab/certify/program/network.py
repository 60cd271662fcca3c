r"""ReLU networks with dyadic weights, evaluated with a proved error.

The layers are those of ``kernelstab.maps.network``. A state stands for every vector within ``radius``
(Euclidean) of ``integers / 2**bits``. Weights are dyadic, so a layer maps the integers exactly; cutting the
result back to ``bits`` is the only rounding. The radius grows by the norm of the layer, which for
convolutions and data consistency is far smaller than the growth of entrywise balls. There are as many
fractional bits as the working precision has, or more if the product of the layers' norms asks for it.

A convolution is a zero-padded correlation of integer images, many pixels in one big integer: a channel
becomes :math:`\sum_p h_p 2^{Bp}` with fields wide enough for the result; moving the image by a tap is then a
shift, and weighing it one multiplication by a small number. That is three to ten times quicker than
products with the matrices of shifted images. Each row is followed by ``k // 2`` zero fields,
the margins on both sides.
"""

from math import frexp, prod
from typing import NamedTuple

from flint import arb, ctx, fmpz, fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import MOST_BYTES, Array, affordable, spend
from kernelstab.certify.program.lipschitz_bound import network_lipschitz
from kernelstab.certify.program.vectors import Vector, column

STARTS = ("adjoint", "measurements")
PLAIN = ("relu", "push", "add", "data_consistency")
AXES = {"dense": 2, "conv": 4}      # of a weight
MOST_LAYERS = 1000
_MOST = 1 << 16  # bits of growth; shipped networks have a few hundred
_KEPT = 80      # bits that are left at the end at least, whatever the layers' norms; a float has 53


class State(NamedTuple):
    """Vectors near ``integers / 2**bits``; ``shape`` is that of the array they fill in C order."""

    shape: tuple
    integers: list
    bits: int
    radius: arb


class Weights(NamedTuple):
    """What a layer multiplies by and adds: integers over powers of two, and a bound of the norm."""

    shape: tuple
    integers: list
    exponent: int
    bias: list
    bias_exponent: int
    norm: arb


class NetworkBalls:
    """Evaluate ``{"kind": "network", "operator", "layers"}`` at ball vectors.

    >>> from kernelstab.certify.program.operators import build_operator
    >>> A = build_operator({"kind": "dense", "matrix": Array((1, 1), (1.0,))})
    >>> double = {"layer": "dense", "weight": Array((1, 1), (2.0,)), "bias": Array((1,), (0.5,))}
    >>> psi = NetworkBalls({"layers": [{"layer": "measurements"}, double, {"layer": "relu"}]}, A)
    >>> psi.apply(Vector(column([3]))).real, psi.apply(Vector(column([-3]))).real
    ([6.50000000000000], [0])
    """

    def __init__(self, spec, operator):
        self.operator, self.length = operator, operator.shape[1]
        self._layers = spec["layers"]
        if not isinstance(self._layers, list) or not self._layers:
            raise ValueError("a network needs a list of layers")
        affordable(len(self._layers), MOST_LAYERS, "layers")
        self._steps = [_read(position, layer) for position, layer in enumerate(self._layers)]
        _check_order([kind for kind, _ in self._steps], operator)

    def lipschitz(self) -> arb:
        """Return the product of the norms of the layers, with the rules of ``lipschitz_bound``."""
        return network_lipschitz(self._layers, self.operator)

    def apply(self, y: Vector) -> Vector:
        """Return the output for the measurement ``y``, which must be real."""
        if y.imag is not None:
            raise ValueError("a network needs real measurements")
        if len(y) != self.operator.shape[0]:
            raise ValueError(f"a network for {self.operator.shape[0]} measurements got {len(y)}")
        bits, saved = self._fractional_bits(y), []
        with ctx.workprec(max(ctx.prec, bits)):
            state = self._start(y, bits)
            for position, (kind, weights) in enumerate(self._steps[1:], start=1):
                try:
                    state = self._advance(kind, weights, state, saved, y)
                except ValueError as error:
                    kind = CertificateError if isinstance(error, CertificateError) else ValueError
                    raise kind(f"layer {position} of a network: {error}") from None
            output = to_vector(state)
        if len(output) != self.length:
            raise ValueError(f"a network must end with {self.length} entries, got {len(output)}")
        return output

    def _fractional_bits(self, y):
        """Return how many bits after the point are carried; small measurements need more."""
        size = max(abs(float(v.mid())) for v in y.real.entries())
        growth = sum(max(0, _log2(weights.norm)) if weights else kind in ("add", "data_consistency")
                     for kind, weights in self._steps)
        if growth > _MOST:
            raise ValueError(f"the layers of a network may multiply by up to 2**{growth}, too much")
        return max(ctx.prec, growth + _KEPT) - min(0, frexp(size)[1] if size > 0 else 0)

    def _start(self, y, bits):
        """Return ``A^* y`` as one image, or ``y`` itself."""
        if self._steps[0][0] == "measurements":
            return from_vector(y, (len(y),), bits)
        back = self.operator.adjoint(y)
        if back.imag is not None:
            raise ValueError("adjoint needs a real operator")
        return from_vector(back, (1, *self.operator.image_shape), bits)

    def _advance(self, kind, weights, state, saved, y):
        """Return the state after one layer."""
        _hold(len(state.integers), state.bits)
        if kind == "relu":
            return state._replace(integers=[n if n > 0 else 0 for n in state.integers])
        if kind == "push":
            saved.append(state)
            return state
        if kind == "add":
            return _added(state, saved.pop())
        if kind == "data_consistency":
            return self._consistent(state, y)
        if kind == "scale":
            return _weighted(weights, state, state.shape, [n * weights.integers[0] for n in state.integers])
        if kind == "dense":
            return _dense(weights, state)
        return _convolved(weights, state)

    def _consistent(self, state, y):
        r"""Return ``h + A^*(y - A h)/c``, computed at the midpoint of ``h``.

        The eigenvalues of :math:`I-A^*A/c`, by which the radius of ``h`` grows, lie in
        ``[-defect/c, defect/c]`` on the range of ``A^*``, and are 1 else.
        """
        operator, c = self.operator, self.operator.tight
        if len(state.integers) != operator.shape[1]:
            raise ValueError(f"data_consistency expects one signal, got a state of shape {state.shape}")
        h = to_vector(state._replace(radius=arb(0)))
        moved = h + operator.adjoint(y - operator.forward(h)).scaled(1 / c)
        if moved.imag is not None:
            raise ValueError("data_consistency needs a real operator")
        fresh = from_vector(moved, state.shape, state.bits)
        factor = max(arb(1), (operator.defect / c).upper())
        return fresh._replace(radius=(fresh.radius + factor * state.radius).upper())


def _check_order(kinds, operator):
    """Demand as many add as push, never one too early, and a tight operator where it is used."""
    depth = 0
    for kind in kinds:
        depth += (kind == "push") - (kind == "add")
        if depth < 0:
            raise ValueError("a network adds what it did not push")
    if depth:
        raise ValueError("a network must add what it pushes")
    if "data_consistency" in kinds and operator.tight is None:
        raise ValueError("data_consistency needs an operator with A A* = c I")


def _read(position, layer) -> tuple[str, Weights | None]:
    """Return the kind of a layer and its weights, if it has some; the first must start from ``y``."""
    kind = layer.get("layer") if isinstance(layer, dict) else None
    if (kind in STARTS) != (position == 0):
        raise ValueError("a network starts with adjoint or measurements, and only there")
    if kind in STARTS or kind in PLAIN:
        return kind, None
    try:
        if kind == "scale":
            return kind, _scale(layer["factor"])
        if kind in list(AXES):
            return kind, _weights(layer["weight"], layer["bias"], AXES[kind])
    except KeyError as error:
        raise ValueError(f"layer {position} ({kind}) lacks the field {error}") from None
    except ValueError as error:
        raise ValueError(f"layer {position} ({kind}): {error}") from None
    raise ValueError(f"layer {position} is unknown: {kind!r:.80}")


def _scale(factor):
    if type(factor) not in (int, float):
        raise ValueError(f"factor must be a number, got {factor!r:.60}")
    return Weights((), *_common([factor]), [], 0, abs(arb(factor)).upper())


def _weights(weight, bias, axes):
    """Read a weight and its bias; the norm is at most the root of the largest row sum times column sum."""
    if not isinstance(weight, Array) or not isinstance(bias, Array) or bias.shape != weight.shape[:1]:
        raise ValueError("weight and bias do not fit")
    if len(weight.shape) != axes:
        raise ValueError(f"weight must have {axes} axes, got {len(weight.shape)}")
    out, channels, *taps = weight.shape
    if taps and (taps[0] != taps[1] or taps[0] % 2 == 0):
        raise ValueError("filters must be square and odd")
    integers, exponent = _common(weight.data)
    count, sizes = prod(taps), [abs(n) for n in integers]
    width = channels * count
    rows = max(sum(sizes[i * width:(i + 1) * width]) for i in range(out))
    columns = [0] * channels
    for start in range(0, len(sizes), count):
        columns[start // count % channels] += sum(sizes[start:start + count])
    norm = (arb(fmpz(rows * max(columns))).sqrt() * arb((1, -exponent))).upper()
    return Weights(weight.shape, integers, exponent, *_common(bias.data), norm)


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


def _hold(count, bits):
    """Refuse a state of so many entries; its saved copies add up as work."""
    affordable(count * (48 + bits // 8), MOST_BYTES, "bytes of a state")
    spend(count * (300 + bits // 4))


def _added(state, other):
    if other.shape != state.shape:
        raise ValueError(f"a state of shape {other.shape} was saved, not {state.shape}")
    integers = [m + n for m, n in zip(state.integers, other.integers)]
    return state._replace(integers=integers, radius=(state.radius + other.radius).upper())


def _dense(weights, state):
    """Return ``W h + b`` on the flattened state."""
    out, width = weights.shape
    _hold(out, state.bits)
    spend(out * width * (20 + state.bits // 32))
    if len(state.integers) != width:
        raise ValueError(f"expects {width} entries, got {len(state.integers)}")
    products = fmpz_mat(out, width, weights.integers) * fmpz_mat(width, 1, state.integers)
    return _weighted(weights, state, (out,), [int(n) for n in products.entries()])


def _convolved(weights, state):
    if len(state.shape) != 3 or state.shape[0] != weights.shape[1]:
        raise ValueError(f"expects {weights.shape[1]} images, got a state of shape {state.shape}")
    _, n1, n2 = state.shape
    return _weighted(weights, state, (weights.shape[0], n1, n2),
                     correlate(weights.integers, weights.shape, state.integers, n1, n2))


def _weighted(weights, state, shape, products):
    """Add the bias to the products, and cut them back to the bits of the state."""
    bits, radius = state.bits + weights.exponent, state.radius * weights.norm
    if weights.bias:
        cuts = weights.bias_exponent - bits
        biases = [n << -cuts if cuts <= 0 else n >> cuts for n in weights.bias]
        if cuts > 0:
            radius += cut(len(products), bits)
        each = len(products) // len(biases)
        products = [n + biases[i // each] for i, n in enumerate(products)]
    return shifted(shape, products, state.bits, weights.exponent, radius)


def shifted(shape, integers, bits, excess, radius) -> State:
    """Drop ``excess`` fractional bits, keeping ``bits``; exact if only zeros are dropped."""
    mask = (1 << excess) - 1
    inexact = len(integers) if radius > 0 else sum(1 for n in integers if n & mask)
    return State(shape, [n >> excess for n in integers], bits, (radius + cut(inexact, bits)).upper())


def from_vector(vector: Vector, shape, bits) -> State:
    """Cut the balls of a real vector to ``bits`` fractional bits.

    >>> from_vector(Vector(column([0.75, -1])), (2,), 4)
    State(shape=(2,), integers=[12, -16], bits=4, radius=0)
    """
    largest = max(int(ball.mid().man_exp()[1]) + 2 * ctx.prec for ball in vector.real.entries())
    _hold(len(vector), max(bits, bits + largest))
    integers, rounded, widest = [], 0, arb(0)
    for ball in vector.real.entries():
        mantissa, exponent = map(int, ball.mid().man_exp())
        exponent += bits
        # the mantissa of a midpoint is odd, so a shift to the right always cuts something
        rounded += exponent < 0 and mantissa != 0
        integers.append(mantissa << exponent if exponent >= 0 else mantissa >> -exponent)
        if not ball.is_exact():
            widest = max(widest, ball.rad())
    radius = arb(len(integers)).sqrt() * widest + cut(rounded, bits)
    return State(tuple(shape), integers, bits, radius.upper())


def to_vector(state: State) -> Vector:
    """Return a state as balls; every entry gets the whole radius.

    >>> to_vector(State((1,), [3], 1, arb(0))).real
    [1.50000000000000]
    """
    if state.radius == 0:
        return Vector(column([arb((n, -state.bits)) for n in state.integers]))
    return Vector(column([arb((n, -state.bits), state.radius) for n in state.integers]))


def cut(count, bits) -> arb:
    """Bound the norm of ``count`` cuts of less than one unit each."""
    return (arb(count).sqrt() * arb((1, -bits))).upper()


def correlate(weights, shape, images, n1, n2) -> list:
    r"""Return :math:`g_{o,p}=\sum_{c,q}w_{o,c,q}h_{c,p+q-\lfloor k/2\rfloor}` in C order.

    ``weights`` are filters of ``shape`` (out, channels, k, k), ``k`` odd; ``images`` channels of ``n1 * n2``
    pixels each. A filter with its only one right of the centre fetches the right neighbour:

    >>> correlate([0, 0, 0, 0, 0, 1, 0, 0, 0], (1, 1, 3, 3), [1, 2, -3], 1, 3)
    [2, -3, 0]
    """
    out, channels, side, _ = shape
    half, pixels = side // 2, n1 * n2
    _hold(out * pixels, _bits(images))
    row, taps = n2 + half, range(-half, half + 1)
    reach = half * row + half
    bits = _bits(images) + _bits(weights) + (channels * side * side).bit_length() + 2
    size = -(-bits // 8)
    packs = (n1 * row + 2 * reach) * size
    affordable((channels * side * side + out) * packs, MOST_BYTES, "bytes of a convolution")
    spend(out * channels * side * side * packs // 8)
    moved = []
    for c in range(channels):
        packed = fmpz(_pack(images[c * pixels:(c + 1) * pixels], n1, n2, half, size))
        moved += [packed << (8 * size * (reach - dy * row - dx)) for dy in taps for dx in taps]
    sums = fmpz_mat(out, len(moved), weights) * fmpz_mat(len(moved), 1, moved)
    starts = [reach + r * row for r in range(n1)]
    fields = n1 * row + 2 * reach
    return [value for total in sums.entries() for value in _unpack(int(total), starts, n2, fields, size)]


def _bits(integers):
    return max(map(abs, integers)).bit_length()


def _ones(fields, size):
    """Return the integer with a one in every field."""
    return int.from_bytes((1).to_bytes(size, "little") * fields, "little")


def _pack(pixels, n1, n2, half, size) -> int:
    """Put the pixels into fields; half a field is added and taken off again because of the signs."""
    middle = 1 << (8 * size - 1)
    raw = [(value + middle).to_bytes(size, "little") for value in pixels]
    margin = [middle.to_bytes(size, "little")] * half
    data = b"".join(b"".join(raw[r * n2:(r + 1) * n2] + margin) for r in range(n1))
    return int.from_bytes(data, "little") - middle * _ones(n1 * (n2 + half), size)


def _unpack(total, starts, n2, fields, size):
    """Read the runs of ``n2`` fields that begin at ``starts``."""
    middle = 1 << (8 * size - 1)
    data = (total + middle * _ones(fields, size)).to_bytes(fields * size, "little")
    for start in starts:
        run = data[start * size:(start + n2) * size]
        for i in range(0, len(run), size):
            yield int.from_bytes(run[i:i + size], "little") - middle
