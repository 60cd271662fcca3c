"""The gap and the best multiple: by their definitions, by hand, and as compiled."""

import numpy as np
import pytest

from kernelstab._engines.duality_gap import (
    BASIS,
    LASSO,
    QCBP,
    ROOT,
    best_multiple,
    duality_gap,
    is_clear,
    relative,
    shortfall,
    with_rounding,
)

CASES = [(LASSO, 0.3), (QCBP, 0.5), (BASIS, 0.0), (ROOT, 0.4)]


def value(kind, parameter, y, u):
    """Return the value of a dual-feasible point, by its definition."""
    inner, length = np.vdot(u, y).real, np.linalg.norm(u)
    return inner - {LASSO: 0.5 * length**2, ROOT: 0.0}.get(kind, parameter * length)


@pytest.mark.parametrize(("kind", "parameter"), CASES)
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_objective_and_value_are_those_of_the_definitions(kind, parameter, is_complex, seed):
    rng = np.random.default_rng(seed)
    A, y, x, h = (rng.standard_normal(shape) + 1j * is_complex * rng.standard_normal(shape)
                  for shape in ((4, 7), 4, 7, 4))
    r, q, weight = y - A @ x, A.conj().T @ h, parameter if kind in (LASSO, ROOT) else 1.0
    length, largest, size = np.linalg.norm(h), np.abs(q).max(), np.linalg.norm(r)
    t = best_multiple(kind, parameter, weight, np.vdot(h, y).real, length, largest)
    assert t * largest <= weight * (1 + 1e-15)
    assert kind != ROOT or t * length <= 1 + 1e-15
    # no other multiple within the limits has a larger value
    limit = min(weight / largest, 1.0 / length if kind == ROOT else np.inf)
    for other in limit * rng.random(20):
        assert value(kind, parameter, y, other * h) <= value(kind, parameter, y, t * h) + 1e-12
    total = np.abs(x).sum()
    found = duality_gap(kind, parameter, weight * total, weight * total - t * np.vdot(x, q).real, size,
                        t * length, t * np.vdot(h, r).real, np.linalg.norm(r - t * h))
    objective = weight * total + {LASSO: 0.5 * size**2, ROOT: size}.get(kind, 0.0)
    excess = max(size - parameter, 0.0) if kind in (QCBP, BASIS) else 0.0
    assert found.objective == pytest.approx(objective, rel=1e-14)
    assert found.excess == excess
    assert found.dual_objective == pytest.approx(value(kind, parameter, y, t * h), abs=1e-12)
    # the point pays for its excess, so that the gap is never negative
    assert found.gap == pytest.approx(objective + t * length * excess - found.dual_objective, rel=1e-12)
    assert found.gap >= 0.0


def test_an_infeasible_point_pays_for_its_excess():
    # x = 1/2, r = (1, -1)/2, h = (1, 1)/2 with A^T h = 1. The values are 1/2 and 1/2 - 0.1 |h|; the
    # excess is 1/sqrt 2 - 0.1, |h| = 1/sqrt 2, so the gap is 0.1 |h| + 1/2 - 0.1 |h| = 1/2.
    size = np.sqrt(0.5)
    found = duality_gap(QCBP, 0.1, 0.5, 0.0, size, size, 0.0, 0.0)
    assert found.gap == pytest.approx(0.5)
    assert found.dual_objective == pytest.approx(0.5 - 0.1 * size)
    assert found.excess == pytest.approx(size - 0.1)


def test_relative_gap_by_hand():
    assert relative(3.0, 6.0) == 0.5
    assert relative(-1e-17, 0.0) == 0.0       # nothing proved wrong at objective zero
    assert relative(1e-3, 0.0) == np.inf
    assert relative(-1e-17, 2.0) == -5e-18    # a rounding error is shown, not hidden


def test_no_multiple_of_a_direction_that_proves_nothing():
    for kind, parameter in CASES:
        assert best_multiple(kind, parameter, 1.0, -1.0, 2.0, 1.0) == 0.0     # away from the data
        assert best_multiple(kind, parameter, 1.0, 1.0, 0.0, 0.0) == 0.0
    assert best_multiple(BASIS, 0.0, 1.0, 1.0, 1.0, 0.0) == 0.0               # unbounded: no finite multiple
    assert best_multiple(QCBP, 0.5, 1.0, 1.0, 2.0, 1.0) == 0.0                # <y, h> = eta ||h||


def test_rounding_counts_where_it_is_heard():
    lost = 4 * np.finfo(float).eps * 6.0
    assert with_rounding(1e-15, 2.0, 3.0) == 1e-15 + lost
    assert with_rounding(1e-3, 2.0, 3.0) == 1e-3 + lost
    assert with_rounding(1.0, 2.0, 3.0) == 1.0                                # a share of 5e-15
    # ||y|| = 5 less eta is 5e-12: <u, y> - eta ||u|| has errors near 1e-15, a millionth of it is 5e-18
    assert not is_clear(QCBP, 5.0 - 5e-12, 1e-6, 5.0, 1.0, 1.0, 5e-12, 5.0)
    assert is_clear(QCBP, 4.0, 1e-6, 5.0, 1.0, 1.0, 1.0, 4.0)


def test_an_excess_is_measured_by_the_data_and_by_the_objective():
    assert shortfall(10.0, 1.0, 0.0, 0.0) == 0.0
    assert shortfall(10.0, 1.0, 0.1, 1.0) == pytest.approx(0.1)
    assert shortfall(10.0, 1.0, 0.1, 100.0) == pytest.approx(0.01)
    assert shortfall(10.0, 1.0, 0.1, 0.0) == np.inf
