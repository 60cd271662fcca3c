"""The audit: measure a reconstruction map stage by stage, then write down what was found."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._files import fingerprint, provenance
from kernelstab.report.accuracies import Accuracies, measure_accuracy
from kernelstab.report.conventions import conventions
from kernelstab.report.details import Details, default_detail, measure_details
from kernelstab.report.facts import KernelFacts, kernel_facts
from kernelstab.report.mirrors import Mirrors, measure_mirrors
from kernelstab.report.problem import Problem, pose
from kernelstab.report.searches import Searches, measure_searches
from kernelstab.report.stages import Stage, Stages
from kernelstab.report.verdicts import measure_verdicts, proved_bound
from kernelstab.report.words import findings, headline

FORMAT, VERSION = "kernelstab-report", 1
STAGES = ("operator", "accuracy", "worst case", "mirror images", "planted detail", "theorems")


@dataclass(frozen=True)
class Plan:
    """How much the audit spends: images, evaluations per search, rungs, random draws, dial settings.

    ``gradient`` evaluations are for maps with a derivative, ``solver`` for those whose every
    value solves an optimisation problem, ``probing`` for maps known by their values only.
    """

    images: int = 8
    gradient: int = 100
    solver: int = 36
    probing: int = 60
    rungs: tuple[float, ...] = (0.25, 1.0)
    draws: int = 4
    dial: int = 7


QUICK = Plan(images=3, gradient=40, solver=20, probing=24, rungs=(1.0,), draws=2, dial=3)


@dataclass(frozen=True, repr=False, eq=False)
class AuditReport:
    """Everything that an audit found; a part is None if its stage did not finish.

    Attributes
    ----------
    problem : Problem
        Operator, maps and the images that were used.
    plan : Plan
    eps : float
        Largest perturbation relative to the norm of the data.
    facts, accuracy, searches, mirrors, details : result of each stage, or None
    verdicts : tuple of Checked
        One per theorem.
    stages : tuple of Stage
        What became of every stage.
    provenance : dict
        Seed, versions, time.
    path : Path or None
        Folder of the written report.
    """

    problem: Problem
    plan: Plan
    eps: float
    facts: KernelFacts | None
    accuracy: Accuracies | None
    searches: Searches | None
    mirrors: Mirrors | None
    details: Details | None
    verdicts: tuple
    stages: tuple[Stage, ...]
    provenance: dict = field(default_factory=dict)
    path: Path | None = None

    @property
    def interrupted(self) -> bool:
        """Whether the audit was stopped before its end."""
        return any(stage.state == "interrupted" for stage in self.stages)

    @property
    def complete(self) -> bool:
        """Whether every stage is done and no theorem is contradicted, which would be a bug."""
        settled = all(stage.settled for stage in self.stages)
        return settled and not any(c.verdict.outcome == "CONTRADICTED" for c in self.verdicts)

    @property
    def notice(self) -> str:
        """Say in one sentence what is missing; empty if nothing is."""
        missing = [stage.name for stage in self.stages if not stage.settled]
        if not missing:
            return ""
        done = [stage.name for stage in self.stages if stage.settled]
        cause = f"interrupted after {done[-1]!r}" if done else "interrupted at the start"
        if not self.interrupted:
            reasons = "; ".join(f"{s.name}: {s.reason}" for s in self.stages if s.state == "failed")
            cause = f"a stage failed ({reasons})"
        return f"This report is partial: {cause}. Missing: {', '.join(missing)}."

    def summary(self) -> dict:
        """Return the verdict and what is missing, as plain values."""
        return {"audited": self.problem.audited, "complete": self.complete, "interrupted": self.interrupted,
                "notice": self.notice, "headline": headline(self), "findings": findings(self),
                "outcomes": {c.theorem.slug: c.verdict.outcome for c in self.verdicts}}

    def text(self) -> str:
        """Return the verdict as text for a terminal, and where the report lies."""
        lines = [self.notice, headline(self), *(f"{k}: {text}" for k, text in findings(self).items()),
                 f"Report: {self.path / 'report.html'}" if self.path else ""]
        return "\n".join(line for line in lines if line)

    def to_json(self) -> dict:
        """Return every number with its unit and kind, the settings, and what is needed to repeat it."""
        parts = {"operator": self.facts, "accuracy": self.accuracy, "worst_case": self.searches,
                 "mirror_images": self.mirrors, "planted_detail": self.details}
        total = sum(stage.seconds for stage in self.stages)
        return {
            "format": FORMAT, "version": VERSION, **self.summary(), "about": self.problem.about,
            "maps": list(self.problem.maps), "settings": {"eps": self.eps, **asdict(self.plan)},
            "conventions": conventions(self.eps),
            **{name: None if part is None else part.to_json() for name, part in parts.items()},
            "theorems": [checked.to_json() for checked in self.verdicts],
            "stages": [stage.to_json(total) for stage in self.stages], "seconds": round(total, 3),
            "fingerprints": {"images": fingerprint(self.problem.images)}, "provenance": self.provenance,
        }

    def __repr__(self):
        state = "complete" if self.complete else "interrupted" if self.interrupted else "incomplete"
        place = f", {self.path}" if self.path else ""
        return f"<AuditReport of {self.problem.audited}: {state}{place}>"


def audit(A=None, maps=None, images=None, *, eps=0.02, quick=False, out=None, progress=True,
          seed=0) -> AuditReport:
    """Measure what a reconstruction map does with what it can and cannot see.

    Six stages: the operator and its kernel; accuracy from clean data; worst-case search for
    every map with its controls; mirror images; a planted detail; the theorems, checked on
    the audited map in ball arithmetic.

    Parameters
    ----------
    A, maps, images
        See :func:`kernelstab.report.pose`; nothing is needed.
    eps : float
        Largest perturbation relative to the norm of the data, in (0, 1].
    quick : bool
        Fewer images and shorter searches.
    out : str or Path, optional
        Folder for ``report.html``, ``report.json`` and ``certificates/``; made if it is not
        there. Without it nothing is written.
    progress : bool
        Show a progress bar for every stage on the standard error stream.
    seed : int
        Of everything random.

    Returns
    -------
    AuditReport
        Also after an interrupt from the keyboard: then ``interrupted`` is true, later parts
        are None, and what is written says so.

    Raises
    ------
    ValueError
        If an argument is malformed, before anything is measured or written.

    Notes
    -----
    Cost: for the default problem less than a minute on two slow cores; a stage that fails
    numerically is recorded and the next one runs.
    """
    eps = as_number(eps, "eps", low=0, high=1)
    if eps == 0:
        raise ValueError("eps must be positive, got 0")
    seed = as_count(seed, "seed")
    problem = pose(A, maps, images, rng=seed)
    plan = QUICK if quick else Plan()
    problem = problem.spread(plan.images)
    folder = _folder(out)
    stages = Stages(STAGES, progress=progress)
    parts = _measure(problem, plan, eps, folder, stages, seed)
    report = AuditReport(problem, plan, eps, stages=stages.report(), provenance=provenance(seed, timed=True),
                         path=folder, **parts)
    if folder is not None:
        _write(report)
    return report


def _measure(problem, plan, eps, folder, stages, seed):
    """Run the stages; return their results by name, None for those that did not finish."""
    A, maps, images = problem.A, problem.maps, problem.images
    sizes = eps * np.array(plan.rungs)
    budgets = {"gradient": plan.gradient, "solver": plan.solver, "probing": plan.probing}
    facts = stages.run("operator", 2, lambda tick: kernel_facts(A, images, tick, rng=seed))
    accuracy = stages.run("accuracy", len(maps) * len(images),
                          lambda tick: measure_accuracy(A, maps, images, tick))
    image = images[_typical(accuracy, problem.audited)]
    searches = stages.run("worst case", len(maps) * len(sizes) + 2, lambda tick: measure_searches(
        A, maps, image, sizes, budgets, tick, draws=plan.draws, rng=seed))
    mirrors = None
    if accuracy is not None:
        mirrors = stages.run("mirror images", len(maps) * len(images), lambda tick: measure_mirrors(
            A, maps, images, accuracy.reconstructions, tick))
    details = stages.run("planted detail", len(maps), lambda tick: measure_details(
        A, maps, image, default_detail(A, image), plan.dial, tick))
    worst = None if searches is None else searches.worst[problem.audited][-1].perturbation
    verdicts = stages.run("theorems", 3, lambda tick: measure_verdicts(
        problem, image, worst, None if folder is None else folder / "certificates", tick, rng=seed))
    bound = proved_bound(verdicts or ())
    if searches is not None and bound is not None and _replaceable(searches.bounds.get(problem.audited)):
        searches = replace(searches, bounds=searches.bounds | {problem.audited: bound})
    return {"facts": facts, "accuracy": accuracy, "searches": searches, "mirrors": mirrors,
            "details": details, "verdicts": verdicts or ()}


def _replaceable(bound) -> bool:
    """Whether a proved upper bound says more: not where floats give the constant itself."""
    return bound is None or bound.kind == "upper"


def _typical(accuracy, name) -> int:
    """Return the image of median accuracy of the audited map, so that none is picked by taste."""
    if accuracy is None:
        return 0
    order = np.argsort(accuracy.relative[name], kind="stable")
    return int(order[len(order) // 2])


def _folder(out):
    """Make the folder of the report, or say why it cannot be one."""
    if out is None:
        return None
    folder = Path(out)
    try:
        (folder / "certificates").mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ValueError(f"out must be a folder, got {str(out)!r}") from None
    return folder


def _write(report):
    """Write the report; an interrupt while writing starts once more, a second one ends it."""
    from kernelstab.report.page import write_report

    try:
        write_report(report)
    except KeyboardInterrupt:
        write_report(report)
