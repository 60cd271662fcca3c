"""The words of a card, from results made by hand."""

from types import SimpleNamespace as N

import numpy as np

from kernelstab.report.matrix_words import card_text


def _card(**changes):
    fields = {"matrix": np.ones((1, 2)), "lengths": (1.0, 2.0), "coherence": None, "spark": None,
              "isometry": (), "alpha": (), "recovered": 0, "promised": 0, "robust": None,
              "unit": False, "coherent": 0, "unique": 0, "spark_float": None,
              "interrupted": False,
              "null": N(rank=1, dimension=1, gap=(1.0, 0.0), tol=1e-15, alternatives=())}
    return N(**(fields | changes))


def test_lengths_and_an_unclear_rank():
    text = card_text(_card(null=N(rank=1, dimension=1, gap=(1.0, 2e-15), tol=1e-15,
                                  alternatives=(N(rank=2, dimension=0),))))
    assert "columns of length 1 to 2" in text
    assert "rank       1 or 2" in text
    assert "basis pursuit" not in text


def test_two_sided_rows_say_so():
    open_ended = N(lower=0.25, upper=0.75, exact=False, holds=None, s=1)
    spark = N(lower=2, upper=5, exact=False, support=(0, 1, 2, 3, 4))
    text = card_text(_card(alpha=(open_ended,), spark=spark))
    assert "0.250000 to 0.750000" in text
    assert "not decided" in text
    assert "between 2 and 5" in text
    assert "only one of its kind" not in text          # spark 2 promises nothing


def test_long_supports_are_cut():
    text = card_text(_card(spark=N(lower=21, upper=21, exact=True, support=tuple(range(21))), unique=10))
    assert "15, ..." in text
    assert "every 10-sparse vector" in text
