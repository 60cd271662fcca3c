"""Diagrams of successes."""

import numpy as np
import pytest

from kernelstab.plot import phase_diagram, png


def test_rows_go_upwards_on_one_scale():
    first, second = np.array([[1.0, 1.0, 0.5], [0.0, 0.0, 0.25]]), np.full((2, 3), np.nan)
    second[0, 0] = 0.75
    fig = phase_diagram({"a": first, "b": second}, [0.1, 0.2, 0.3], [1, 2], xlabel="m/N", ylabel="s/m")
    a, b, _ = fig.axes
    np.testing.assert_array_equal(a.collections[0].get_array(), first)
    assert [ax.collections[0].get_clim() for ax in (a, b)] == [(0.0, 1.0)] * 2
    assert (a.get_xlabel(), a.get_ylabel(), b.get_ylabel()) == ("m/N", "s/m", "")
    low, high = a.get_ylim()
    assert low < 1 < 2 < high
    assert png(fig)[:4] == b"\x89PNG"


@pytest.mark.parametrize(("shares", "message"), [
    ({}, "shares must not be empty"),
    ({"a": [[1.0]]}, r"'a' must have shape \(1, 2\), got \(1, 1\)"),
    ({"a": [[0.5, 1.5]]}, r"'a' must lie in \[0, 1\], got \[0.5, 1.5\]"),
    ({"a": [[-0.5, 1.0]]}, r"'a' must lie in"),
])
def test_bad_input_is_named(shares, message):
    with pytest.raises(ValueError, match=message):
        phase_diagram(shares, [1, 2], [1])
