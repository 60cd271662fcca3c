"""Sparse matrices as operators."""

import numpy as np
import pytest
import scipy.sparse as sp

from kernelstab.operators import SparseOperator


def test_products_and_description():
    A = SparseOperator(sp.coo_matrix(([2, 1j], ([0, 1], [2, 0])), shape=(2, 3)))
    np.testing.assert_array_equal(A.to_dense(), [[0, 0, 2], [1j, 0, 0]])
    np.testing.assert_array_equal(A.H @ [0.0, 1.0], [-1j, 0, 0])
    np.testing.assert_array_equal(A.spec()["matrix"], A.to_dense())
    assert A.norm_upper >= 2.0


def test_large_matrices_have_no_description():
    assert SparseOperator(sp.eye_array(1025)).spec() is None
    assert SparseOperator(sp.eye_array(1024)).spec() is not None


def test_bad_input():
    with pytest.raises(ValueError, match="matrix must not be zero, got rank 0"):
        SparseOperator(sp.csr_array((3, 3)))
    with pytest.raises(ValueError, match="matrix entries must be finite, got nan"):
        SparseOperator(sp.csr_array([[np.nan, 1.0]]))
