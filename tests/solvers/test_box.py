"""The LASSO with bounds on its entries: by hand, against its own dual, against an interior point method."""

from functools import partial

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.linalg import aslinearoperator

from kernelstab._engines.linear_system import as_system
from kernelstab._engines.problem import BoxProblem
from kernelstab.solvers import lasso, reference_lasso

M, N, LAM = 12, 30, 0.5
ENDS = np.linspace(0.0, 0.3, N)
BOXES = {
    "free": (-np.inf, np.inf), "wide": (-1e12, 1e12), "positive": (0.0, np.inf), "tight": (-0.05, 0.05),
    "half": (-np.inf, 0.02), "arrays": (-ENDS, ENDS[::-1]), "zero": (0.0, 0.0),
    "mixed": (np.where(ENDS > 0.1, -np.inf, 0.0), 0.1),
}
each = pytest.mark.parametrize("name", BOXES)


def instance():
    rng = np.random.default_rng(5)
    return rng.standard_normal((M, N)), rng.standard_normal(M)


def values(A, y, x, u, box, weights=1.0):
    """Return the objective and the dual value, by their formulas alone."""
    price, q = LAM * weights * np.ones(N), A.T @ u
    low, high = (np.broadcast_to(bound, (N,)) for bound in box)
    ends = [np.zeros(N)]
    for end, pull in ((low, -q), (high, q)):
        far = np.isinf(end)
        assert np.all(pull[far] <= price[far] * (1 + 1e-12))
        near = np.where(far, 0.0, end)
        ends.append(price * np.abs(near) - q * near)
    return (0.5 * np.sum((A @ x - y) ** 2) + price @ np.abs(x),
            y @ u - 0.5 * u @ u + np.min(ends, axis=0).sum())


def test_the_identity_by_hand():
    # soft thresholding gives (2, 0), and 2 is more than 1
    s = lasso(np.eye(2), [3.0, 0.2], 1.0, box=(-1.0, 1.0))
    np.testing.assert_array_equal(s.x, [1.0, 0.0])
    # half of 2^2 + .2^2, plus 1; the residual (2, .2) pays (2 - 1) 1: 6.04 - 2.02 - 1
    np.testing.assert_allclose(s.dual, [2.0, 0.2], rtol=1e-15)
    assert (s.objective, s.dual_objective) == (pytest.approx(3.02), pytest.approx(3.02))
    assert s.converged
    assert s.method == "lasso by restarted FISTA, with a box"


@pytest.mark.parametrize(("box", "expected"), [
    ((-np.inf, 0.5), [-2.0, 0.5, 0.0]), ((-0.25, np.inf), [-0.25, 2.0, 0.0]), ((0, [1, 0, 1]), [0, 0, 0]),
    (([-1, 0, 0], [0, 2, 0]), [-1.0, 2.0, 0.0]), ((-5.0, 5.0), [-2.0, 2.0, 0.0]),
])
def test_each_side_by_hand(box, expected):
    # (-3, 3, .5) shrinks to (-2, 2, 0)
    s = lasso(np.eye(3), [-3.0, 3.0, 0.5], 1.0, box=box)
    np.testing.assert_allclose(s.x, expected, atol=1e-12)
    assert s.converged


def test_an_end_that_is_not_reached_changes_nothing():
    # one entry between: |x| <= ||y||^2/(2 lam) = 4.5 for every minimiser
    posed = BoxProblem(as_system(np.eye(1), [3.0]), 1.0, 1e-6, (np.array([-4.0]), np.array([5.0])))
    assert [side.tolist() for side in posed.far] == [[False], [True]]
    judged = posed.judge(np.array([2.0]))
    assert (judged.objective, judged.gap) == (2.5, pytest.approx(0.0, abs=1e-13))
    # at 0 the residual 3 pulls up by 3 > 1, which no end stops: 1 is what it may be, and proves 2.5
    assert posed.judge(np.zeros(1)).dual_objective == pytest.approx(2.5)


@each
@pytest.mark.parametrize("weighted", [False, True])
def test_the_gap_is_true_at_every_evaluation(name, weighted):
    (A, y), box, points = instance(), BOXES[name], []
    weights = np.linspace(0.5, 2.0, N) if weighted else None
    s = lasso(A, y, LAM, box=box, weights=weights, tol=1e-9, history=True,
              callback=lambda k, x, gap: points.append((x, gap)))
    primal, dual = values(A, y, s.x, s.dual, box, 1.0 if weights is None else weights)
    assert s.converged
    assert s.objective == pytest.approx(primal, rel=1e-12)
    assert s.dual_objective == pytest.approx(dual, rel=1e-11)
    assert primal - dual <= s.gap + 1e-12 * primal
    assert 0.0 <= s.gap <= 1e-9 * primal
    # ends of 1e12 are too far for an interior point method, and bind nothing
    other = lasso if name == "wide" else partial(reference_lasso, box=box)
    r = other(A, y, LAM, weights=weights)
    assert s.objective == pytest.approx(r.objective, rel=1e-7)
    assert np.all(s.history[:, 1] - s.history[:, 2] <= s.objective * (1 + 1e-12))
    for x in [s.x, r.x, *(x for x, _ in points)]:
        assert np.all(x >= box[0] - 1e-15 * weighted)
        assert np.all(x <= box[1] + 1e-15 * weighted)


@each
def test_all_forms_of_a_matrix_agree(name):
    A, y = instance()
    plain, operator, sparse = (lasso(form(A), y, LAM, box=BOXES[name])
                               for form in (np.asarray, aslinearoperator, csr_array))
    assert operator.iterations == sparse.iterations
    np.testing.assert_allclose(operator.x, sparse.x, atol=1e-12)
    # only the step is another: the norm of an operator is an estimate
    assert plain.objective == pytest.approx(operator.objective, rel=2e-6)
    assert plain.converged
    assert operator.converged


def test_nonneg_is_a_box():
    A, y = instance()
    for box in ((0.0, np.inf), (-1.0, np.inf)):
        s = lasso(A, y, LAM, box=box, nonneg=True, tol=1e-10)
        np.testing.assert_allclose(s.x, lasso(A, y, LAM, nonneg=True, tol=1e-10).x, atol=1e-6)


def test_scales_make_no_difference():
    A, y = instance()
    s = lasso(A, y, LAM, box=(-0.05, 0.1))
    for a, b in ((2.0**-300, 1.0), (1.0, 2.0**300), (2.0**200, 2.0**-200)):
        t = lasso(a * A, b * y, a * b * LAM, box=(-0.05 * b / a, 0.1 * b / a))
        np.testing.assert_allclose(t.x * (a / b), s.x, atol=1e-5)
        assert t.converged


def test_a_start_outside_begins_at_the_nearest_point():
    A, y = instance()
    points = []
    lasso(A, y, LAM, box=(-0.05, 0.1), x0=np.full(N, 7.0), callback=lambda k, x, gap: points.append(x))
    np.testing.assert_array_equal(points[0], 0.1)


@pytest.mark.parametrize(("fault", "message"), [
    ({"box": (1.0, -1.0)}, "box must have low <= 0 <= high, got low 1.0"),
    ({"box": (0.5, 1.0)}, "box must have low <= 0 <= high, got low 0.5"),
    ({"box": (-1.0, -0.5)}, "box must have low <= 0 <= high, got high -0.5"),
    ({"box": (-1.0, np.nan)}, "box must have low <= 0 <= high, got high nan"),
    ({"box": (np.inf, np.inf)}, "box must have low <= 0 <= high, got low inf"),
    ({"box": (np.zeros(3), 1.0)}, r"low of box must be a real number or have shape \(30,\)"),
    ({"box": (-1j, 1.0)}, "low of box must be a real number"),
    ({"box": ("a", 1.0)}, "low of box must be a real number"),
    ({"box": 1.0}, r"box must be a pair \(low, high\), got 1.0"),
    ({"box": (0.0, 1.0, 2.0)}, r"box must be a pair \(low, high\)"),
    ({"box": (0.0, 1.0), "y": np.ones(M) * 1j}, "box must be None for complex problems"),
    ({"box": (0.0, 1.0), "method": "homotopy"}, "method 'homotopy' needs a problem without box"),
    ({"box": (0.0, 1.0), "method": "working-set"}, "method 'working-set' needs a problem without box"),
    ({"box": (0.0, 1.0), "certify": True}, "certify needs a problem without box"),
])
def test_bad_input(fault, message):
    A, y = instance()
    with pytest.raises(ValueError, match=message):
        lasso(A, fault.pop("y", y), LAM, **fault)


def test_the_reference_checks_the_same():
    with pytest.raises(ValueError, match="box must have low <= 0 <= high, got low 0.5"):
        reference_lasso(*instance(), LAM, box=(0.5, 1.0))


def test_a_matrix_that_is_not_finite_is_named():
    A, y = instance()
    A[2, 3] = np.nan
    with pytest.raises(ValueError, match=r"A must be finite, got nan at index \(2, 3\)"):
        lasso(A, y, LAM, box=(0.0, 0.0))
