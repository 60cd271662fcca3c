"""What an audit finds. One finding is one file: measurement, sentence, table rows, pictures, JSON.

A finding that is not ``basic`` is measured if a theorem wants it: ``Theorem.findings`` names it and
may add a sentence to its paragraph.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab.report.inputs import AuditProblem


class NotApplicable(ValueError):
    """A finding has nothing to measure on this problem; that is a result and not a failure."""


@dataclass(frozen=True)
class Plan:
    """How much the audit spends.

    Attributes
    ----------
    images : int
        Images that are reconstructed.
    searched : int
        Images on which the worst case is searched: that of median accuracy, at every size, and others from
        the most to the least accurate one, at the largest size.
    budget : int, optional
        Evaluations of each search. Default: 1, 2, 4 or 8 times ``least``, whatever takes at most ``seconds``.
        Maps without a derivative get as many more as a full difference quotient takes (one for every
        measurement), if that takes at most ten times as long.
    least : int
    seconds : float
    rungs : tuple of float
        Sizes of the perturbations on the image of median accuracy, as shares of the largest, increasing.
    draws : int
        Random perturbations beside each search.
    dial : int
        Settings of the dial that makes a detail invisible.
    """

    images: int = 8
    searched: int = 4
    budget: int | None = None
    least: int = 40
    seconds: float = 0.5
    rungs: tuple[float, ...] = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
    draws: int = 4
    dial: int = 7

    def __post_init__(self):
        for name, low in (("images", 1), ("searched", 1), ("least", 20), ("draws", 1), ("dial", 2)):
            as_count(getattr(self, name), name, low=low)
        if self.budget is not None:
            as_count(self.budget, "budget", low=20)
        rungs = [as_number(share, "rungs", low=0, high=1) for share in self.rungs]
        if not rungs or rungs[0] == 0 or rungs[-1] != 1 or sorted(set(rungs)) != rungs:
            raise ValueError(f"rungs must increase from above 0 to 1, got {self.rungs}")


QUICK = Plan(images=3, searched=2, least=20, seconds=0.2, rungs=(1.0,), draws=2, dial=3)


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
    def searched(self) -> np.ndarray:
        """The images whose worst case is searched: that of median accuracy, then the most accurate first."""
        images = self.problem.images
        if "accuracy" not in self.found:
            return images[:1]
        order = np.argsort(self.found["accuracy"].relative[self.problem.audited], kind="stable")
        median = len(order) // 2
        places = set(np.linspace(0, len(order) - 1, min(self.plan.searched, len(order))).round().astype(int))
        places -= {min(places, key=lambda place: abs(place - median)), median}
        return images[order[[median, *sorted(places)]]]

    @property
    def image(self) -> np.ndarray:
        """The image of median accuracy of the audited map, so that none is picked by taste."""
        return self.searched[0]


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
