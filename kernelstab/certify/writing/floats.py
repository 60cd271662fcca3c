r"""Run a program in floating point, on the user's own objects.

Nothing is proved here. Every value carries the error that is tolerated in it: a norm one
unit, where the unit is 1e-12 times the largest norm of the program (or one hundred times
the spacing of floats inside the least precise map, if that is more), and sums, products
and quotients what follows to first order. A claim ``>=`` holds if it is missed by no more
than the errors of its two sides, and ``>`` if it is exceeded by more than that.
"""

from math import isfinite, nan

import numpy as np

from kernelstab._checks import as_array
from kernelstab.certify.arrays import decode
from kernelstab.certify.enclosure import Evaluation, around
from kernelstab.certify.program.instructions import Run
from kernelstab.certify.writing.encode import encode

_TOLERANCE = 1e-12
_SPACINGS = 100      # tolerated error of a map in units of its own precision: 1e-5 for float32
_BITS = 53


def run_floats(program, inputs) -> Evaluation:
    """Evaluate a program with numpy and decide its claims up to rounding.

    Parameters
    ----------
    program : Program
    inputs : dict
        Name to vector ``(n,)``, forward operator (anything with ``matvec``) or map (any
        callable; ``precision`` and ``spec`` are used if it has them).

    Returns
    -------
    Evaluation
        With ``rigorous`` False; bounds of margins and quantities are those of the slack.

    Raises
    ------
    ValueError
        If an input is missing or malformed, or a map returns NaN or infinity.

    Examples
    --------
    >>> from kernelstab.certify.writing.terms import Program, norm
    >>> p = Program()
    >>> p.conclusion("C1", norm(p.vector("x")) >= 5)
    >>> run_floats(p, {"x": np.array([3.0, 4.0])}).claims[0].outcome
    'true'
    """
    return FloatRun(program, inputs).evaluation()


class FloatRun(Run):
    """The values of a program in floating point, and the error tolerated in every scalar."""

    arithmetic, precision, scope, exact = "float", _BITS, "recorded", False

    def __init__(self, program, inputs):
        missing = set(program.inputs) - set(inputs)
        if missing:
            raise ValueError(f"inputs must hold {sorted(program.inputs)}, got {sorted(inputs)}")
        super().__init__(program)
        self._inputs = inputs
        # dividing by zero gives NaN or infinity, and the claim that needs it stays undecided
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for name, *args in program.instructions:
                self.values.append(self.value(name, args))
            self.slacks = self._slacks()

    number = staticmethod(float)

    def input(self, kind, name):
        """Return an input as the caller gave it."""
        given = self._inputs[name]
        return as_array(given, name, ndim=1) if kind == "vector" else given

    def apply(self, name, args, values):
        """Evaluate an instruction with numpy."""
        if name == "forward":
            A, x = values
            product = A.matvec(x) if hasattr(A, "matvec") else A @ x
            return as_array(product, self.program.text(args[0]), ndim=1)
        if name == "apply":
            psi, y = values
            return as_array(psi(y.copy()), f"output of {self.program.text(args[0])}", ndim=1)
        if name == "lipschitz":
            return lipschitz_float(values[0])
        if name in ("add", "sub") and np.shape(values[0]) != np.shape(values[1]):
            raise ValueError(f"vectors of shapes {np.shape(values[0])} and {np.shape(values[1])} do not fit")
        return _RULES[name](*values)

    def _slacks(self):
        """Return the error tolerated in every scalar value."""
        steps, values = self.program.instructions, self.values
        largest = max((values[i] for i, s in enumerate(steps) if s[0] == "norm"), default=0.0)
        maps = [values[i] for i, s in enumerate(steps) if s[0] == "map"]
        tolerance = max([_TOLERANCE, *(_SPACINGS * float(getattr(psi, "precision", 0.0)) for psi in maps)])
        slacks: list[float] = []
        for i, (name, *args) in enumerate(steps):
            if isinstance(values[i], float):
                slacks.append(self._slack(name, args, values[i], slacks, tolerance * largest, tolerance))
            else:
                slacks.append(0.0)
        return slacks

    def _slack(self, name, args, value, slacks, unit, tolerance):
        values = self.values
        if name == "norm":
            return unit
        if name == "inner":
            left, right = (float(np.linalg.norm(values[i])) for i in args)
            return unit * (left + right)
        if name in ("add", "sub"):
            return slacks[args[0]] + slacks[args[1]]
        if name == "mul":
            return abs(values[args[0]]) * slacks[args[1]] + abs(values[args[1]]) * slacks[args[0]]
        if name == "div":
            return float((slacks[args[0]] + abs(value) * slacks[args[1]]) / np.float64(abs(values[args[1]])))
        if name in ("neg", "abs", "max"):
            return max(slacks[i] for i in args)
        return tolerance * abs(value) if name == "lipschitz" else 0.0

    def report(self, index, unit):
        """Return a value with its slack."""
        return around(self.values[index], self.slacks[index], unit)

    def compare(self, claim):
        """Decide a claim up to rounding."""
        margin = self.values[claim.left] - self.values[claim.right]
        slack = self.slacks[claim.left] + self.slacks[claim.right]
        if not (isfinite(margin) and isfinite(slack)):
            return "unknown", around(margin, slack)
        holds = margin > slack if claim.relation == ">" else margin >= -slack
        return "true" if holds else "false", around(margin, slack)


_RULES = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "neg": lambda a: -a, "scale": lambda a, u: a * u,
    "norm": lambda u: float(np.linalg.norm(u)), "inner": lambda u, v: float(np.vdot(u, v).real),
    "mul": lambda a, b: a * b, "div": lambda a, b: float(np.float64(a) / np.float64(b)), "abs": abs,
    "max": lambda a, b: float(np.maximum(a, b)),
}


def lipschitz_float(psi) -> float:
    """Return the Lipschitz constant of a linear map in floats, else the bound of the description in balls.

    NaN if the map has no description: no finite number of evaluations bounds it.
    """
    # python-flint is loaded when a bound is first asked for, not with this file
    from kernelstab.certify.program.lipschitz_bound import scale_of
    from kernelstab.certify.program.maps import build_map
    from kernelstab.certify.program.operators import build_operator

    describe = getattr(psi, "spec", None)
    spec = describe() if callable(describe) else None
    if spec is None:
        return nan
    if spec["kind"] == "linear":
        return float(np.linalg.norm(spec["matrix"], 2))
    if spec["kind"] == "scaled-adjoint" and spec["operator"]["kind"] == "dense":
        return abs(float(scale_of(spec["scale"]))) * float(np.linalg.norm(spec["operator"]["matrix"], 2))
    return float(build_map(decode(encode(spec)), build_operator).lipschitz())
