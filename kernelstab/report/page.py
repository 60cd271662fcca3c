"""The report as one HTML page and one JSON file."""

import html
import math
from pathlib import Path

from kernelstab._files import to_json_text, write_atomic
from kernelstab.report import figures
from kernelstab.report.conventions import conventions
from kernelstab.report.formula import inline_to_html, markdown_to_html
from kernelstab.report.numbers import at_least, at_most, enclosed, percent, readable
from kernelstab.report.scores import score_table
from kernelstab.report.words import findings, headline, span

_MEANING = {
    "VERIFIED": "every hypothesis and every conclusion holds",
    "NOT_APPLICABLE": "a hypothesis fails, so the theorem says nothing here; that is not a refutation",
    "UNDECIDED": "an enclosure touches its threshold, so nothing is claimed",
    "CONTRADICTED": "the hypotheses hold and a conclusion fails: an error in the package, please report it",
}
_SIGN = {"exact": "=", "enclosed": "=", "lower": "≥", "upper": "≤", "estimate": "~"}


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
    about, record = report.problem.about, report.provenance
    meant = [(key, _safe(inline_to_html(text))) for key, text in conventions(report.eps).items()]
    return {
        "title": f"What {report.problem.audited} does with what it cannot see",
        "subtitle": f"Operator: {about['operator']}. Images: {about['images']}. {record['time'][:10]}, "
                    f"seed {record['seed']}, kernelstab {record['kernelstab']}.",
        "partial": report.notice, "headline": headline(report), "findings": findings(report),
        "scores": score_table(report), "images": len(report.problem.images),
        "sections": [s for s in (_worst(report), _unseen(report), _mirrors(report), _details(report)) if s],
        "cards": [_card(checked) for checked in report.verdicts],
        "certified": any(checked.certificate for checked in report.verdicts),
        "conventions": _rows(("choice", "here"), meant),
        "provenance": _rows(("item", "value"), _provenance(report)),
        "stages": _rows(("stage", "state", "seconds"),
                        [(s.name, f"{s.state}: {s.reason}" if s.reason else s.state, f"{s.seconds:.1f}")
                         for s in report.stages]),
    }


def _unseen(report):
    facts = report.facts
    if facts is None:
        return None
    hidden, dimension = facts.hidden, facts.dimension
    laws = "hold on random vectors" if facts.check.ok else f"FAIL: {', '.join(facts.check.failures)}"
    rows = [
        ("measurements, unknowns", f"{facts.shape[0]}, {facts.shape[1]} (rate {percent(facts.rate)})"),
        ("dimension of the kernel", f"{_SIGN[dimension.kind]} {dimension.value:.0f}: {facts.how}"),
        ("norm of the operator", at_most(facts.norm_upper.value, 6)),
        ("orthogonal rows", f"yes, AA* = {facts.tight:g} I" if facts.tight is not None else "no"),
        ("unseen part of the images",
         f"~ {span(hidden.min(), hidden.max())} of the norm, mean {percent(hidden.mean())}"),
        ("operator laws (linear, adjoint, norm)", laws),
        ("kernel projection", f"{facts.projector}; data left: {readable(facts.residual, 2)} |A| |x|"),
    ]
    if facts.gap is not None:
        rows.append(("singular values at the rank", " and ".join(readable(value) for value in facts.gap)))
    parts = [figures.unseen_panel(report.problem, facts), _table(("fact", "value"), rows)]
    return {"title": "What the operator cannot see", "parts": parts}


def _worst(report):
    searches = report.searches
    if searches is None:
        return None
    controls = []
    for (method, budget), control in searches.controls.items():
        users = ", ".join(name for name, effort in searches.budgets.items() if effort == (method, budget))
        controls.append((f"as for {users}: by {method}, {budget} evaluations", percent(control.ratio, 3)))
    head = ("control: the same search on a linear map whose worst case is known", "found of it")
    parts = [figures.worst_panel(report.problem, searches), figures.ladder(searches), _table(head, controls)]
    return {"title": "Worst-case perturbations", "parts": [part for part in parts if part is not None]}


def _mirrors(report):
    if report.mirrors is None:
        return None
    parts = [figures.mirror_panel(report.problem, report.mirrors), figures.mirror_figure(report.mirrors)]
    return {"title": "Mirror images", "parts": parts}


def _details(report):
    if report.details is None:
        return None
    parts = [figures.detail_panel(report.problem, report.details), figures.dial_figure(report.details)]
    return {"title": "A detail, from visible to invisible", "parts": parts}


def _card(checked):
    verdict, theorem = checked.verdict, checked.theorem
    texts = theorem.hypotheses | theorem.conclusions
    reason = f" ({verdict.reason})" if verdict.reason else ""
    decisions = [(d.label, _claim(texts.get(d.label, ""), d.text), _margin(d), _decided(d.outcome))
                 for d in verdict.decisions]
    quantities = [(key, *_enclosure(q), q.unit) for key, q in verdict.quantities.items()]
    return {
        "title": theorem.title, "statement": _safe(markdown_to_html(theorem.statement)),
        "outcome": verdict.outcome.replace("_", " "),
        "meaning": f"{_MEANING[verdict.outcome]}{reason}. {_manner(verdict)}",
        "decisions": _rows(("", "claim", "left − right", ""), decisions),
        "quantities": _rows(("quantity", "value", "error, rounding included", "unit"), quantities),
        "instance": f"Instance: {checked.instance.description}.",
        "certificate": "" if checked.certificate is None else f"certificates/{checked.certificate.name}",
    }


def _manner(verdict):
    if not verdict.decisions:
        return ""
    proof = ("Decided in ball arithmetic, which encloses every rounding error"
             if verdict.rigorous else "Decided in floating point, which proves nothing")
    scope = ("from the exact description of operator and map" if verdict.scope == "ideal"
             else "from the vectors that operator and map returned")
    return f"{proof}, {scope}."


def _claim(text, formula):
    words = f"{inline_to_html(text)}<br>" if text else ""
    return _safe(f"{words}<code>{html.escape(formula)}</code>")


def _margin(decision):
    """Write what is known of left minus right: the bound that decides, or both where none does."""
    if decision.lower == decision.upper:
        text, error = enclosed(decision.lower, 0.0)
        if error == 0:
            return f"=\u00a0{text}"
    if decision.outcome == "unknown":
        return f"{at_least(decision.lower)}, {at_most(decision.upper)}"
    return at_least(decision.lower) if decision.outcome == "true" else at_most(decision.upper)


def _decided(outcome):
    return {"true": "holds", "false": "fails", "unknown": "undecided"}[outcome]


def _enclosure(q):
    """Write a quantity and the error of what is written."""
    if q.kind not in ("enclosed", "exact") or not math.isfinite(q.value + q.radius):
        return readable(q.value, 6), "not known"
    text, error = enclosed(q.value, q.radius)
    return text, at_most(error, 1) if error > 0 else "exact"


def _provenance(report):
    record = report.provenance
    packages = ", ".join(f"{name} {version}" for name, version in record["packages"].items())
    rows = [*report.problem.about.items(), ("kernelstab", record["kernelstab"]), ("Python", record["python"]),
            ("packages", packages), ("machine", f"{record['system']} {record['machine']}"),
            ("seed", record["seed"]), ("time", record["time"])]
    heard = [f"{kind} {count} in {stage.name}" for stage in report.stages
             for kind, count in stage.warnings.items()]
    return [*rows, *([("warnings", ", ".join(heard))] if heard else [])]


def _rows(head, rows):
    return {"head": list(head), "rows": [list(row) for row in rows]}


def _table(head, rows):
    return {"kind": "table", "css": "words", **_rows(head, rows)}


def _safe(text):
    import markupsafe

    return markupsafe.Markup(text)
