"""Make a certificate from a program and the user's own objects."""

from kernelstab._errors import CertificateError
from kernelstab._files import provenance
from kernelstab.certify.certificate import FORMAT, VERSION, digest, findings
from kernelstab.certify.enclosure import decimals
from kernelstab.certify.program.instructions import Instructions
from kernelstab.certify.writing.encode import encode
from kernelstab.certify.writing.runs import as_precision, encode_inputs


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
    from kernelstab.certify.program.run import BallRun  # loads python-flint

    # the verifier's own reading of the program, so that it cannot refuse later
    program = Instructions.from_json(program.to_json())
    run = BallRun(program, encode_inputs(program, inputs), as_precision(precision))
    claims, quantities = findings(run, decimals)
    if not any(claim["role"] == "conclusion" for claim in claims):
        raise CertificateError("program must state a conclusion to be certified")
    for claim in claims:
        if claim["outcome"] != "true":
            raise CertificateError(f"{claim['role']} {claim['label']} is {claim['outcome']} at {precision} "
                                   f"bits; nothing can be certified: {claim['text']}")
    certificate = {
        "format": FORMAT, "version": VERSION, "slug": str(slug), "scope": run.scope,
        "precision": int(precision), "claims": claims, "quantities": quantities, "program": program.to_json(),
        "provenance": provenance(encode(seed)), "extra": encode(extra or {}), "inputs": run.encoded,
    }
    return certificate | {"sha256": digest(certificate)}

