import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._errors import NotConverged
from kernelstab.operators import SubsampledFourier
from kernelstab.solvers import reference_lasso, reference_qcbp


def test_soft_thresholding():
    s = reference_lasso(np.eye(2), [3 + 4j, 0.5], 1.0)
    np.testing.assert_allclose(s.x, [0.8 * (3 + 4j), 0.0], atol=1e-6)
    assert s.converged
    assert s.gap >= 0


def test_phases_survive_the_real_embedding():
    # x1 + 2i x2 = 2i: the larger coefficient alone, x2 = 1; dual h with |h|, |2h| <= 1 and phase i
    s = reference_qcbp(np.array([[1.0, 2j]]), [2j])
    np.testing.assert_allclose(s.x, [0.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(s.dual, [0.5j], atol=1e-6)
    assert "CLARABEL" in s.method


@pytest.mark.parametrize("unit", [1.0, 1j])
def test_the_dual_proves_the_value(unit):
    A, y = unit * np.random.default_rng(0).standard_normal((5, 9)), np.cos(np.arange(5.0)) * (1 + unit)
    for eta in (0.0, 0.3):
        s = reference_qcbp(A, y, eta)
        assert s.converged
        assert np.abs(A.conj().T @ s.dual).max() <= 1 + 1e-12
        assert s.residual <= eta + 1e-7


def test_operators_are_made_dense():
    A = SubsampledFourier(np.array([[True, True, False, True]]), real=True)
    s = reference_qcbp(A, A.matvec(np.array([0.0, 1.0, 0.0, 0.0])))
    np.testing.assert_allclose(s.x, [0, 1, 0, 0], atol=1e-6)
    assert reference_lasso(aslinearoperator(np.eye(2)), [3.0, 0.5], 1.0).x[0] == pytest.approx(2.0, abs=1e-6)


def test_an_answer_short_of_the_tolerance_is_said():
    A, y = np.random.default_rng(0).standard_normal((5, 9)), np.ones(5)
    with pytest.warns(NotConverged, match="CLARABEL ended at relative gap"):
        assert not reference_qcbp(A, y, 0.3, tol=0).converged
    with pytest.warns(NotConverged, match="CLARABEL ended at relative gap"):
        assert not reference_lasso(A, y, 0.3, tol=0).converged


def test_an_impossible_constraint_is_named():
    with pytest.raises(ValueError, match=r"eta must allow a solution, got 0\.5"):
        reference_qcbp(np.array([[1.0], [0.0]]), [1.0, 1.0], 0.5)
