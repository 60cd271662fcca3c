"""The report as one HTML page and one JSON file, and the parts that its sections are made of."""

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kernelstab import plot
from kernelstab._files import to_json_text, write_atomic
from kernelstab.plot import style
from kernelstab.report.formula import inline_to_html


def write_report(report) -> None:
    """Write ``report.json`` and then ``report.html`` into the folder of the report, each whole."""
    write_atomic(Path(report.path) / "report.json", to_json_text(report.to_json()))
    write_atomic(Path(report.path) / "report.html", render(report))


def render(report) -> str:
    """Return the report as the text of one page that refers to nothing outside itself.

    Parameters
    ----------
    report : AuditReport
    """
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
                                     undefined=jinja2.StrictUndefined)
    return environment.get_template("report.html.j2").render(_context(report))


def _context(report) -> dict:
    problem, record = report.problem, report.provenance
    about, names, found = problem.about, list(problem.maps), report.findings.values()
    meant = [(key, safe(inline_to_html(text))) for key, text in report.conventions().items()]
    return {
        "title": f"What {problem.audited} does with what it cannot see",
        "subtitle": f"Operator: {about['operator']}. Images: {about['images']}. {record['time'][:10]}, "
                    f"seed {record['seed']}, kernelstab {record['kernelstab']}.",
        "partial": report.notice, "headline": report.headline(), "sentences": report.sentences(),
        "scores": table(("", *names), [row for finding in found for row in finding.rows(names)]),
        "images": len(problem.images),
        "sections": [{"title": finding.title, "parts": finding.parts(problem)} for finding in found
                     if finding.title],
        "certified": any(checked.certificate for checked in report.verdicts),
        "conventions": table(("choice", "here"), meant),
        "provenance": table(("item", "value"), _provenance(report)),
        "stages": table(("stage", "state", "seconds"),
                        [(s.name, f"{s.state}: {s.reason}" if s.reason else s.state, f"{s.seconds:.1f}")
                         for s in report.stages]),
    }


def _provenance(report):
    record = report.provenance
    packages = ", ".join(f"{name} {version}" for name, version in record["packages"].items())
    rows = [*report.problem.about.items(), ("kernelstab", record["kernelstab"]), ("Python", record["python"]),
            ("packages", packages), ("machine", f"{record['system']} {record['machine']}"),
            ("seed", record["seed"]), ("time", record["time"])]
    heard = [f"{kind} {count} in {stage.name}" for stage in report.stages
             for kind, count in stage.warnings.items()]
    return [*rows, *([("warnings", ", ".join(heard))] if heard else [])]


def table(head, rows) -> dict:
    """Return a table of words; every row has as many cells as the head."""
    return {"kind": "table", "head": list(head), "rows": [list(row) for row in rows]}


def safe(text):
    """Mark text as HTML that is not to be escaped."""
    import markupsafe

    return markupsafe.Markup(text)


@dataclass(frozen=True, repr=False)
class Figure:
    """A picture in the page: its data URI, the text for those who cannot see it, the caption."""

    source: str
    alt: str
    caption: str
    width: str
    css: str
    kind: str = "figure"

    def __repr__(self):
        return f"<Figure {self.alt!r}, {len(self.source)} characters>"


def drawing(fig, alt, caption, width) -> Figure:
    """Embed a drawing as SVG."""
    data = base64.b64encode(plot.svg(fig).encode()).decode()
    return Figure(f"data:image/svg+xml;base64,{data}", alt, caption, width, "drawing")


def images_figure(fig, alt, caption) -> Figure:
    """Embed rows of images as PNG; an inch of the figure is 6.2 rem of a wide page."""
    data = base64.b64encode(plot.png(fig, dpi=170)).decode()
    width = f"{6.2 * fig.get_size_inches()[0]:.0f}rem"
    return Figure(f"data:image/png;base64,{data}", alt, caption, width, "rows")


def gray_limits(problem, image) -> tuple[float, float]:
    """Return the gray scale of a signal: from its smallest value, or zero, to its largest."""
    picture = np.asarray(problem.picture(image))
    return style.gray_limits(np.abs(picture) if np.iscomplexobj(picture) else picture, np.zeros(1))


def magnification(picture, half) -> int:
    """Return the largest round factor that keeps a picture inside the gray scale.

    >>> magnification(np.array([0.01]), 0.5), magnification(np.array([0.3]), 0.5)
    (50, 1)
    """
    largest = float(np.max(np.abs(picture)))
    if largest == 0:
        return 1
    candidates = [c * 10**k for k in range(7) for c in (1, 2, 5)]
    return max([c for c in candidates if c * largest <= half] or [1])
