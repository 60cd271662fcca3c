"""The conventions of a report."""

from kernelstab.report.conventions import conventions
from kernelstab.report.formula import inline_to_html


def test_the_size_of_the_perturbation_is_stated():
    assert r"0.05\|y\|" in conventions(0.05)["perturbation"]


def test_every_choice_on_which_systems_differ_is_named():
    assert {"data", "perturbation", "gain", "reference", "norms", "PSNR", "signs"} <= set(conventions(0.02))


def test_all_formulas_can_be_typeset():
    for text in conventions(0.02).values():
        html = inline_to_html(text)
        assert "<code>" not in html
        assert "$" not in html
