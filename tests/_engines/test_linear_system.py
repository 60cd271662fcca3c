"""Operators of users: new arrays in double precision at every product, and an adjoint that is one."""

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator

from kernelstab._engines.linear_system import as_system
from kernelstab.operators import as_operator
from kernelstab.solvers import lasso, qcbp, tv

SQUARE = np.random.default_rng(7).standard_normal((6, 6))


def reusing(matrix):
    """Return an operator that writes all its answers into one buffer."""
    out = np.empty(len(matrix))
    return LinearOperator(matrix.shape, dtype=float, matvec=lambda x: np.dot(matrix, x.ravel(), out=out),
                          rmatvec=lambda u: np.dot(matrix.T, u.ravel(), out=out))


def argument():
    """Return the identity that hands back the array it was given."""
    return LinearOperator((16, 16), matvec=lambda v: v, rmatvec=lambda v: v, dtype=float)


@pytest.mark.parametrize("product", [lambda A: as_system(A, np.ones(6)).forward,
                                     lambda A: as_system(A, np.ones(6)).adjoint,
                                     lambda A: as_operator(A).matvec, lambda A: as_operator(A).rmatvec])
def test_a_buffer_that_is_used_again_does_not_change_earlier_values(product):
    product = product(reusing(SQUARE))
    first = product(np.ones(6))
    kept = first.copy()
    product(np.arange(6.0))
    np.testing.assert_array_equal(first, kept)


def test_an_operator_that_returns_its_argument_is_the_identity():
    y = np.repeat([0.0, 1.0], 8)
    np.testing.assert_allclose(tv(argument(), y, eta=0.5).objective, tv(np.eye(16), y, eta=0.5).objective,
                               rtol=1e-4)
    np.testing.assert_allclose(lasso(argument(), y, 0.25).x, np.repeat([0.0, 0.75], 8), atol=1e-6)


def test_answers_of_operators_in_single_precision_are_double():
    A = np.random.default_rng(31).standard_normal((20, 60)).astype("f")
    single = LinearOperator(A.shape, dtype="f", matvec=lambda v: A @ v.astype("f"),
                            rmatvec=lambda u: A.T @ u.astype("f"))
    y = A[:, 3].astype(float)
    found, plain = qcbp(single, y, 0.5, tol=1e-4), qcbp(A.astype(float), y, 0.5, tol=1e-4)
    assert found.x.dtype == found.dual.dtype == np.float64
    np.testing.assert_allclose(found.objective, plain.objective, rtol=1e-3)


@pytest.mark.parametrize("solve", [lambda A: lasso(A, np.ones(6), 0.5), lambda A: qcbp(A, np.ones(6), 0.5),
                                   lambda A: tv(A, np.ones(6), eta=0.5)])
@pytest.mark.parametrize("adjoint", [lambda u: -SQUARE.T @ u, lambda u: 2 * SQUARE.T @ u,
                                     lambda u: SQUARE @ u, lambda u: SQUARE.T @ u + 1e-3])
def test_a_wrong_adjoint_is_refused_before_the_first_step(solve, adjoint):
    wrong = LinearOperator((6, 6), matvec=lambda x: SQUARE @ x, rmatvec=adjoint, dtype=float)
    with pytest.raises(ValueError, match="adjoint must satisfy .* relative error"):
        solve(wrong)


def test_a_missing_adjoint_is_named():
    with pytest.raises(ValueError, match="must have an adjoint"):
        lasso(LinearOperator((6, 6), matvec=lambda x: SQUARE @ x, dtype=float), np.ones(6), 0.5)


@pytest.mark.parametrize("size", [1e-170, 1e-20, 1.0, 1e20, 1e150])
def test_the_defect_does_not_depend_on_units(size):
    right = LinearOperator((6, 6), dtype=float, matvec=lambda x: size * (SQUARE @ x),
                           rmatvec=lambda u: size * (SQUARE.T @ u))
    as_system(right, np.ones(6))
    wrong = LinearOperator((6, 6), matvec=lambda x: size * (SQUARE @ x),
                           rmatvec=lambda u: size * 1.001 * (SQUARE.T @ u), dtype=float)
    with pytest.raises(ValueError, match="adjoint must satisfy"):
        as_system(wrong, np.ones(6))
