"""Prove a certificate again, and see that it proves what the theorem says."""

from dataclasses import dataclass
from pathlib import Path

from kernelstab import theorems
from kernelstab.certify import Verification, verify
from kernelstab.certify.certificate import FORMAT


@dataclass(frozen=True, repr=False)
class Recheck:
    """Two questions to one certificate: are its inequalities proved, and are they the theorem's?

    The verifier knows no theorem; a file could prove that 1 > 0 under the name of one. So its program is
    compared with the one that this version of the package writes. A certificate of a constant is its own
    statement: it names a constant, whose definition the verifier knows, and holds the matrix.

    Attributes
    ----------
    path : str
    verification : Verification
        What the independent verifier found.
    statement : str
        ``"matches"``, ``"differs"`` or ``"unknown slug"``; ``"own"`` for a constant.
    """

    path: str
    verification: Verification
    statement: str

    @property
    def accepted(self) -> bool:
        """Whether the claims are proved and are those of the theorem, or are about a constant."""
        return self.verification.ok and self.statement in ("matches", "own")

    @property
    def reason(self) -> str:
        """Why the certificate is refused, in one line; empty if it is not."""
        if not self.verification.ok:
            return self.verification.reason
        slug = self.verification.slug
        return {
            "matches": "", "own": "",
            "differs": f"its inequalities are proved, but they are not those of {slug}",
            "unknown slug": f"its inequalities are proved, but no theorem is called {slug!r}",
        }[self.statement]

    def __repr__(self):
        return self.text().partition("\n")[0]

    def text(self) -> str:
        """Return the line of the file, and a line for each bound if there are many."""
        if not self.accepted:
            return f"{self.path}: REFUSED: {self.reason}"
        found, count = self.verification, len(self.verification.claims)
        if self.statement == "matches":
            return (f"{self.path}: PROVED: {found.slug}, {count} inequalities, {found.scope} scope, "
                    f"{found.precision} bits")
        bounds = [claim.text for claim in found.claims]
        if count <= 2:
            return f"{self.path}: PROVED: {', '.join(bounds)} for the {found.subject}"
        return "\n  ".join([f"{self.path}: PROVED: {count} bounds for the {found.subject}", *bounds])

    def to_json(self) -> dict:
        """Return everything as plain values."""
        return {"file": self.path, "accepted": self.accepted, "reason": self.reason,
                "statement": self.statement, "verification": self.verification.to_json()}


def recheck(path, *, budget=1) -> Recheck:
    """Prove a certificate file again; a bad one is refused, not raised.

    Parameters
    ----------
    path : str or Path
    budget : float
        A multiple of the usual limits on work and memory.

    Returns
    -------
    Recheck

    Raises
    ------
    ValueError
        If there is no such file.

    Notes
    -----
    Cost: one run in balls, seconds for an image of 64 x 64 and a small network; of a constant what its
    checkers take.
    """
    if not Path(path).is_file():
        raise ValueError(f"certificate: no such file: {path}")
    verification = verify(path, budget=budget)
    return Recheck(str(path), verification, _statement(verification))


def _statement(verification) -> str:
    if verification.format != FORMAT:
        return "own"
    known = {theorem.slug: theorem for theorem in theorems.all()}
    if verification.slug not in known:
        return "unknown slug"
    program = verification.program
    return "matches" if program is not None and known[verification.slug].states(program) else "differs"
