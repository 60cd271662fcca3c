"""A number says what kind of truth it is."""

import json
from dataclasses import FrozenInstanceError

import pytest

from kernelstab.quantity import Quantity


@pytest.mark.parametrize(("kind", "text"), [
    ("exact", "= 2.5 signal (exact, proved)"),
    ("lower", ">= 2.5 signal (lower, proved)"),
    ("upper", "<= 2.5 signal (upper, proved)"),
    ("estimate", "~ 2.5 signal (estimate, proved)"),
])
def test_the_sign_shows_the_side_of_the_bound(kind, text):
    assert repr(Quantity(2.5, kind, "signal", rigorous=True)) == text


def test_an_enclosure_shows_its_radius():
    assert repr(Quantity(1.0, "enclosed", radius=0.25)) == "= 1 +/- 0.25 (enclosed, floating point)"


def test_it_is_not_proved_unless_said():
    assert Quantity(1.0, "lower").rigorous is False


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"kind must be one of .*, got 'about'"):
        Quantity(1.0, "about")


def test_it_cannot_be_changed():
    quantity = Quantity(1.0, "exact")
    with pytest.raises(FrozenInstanceError):
        quantity.value = 2.0


def test_json_keeps_every_field():
    quantity = Quantity(1.5, "enclosed", "signal", 0.5, True)
    assert Quantity(**json.loads(json.dumps(quantity.to_json()))) == quantity
