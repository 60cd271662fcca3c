"""What the base class gives to every operator."""

import numpy as np
import pytest

from kernelstab.operators import DenseOperator, ForwardOperator


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
