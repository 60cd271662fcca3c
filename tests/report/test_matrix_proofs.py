"""What is proved of a card, what is not, and what is proved with weaker bounds."""

import numpy as np

from kernelstab import kernel
from kernelstab.certify import verify
from kernelstab.report import matrix_card


def test_what_cannot_be_proved_is_named_and_the_rest_is_kept(monkeypatch):
    # half of the matrix is rounding: in floats its rank is 2, of the numbers stored it is 3
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((3, 2)) @ rng.standard_normal((2, 6))
    card = matrix_card(matrix, 1)
    proofs = card.proofs()
    assert "alpha_1" in proofs.missing
    assert "kernel" in proofs.missing["alpha_1"]
    assert {"rank", "coherence", "spark", "delta^+_1"} <= set(proofs.certificates)
    assert verify(proofs.collection).ok
    # the spark of the numbers stored is 4, up to rounding it is 3: the card shows both and trusts the smaller
    assert (card.spark.upper, card.spark_float.upper) == (4, 3)
    assert card.unique == 1
    assert "numbers as stored; up to rounding it is 3" in card.text()
    monkeypatch.setattr(kernel.Spark, "certificate", lambda self: _press())
    proofs = card.proofs()
    assert proofs.missing["spark"] == "interrupted"
    assert verify(proofs.collection).ok


def _press():
    raise KeyboardInterrupt


def test_a_weaker_proof_is_named():
    # the verifier goes through at most five million column sets: it is asked for fewer than were searched
    card = matrix_card(np.random.default_rng(0).standard_normal((14, 28)), 1, max_supports=21_000_000)
    weaker = card.proofs().weaker
    assert [line for line in weaker if line.startswith("spark >=")]
