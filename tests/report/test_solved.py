"""Problems from files: what is read, what is refused, what is said."""

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.report import solve_files
from kernelstab.solvers import qcbp

ROW = np.array([[1.0, 2.0]])    # x1 + 2 x2 = 2: basis pursuit (0, 1), objective 1, theta 1/2


@pytest.fixture
def archive(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "problem.npz", **{"A": ROW, "y": np.array([2.0])} | arrays)
        return tmp_path / "problem.npz"

    return write


def test_two_files(tmp_path):
    np.save(tmp_path / "A.npy", ROW)
    np.save(tmp_path / "y.npy", [[2.0]])             # a column will do
    solved = solve_files(tmp_path / "A.npy", tmp_path / "y.npy")
    assert (solved.name, solved.parameter, solved.shape) == ("basis-pursuit", None, (1, 2))
    np.testing.assert_allclose(solved.solution.x, [0, 1], atol=1e-6)


@pytest.mark.parametrize(("arrays", "options", "name", "objective"), [
    ({}, {}, "basis-pursuit", 1.0),
    ({"eta": 1.0}, {}, "qcbp", 0.5),
    ({"eta": 1.0}, {"eta": 0.0}, "qcbp", 1.0),
    ({"lam": 1.0}, {}, "lasso", 7 / 8),
    ({"lam": 1.5}, {"problem": "sqrt-lasso"}, "sqrt-lasso", 1.5),
    ({"weights": np.array([1.0, 4.0])}, {}, "basis-pursuit", 2.0),
])
def test_one_archive(archive, arrays, options, name, objective):
    # by hand, see the tests of the checker of optimal values
    solved = solve_files(archive(**arrays), **options)
    assert solved.name == name
    assert solved.solution.objective == pytest.approx(objective, rel=1e-6)


@pytest.mark.parametrize(("arrays", "options", "message"), [
    ({"eta": 1.0, "lam": 1.0}, {}, "lam and eta exclude each other"),
    ({}, {"problem": "qcbp"}, "problem qcbp needs eta, got none"),
    ({"eta": 1.0}, {"problem": "basis-pursuit"}, "problem basis-pursuit needs neither lam nor eta, got eta"),
    ({}, {"problem": "tv"}, "problem must be one of"),
    ({"eta": np.ones(2)}, {}, r"eta must have shape \(\)"),
    ({"y": np.ones(3)}, {}, r"y must have shape \(1,\)"),
])
def test_what_is_missing_or_too_much_is_named(archive, arrays, options, message):
    with pytest.raises(ValueError, match=message):
        solve_files(archive(**arrays), **options)


def test_an_archive_needs_both(tmp_path):
    np.savez(tmp_path / "a.npz", A=ROW)
    with pytest.raises(ValueError, match="must hold A and y"):
        solve_files(tmp_path / "a.npz")
    np.savez(tmp_path / "d.npz", a=ROW, b=ROW)
    with pytest.raises(ValueError, match="must hold one array or one called y"):
        solve_files(tmp_path / "a.npz", tmp_path / "d.npz")


def test_text_and_files(archive, tmp_path):
    solved = solve_files(archive(), certify=True)
    text = solved.text()
    assert "basis-pursuit, real 1 x 2" in text
    assert "1 of 2 entries" in text
    assert "exactly" in text
    assert "theta <= 0.5 < 1" in text
    solved.write(tmp_path / "x.bin", tmp_path / "proof.json")
    with np.load(tmp_path / "x.bin") as found:
        np.testing.assert_array_equal(found["x"], solved.solution.x)
    from kernelstab.report import recheck

    assert recheck(tmp_path / "proof.json").accepted
    assert solved.to_json()["proofs"]["missing"] == {}


def test_the_budget_is_said(tmp_path):
    rng = np.random.default_rng(1)
    A = rng.standard_normal((10, 30))
    np.savez(tmp_path / "p.npz", A=A, y=A[:, 0], eta=0.01)
    with pytest.warns(NotConverged):
        solved = solve_files(tmp_path / "p.npz", method="primal-dual", max_iter=3)
    assert "NOT CONVERGED after 3 iterations" in solved.text()
    with pytest.warns(NotConverged):
        assert solved.solution.gap == pytest.approx(
            qcbp(A, A[:, 0], 0.01, method="primal-dual", max_iter=3).gap, rel=1e-9)
