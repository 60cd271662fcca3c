"""The page: order, completeness, safety."""

import base64
import html
import re
from dataclasses import replace

import numpy as np
import pytest

from kernelstab import theorems
from kernelstab.report.page import inline_to_html, magnification, markdown_to_html, render, tex_to_html


@pytest.fixture(scope="module")
def page(report):
    return render(report)


def _text(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def test_reading_order(page):
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings == [
        "Accuracy and stability, map by map", "What the operator cannot see", "Mirror images",
        "Worst-case perturbations", "A detail, from visible to invisible", "Proved limits of this map",
        "What this does not show", "How to check it again", "Conventions", "Provenance"]
    assert page.index('class="plain"') < page.index("<h2")


def test_every_theorem_has_a_card_with_margins_and_certificate(page, report):
    assert page.count('<section class="card">') == len(theorems.all())
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
    changed = replace(report, problem=replace(report.problem, maps=renamed, about=about), findings={})
    page = render(changed)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_partial_report_is_a_whole_page(report):
    page = render(replace(report, findings={"operator": report.findings["operator"]}))
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
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
    assert f"{np.mean(report.findings['accuracy'].psnr['small']):.1f}" in text


def test_warnings_heard_are_told(report):
    noisy = replace(report.stages[1], warnings={"NotConverged": 4})
    changed = replace(report, stages=(report.stages[0], noisy, *report.stages[2:]), findings={})
    assert "NotConverged 4 in accuracy" in _text(render(changed))


def test_the_table_has_one_column_for_each_map(report, page):
    table = page[page.index("Accuracy and stability, map by map"):].partition("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("<tr>")[1:]]
    assert rows[0] == ["", "small", "TV", "Wavelets", "Tikhonov"]
    assert len(rows) > 10
    assert {len(row) for row in rows} == {5}


def test_every_picture_is_data_with_a_text_for_those_who_cannot_see_it(report):
    parts = [part for finding in report.findings.values() for part in finding.parts(report.problem)]
    figures = [part for part in parts if part["kind"] == "figure"]
    assert len(figures) == 6
    for figure in figures:
        head, _, data = figure["source"].partition(",")
        assert head in ("data:image/svg+xml;base64", "data:image/png;base64")
        assert base64.b64decode(data)[:4] in (b"<svg", b"\x89PNG")
        assert figure["alt"]
        assert figure["caption"].endswith(".")


def test_nothing_is_not_magnified():
    assert magnification(np.zeros(3), 0.5) == 1


@pytest.mark.parametrize(("tex", "html"), [
    (r"\eta' = \|\Psi(Ax')-x'\|", "η′ = ‖Ψ(<i>A</i><i>x</i>′) − <i>x</i>′‖"),
    (r"L_\varepsilon \ge \Delta/\delta", "<i>L</i><sub>ε</sub> ≥ Δ/δ"),
    (r"\|d\|^2", "‖<i>d</i>‖<sup>2</sup>"),
    (r"x_{\mathrm{max}} < 3", "<i>x</i><sub>max</sub> &lt; 3"),
    (r"\frac{a}{b+1}", "(<i>a</i>)/(<i>b</i> + 1)"),
    (r"-1 \le (-x)", "−1 ≤ (−<i>x</i>)"),
    (r"\bar x", "<i>x\u0304</i>"),
    (r"\bar{x}", "<i>x\u0304</i>"),
    (r"\langle u, v\rangle", "⟨<i>u</i>, <i>v</i>⟩"),
])
def test_formula(tex, html):
    assert tex_to_html(tex) == html


@pytest.mark.parametrize("tex", [r"\unknown", "{x", "x}", "x^"])
def test_what_is_not_understood_is_shown_as_it_is(tex):
    assert tex_to_html(tex).startswith("<code>")


def test_text_is_escaped():
    assert inline_to_html("<script> & `a<b`") == "&lt;script&gt; &amp; <code>a&lt;b</code>"


def test_bold_emphasis_and_paragraphs():
    assert markdown_to_html("**a** *b*\nc\n\nd") == "<p><b>a</b> <em>b</em> c</p>\n<p>d</p>"


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda t: t.slug)
def test_every_theorem_can_be_typeset(theorem):
    texts = [theorem.statement, theorem.proof, *theorem.hypotheses.values(), *theorem.conclusions.values()]
    for text in texts:
        html = markdown_to_html(text)
        assert "\\" not in html
        assert "$" not in html
        assert "<code>" not in html or "`" in text
