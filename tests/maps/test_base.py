import numpy as np
import pytest

from kernelstab.maps import LinearMap, Map, ReconstructionMap, has_gradient, pullback


class Doubling:
    """The least a map must have, plus a gradient."""

    name = "doubling"

    def __call__(self, y):
        return 2.0 * y

    def vjp(self, y, u):
        return 2.0 * u


def test_a_name_and_a_call_make_a_map():
    assert isinstance(Doubling(), ReconstructionMap)
    assert not isinstance(7, ReconstructionMap)


def test_gradients_are_recognised():
    plain = Doubling()
    plain.vjp = None
    assert has_gradient(Doubling())
    assert not has_gradient(plain)
    assert not has_gradient(Map())


def test_pullback_falls_back_on_call_and_vjp():
    x, pull = pullback(Doubling(), np.array([1.0, 3.0]))
    np.testing.assert_array_equal(x, [2.0, 6.0])
    np.testing.assert_array_equal(pull(np.array([1.0, 0.0])), [2.0, 0.0])


def test_pullback_prefers_the_maps_own():
    psi = Doubling()
    psi.pullback = lambda y: ("own", None)
    assert pullback(psi, np.ones(1)) == ("own", None)


def test_the_base_class_says_nothing_it_does_not_know():
    assert Map().spec() is None
    assert repr(LinearMap([[1.0]], name="one")) == "<LinearMap one>"
    with pytest.raises(NotImplementedError):
        Map()(np.ones(1))


def test_a_subclass_that_computes_something_else_loses_the_description():
    class Clipped(LinearMap):
        def __call__(self, y):
            return np.clip(super().__call__(y), 0, 1)

    class Renamed(LinearMap):
        name = "other"

    assert Clipped(np.eye(2)).spec() is None       # a proof about np.eye(2) would be about another map
    assert Renamed(np.eye(2)).spec()["kind"] == "linear"
