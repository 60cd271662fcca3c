"""Stages of a long computation: timed, shown as they go, and stopped without loss."""

import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field


class NotApplicable(ValueError):
    """A stage has nothing to measure on this problem; that is a finding and not a failure."""


@dataclass(frozen=True)
class Stage:
    """What became of one stage.

    ``state`` is ``"done"``, ``"not applicable"``, ``"interrupted"``, ``"failed"`` or ``"not
    reached"``; ``reason`` says why it is not done; ``warnings`` counts the warnings met by
    their class.
    """

    name: str
    state: str
    seconds: float
    reason: str = ""
    warnings: dict[str, int] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether the stage did all it could."""
        return self.state in ("done", "not applicable")

    def to_json(self, total: float) -> dict:
        """Return the fields and the share of the total time."""
        share = self.seconds / total if total > 0 else 0.0
        return {"name": self.name, "state": self.state, "seconds": round(self.seconds, 3),
                "share": round(share, 4), "reason": self.reason, "warnings": self.warnings}


class Stages:
    """Run named stages in order; after an interrupt run no more and remember which are missing.

    Parameters
    ----------
    names : sequence of str
        All stages, in order, so that those never reached can be named.
    progress : bool
        Whether to show a progress bar for each stage on the standard error stream.

    Examples
    --------
    A stage is a function of ``tick``, which it calls after each of its steps. An
    interrupt ends the run but keeps what is done:

    >>> stages = Stages(["one", "two", "three"], progress=False)
    >>> stages.run("one", 2, lambda tick: tick() or "result")
    'result'
    >>> def impatient(tick):
    ...     raise KeyboardInterrupt
    >>> stages.run("two", 1, impatient), stages.run("three", 1, lambda tick: "never")
    (None, None)
    >>> [(s.name, s.state) for s in stages.report()]
    [('one', 'done'), ('two', 'interrupted'), ('three', 'not reached')]
    """

    def __init__(self, names, *, progress: bool = True):
        self.names, self.progress = tuple(names), progress
        self._finished: dict[str, Stage] = {}

    @property
    def interrupted(self) -> bool:
        """Whether a stage was interrupted."""
        return any(s.state == "interrupted" for s in self._finished.values())

    def run(self, name: str, steps: int, function):
        """Call ``function(tick)`` and return its result, or None if it did not finish.

        Interrupts and failures are recorded, and only interrupts end the run: a map of the
        user that gives up on one stage, with whatever error, must not cost the others.
        Warnings, such as those of a solver at its budget, are counted and not printed
        into the progress bars.
        """
        if self.interrupted:
            return None
        start, state, reason, result = time.perf_counter(), "done", "", None
        bar = self._bar(name, steps)
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
        finally:
            bar.close()
        counts = dict(Counter(w.category.__name__ for w in heard))
        self._finished[name] = Stage(name, state, time.perf_counter() - start, reason, counts)
        return result

    def report(self) -> tuple[Stage, ...]:
        """Return the state of every stage, those never reached included."""
        return tuple(self._finished.get(name, Stage(name, "not reached", 0.0)) for name in self.names)

    def _bar(self, name, steps):
        from tqdm import tqdm

        return tqdm(total=steps, desc=f"{name:<18}", file=sys.stderr, disable=not self.progress,
                    bar_format="{desc} {bar:24} {n_fmt}/{total_fmt} [{elapsed}]")
