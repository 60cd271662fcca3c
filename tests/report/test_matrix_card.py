"""The card of a matrix: every number on it is that of the constant, and half a card is true too."""

import json
from dataclasses import replace
from types import SimpleNamespace as N

import numpy as np
import pytest
from scipy.fft import dct

from kernelstab import kernel
from kernelstab.certify import verify
from kernelstab.report import MatrixCard, matrix_card

# unit vectors at 120 degrees; the kernel is spanned by (1, 1, 1): alpha_s = s/3, spark 3, mu = 1/2
MERCEDES = np.array([[0.0, np.sqrt(0.75), -np.sqrt(0.75)], [1.0, -0.5, -0.5]])


def test_numbers_by_hand():
    card = matrix_card(MERCEDES, 2)
    assert (card.null.rank, card.null.dimension) == (2, 1)
    assert (card.spark.lower, card.spark.upper) == (3, 3)
    np.testing.assert_allclose(card.coherence.mu, 0.5, rtol=1e-12)
    np.testing.assert_allclose([a.upper for a in card.alpha], [1 / 3, 2 / 3], rtol=1e-12)
    np.testing.assert_allclose(card.isometry[1].upper, 0.5, rtol=1e-12)        # delta_2 = mu
    assert card.recovered == 1
    assert card.promised == 1                                                  # 1/2 < 4/sqrt(41)
    assert card.robust.s == 1
    assert not card.interrupted


def test_the_text_says_what_follows():
    text = matrix_card(MERCEDES, 2).text()
    assert "spark      3; dependent are columns 0, 1, 2" in text
    assert "every 1-sparse vector is the only one of its kind" in text
    assert "recovers every 1-sparse vector" in text
    assert "fails on columns" in text
    assert "0.33333333" in text
    assert "isometry constant of order 2 alone promises it to s = 1" in text
    assert "interrupted" not in text


def test_json_holds_both_ends():
    plain = json.loads(json.dumps(matrix_card(MERCEDES, 2).to_json(), allow_nan=False))
    assert plain["shape"] == [2, 3]
    assert plain["spark"]["lower"] == 3.0
    assert plain["nsp"][1]["recovers"] is False
    assert plain["nsp"][0]["lower"] <= 1 / 3 <= plain["nsp"][0]["upper"]


def test_the_collection_proves_every_bound():
    seen = []
    card = matrix_card(MERCEDES, 2)
    proofs = card.proofs(lambda done, total, note: seen.append(note))
    assert (proofs.missing, proofs.weaker) == ({}, ())
    found = verify(proofs.collection)
    assert found.ok, found.reason
    assert set(found.quantities) == {"rank", "mu", "spark", "delta^-_1", "delta^+_1", "delta^-_2",
                                     "delta^+_2", "alpha_1", "alpha_2"}
    for name, value in (("alpha_2", 2 / 3), ("mu", 0.5), ("spark", 3.0), ("rank", 2.0)):
        assert abs(found.quantities[name].value - value) < 1e-12
    assert [note.split()[0] for note in seen] == ["proofs"] * 9


def test_coherence_promises_nothing_for_columns_of_other_lengths():
    card = matrix_card(MERCEDES * [1.0, 1.0, 9.0], 1)
    assert card.coherence.sparsity == 1
    assert card.coherent == 0
    assert "coherence alone" not in card.text()
    assert "--normalise" in card.text()
    assert "coherence alone promises recovery up to s = 1" in matrix_card(MERCEDES, 1).text()


def test_an_unfinished_second_reading_takes_nothing_back():
    # 24 columns in general position in 12 dimensions: spark 13, too many sets for the reading in floats
    card = matrix_card(np.random.default_rng(3).standard_normal((12, 24)), 1)
    assert (card.spark.lower, card.spark_float.exact) == (13, False)
    assert card.unique == 6


def test_trivial_kernel():
    card = matrix_card(np.eye(3), 2)
    assert card.spark.lower == np.inf
    assert "infinite" in card.text()
    assert "kernel is trivial" in card.text()
    assert json.loads(json.dumps(card.to_json(), allow_nan=False))["spark"]["upper"] == "inf"


def test_zero_columns_have_no_coherence():
    matrix = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 2.0]])
    card = matrix_card(matrix, 1)
    assert card.coherence is None
    assert card.spark.upper == 1
    assert card.alpha[0].upper == 1.0
    with pytest.raises(ValueError, match="zero column, got one at 1"):
        matrix_card(matrix, 1, normalise=True)


def test_columns_are_normalised_on_request():
    card = matrix_card(MERCEDES * [1.0, 2.0, 3.0], 1, normalise=True)
    assert card.lengths == pytest.approx((1.0, 1.0), rel=1e-15)
    np.testing.assert_allclose(card.alpha[0].upper, 1 / 3, rtol=1e-12)


def test_complex_matrices_have_a_card():
    card = matrix_card(MERCEDES * 1j, 1)
    assert "complex" in card.text()
    assert card.alpha[0].lower <= 1 / 3 <= card.alpha[0].upper
    assert verify(card.proofs().collection).ok


def test_a_key_press_leaves_a_true_card(monkeypatch):
    real = kernel.nsp_constant

    def impatient(A, s, **options):
        if s == 2:
            raise KeyboardInterrupt
        return real(A, s, **options)

    monkeypatch.setattr(kernel, "nsp_constant", impatient)
    card = matrix_card(MERCEDES, 3)
    assert card.interrupted
    assert len(card.alpha) == 1
    assert card.recovered == 1
    assert "interrupted" in card.text()
    assert verify(card.proofs().collection).ok


def test_an_isometry_constant_promises_for_half_its_order():
    # order 2 is below 4/sqrt(41) = 0.6247 and promises s = 1; order 4 is not, so s = 2 has no promise
    rows = [0, 1, 2, 3, 5, 7, 8, 11, 13, 14]
    card = matrix_card(dct(np.eye(16), axis=0, norm="ortho")[rows], 4, normalise=True)
    assert card.isometry[1].upper < 4 / np.sqrt(41) < card.isometry[3].lower
    assert card.promised == 1


def test_columns_that_are_parallel_up_to_rounding_share_data():
    # on paper one column is a multiple of the next; the numbers stored are independent in pairs
    rng = np.random.default_rng(0)
    card = matrix_card(np.outer(rng.standard_normal(3), rng.standard_normal(6)), 1)
    assert card.spark.lower >= 3
    assert card.spark_float.upper == 2
    assert card.unique == 0
    assert "only one of its kind" not in card.text()


def test_a_search_that_was_interrupted_ends_the_work(monkeypatch):
    real = kernel.ric
    monkeypatch.setattr(kernel, "ric", lambda *args, **options: replace(real(*args), interrupted=True))
    card = matrix_card(MERCEDES, 2)
    assert card.interrupted
    assert [found.s for found in card.isometry] == [1]
    assert (card.alpha, card.spark) == ((), None)


def test_a_budget_is_passed_on():
    matrix = np.random.default_rng(0).standard_normal((8, 16))
    short, full = matrix_card(matrix, 3, max_supports=3), matrix_card(matrix, 3)
    assert not short.alpha[1].exact or short.alpha[1].upper == full.alpha[1].upper
    assert not short.isometry[2].exact
    assert short.isometry[2].lower <= full.isometry[2].upper <= short.isometry[2].upper
    assert " to " in short.text()
    stages = []
    matrix_card(matrix, 2, progress=lambda done, total, note: stages.append(note.split()[0]))
    assert {"alpha_2", "compiling"} <= set(stages)


def test_bad_input():
    for matrix, order, message in [(np.full((2, 3), np.nan), 1, "finite"), (MERCEDES, 0, "order must be"),
                                   (MERCEDES, 4, "order must be"), (np.zeros((2, 3)), 1, "zero")]:
        with pytest.raises(ValueError, match=message):
            matrix_card(matrix, order)


def _card(null=None, columns=2, **fields):
    """Return a card from results made by hand."""
    null = null or N(rank=1, dimension=1, gap=(1.0, 0.0), tol=1e-15, alternatives=())
    return MatrixCard(np.ones((1, columns)), 1, (1.0, 2.0), null, **fields)


def test_lengths_and_an_unclear_rank():
    text = _card(N(rank=1, dimension=1, gap=(1.0, 2e-15), tol=1e-15,
                   alternatives=(N(rank=2, dimension=0),))).text()
    assert "columns of length 1 to 2" in text
    assert "rank       1 or 2" in text
    assert "basis pursuit" not in text


def test_two_sided_rows_say_so():
    open_ended = N(lower=0.25, upper=0.75, exact=False, holds=None, s=1)
    spark = N(lower=2, upper=5, exact=False, support=(0, 1, 2, 3, 4))
    text = _card(alpha=(open_ended,), spark=spark).text()
    assert "0.250000 to 0.750000" in text
    assert "not decided" in text
    assert "between 2 and 5" in text
    assert "only one of its kind" not in text          # spark 2 promises nothing


def test_long_supports_are_cut():
    text = _card(columns=21, spark=N(lower=21, upper=21, exact=True, support=tuple(range(21)))).text()
    assert "15, ..." in text
    assert "every 10-sparse vector" in text


def test_what_cannot_be_proved_is_named_and_the_rest_is_kept(monkeypatch):
    # half of the matrix is rounding: in floats its rank is 2, of the numbers stored it is 3
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((3, 2)) @ rng.standard_normal((2, 6))
    card = matrix_card(matrix, 1)
    proofs = card.proofs()
    assert "alpha_1" in proofs.missing
    assert "kernel" in proofs.missing["alpha_1"]
    assert {"rank", "coherence", "spark"} <= set(proofs.certificates)
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


def test_lengths_of_columns_do_not_enter_isometry_constants():
    # 10^4 times a column is the same column divided by its length; alpha_s and what is recovered may differ.
    matrix = np.random.default_rng(3).standard_normal((6, 9))
    plain, long = matrix_card(matrix, 2, normalise=True), matrix_card(matrix * np.logspace(0, 4, 9), 2)
    for one, other in zip(long.isometry, plain.isometry):
        assert one.upper == pytest.approx(other.upper, rel=1e-9)
    assert (plain.divided, long.divided, long.promised, long.coherent) == (False, True, 0, 0)
    assert "coherence and delta_s are about the columns divided by their lengths" in long.text()
    assert long.to_json()["ric_columns"] == "divided by their lengths"
    proofs = long.proofs()
    assert "--normalise proves it" in proofs.missing["delta^+_2"]
    assert verify(proofs.collection).ok
    with_zero = matrix_card([[2.0, 0.0, 1.0], [0.0, 0.0, 1.0]], 1)
    assert not with_zero.divided
    assert with_zero.isometry[0].plus.upper == pytest.approx(3.0)
