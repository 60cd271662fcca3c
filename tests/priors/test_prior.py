"""Membership in the priors and their support functions, by hand."""

import numpy as np
import pytest

from kernelstab.priors import Ball, Ellipsoid, Everything, FiniteSet, L1Ball, Polytope, Sparse, Subspace

SQUARE = np.diag([2.0, 1.0])


@pytest.mark.parametrize(("prior", "x", "excess"), [
    (Ball(2), [3.0, 4.0], 3.0), (Ball(5), [3.0, 4.0], 0.0), (Ball(6.0), [3j, 4.0], -1.0),
    # the second axis: 3 away; within it the norm 4 exceeds 1 by 3, and 1.5 by 2.5
    (Subspace([[0.0], [7.0]]), [3.0, 4.0], 3.0), (Subspace([[0.0], [7.0]], 1), [0.0, 4.0], 3.0),
    (Subspace([[0.0], [7.0]], 5.0), [0.0, 4.0], 0.0), (Subspace([[1j], [0.0]]), [1.0, 0.0], 0.0),
    (Ellipsoid(SQUARE), [1.5, 4.0], 4.0), (Ellipsoid(SQUARE), [0.0, 0.5], -0.5),
    (Polytope(SQUARE), [1.5, -4.0], 3.0), (Polytope(SQUARE), [0.25, 0.0], -0.5),
    (FiniteSet([[0.0, 0.0], [3.0, 0.0]]), [3.0, 4.0], 4.0), (FiniteSet([[0.0, 1.0]]), [0.0, 1.0], 0.0),
    (Sparse(1), [0.0, -2.0], 0.0), (Sparse(1), [1.0, -2.0], 1.0), (Sparse(5), [1.0, 2.0], 0.0),
    (L1Ball(4), [1.0, -4.0], 1.0), (L1Ball(4), [1.0, 1.0], -2.0), (Everything(), [1e300, 0.0], -np.inf),
])
def test_contains(prior, x, excess):
    assert prior.contains(x) == pytest.approx(excess, abs=1e-15)


@pytest.mark.parametrize(("make", "reason"), [
    (lambda: Ball(0), "radius must lie"), (lambda: Ball(float("nan")), "radius must lie"),
    (lambda: L1Ball(-1.0), "radius must lie"), (lambda: Sparse(0), "s must be at least 1, got 0"),
    (lambda: Sparse(1.5), "s must be an integer"), (lambda: Subspace(np.eye(2), 0), "radius must lie"),
    (lambda: Subspace(np.ones((3, 2))), "independent columns"),
    (lambda: Subspace(np.eye(2, 3)), "independent columns"),
    (lambda: Ellipsoid([1.0]), "T must have 2 dimension"),
    (lambda: Ellipsoid([[np.inf]]), "T must be finite"),
    (lambda: Polytope([[1j]]), "W must be real"), (lambda: FiniteSet([]), "signals must have 2 dim"),
    (lambda: Ball(1.0).contains([[1.0]]), "x must have 1 dimension"),
    (lambda: Polytope(SQUARE).contains([1.0]), r"x must have shape \(2,\)"),
])
def test_bad_input_is_named(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()


def test_descriptions_hold_what_the_priors_hold():
    kinds = {Ball(1): "ball", Sparse(2): "sparse", L1Ball(1): "l1-ball", Everything(): "everything"}
    assert {prior: prior.spec()["kind"] for prior in kinds} == kinds
    assert Sparse(2).spec() == {"kind": "sparse", "s": 2}
    spec = Subspace([[2.0], [0.0]], 3).spec()
    assert (spec["kind"], spec["radius"], spec["basis"].tolist()) == ("subspace", 3.0, [[2.0], [0.0]])
    assert Ellipsoid(SQUARE).spec()["T"] is not None
    assert Polytope(SQUARE).spec()["kind"] == "polytope"
    assert FiniteSet(SQUARE).spec()["signals"].shape == (2, 2)


@pytest.mark.parametrize(("prior", "c", "value"), [
    (Ball(2.0), [3.0, 4.0], 10.0), (Ball(2.0), [3.0, 4j], 10.0),
    # the part of (3, 4) along the first axis is 3; along no axis of an orthogonal subspace is there any
    (Subspace([[2.0], [0.0]], 2.0), [3.0, 4.0], 6.0), (Subspace([[2.0], [0.0]]), [3.0, 4.0], np.inf),
    (Subspace([[2.0], [0.0]]), [0.0, 4.0], 0.0),
    (Everything(), [0.0, 1e-9], np.inf), (Everything(), [0.0, 0.0], 0.0),
    # |2 x_1|^2 + |x_2|^2 <= 1: the norm of (3/2, 4)
    (Ellipsoid(SQUARE), [3.0, 4.0], (2.25 + 16) ** 0.5), (Ellipsoid([[2.0, 0.0]]), [3.0, 1.0], np.inf),
    # |x_1| <= 1/2, |x_2| <= 1
    (Polytope(SQUARE), [3.0, -4.0], 5.5), (Polytope([[2.0, 0.0]]), [3.0, 1.0], np.inf),
    (FiniteSet([[1.0, 0.0], [0.0, -2.0]]), [3.0, 4.0], 3.0), (FiniteSet([[1j, 0.0]]), [2j, 0.0], 2.0),
    (Sparse(1), [0.0, 1.0], np.inf), (Sparse(1), [0.0, 0.0], 0.0), (L1Ball(2.0), [3.0, -4.0], 8.0),
])
def test_support_functions(prior, c, value):
    assert prior.support(c) == pytest.approx(value, rel=1e-12)
