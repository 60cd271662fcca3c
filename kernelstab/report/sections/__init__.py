"""What an audit finds. One finding is one file: measurement, sentence, table rows, pictures, JSON.

A finding that is not ``basic`` is measured if a theorem wants it: ``Theorem.findings`` names it and
may add a sentence to its paragraph.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kernelstab.report.inputs import AuditProblem


class NotApplicable(ValueError):
    """A finding has nothing to measure on this problem; that is a result and not a failure."""


@dataclass(frozen=True)
class Plan:
    """How much the audit spends: images, evaluations per search, rungs, random draws, dial settings.

    ``gradient`` evaluations are for maps with a derivative, ``solver`` for those whose every value solves
    an optimisation problem, ``probing`` for maps known by their values only.
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
class AuditTask:
    """What every finding is measured on, and what was found before it, by name.

    ``eps`` is the largest perturbation relative to the norm of the data, ``certificates`` a folder.
    """

    problem: AuditProblem
    plan: Plan = QUICK
    eps: float = 0.02
    seed: int = 0
    certificates: Path | None = None
    found: dict = field(default_factory=dict)

    @property
    def image(self) -> np.ndarray:
        """The image of median accuracy of the audited map, so that none is picked by taste."""
        if "accuracy" not in self.found:
            return self.problem.images[0]
        order = np.argsort(self.found["accuracy"].relative[self.problem.audited], kind="stable")
        return self.problem.images[order[len(order) // 2]]


class Finding:
    """One thing that an audit finds; its attributes are the numbers.

    A subclass gives ``name`` (of its stage), ``label`` (of its paragraph), perhaps ``title`` (of its
    section on the page), ``needs`` (the names of findings that it starts from), ``conventions`` (name
    and meaning, in Markdown, of choices on which published numbers differ), :meth:`measure`,
    :meth:`sentence`, :meth:`to_json`, and of the other methods those that it needs.
    """

    name = ""
    label = ""
    title = ""
    basic = False
    needs: tuple[str, ...] = ()
    conventions: dict[str, str] = {}

    @classmethod
    def steps(cls, task) -> int:
        """Return how often ``measure`` calls ``tick``; here once for every map on every image."""
        return len(task.problem.maps) * len(task.problem.images)

    @classmethod
    def measure(cls, task, tick=lambda: None) -> "Finding":
        """Measure it, or raise :class:`NotApplicable`."""
        raise NotImplementedError

    def headline(self, name) -> str:
        """Return what the first sentence of the report says of the map ``name``, without a subject."""
        return ""

    def sentence(self, name) -> str:
        """Return the paragraph on the map ``name``."""
        raise NotImplementedError

    def rows(self, names) -> list:
        """Return rows of the table that compares all maps: a label, then a cell for each map."""
        return []

    def parts(self, problem) -> list:
        """Return the figures, tables and cards of its section on the page."""
        return []

    def to_json(self):
        """Return all numbers with units and kinds."""
        raise NotImplementedError

    def __repr__(self):
        return f"<{type(self).__name__}: {self.name}>"


def row(label, names, cell) -> list:
    """Return a row of the table that compares all maps: a label, then ``cell(name)`` for each map."""
    return [label, *(cell(name) for name in names)]
