"""Encoding is exact: what is decoded again equals what was given, bit for bit."""

import numpy as np
import pytest

from kernelstab.certify.arrays import decode
from kernelstab.certify.writing.encode import encode, encode_array


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "uint8", "bool"])
def test_arrays_come_back_bit_for_bit(dtype):
    array = (200 * np.random.default_rng(0).random((3, 4))).astype(dtype)
    encoded = encode_array(array)
    back = decode(encoded)
    assert encoded["dtype"] == dtype
    assert back.shape == (3, 4)
    np.testing.assert_array_equal(np.array(back.data, dtype=dtype).reshape(3, 4), array)


def test_layout_and_byte_order_of_the_caller_do_not_matter():
    array = np.arange(6.0).reshape(2, 3)
    assert encode_array(np.asfortranarray(array)) == encode_array(array)
    assert encode_array(array.astype(">f8")) == encode_array(array)


def test_integers_become_floats_unless_they_do_not_fit():
    assert decode(encode_array(np.array([3, -4]))).data == (3.0, -4.0)
    with pytest.raises(ValueError, match="int64 must hold values that float64 holds"):
        encode_array(np.array([2**53 + 1]))


def test_complex_arrays_are_two_real_ones():
    back = decode(encode_array(np.array([1 + 2j, 3.0])))
    assert (back.real.data, back.imag.data) == ((1.0, 3.0), (2.0, 0.0))


def test_what_has_no_plain_form_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        encode_array(np.array([np.inf]))
    with pytest.raises(ValueError, match="may not hold function"):
        encode({"f": lambda: 0})
