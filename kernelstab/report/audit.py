"""The audit: measure what a reconstruction map does, finding by finding, then write down what was found."""

import sys
import time
import warnings
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from kernelstab import theorems
from kernelstab._checks import as_count, as_number
from kernelstab._files import fingerprint, provenance, require_writable
from kernelstab.report import page
from kernelstab.report.inputs import AuditProblem, pose
from kernelstab.report.sections import QUICK, AuditTask, Finding, NotApplicable, Plan
from kernelstab.report.sections.accuracy import Accuracies
from kernelstab.report.sections.mirror_images import Mirrors
from kernelstab.report.sections.operator import KernelFacts
from kernelstab.report.sections.planted_detail import Details
from kernelstab.report.sections.theorems import Verdicts
from kernelstab.report.sections.worst_case import Searches

FORMAT, VERSION = "kernelstab-report", 1
FINDINGS = (KernelFacts, Accuracies, Mirrors, Searches, Details, Verdicts)
"""In the order in which they are measured, said and shown; each may use those before it."""


def wanted() -> tuple[type[Finding], ...]:
    """Return the findings that are basic or that a theorem wants.

    >>> [finding.name for finding in wanted()]
    ['operator', 'accuracy', 'mirror images', 'worst case', 'planted detail', 'theorems']
    """
    names = {name for theorem in theorems.all() for name in theorem.findings}
    return tuple(finding for finding in FINDINGS if finding.basic or finding.name in names)


@dataclass(frozen=True)
class Stage:
    """What became of one finding: ``"done"``, ``"not applicable"``, ``"interrupted"``, ``"failed"`` or
    ``"not reached"``, why, and how many warnings of which class were met.
    """

    name: str
    state: str = "not reached"
    seconds: float = 0.0
    reason: str = ""
    warnings: dict[str, int] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether the stage did all it could."""
        return self.state in ("done", "not applicable")


def run_stage(name, steps, function, *, progress=True):
    """Call ``function(tick)``, which calls ``tick`` after each of its steps; return the stage and the result.

    The result is None if the function did not finish. Interrupts and failures are recorded: a map of the
    user that gives up on one stage, with whatever error, must not cost the others. Warnings, such as those
    of a solver at its budget, are counted and not printed into the progress bar.

    >>> run_stage("one", 2, lambda tick: tick() or "result", progress=False)[1]
    'result'
    """
    from tqdm import tqdm

    start, state, reason, result = time.perf_counter(), "done", "", None
    with tqdm(total=steps, desc=f"{name:<18}", file=sys.stderr, disable=not progress,
              bar_format="{desc} {bar:24} {n_fmt}/{total_fmt} [{elapsed}]") as bar:
        try:
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                result = function(bar.update)
        except KeyboardInterrupt:
            state = "interrupted"
        except NotApplicable as error:
            state, reason = "not applicable", str(error)
        except (Exception, SystemExit) as error:         # a user's map may even call sys.exit
            state, reason = "failed", f"{type(error).__name__}: {error}"
    counts = dict(Counter(w.category.__name__ for w in heard))
    return Stage(name, state, round(time.perf_counter() - start, 3), reason, counts), result


@dataclass(frozen=True, repr=False, eq=False)
class AuditReport:
    """Everything that an audit found.

    Attributes
    ----------
    problem : AuditProblem
        With the images that were used.
    plan : Plan
    eps : float
        Largest perturbation relative to the norm of the data.
    findings : dict of str to Finding
        By the name of the stage; a stage that did not finish has none.
    stages : tuple of Stage
    provenance : dict
        Seed, versions, time.
    path : Path or None
        Folder of the written report.
    """

    problem: AuditProblem
    plan: Plan
    eps: float
    findings: dict[str, Finding]
    stages: tuple[Stage, ...]
    provenance: dict = field(default_factory=dict)
    path: Path | None = None

    @property
    def verdicts(self) -> tuple:
        """What became of every theorem; empty if they were not reached."""
        found = self.findings.get(Verdicts.name)
        return found.checked if isinstance(found, Verdicts) else ()

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

    def headline(self) -> str:
        """Return the verdict on the audited map in one sentence, from what was measured."""
        name = self.problem.audited
        said = [text for finding in self.findings.values() if (text := finding.headline(name))]
        if not said:
            return f"Too little of {name} was measured for a verdict."
        return f"{name} {'; it '.join(said)}."

    def sentences(self) -> dict[str, str]:
        """Return a paragraph per finding, with what theorems add to it, and what does not apply."""
        texts = {}
        for finding in self.findings.values():
            said = [finding.sentence(self.problem.audited)]
            said += [theorem.findings.get(finding.name, "") for theorem in theorems.all()]
            texts[finding.label] = " ".join(text for text in said if text)
        reasons = [f"{s.name}: {s.reason}" for s in self.stages if s.state == "not applicable"]
        return texts | ({"Not applicable": f"{'; '.join(reasons)}."} if reasons else {})

    def conventions(self) -> dict[str, str]:
        """Return name and meaning, in Markdown, of every convention that the report follows."""
        general = {
            "data": "$y = Ax$ for the image $x$, simulated in double precision by the operator under audit, "
                    "without noise; an optimistic setting, as it has no model error",
            "perturbation": rf"$e$ is added to the data, $y+e$ with $\|e\| \le {self.eps:g}\|y\|$; pictures "
                            r"show $A^\dagger e$, the least image with the data $e$",
            "norms": "Euclidean; *sup* is the largest change of one pixel",
            "signs": "= exact or enclosed; ≥ found by a search, the true value is at least this; ≤ an upper "
                     "bound; ~ computed in floating point, without guarantee",
        }
        return general | {name: text for finding in wanted() for name, text in finding.conventions.items()}

    def summary(self) -> dict:
        """Return the verdict and what is missing, as plain values."""
        return {"audited": self.problem.audited, "complete": self.complete, "interrupted": self.interrupted,
                "notice": self.notice, "headline": self.headline(), "findings": self.sentences(),
                "outcomes": {c.theorem.slug: c.verdict.outcome for c in self.verdicts}}

    def text(self) -> str:
        """Return the verdict as text for a terminal, and where the report lies."""
        lines = [self.notice, self.headline(), *(f"{k}: {text}" for k, text in self.sentences().items()),
                 f"Report: {self.path / 'report.html'}" if self.path else ""]
        return "\n".join(line for line in lines if line)

    def to_json(self) -> dict:
        """Return every number with its unit and kind, the settings, and what is needed to repeat it."""
        return {
            "format": FORMAT, "version": VERSION, **self.summary(), "about": self.problem.about,
            "maps": list(self.problem.maps), "settings": {"eps": self.eps, **asdict(self.plan)},
            "conventions": self.conventions(),
            **{kind.name.replace(" ", "_"): self.findings[kind.name].to_json() if kind.name in self.findings
               else None for kind in wanted()},
            "stages": [asdict(stage) for stage in self.stages],
            "seconds": sum(stage.seconds for stage in self.stages),
            "fingerprints": {"images": fingerprint(self.problem.images)}, "provenance": self.provenance,
        }

    def __repr__(self):
        state = "complete" if self.complete else "interrupted" if self.interrupted else "incomplete"
        place = f", {self.path}" if self.path else ""
        return f"<AuditReport of {self.problem.audited}: {state}{place}>"


def audit(A=None, maps=None, images=None, *, name=None, baselines=None, eta=None, eps=0.02, quick=False,
          plan=None, out=None, progress=True, seed=0) -> AuditReport:
    """Measure what a reconstruction map does with what it can and cannot see.

    The stages: the operator and its kernel; accuracy from clean data; worst-case search for
    every map with its controls; the findings that a theorem wants; the theorems, checked on
    the audited map in ball arithmetic.

    Parameters
    ----------
    A, maps, images, name, baselines, eta
        See :func:`kernelstab.report.pose`; nothing is needed.
    eps : float
        Largest perturbation relative to the norm of the data, in (0, 1].
    quick : bool
        Fewer images and shorter searches.
    plan : Plan, optional
        How much to spend on what, in place of ``quick``.
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
        Also after an interrupt from the keyboard: then ``interrupted`` is true, later findings
        are missing, and what is written says so.

    Raises
    ------
    ValueError
        If an argument is malformed, before anything is measured or written.

    Notes
    -----
    Cost: for the default problem about a minute on two slow cores, ``quick`` half as long; a stage that fails
    numerically is recorded and the next one runs.
    """
    eps = as_number(eps, "eps", low=0, high=1)
    if eps == 0:
        raise ValueError("eps must be positive, got 0")
    seed = as_count(seed, "seed")
    if plan is None:
        plan = QUICK if quick else Plan()
    elif quick or not isinstance(plan, Plan):
        raise ValueError(f"plan must be a kernelstab.report.Plan, without quick, got {plan!r}")
    problem = pose(A, maps, images, name=name, baselines=baselines, eta=eta, rng=seed)
    problem = problem.spread(plan.images)
    folder = _folder(out)
    kinds = wanted()
    stages = {kind.name: Stage(kind.name) for kind in kinds}
    task = AuditTask(problem, plan, eps, seed, None if folder is None else folder / "certificates")
    try:
        for kind in kinds:
            if not set(kind.needs) <= set(task.found):
                continue
            stage, finding = run_stage(kind.name, kind.steps(task), partial(kind.measure, task),
                                       progress=progress)
            stages[kind.name] = stage
            if finding is not None:
                task.found[kind.name] = finding
            if stage.state == "interrupted":
                break
    except KeyboardInterrupt:            # between two stages: the finished ones are kept
        name = next((kind.name for kind in kinds if kind.name not in task.found), kinds[-1].name)
        stages[name] = Stage(name, "interrupted")
    report = AuditReport(problem, plan, eps, task.found, tuple(stages.values()),
                         provenance(seed, timed=True), folder)
    if folder is not None:
        try:
            page.write_report(report)
        except KeyboardInterrupt:        # starts once more, a second one ends it
            page.write_report(report)
    return report


def _folder(out):
    """Make the folder of the report, or say why it cannot be one."""
    if out is None:
        return None
    folder = Path(out)
    try:
        (folder / "certificates").mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ValueError(f"out must be a folder, got {str(out)!r}") from None
    require_writable(folder / "report.html", "out")
    return folder
