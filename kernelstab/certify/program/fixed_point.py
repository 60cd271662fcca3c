r"""States of a network: integers over a power of two, and how far the truth may be in norm.

A state stands for every vector within ``radius`` (Euclidean) of ``integers / 2**bits``.
Weights are dyadic, so a layer maps the integers exactly; cutting the result back to
``bits`` is the only rounding. The radius travels by the norm of the layer, which for
convolutions and data consistency is far smaller than the growth of entrywise balls.

A convolution is a zero-padded correlation of integer images, many pixels in one big integer: a channel
becomes :math:`\sum_p h_p 2^{Bp}` with fields wide enough for the result; moving the image by a tap is then a
shift, and weighing it one multiplication by a small number. That is far quicker than a product with the
matrix of all patches. Each row is followed by ``k // 2`` zero fields, the margins on both sides.
"""

from typing import NamedTuple

from flint import arb, arb_mat, fmpz, fmpz_mat

from kernelstab.certify.program.vectors import Vector


class State(NamedTuple):
    """Vectors near ``integers / 2**bits``; ``shape`` is that of the array they fill in C order."""

    shape: tuple
    integers: list
    bits: int
    radius: arb


def from_vector(vector: Vector, shape, bits) -> State:
    """Cut the balls of a real vector to ``bits`` fractional bits.

    >>> from_vector(Vector(arb_mat(2, 1, [0.75, -1])), (2,), 4)
    State(shape=(2,), integers=[12, -16], bits=4, radius=0)
    """
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


def cut(count, bits) -> arb:
    """Bound the norm of ``count`` cuts of less than one unit each."""
    return (arb(count).sqrt() * arb((1, -bits))).upper()


def midpoint(state: State) -> Vector:
    """Return the middle of a state, without its radius, as exact balls."""
    entries = [arb((n, -state.bits)) for n in state.integers]
    return Vector(arb_mat(len(entries), 1, entries))


def to_vector(state: State) -> Vector:
    """Return a state as balls; every entry gets the whole radius.

    >>> to_vector(State((1,), [3], 1, arb(0))).real
    [1.50000000000000]
    """
    if state.radius == 0:
        return midpoint(state)
    entries = [arb((n, -state.bits), state.radius) for n in state.integers]
    return Vector(arb_mat(len(entries), 1, entries))


def shifted(shape, integers, bits, excess, radius) -> State:
    """Drop ``excess`` fractional bits, keeping ``bits``; exact if only zeros are dropped."""
    mask = (1 << excess) - 1
    inexact = len(integers) if radius > 0 else sum(1 for n in integers if n & mask)
    return State(shape, [n >> excess for n in integers], bits, (radius + cut(inexact, bits)).upper())


def correlate(weights, shape, images, n1, n2) -> list:
    r"""Return :math:`g_{o,p}=\sum_{c,q}w_{o,c,q}h_{c,p+q-\lfloor k/2\rfloor}` in C order.

    Parameters
    ----------
    weights : list of int
        Filters of ``shape`` (out, channels, k, k), ``k`` odd.
    images : list of int
        Channels of ``n1 * n2`` pixels each.

    Examples
    --------
    A filter with its only one right of the centre fetches the right neighbour:

    >>> correlate([0, 0, 0, 0, 0, 1, 0, 0, 0], (1, 1, 3, 3), [1, 2, -3], 1, 3)
    [2, -3, 0]
    """
    out, channels, side, _ = shape
    half, pixels = side // 2, n1 * n2
    row, taps = n2 + half, range(-half, half + 1)
    reach = half * row + half
    bits = _bits(images) + _bits(weights) + (channels * side * side).bit_length() + 2
    size = -(-bits // 8)
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
