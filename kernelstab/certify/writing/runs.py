"""Run a program in balls on the user's own objects."""

from kernelstab._checks import as_count
from kernelstab.certify.evaluation import Evaluation
from kernelstab.certify.writing.inputs import encode_inputs

LARGEST_PRECISION = 8192


def as_precision(precision) -> int:
    """Return a number of bits between 32 and 8192."""
    return as_count(precision, "precision", low=32, high=LARGEST_PRECISION)


def run_balls(program, inputs, precision=128) -> Evaluation:
    r"""Evaluate a program in ball arithmetic and decide its claims with proof.

    Operators and maps are evaluated from their exact description (``spec``), so the result
    is about the real numbers and not about what floating point made of them; then ``scope``
    is ``"ideal"``. Those without a description are run once in floating point, and the
    result is about the vectors they returned (``"recorded"``).

    Parameters
    ----------
    program : Program
    inputs : dict
        As for :func:`~kernelstab.certify.run_floats`.
    precision : int
        Bits of the balls, 32 to 8192.

    Returns
    -------
    Evaluation
        Outcomes are ``"unknown"`` where an enclosure touches its threshold; more
        precision helps unless the two sides are equal.

    Raises
    ------
    ValueError
        If an input is missing or malformed or shapes do not fit.

    Notes
    -----
    Cost: every value is computed once; the evaluations of a map dominate. The precision of
    flint is left as it was.

    Examples
    --------
    >>> import numpy as np
    >>> from kernelstab.certify.writing.terms import Program, norm
    >>> p = Program()
    >>> p.conclusion("C1", norm(p.vector("x")) >= 5)
    >>> result = run_balls(p, {"x": np.array([3.0, 4.0])})
    >>> result.claims[0].outcome, result.exact, result.rigorous
    ('true', True, True)
    """
    from kernelstab.certify.program.run import BallRun  # loads python-flint

    return BallRun(program, encode_inputs(program, inputs), as_precision(precision)).evaluation()


def run_exact(program, inputs, precision=128) -> Evaluation:
    """Evaluate in balls of growing precision until nothing is left to gain.

    The precision doubles until every vector is exact, every claim is decided, or it has
    reached 8192 bits; irrational vectors (a Fourier transform) are never exact.

    >>> import numpy as np
    >>> from kernelstab.certify.writing.terms import Program, norm
    >>> p = Program()
    >>> x = p.vector("x")
    >>> p.conclusion("C1", norm(x * x.program.constant(3)) > 0)
    >>> run_exact(p, {"x": np.array([2.0**-300, 1.0])}).precision
    128
    """
    from kernelstab.certify.program.run import BallRun  # loads python-flint

    bits = as_precision(precision)
    encoded = encode_inputs(program, inputs)
    while True:
        found = BallRun(program, encoded, bits).evaluation()
        decided = all(claim.outcome != "unknown" for claim in found.claims)
        if found.exact or decided or bits >= LARGEST_PRECISION:
            return found
        bits = min(2 * bits, LARGEST_PRECISION)
