"""The table of accuracy and stability."""

from dataclasses import replace

import numpy as np

from kernelstab.report.scores import score_table


def _row(table, start):
    return next(row for row in table["rows"] if row[0].startswith(start))


def test_one_column_per_map_and_every_row_full(report):
    table = score_table(report)
    assert table["head"] == ["", "small", "QCBP", "Tikhonov"]
    assert all(len(row) == 4 for row in table["rows"])


def test_cells_say_what_kind_of_truth_they_hold(report):
    table = score_table(report)
    assert all(cell.startswith("≥\u00a0") for cell in _row(table, "gain of the worst")[1:])
    assert all(cell.startswith("~\u00a0") for cell in _row(table, "gain of random noise")[1:])
    bounds = _row(table, "Lipschitz constant")[1:]
    assert bounds[0].startswith("≤\u00a0")                  # a network
    assert bounds[1] == ""                             # sparse recovery: not known
    assert bounds[2].startswith("=\u00a0")                  # linear


def test_cells_hold_the_numbers_of_the_report(report):
    table = score_table(report)
    assert _row(table, "PSNR in dB, mean")[1] == f"{np.mean(report.accuracy.psnr['small']):.1f}"
    assert _row(table, "PSNR in dB, worst")[3] == f"{np.min(report.accuracy.psnr['Tikhonov']):.1f}"
    assert _row(table, "relative duality gap")[1] == ""
    assert _row(table, "relative duality gap")[2].startswith("≤\u00a0")
    assert _row(table, "part shown of an invisible")[1:] == ["0\u00a0%"] * 3


def test_a_bound_in_floats_says_so_and_a_proved_one_need_not(report):
    bounds = report.searches.bounds
    for rigorous in (True, False):
        bound = replace(bounds["small"], rigorous=rigorous)
        searches = replace(report.searches, bounds=bounds | {"small": bound})
        cell = _row(score_table(replace(report, searches=searches)), "Lipschitz constant")[1]
        assert cell.endswith("(in floats)") != rigorous


def test_the_largest_pixel_change_is_over_searches_and_transfers(report):
    transfer = report.searches.transfer | {"QCBP": (0.0, 123.4)}
    searches = replace(report.searches, transfer=transfer)
    assert _row(score_table(replace(report, searches=searches)), "largest pixel change")[2] == "≥\u00a0120"


def test_unfinished_stages_leave_their_rows_out(report):
    table = score_table(replace(report, searches=None, details=None))
    labels = " ".join(row[0] for row in table["rows"])
    assert "gain" not in labels
    assert "detail" not in labels
    assert "PSNR" in labels
