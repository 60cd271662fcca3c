"""The study of solvers: its judge and its own baseline are right, and its peers are named with versions."""

import re
import sys

import numpy as np
import pytest


@pytest.fixture
def study(root, monkeypatch):
    """Import modules of the study by name."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    before = set(sys.modules)
    yield lambda name: __import__(name)
    for name in set(sys.modules) - before:
        if str(root / "benchmarks") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_peers_have_versions(root):
    lines = (root / "benchmarks" / "peers.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 10
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+( --no-deps)?", line)] == []


def test_a_lasso_is_judged(study):
    """With A = I, y = (3, 1/2), level 1 the optimum is (2, 0) with value (1 + 1/4)/2 + 2 = 21/8."""
    problem = study("instances").Instance("by hand", "lasso", np.eye(2), np.array([3.0, 0.5]), 1.0)
    assert problem.bound == pytest.approx(21 / 8)
    assert problem.gap(np.array([2.0, 0.0])) == pytest.approx(0, abs=1e-12)
    # zero has the value 9.25/2 = 37/8, that is 16/8 more
    assert problem.gap(np.zeros(2)) == pytest.approx(16 / 21)


def test_an_infeasible_point_pays_twice_what_it_gains(study):
    """Least |x| with |2x - 2| <= 1 is x = 1/2; the dual point is h = 1/2.

    At x = 1/4 the residual is 3/2, which exceeds 1 by 1/2: value 1/4 + 2 (1/2)(1/2) = 3/4.
    """
    problem = study("instances").Instance("by hand", "qcbp", np.array([[2.0]]), np.array([2.0]), 1.0)
    assert (problem.bound, problem.multiplier) == pytest.approx((0.5, 0.5))
    assert problem.gap(np.array([0.5])) == pytest.approx(0, abs=1e-12)
    assert problem.gap(np.array([0.25])) == pytest.approx(0.5)
    assert problem.gap(np.array([1.0])) == pytest.approx(1.0)


def test_a_square_root_lasso_is_judged(study):
    """In one dimension with A = 1, y = 2, level 1/2: x = 2 costs 1, and h = 1/2 proves it."""
    problem = study("instances").Instance("by hand", "sqrt-lasso", np.array([[1.0]]), np.array([2.0]), 0.5)
    assert problem.bound == pytest.approx(1.0)
    assert problem.gap(np.array([0.0])) == pytest.approx(1.0)


def test_gradients_are_adjoint(study):
    pictures = study("pictures")
    rng = np.random.default_rng(0)
    x, p = rng.standard_normal((4, 6)), rng.standard_normal((2, 4, 6))
    assert np.vdot(pictures.gradient(x), p) == pytest.approx(np.vdot(x, pictures.gradient_adjoint(p)))
    # one pixel of height 1 differs from three neighbours: sqrt(2) at itself, 1 behind it on each axis
    spike = np.zeros((4, 4))
    spike[1, 2] = 1.0
    assert pictures.variation(spike) == pytest.approx(np.sqrt(2) + 2)
    waves = np.fft.ifft2(pictures.laplacian((4, 6)) * np.fft.fft2(x)).real
    np.testing.assert_allclose(waves, pictures.gradient_adjoint(pictures.gradient(x)), atol=1e-12)


def test_the_plain_baseline_finds_the_optimum(study, monkeypatch, tmp_path):
    pictures = study("pictures")
    monkeypatch.setattr(pictures, "FOLDER", tmp_path)
    picture = np.zeros((16, 16))
    picture[4:11, 3:9] = 1.0
    problem = pictures.Picture("tv", picture)
    assert -1e-12 <= problem.certified < 1e-6
    coarse, fine = (problem.gap(pictures.fft_admm(20.0)(problem)(steps)) for steps in (20, 1500))
    assert coarse > 1e-4
    assert -1e-12 <= fine < 1e-5


def test_the_quickest_setting_that_reaches_a_gap_counts(study):
    contest = study("contest")
    record = contest.Record(None, steps=[(1, 0.1, 1e-2), (2, 0.3, 1e-5), (3, 0.2, 1e-5)])
    assert record.best(1e-4) == (3, 0.2, 1e-5)
    assert record.best(1e-6) is None
    assert record.gap == 1e-5
