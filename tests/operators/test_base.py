"""What the base class gives to every operator, and products of operators."""

import numpy as np
import pytest

from kernelstab.operators import (
    Composition,
    DenseOperator,
    ForwardOperator,
    SubsampledFourier,
    WaveletSynthesis,
    gaussian,
    masks,
    partial_orthogonal,
)


def test_dense_form_is_built_in_blocks():
    # 1030 columns: two full blocks of 512 and one of 6; column j of the shift is e_{j-1}
    class Shift(ForwardOperator):
        def _matvec(self, x):
            return np.roll(np.ravel(x), -1)

        def _rmatvec(self, y):
            return np.roll(np.ravel(y), 1)

    shift = Shift((1030, 1030), float, tight=1.0)
    np.testing.assert_array_equal(shift.to_dense(), np.roll(np.eye(1030), -1, axis=0))


def test_norm_bound_of_tight_operator_is_rounded_up():
    operator = ForwardOperator.__new__(DenseOperator)
    ForwardOperator.__init__(operator, (1, 2), float, tight=2.0)
    # sqrt(2) in floats squares to 2.0000000000000004 or less; one ulp up is safely above
    assert operator.__dict__["_norm_upper"] > np.sqrt(2.0)


def test_image_shape_must_hold_the_signal():
    with pytest.raises(ValueError, match=r"image_shape \(2, 2\) does not hold 3 entries"):
        DenseOperator([[1.0, 2.0, 3.0]], image_shape=(2, 2))


def test_without_a_description_there_is_no_spec():
    class Plain(ForwardOperator):
        def _matvec(self, x):
            return x

    assert Plain((2, 2), float).spec() is None
    assert repr(Plain((2, 2), complex)) == "<Plain 2x2, complex>"


def test_a_subclass_with_other_products_loses_the_description():
    class Doubled(DenseOperator):
        def _matvec(self, x):
            return 2 * super()._matvec(x)

        def _rmatvec(self, y):
            return 2 * super()._rmatvec(y)

    assert Doubled(np.eye(2)).spec() is None
    assert DenseOperator(np.eye(2)).spec()["kind"] == "dense"


def test_matmul_gives_a_forward_operator():
    left, right = gaussian(3, 4, rng=0), gaussian(4, 6, rng=1, image_shape=(2, 3))
    product = left @ right
    assert isinstance(product, Composition)
    assert product.shape == (3, 6)
    assert product.image_shape == (2, 3)
    assert product.tight is None
    assert product.spec() is None
    np.testing.assert_allclose(product.to_dense(), left.matrix @ right.matrix)
    np.testing.assert_allclose(left @ np.ones(4), left.matrix.sum(axis=1))      # vectors are still multiplied


def test_tight_constants_multiply():
    # rows of length sqrt 2 behind rows of length 3: 2 * 9
    left = DenseOperator(np.sqrt(2.0) * np.eye(2, 3), tight=2.0)
    product = left @ DenseOperator(3.0 * np.eye(3), tight=9.0)
    assert product.tight == 18.0
    assert np.sqrt(18) <= product.norm_upper < np.sqrt(18) * (1 + 1e-8)
    # an isometry on the right that is not onto loses tightness: only WW* = cI counts
    assert (partial_orthogonal(3, 5, rng=0) @ gaussian(5, 5, rng=0)).tight is None


def test_fourier_behind_wavelets_stays_tight():
    A = SubsampledFourier(masks.standard(16), real=True) @ WaveletSynthesis((16, 16), "haar")
    assert A.tight == 1.0
    y = np.random.default_rng(0).standard_normal(A.shape[0])
    np.testing.assert_allclose(A @ (A.H @ y), y)
    assert repr(A) == "<SubsampledFourier @ WaveletSynthesis 77x256>"


def test_three_factors_and_complex():
    mask = masks.uniform((4, 4), 0.5, rng=0)
    A = gaussian(3, 8, rng=0) @ SubsampledFourier(mask) @ WaveletSynthesis((4, 4), "haar", level=1)
    assert A.shape == (3, 16)
    assert not A.is_real


def test_sizes_must_fit():
    with pytest.raises(ValueError, match=r"left and right must fit, got shapes \(3, 4\) and \(5, 6\)"):
        gaussian(3, 4, rng=0) @ gaussian(5, 6, rng=0)
