r"""The base class of every theorem: statement, hypotheses, construction, verdict, spoilers.

A theorem writes its numbers once, as a :class:`~kernelstab.certify.Program`.
This file runs that program in the arithmetic asked for and turns the decided
inequalities into a verdict, so no theorem can grade itself:

============== =====================================================================
VERIFIED       every hypothesis and every conclusion holds
NOT_APPLICABLE a hypothesis fails; the theorem then says nothing, which is not "false"
UNDECIDED      an enclosure touches its threshold: more precision, or an equality case
CONTRADICTED   hypotheses hold and a conclusion fails: a bug in the code or in the proof
============== =====================================================================

``VERIFIED`` in floating point proves nothing; read ``rigorous`` with it. There an equality up to
rounding counts as holding, because floats could not see it otherwise; in balls it is UNDECIDED.
"""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.sparse.linalg import LinearOperator

from kernelstab._checks import as_array, warn_of_grey_values
from kernelstab.certify import Program, make_certificate, run_balls, run_exact, run_floats, write_certificate
from kernelstab.certify.writing.programs import ball_run, certificate_of
from kernelstab.maps import Map, ReLUNetwork, as_map
from kernelstab.operators import ForwardOperator, as_operator
from kernelstab.quantity import Kind, Quantity

LIPSCHITZ = "Lipschitz upper bound"
"""The name, in the programs of all theorems that use one, of a proved Lipschitz bound of the map."""
ARITHMETICS = ("float", "ball", "exact")
SOURCE = (
    "Idea: N. M. Gottschling, V. Antun, A. C. Hansen, B. Adcock, \"The troublesome kernel\", "
    "SIAM Review 67(1), 2025. The exact form is derived above."
)


@dataclass(frozen=True, repr=False)
class Instance:
    """Named inputs on which a theorem can be checked.

    ``inputs`` maps the names of the theorem's program to vectors, forward operators and
    reconstruction maps, or what as_operator and as_map take for these; ``description`` says in one line
    where they come from.
    """

    slug: str
    inputs: dict
    description: str

    def __repr__(self):
        return f"<Instance of {self.slug}: {self.description}>"


@dataclass(frozen=True, repr=False)
class Spoiler:
    """An instance that breaks exactly one hypothesis, and what becomes of the conclusion."""

    breaks: str
    instance: Instance
    fate: str

    def __repr__(self):
        return f"<Spoiler of {self.breaks}: {self.fate}>"


@dataclass(frozen=True, repr=False)
class Verdict:
    """The outcome of one check, with every decided inequality and reported number.

    Read ``outcome`` and ``rigorous`` together. ``scope`` is ``"ideal"`` when operator and
    map were evaluated from their exact description, and ``"recorded"`` when the proof is
    about the vectors that a floating-point map returned.
    """

    slug: str
    outcome: str
    rigorous: bool
    scope: str
    arithmetic: str
    precision: int
    exact: bool
    decisions: tuple
    quantities: dict[str, Quantity] = field(default_factory=dict)
    reason: str = ""

    @property
    def verified(self) -> bool:
        """Whether every hypothesis and conclusion holds (read ``rigorous`` too)."""
        return self.outcome == "VERIFIED"

    def __repr__(self):
        proof = f"proved, {self.scope}" if self.rigorous else "floating point"
        return f"<{self.slug}: {self.outcome} ({proof}){'; ' + self.reason if self.reason else ''}>"

    def table(self) -> str:
        """Return hypotheses and conclusions with their margins as aligned text."""
        rows = [f"{d.label:4} {d.outcome:8} margin {d.margin: .6e}  {d.text}" for d in self.decisions]
        return "\n".join(rows)

    def to_json(self) -> dict:
        """Return everything but the inputs as plain values."""
        return asdict(self)


def judge(decisions) -> tuple[str, str]:
    """Turn decided inequalities into an outcome and its reason.

    >>> from types import SimpleNamespace as D
    >>> judge([D(role="hypothesis", label="H1", outcome="false", margin=-2.0)])
    ('NOT_APPLICABLE', 'H1 fails by 2')
    """
    for role, outcome, verdict, word in (
        ("hypothesis", "false", "NOT_APPLICABLE", "fails by {:.3g}"),
        ("hypothesis", "unknown", "UNDECIDED", "cannot be decided"),
        ("conclusion", "false", "CONTRADICTED", "fails by {:.3g}"),
        ("conclusion", "unknown", "UNDECIDED", "cannot be decided"),
    ):
        for d in decisions:
            if d.role == role and d.outcome == outcome:
                return verdict, f"{d.label} {word.format(abs(d.margin))}"
    return "VERIFIED", ""


class Theorem:
    """A statement that can be constructed, checked, certified and broken.

    A subclass lives in a file of its own, named after its slug, and gives the texts below and
    the methods :meth:`write`, :meth:`construct`, :meth:`by_hand` and :meth:`spoilers`.
    """

    slug: str
    title: str
    statement: str
    proof: str
    source: str
    hypotheses: dict[str, str]
    conclusions: dict[str, str]
    variants: tuple[dict, ...] = ({},)
    findings: dict[str, str] = {}
    """Names of the findings of an audit that the theorem wants, each with the sentence it adds there."""
    against: str = ""
    """What a proof on a map says against that map, without a full stop; "it" is the map."""

    def write(self, program: Program, **variant) -> None:
        """Write inputs, quantities, hypotheses and conclusions into ``program``."""
        raise NotImplementedError

    def construct(self, A, psi, x, *, rng=0, **options) -> Instance:
        """Build an instance for the user's forward operator, map and signal.

        Parameters
        ----------
        A : ForwardOperator or ndarray, shape (m, N)
        psi : ReconstructionMap, or anything that as_map takes
        x : ndarray, shape (N,) or image
        rng : int or Generator
            Seed of a search, where there is one.
        **options
            Those of the theorem. An audit passes what it has found, if it is asked for: ``perturbation``,
            the worst one of the data at ``x``, and ``detail``, a dark spot in ``x``.
        """
        raise NotImplementedError

    def by_hand(self) -> Instance:
        """Return the smallest instance, for pencil and paper."""
        raise NotImplementedError

    def spoilers(self) -> tuple[Spoiler, ...]:
        """Return instances that break exactly one hypothesis each."""
        raise NotImplementedError

    def variant(self, instance) -> dict:
        """Choose the form of the statement that fits the instance."""
        return self.variants[0]

    def program(self, **variant) -> Program:
        """Return the statement as a program."""
        program = Program()
        self.write(program, **variant)
        return program

    def states(self, program) -> bool:
        """Whether a program, as instructions or as the verifier reads them, is a form of this statement."""
        return program.to_json() in [self.program(**variant).to_json() for variant in self.variants]

    def check(self, instance: Instance, arithmetic: str = "float", precision: int = 128) -> Verdict:
        """Decide every hypothesis and conclusion on an instance.

        Parameters
        ----------
        instance : Instance
            Inputs, from :meth:`construct`, :meth:`by_hand`, :meth:`spoilers` or the user.
        arithmetic : {"float", "ball", "exact"}
            Floating point; balls; or balls of growing precision until every vector is
            exact or every inequality is decided.
        precision : int
            Bits of the balls (at first, when they grow).

        Raises
        ------
        ValueError
            If the instance belongs to another theorem, the arithmetic is unknown, or a map or an operator
            without exact description gives two values for one vector.
        """
        if arithmetic not in ARITHMETICS:
            raise ValueError(f"arithmetic must be one of {ARITHMETICS}, got {arithmetic!r}")
        program, inputs = self._posed(instance)
        if arithmetic == "float":
            evaluation = run_floats(program, inputs)
        elif arithmetic == "ball":
            evaluation = run_balls(program, inputs, precision=precision)
        else:
            evaluation = run_exact(program, inputs, precision=precision)
        return self._verdict(program, evaluation, arithmetic)

    def _posed(self, instance) -> tuple:
        """Return the form of the statement that fits an instance of this theorem, and its inputs, adapted."""
        if instance.slug != self.slug:
            raise ValueError(f"instance must belong to {self.slug!r}, got one of {instance.slug!r}")
        inputs, kinds = dict(instance.inputs), self.program(**self.variants[0]).inputs
        if set(kinds) - set(inputs):
            raise ValueError(f"inputs must hold {sorted(kinds)}, got {sorted(inputs)}")
        A = None
        for name in [name for name, kind in kinds.items() if kind == "operator"]:
            if not hasattr(inputs[name], "matvec") or isinstance(inputs[name], LinearOperator):
                inputs[name] = as_operator(inputs[name])
            A = inputs[name]
        for name in [name for name, kind in kinds.items() if kind == "map"]:
            if not _ours(inputs[name]) and isinstance(A, ForwardOperator):
                inputs[name] = as_map(inputs[name], A)
        return self.program(**self.variant(replace(instance, inputs=inputs))), inputs

    def _verdict(self, program, evaluation, arithmetic) -> Verdict:
        outcome, reason = judge(evaluation.claims)
        rigorous = evaluation.arithmetic == "ball"
        quantities = {}
        for name, q in evaluation.quantities.items():
            kind: Kind = "estimate" if not rigorous else "exact" if q.radius == 0 else "enclosed"
            radius = q.radius if rigorous else 0.0
            quantities[name] = Quantity(q.value, kind, program.units[name], radius, rigorous)
        return Verdict(self.slug, outcome, rigorous, evaluation.scope, arithmetic, evaluation.precision,
                       evaluation.exact, tuple(evaluation.claims), quantities, reason)

    def certificate(self, instance: Instance, path, *, precision: int = 128, extra=None) -> Path:
        """Write a certificate that ``kernelstab verify`` re-proves without this class.

        An instance that is not VERIFIED in ball arithmetic raises a CertificateError.
        """
        program, inputs = self._posed(instance)
        certificate = make_certificate(self.slug, program, inputs, precision=precision, extra=extra)
        return write_certificate(certificate, path)

    def prove(self, instance: Instance, path=None, *, precision: int = 128, extra=None) -> Verdict:
        """Check in balls; if the instance is VERIFIED, write the certificate of the same run to ``path``."""
        program, inputs = self._posed(instance)
        run = ball_run(program, inputs, precision)
        verdict = self._verdict(program, run.evaluation(), "ball")
        if verdict.verified and path is not None:
            write_certificate(certificate_of(run, self.slug, extra), path)
        return verdict

    def where(self) -> dict[str, str]:
        """Say where the pieces of this theorem live, relative to the repository."""
        stem = self.slug.replace("-", "_")
        return {
            "class": f"{type(self).__module__}.{type(self).__name__}",
            "file": f"kernelstab/theorems/{stem}.py",
            "test": f"tests/theorems/test_{stem}.py",
            "notebook": f"notebooks/{stem}.ipynb",
            "docs": f"docs/theorems/{stem}.md",
        }

    def card(self) -> str:
        """Return the statement, hypotheses, formulas and locations as Markdown."""
        lines = [f"# {self.title}", "", self.statement.strip(), "", "## Hypotheses", ""]
        lines += [f"- **{label}.** {text}" for label, text in self.hypotheses.items()]
        lines += ["", "## Conclusions", ""]
        lines += [f"- **{label}.** {text}" for label, text in self.conclusions.items()]
        lines += ["", "## Proof", "", self.proof.strip(), "", "## What is computed", ""]
        for variant in self.variants:
            program = self.program(**variant)
            name = ", ".join(f"{k}={v}" for k, v in variant.items())
            lines += [f"Form: {name}", ""] if name else []
            lines += ["```", *(f"{c.label}: {program.claim_text(c)}" for c in program.claims), "```", ""]
        lines += ["## Source", "", self.source.strip(), "", "## Where everything lives", ""]
        lines += [f"- {piece}: `{place}`" for piece, place in self.where().items()]
        return "\n".join(lines) + "\n"

    def __repr__(self):
        return f"<Theorem {self.slug}: {self.title}>"


def given(A, psi, x):
    """Return what a construction is given as an operator, a map and a flat signal that fit each other.

    A map of this package is taken as it is; everything else goes through
    :func:`~kernelstab.maps.as_map`.

    >>> given(np.eye(1, 2), lambda y: np.array([y[0], 0.0]), [[1.0, 2.0]])
    (<DenseOperator 1x2, real>, <CallableMap <lambda>>, array([1., 2.]))
    """
    A = as_operator(A)
    image, x = x, as_array(as_array(x, "x").ravel(), "x", shape=A.shape[1:], other=A.shape[0])
    warn_of_grey_values(image, "x", stacklevel=3)
    return A, psi if _ours(psi) else as_map(psi, A), x


def _ours(psi) -> bool:
    """Whether the map is one of this package, which checks what goes in and what comes out."""
    return isinstance(psi, Map) and type(psi).__module__.startswith("kernelstab.")


def pencil(third_row, height: float):
    """Return the forward matrix and the affine map of every pencil-and-paper instance.

    The matrix sees the first two coordinates of space; its kernel is the third axis. The
    map copies what is seen and answers ``third_row @ y + height`` for the rest.

    >>> A, psi = pencil([0.0, -0.75], 3.0)
    >>> psi(A.matvec(np.array([0.0, 4.0, 9.0]))).tolist()
    [0.0, 4.0, 0.0]
    """
    A = as_operator(np.eye(2, 3))
    weight, bias = np.array([[1.0, 0], [0, 1], third_row]), np.array([0, 0, height])
    layers = [{"layer": "measurements"}, {"layer": "dense", "weight": weight, "bias": bias}]
    a, b = third_row
    return A, ReLUNetwork(A, layers, name=f"y -> (y1, y2, {a:g} y1 + {b:g} y2 + {height:g})")
