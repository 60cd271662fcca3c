r"""States of a network: integers over a power of two, and how far the truth may be in norm.

A state stands for every vector within ``radius`` (Euclidean) of ``integers / 2**bits``.
Weights are dyadic, so a layer maps the integers exactly; cutting the result back to
``bits`` is the only rounding. The radius travels by the norm of the layer, which for
convolutions and data consistency is far smaller than the growth of entrywise balls.
"""

from typing import NamedTuple

from flint import arb, arb_mat

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
