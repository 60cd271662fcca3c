"""What certificates of kernel sizes are about, read strictly."""

from fractions import Fraction

import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import Array, ComplexArray
from kernelstab.certify.constants.matrix import exact, fractions, read_matrix
from kernelstab.certify.constants.prior_setting import number, read_setting

ROW = exact([[1.0, 0.5]])


def read(prior, matrix=ROW, eps=0.0, norm="2"):
    return read_setting(matrix, {"prior": prior, "eps": eps, "norm": norm})


def test_numbers_are_the_floats_that_they_are():
    setting = read({"kind": "ball", "radius": 0.1}, eps=0.3)
    assert setting.radius == Fraction(0.1) != Fraction(1, 10)
    assert setting.eps == Fraction(0.3)
    assert fractions(setting.matrix) == [1, Fraction(1, 2)]


def test_forms_have_the_width_of_the_matrix():
    form = Array((1, 2), (3.0, 4.0))
    assert fractions(read({"kind": "ellipsoid", "T": form}).form) == [3, 4]
    assert read({"kind": "subspace", "basis": Array((2, 1), (3.0, 4.0)), "radius": None}).radius is None
    for prior in ({"kind": "ellipsoid", "T": Array((2, 1), (3.0, 4.0))},
                  {"kind": "subspace", "basis": form, "radius": 1.0}):
        with pytest.raises(CertificateError, match="must be an array of shape"):
            read(prior)


def test_complex_signals_are_pairs_of_real_ones():
    # (1 + 2i) z: real part Re z - 2 Im z, imaginary part 2 Re z + Im z
    matrix = read_matrix({"numerators": [["1"]], "imag": [["2"]], "denominator": "1"})
    setting = read({"kind": "finite", "signals": ComplexArray(Array((1, 1), (5.0,)), Array((1, 1), (7.0,)))},
                   matrix)
    assert fractions(setting.matrix) == [1, -2, 2, 1]
    assert fractions(setting.form) == [5, 7]
    # a real T on a complex matrix, and a complex T on a real one
    assert fractions(read({"kind": "ellipsoid", "T": Array((1, 1), (3.0,))}, matrix).form) == [3, 0, 0, 3]
    mixed = read({"kind": "ellipsoid", "T": ComplexArray(Array((1, 1), (0.0,)), Array((1, 1), (1.0,)))},
                 exact([[2.0]]))
    assert fractions(mixed.matrix) == [2, 0, 0, 2]
    assert fractions(mixed.form) == [0, -1, 1, 0]
    with pytest.raises(CertificateError, match="sparse is for real matrices"):
        read({"kind": "sparse", "s": 1}, matrix)


@pytest.mark.parametrize(("change", "reason"), [
    ({"prior": {"kind": "cube"}}, "described by its kind"),
    ({"prior": {"kind": "ball"}}, "described by its kind"),
    ({"prior": "ball"}, "described by its kind"),
    ({"prior": {"kind": "ball", "radius": 0.0}}, "radius must be positive"),
    ({"prior": {"kind": "ball", "radius": None}}, "radius must be positive"),
    ({"prior": {"kind": "ball", "radius": -1.0}}, "radius must be a number"),
    ({"prior": {"kind": "ball", "radius": True}}, "radius must be a number"),
    ({"prior": {"kind": "sparse", "s": 0}}, r"s must lie in \[1, 2\]"),
    ({"prior": {"kind": "sparse", "s": 3}}, r"s must lie in \[1, 2\]"),
    ({"eps": -0.5}, "eps must be a number"),
    ({"norm": "1"}, "norm must be"),
    ({"norm": "inf"}, "norm must be"),
    ({"more": 1}, "options must be"),
])
def test_malformed_options(change, reason):
    options = {"prior": {"kind": "everything"}, "eps": 0.0, "norm": "2"} | change
    with pytest.raises(CertificateError, match=reason):
        read_setting(ROW, options)


def test_eps_is_a_number():
    assert number(2, "eps") == 2
    for value in ("1", None, True, float("nan")):
        with pytest.raises(CertificateError, match="eps must be a number"):
            number(value, "eps")
