"""Semidefinite bounds: reference values, truth for any dual matrix, certificates."""

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.certify import verify
from kernelstab.kernel import coherence, ric, ric_relaxation


def unit_columns():
    """Return the third draw of the stream of the reference values, 12 x 16, with columns of length one."""
    rng = np.random.default_rng(5)
    rng.standard_normal((12, 16)), rng.standard_normal((16, 20))
    A = rng.standard_normal((12, 16))
    return A / np.linalg.norm(A, axis=0)


@pytest.mark.parametrize(("s", "minus", "plus"), [(3, 0.839815, 1.089999), (4, 0.934040, 1.422699)])
def test_reference_values(s, minus, plus):
    bounds, exact = ric_relaxation(unit_columns(), s), ric(unit_columns(), s)
    np.testing.assert_allclose((bounds.minus_upper, bounds.plus_upper), (minus, plus), atol=1e-5)
    assert bounds.minus_upper >= exact.minus.lower
    assert bounds.plus_upper >= exact.plus.lower
    assert bounds.upper == bounds.plus_upper


def test_tight_for_pairs():
    A = unit_columns()
    bounds, mu = ric_relaxation(A, 2), coherence(A).mu
    np.testing.assert_allclose((bounds.minus_upper, bounds.plus_upper), mu, atol=1e-7)
    assert min(bounds.minus_upper, bounds.plus_upper) >= mu - 1e-14


def test_columns_of_other_lengths_and_complex_ones():
    rng = np.random.default_rng(1)
    A = 30 * (rng.standard_normal((4, 6)) + 1j * rng.standard_normal((4, 6)))
    bounds, exact = ric_relaxation(A, 3), ric(A, 3)
    assert exact.plus.lower <= bounds.plus_upper <= 1.2 * exact.plus.upper
    assert exact.minus.lower <= bounds.minus_upper <= 1
    assert verify(bounds.certificate()).ok


def test_certificate(tmp_path):
    bounds = ric_relaxation(unit_columns(), 3)
    for side, value in (("minus", bounds.minus_upper), ("plus", bounds.plus_upper)):
        found = bounds.certificate(tmp_path / "ric.json", side=side)
        np.testing.assert_allclose(float(found["statements"][0]["value"]), value, atol=1e-9)
        assert verify(tmp_path / "ric.json").ok
    with pytest.raises(ValueError, match="side must be"):
        bounds.certificate(side="left")


def test_without_a_solution_the_norm_bounds(monkeypatch):
    import cvxpy

    def fail(*args, **options):
        raise cvxpy.SolverError("no")

    monkeypatch.setattr(cvxpy.Problem, "solve", fail)
    A = unit_columns()
    with pytest.warns(NotConverged, match="CLARABEL found no bound"):
        bounds = ric_relaxation(A, 3)
    np.testing.assert_allclose(bounds.plus_upper, np.linalg.norm(A, 2)**2 - 1)
    np.testing.assert_allclose(bounds.minus_upper, 1.0)


def test_a_constant_next_to_minus_one_is_rounded_up():
    # two columns of length 1e-20: delta^+ = 1e-40 - 1, whose nearest float is -1
    bounds = ric_relaxation(1e-20 * np.eye(2), 1)
    assert -1 < bounds.plus_upper < -1 + 1e-15
    assert bounds.minus_upper == 1.0


def test_bad_input():
    with pytest.raises(ValueError, match="s must be between 1 and 3, got 0"):
        ric_relaxation(np.eye(3), 0)
    with pytest.raises(ValueError, match="solver must be one of .*, got 'NONE'"):
        ric_relaxation(np.eye(3), 1, solver="NONE")
    with pytest.raises(ValueError, match="largest entry between"):
        ric_relaxation(1e-200 * np.eye(3), 1)
