r"""Run a program on the user's own objects, in floats or balls, and keep what is proved in a certificate.

*In floats* nothing is proved. Every value carries the error that is tolerated in it: a norm one
unit, where the unit is 1e-12 times the largest norm of the program (or one hundred times
the spacing of floats inside the least precise map, if that is more), and sums, products
and quotients what follows to first order. A claim ``>=`` holds if it is missed by no more
than the errors of its two sides, and ``>`` if it is exceeded by more than that.

*In balls* operators and maps are evaluated from their exact description (``spec``), so that the result is
about the real numbers and not about what floating point made of them. Those without a description are run
once in floating point, and the result is about the vectors that they returned.
"""

from math import isfinite, nan

import numpy as np

from kernelstab._checks import as_array, as_count, as_repeated
from kernelstab._errors import CertificateError
from kernelstab._files import provenance
from kernelstab.certify.arrays import decode
from kernelstab.certify.certificate import FORMAT, signed
from kernelstab.certify.enclosure import Evaluation, around, decimals
from kernelstab.certify.program.instructions import Instructions, Run
from kernelstab.certify.writing.encode import encode, encode_array

LARGEST_PRECISION = 8192
_TOLERANCE = 1e-12
_SPACINGS = 100      # tolerated error of a map in units of its own precision: 1e-5 for float32
_BITS = 53


def run_floats(program, inputs) -> Evaluation:
    """Evaluate a program with numpy and decide its claims up to rounding.

    ``inputs`` maps names to vectors ``(n,)``, forward operators (anything with ``matvec``) and maps (any
    callable; ``precision`` and ``spec`` are used if it has them); a ValueError names one that is missing or
    malformed, or whose two calls with one vector differ. Bounds of margins and quantities are those of the
    slack.

    >>> from kernelstab.certify.writing.terms import Program, norm
    >>> p = Program()
    >>> p.conclusion("C1", norm(p.vector("x")) >= 5)
    >>> run_floats(p, {"x": np.array([3.0, 4.0])}).claims[0].outcome
    'true'
    """
    return FloatRun(program, inputs).evaluation()


def run_balls(program, inputs, precision=128) -> Evaluation:
    """Evaluate a program in balls of 32 to 8192 bits and decide its claims with proof.

    ``inputs`` and errors are as for :func:`~kernelstab.certify.run_floats`. ``scope`` is ``"ideal"``, or
    ``"recorded"`` if an input has no exact description. Outcomes are ``"unknown"`` where an enclosure touches
    its threshold; more precision helps unless the two sides are equal.

    >>> from kernelstab.certify.writing.terms import Program, norm
    >>> p = Program()
    >>> p.conclusion("C1", norm(p.vector("x")) >= 5)
    >>> result = run_balls(p, {"x": np.array([3.0, 4.0])})
    >>> result.claims[0].outcome, result.exact, result.rigorous
    ('true', True, True)
    """
    return ball_run(program, inputs, precision).evaluation()


def run_exact(program, inputs, precision=128) -> Evaluation:
    """Evaluate in balls of growing precision until nothing is left to gain.

    The precision doubles until every vector is exact, every claim is decided, or it has
    reached 8192 bits; irrational vectors (a Fourier transform) are never exact.

    >>> from kernelstab.certify.writing.terms import Program, norm
    >>> p = Program()
    >>> x = p.vector("x")
    >>> p.conclusion("C1", norm(x * x.program.constant(3)) > 0)
    >>> run_exact(p, {"x": np.array([2.0**-300, 1.0])}).precision
    128
    """
    run = ball_run(program, inputs, precision)
    while True:
        found = run.evaluation()
        decided = all(claim.outcome != "unknown" for claim in found.claims)
        if found.exact or decided or run.precision >= LARGEST_PRECISION:
            return found
        run = type(run)(run.program, run.encoded, min(2 * run.precision, LARGEST_PRECISION))


def make_certificate(slug, program, inputs, precision=128, extra=None) -> dict:
    """Prove a program's claims in balls and return everything that is needed to prove them again.

    Parameters
    ----------
    slug : str
        Name of the theorem.
    program : Program
    inputs : dict
        As for :func:`~kernelstab.certify.run_balls`.
    precision : int
        Bits of the balls.
    extra : dict, optional
        Plain values to keep with the certificate; they are covered by the digest only.

    Returns
    -------
    dict
        Plain values; see ``certificate`` for the fields.

    Raises
    ------
    CertificateError
        If a claim is not proved: there is nothing to certify.
    ValueError
        If an input is malformed.

    Examples
    --------
    >>> from kernelstab.certify import verify
    >>> from kernelstab.certify.writing.terms import Program, norm
    >>> p = Program()
    >>> p.conclusion("C1", p.let("length", norm(p.vector("x"))) >= 5)
    >>> certificate = make_certificate("pythagoras", p, {"x": np.array([3.0, 4.0])})
    >>> certificate["quantities"]["length"]["bounds"]
    ['5e0', '5e0']
    >>> verify(certificate)
    <Verification of pythagoras: proved (ideal), 1 claim>
    """
    return certificate_of(ball_run(program, inputs, precision), slug, extra)


def ball_run(program, inputs, precision=128):
    """Run a program in balls as the verifier reads it, so that it cannot refuse a certificate later."""
    from kernelstab.certify.program.run import BallRun  # loads python-flint

    program = Instructions.from_json(program.to_json())
    precision = as_count(precision, "precision", low=32, high=LARGEST_PRECISION)
    return BallRun(program, encode_inputs(program, inputs), precision)


def certificate_of(run, slug, extra=None) -> dict:
    """Return the certificate of a :func:`ball_run`; the rest is as for :func:`make_certificate`."""
    claims, quantities = run.findings(decimals)
    if not any(claim["role"] == "conclusion" for claim in claims):
        raise CertificateError("program must state a conclusion to be certified")
    for claim in claims:
        if claim["outcome"] != "true":
            raise CertificateError(f"{claim['role']} {claim['label']} is {claim['outcome']} at "
                                   f"{run.precision} bits; nothing can be certified: {claim['text']}")
    return signed(FORMAT, {
        "slug": str(slug), "scope": run.scope, "precision": run.precision, "claims": claims,
        "quantities": quantities, "program": run.program.to_json(), "provenance": provenance(None),
        "extra": encode(extra or {}), "inputs": run.encoded,
    })


def encode_inputs(program, inputs) -> dict:
    """Describe the inputs of a program: exactly where possible, else by what they return in floats."""
    described: dict = {}
    for name, kind in program.inputs.items():
        if name not in inputs:
            raise ValueError(f"inputs must hold {sorted(program.inputs)}, got {sorted(inputs)}")
        if kind == "vector":
            vector = as_array(inputs[name], name, ndim=1)
            described[name] = {"kind": "vector", "values": encode_array(vector)}
        else:
            spec = getattr(inputs[name], "spec", None)
            described[name] = encode(spec()) if callable(spec) else None
    _share_operators(program, described)
    if None in described.values():
        _record(program, inputs, described)
    return described


def _share_operators(program, described):
    """Let a map refer to the input operator that it was made for."""
    for name, kind in program.inputs.items():
        if kind != "map" or described[name] is None:
            continue
        for other, other_kind in program.inputs.items():
            same = other_kind == "operator" and described[other] == described[name].get("operator")
            if same and described[other] is not None:
                described[name]["operator"] = {"kind": "input", "name": other}
                break


def _record(program, inputs, described):
    """Run the program in floats and keep what the inputs without description returned."""
    run = FloatRun(program, inputs)
    taken: set[int] = set()
    # operators first: an argument of a map that an operator has recorded is not recorded twice
    for kind in ("operator", "map"):
        for name in [n for n, k in program.inputs.items() if k == kind and described[n] is None]:
            used, arguments = program.uses(name)
            keep = (used | arguments if kind == "map" else used) - taken
            taken |= keep
            described[name] = {"kind": "recorded",
                               "values": {str(i): encode_array(run.values[i]) for i in sorted(keep)}}


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
        given = self._inputs[name]
        return as_array(given, name, ndim=1) if kind == "vector" else given

    def apply(self, name, args, values):
        if name in ("forward", "apply"):
            thing, who = values[0], self.program.text(args[0])
            if name == "forward" and hasattr(thing, "shape"):
                as_array(values[1], self.program.text(args[1]), shape=thing.shape[1:], other=thing.shape[0])
            function = thing if name == "apply" else getattr(thing, "matvec", lambda x: thing @ x)
            return as_array(as_repeated(function, values[1], who), f"output of {who}", ndim=1)
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
        return around(self.values[index], self.slacks[index], unit)

    def compare(self, claim):
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
