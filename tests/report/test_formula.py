"""Formulas and short Markdown as HTML."""

import pytest

from kernelstab import theorems
from kernelstab.report.formula import inline_to_html, markdown_to_html, tex_to_html


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
