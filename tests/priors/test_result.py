"""What a kernel size says of every map, and its certificate as a whole."""

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import verify
from kernelstab.priors import Ball, FiniteSet, Polytope, kernel_size, witness_error
from kernelstab.priors.result import MatrixMap

ROW = np.array([[1.0, 0.0]])


def test_witness_error_by_hand():
    # (0, 3) and (0, -3) share the data 0
    size = kernel_size(ROW, Ball(3.0))
    answers = iter([np.array([4.0, 0.0]), np.array([0.0, 3.0])])
    assert witness_error(size, lambda y: next(answers)) == (5.0, 5.0)
    assert sorted(witness_error(size, lambda y: next(answers))) == [0.0, 6.0]


def test_witness_error_evaluates_once_at_the_shared_data():
    size = kernel_size(np.diag([1.0, 0.5]), Ball(3.0), 0.1)
    seen = []

    def psi(y):
        seen.append(y)
        return np.zeros(2)

    witness_error(size, psi)
    assert len(seen) == 1
    for x in (size.x, size.x_alt):
        assert np.linalg.norm(np.diag([1.0, 0.5]) @ x - seen[0]) <= 0.1 * (1 + 1e-12)


def test_witness_error_measures_in_the_norm_of_the_size():
    # (1, -1) and (-1, 1): the answer 0 errs by 1 in the maximum norm, by sqrt 2 in the Euclidean one
    matrix, square = np.ones((1, 2)), Polytope(np.eye(2))
    for norm, error in (("inf", 1.0), ("2", 2**0.5)):
        size = kernel_size(matrix, square, norm=norm)
        assert witness_error(size, lambda y: np.zeros(2)) == pytest.approx((error, error))


def test_noise_is_measured_in_the_maximum_norm_for_a_polytope():
    size = kernel_size(np.eye(2), Polytope(np.eye(2)), 0.25, norm="inf")
    gap = size.x - size.x_alt
    assert size.misfit == np.abs(gap).max() == pytest.approx(0.5)
    assert kernel_size(np.eye(2), Ball(9.0), 0.25).misfit == pytest.approx(0.5)


def test_maps_that_fail_are_named():
    size = kernel_size(ROW, Ball(3.0))
    with pytest.raises(ValueError, match="psi raised KeyError"):
        witness_error(size, lambda y: {}["x"])
    with pytest.raises(ValueError, match=r"psi must return shape \(2,\), got \(3,\)"):
        witness_error(size, lambda y: np.zeros((3,)))


def test_one_line():
    assert repr(kernel_size(ROW, Ball(3.0))) == (
        "<KernelSize Ball(radius=3.0), eps=0, norm 2: 6 <= kersize <= 6, 3 <= c_opt <= 3>")
    np.testing.assert_array_equal(MatrixMap(np.array([[2.0], [1.0]]))([3.0]), [6.0, 3.0])


def test_the_file_is_what_is_returned(tmp_path):
    size = kernel_size(ROW, Ball(3.0), 0.5)
    certificate = size.certificate(tmp_path / "size.json")
    assert verify(tmp_path / "size.json").ok
    assert certificate["options"] == {"prior": {"kind": "ball", "radius": 3.0}, "eps": 0.5, "norm": "2"}
    # more than it proves is refused
    changed = certificate | {"statements": [certificate["statements"][0] | {"value": "7e0"}]}
    assert not verify(changed).ok


def test_a_finite_set_is_certified_by_its_rows():
    signals = np.array([[0.0, 0.0], [0.0, 3.0], [1.0, 7.0]])
    for eps, distance in ((0.0, 3.0), (0.5, 50**0.5)):
        certificate = kernel_size(ROW, FiniteSet(signals), eps).certificate()
        assert verify(certificate).ok
        assert [float(entry["value"]) for entry in certificate["statements"]] == pytest.approx([distance] * 2)


def test_a_size_without_a_proof_says_so():
    size = kernel_size(np.eye(2), Ball(3.0))
    empty = type(size)(**{**vars(size), "dual": {"kind": "hearsay"}})
    with pytest.raises(CertificateError, match="neither side"):
        empty.certificate()
