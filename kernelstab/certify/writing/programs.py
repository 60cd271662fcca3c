"""Run a program in balls on the user's own objects, and keep what is proved in a certificate.

Their inputs become plain descriptions: exact ones where possible, else recordings of what they returned.
"""

from kernelstab._checks import as_array, as_count
from kernelstab._errors import CertificateError
from kernelstab._files import provenance
from kernelstab.certify.certificate import FORMAT, VERSION, digest, findings
from kernelstab.certify.enclosure import Evaluation, decimals
from kernelstab.certify.program.instructions import Instructions
from kernelstab.certify.writing.encode import encode, encode_array
from kernelstab.certify.writing.floats import FloatRun

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


def make_certificate(slug, program, inputs, precision=128, extra=None, seed=None) -> dict:
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
    seed : int, optional
        Seed from which the inputs were made, for the provenance.

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
    >>> import numpy as np
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
    return certificate_of(ball_run(program, inputs, precision), slug, extra, seed)


def ball_run(program, inputs, precision=128):
    """Run a program in balls as the verifier reads it, so that it cannot refuse a certificate later."""
    from kernelstab.certify.program.run import BallRun  # loads python-flint

    program = Instructions.from_json(program.to_json())
    return BallRun(program, encode_inputs(program, inputs), as_precision(precision))


def certificate_of(run, slug, extra=None, seed=None) -> dict:
    """Return the certificate of a :func:`ball_run`; the rest is as for :func:`make_certificate`."""
    claims, quantities = findings(run, decimals)
    if not any(claim["role"] == "conclusion" for claim in claims):
        raise CertificateError("program must state a conclusion to be certified")
    for claim in claims:
        if claim["outcome"] != "true":
            raise CertificateError(f"{claim['role']} {claim['label']} is {claim['outcome']} at "
                                   f"{run.precision} bits; nothing can be certified: {claim['text']}")
    certificate = {
        "format": FORMAT, "version": VERSION, "slug": str(slug), "scope": run.scope,
        "precision": int(run.precision), "claims": claims, "quantities": quantities,
        "program": run.program.to_json(), "provenance": provenance(encode(seed)),
        "extra": encode(extra or {}), "inputs": run.encoded,
    }
    return certificate | {"sha256": digest(certificate)}


def encode_inputs(program, inputs) -> dict:
    """Describe the inputs of a program: exactly where possible, else by what they return.

    Parameters
    ----------
    program : Program
    inputs : dict
        Name to vector, forward operator or map. Operators and maps with a ``spec`` are
        described by it; the others are run once in floating point and recorded.

    Raises
    ------
    ValueError
        If a name is missing or foreign, or an input is malformed.
    """
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
