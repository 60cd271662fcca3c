"""What a result says about itself."""

from math import inf

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import verify
from kernelstab.kernel import DualGroup, NSPConstant, nsp_constant


def _result(lower, upper, exact=True):
    groups = (DualGroup(np.array([[0], [2]]), np.array([[1], [1]], np.int8), np.array([[0.5], [0.25]])),
              DualGroup(np.array([[0, 2]]), np.array([[1, -1]], np.int8), np.array([[0.125]])))
    return NSPConstant(2, lower, upper, exact, (0, 2), (1, -1), np.array([0.5, 0.0, -0.5]), 0.0,
                       np.array([0.125]), groups, 1, 3, 5, False, np.array([[1.0, 2.0, 1.0]]))


def test_one_half_decides():
    assert _result(0.3, 0.4).holds is True
    assert _result(0.5, 0.6).holds is False
    assert _result(0.4, 0.5).holds is None


def test_rho_by_hand():
    # 0.2 / 0.8, and no finite constant if the kernel holds an s-sparse vector
    assert _result(0.1, 0.2).rho_upper == 0.25
    assert _result(1.0, 1.0).rho_upper == inf


def test_duals_by_support_and_signs():
    duals = _result(0.1, 0.2).duals
    assert list(duals) == [((0,), (1,)), ((2,), (1,)), ((0, 2), (1, -1))]
    np.testing.assert_array_equal(duals[(0, 2), (1, -1)], [0.125])


def test_one_line():
    assert repr(_result(0.25, 0.5, exact=False)) == (
        "<NSPConstant s=2, 0.25 <= alpha <= 0.5, support (0, 2), 1 of 3 supports, not finished>")
    assert repr(_result(0.25, 0.25).groups[0]) == "<DualGroup of 2 programs on 1 columns>"


def _certified(matrix, s):
    """Return the result and the two ends that its certificate, verified, states."""
    result = nsp_constant(matrix, s)
    made = result.certificate()
    assert verify(made).ok
    return result, {claim["side"]: float(claim["value"]) for claim in made["statements"]}


def _structured(rng):
    """Yield matrices with few columns that are dependent, some of them up to rounding only."""
    waves = np.exp(-2j * np.pi * np.outer(rng.permutation(12)[:6], np.arange(12)) / 12)
    yield waves
    low = np.exp(-2j * np.pi * np.outer(1 + rng.permutation(5)[:3], np.arange(12)) / 12)
    yield np.vstack([low.real, low.imag])
    cosines = np.cos(np.pi * np.outer(rng.permutation(12)[:6], np.arange(12) + 0.5) / 12)
    yield cosines / np.linalg.norm(cosines, axis=1)[:, None]
    wide = rng.standard_normal((4, 6))
    yield np.hstack([wide, wide[:, :2]])
    yield (rng.integers(-3, 4, (4, 3)) @ rng.integers(-3, 4, (3, 8))).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_structured_matrices_have_certificates(seed):
    for matrix in _structured(np.random.default_rng(seed)):
        for s in (1,) if np.iscomplexobj(matrix) else (1, 2, 3):
            result, ends = _certified(matrix, s)
            assert ends["lower"] == pytest.approx(result.lower, abs=1e-9)
            assert ends["upper"] == pytest.approx(result.upper, abs=1e-9)


def test_certificates_by_hand():
    # the row of eight ones: half of (1, -1, 0, ...) lies on one entry, all of it on two
    for s, expected in ((1, 0.5), (2, 1.0)):
        _, ends = _certified(np.ones((1, 8)), s)
        assert [ends["lower"], ends["upper"]] == pytest.approx([expected, expected], abs=1e-12)
    # (I | H): the kernel holds (-Hu, u), and HH = 8I. With 8u = He_1 the vector is (-e_1, u), half of it on
    # one entry, and more is not possible: |(Hu)_i| <= |u|_1 and |u_j| <= |Hu|_1 / 8. With 8u = H(e_1 + e_2)
    # four entries of u are 1/4: shares 2/3 on two entries, 3/4 on three
    half = np.array([[1.0]])
    for _ in range(3):
        half = np.block([[half, half], [half, -half]])
    for s, expected in ((1, 1 / 2), (2, 2 / 3), (3, 3 / 4)):
        _, ends = _certified(np.hstack([np.eye(8), half]), s)
        assert [ends["lower"], ends["upper"]] == pytest.approx([expected, expected], abs=1e-12)


def test_a_rank_made_by_rounding_has_no_certificate():
    rng = np.random.default_rng(0)
    rounded = rng.standard_normal((4, 3)) @ rng.standard_normal((3, 6))
    with pytest.raises(CertificateError, match="the rank is 4, in floating point 3"):
        nsp_constant(rounded, 1).certificate()
