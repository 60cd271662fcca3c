"""The page: order, completeness, safety."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from kernelstab.report.page import render


@pytest.fixture(scope="module")
def page(report):
    return render(report)


def _text(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def test_reading_order(page):
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == [
        "Accuracy and stability, map by map", "Worst-case perturbations", "What the operator cannot see",
        "Mirror images", "A detail, from visible to invisible", "Theorems, checked on this map",
        "What this does not show", "How to check it again", "Conventions", "Provenance"]
    assert page.index('class="plain"') < page.index("<h2>")


def test_every_theorem_has_a_card_with_margins_and_certificate(page, report):
    assert page.count('<section class="card">') == 3
    for checked in report.verdicts:
        assert html.escape(checked.theorem.title) in page
        if checked.certificate:
            assert f"certificates/{checked.certificate.name}" in page
        for decision in checked.verdict.decisions:
            assert html.escape(decision.text) in page
    assert "kernelstab verify" in page


def test_formulas_are_typeset(page):
    assert "$" not in page
    assert "\\Psi" not in page
    assert "‖Ψ(" in page


def test_a_name_from_outside_cannot_add_markup(report):
    evil = "<script>alert(1)</script>"
    renamed = {evil if name == "small" else name: psi for name, psi in report.problem.maps.items()}
    about = report.problem.about | {"images": evil}
    changed = replace(report, problem=replace(report.problem, maps=renamed, about=about), accuracy=None,
                      searches=None, mirrors=None, details=None)
    page = render(changed)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_partial_report_is_a_whole_page(report):
    page = render(replace(report, searches=None, mirrors=None, details=None, verdicts=()))
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert "Worst-case perturbations" not in headings
    assert "What the operator cannot see" in headings
    assert "kernelstab verify" not in page
    assert page.rstrip().endswith("</html>")


def test_tags_are_balanced(page):
    for tag in ("table", "section", "figure", "div", "ul", "li", "p", "h2", "h3", "tr", "td", "sub", "sup"):
        opened = len(re.findall(rf"<{tag}[ >]", page))
        assert opened == page.count(f"</{tag}>"), tag


def test_numbers_are_readable(page, report):
    text = _text(page)
    assert "nan" not in text.lower().split()
    assert "inf" not in text.lower().split()
    assert f"{np.mean(report.accuracy.psnr['small']):.1f}" in text


def test_warnings_heard_are_told(report):
    noisy = replace(report.stages[1], warnings={"NotConverged": 4})
    changed = replace(report, stages=(report.stages[0], noisy, *report.stages[2:]), searches=None,
                      mirrors=None, details=None)
    assert "NotConverged 4 in accuracy" in _text(render(changed))
