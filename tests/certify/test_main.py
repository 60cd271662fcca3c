"""The standalone verifier, also where nothing but python-flint is installed."""

import json
import subprocess
import sys

import numpy as np
import pytest

from kernelstab.certify import make_certificate, make_constant_certificate, write_certificate
from kernelstab.certify.__main__ import main
from kernelstab.certify.writing.terms import Program, lipschitz, norm
from kernelstab.maps import ReLUNetwork
from kernelstab.operators.fourier import SubsampledFourier

BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "scipy", "numba", "cvxpy", "matplotlib", "torch", "pywt"}:
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Block())
sys.argv = ["verify", *sys.argv[1:]]
import runpy
runpy.run_module("kernelstab.certify", run_name="__main__")
"""


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    mask = np.zeros((4, 4), dtype=bool)
    mask[[0, 0, 0], [0, 1, 3]] = True
    A = SubsampledFourier(mask, real=True)
    conv = {"layer": "conv", "weight": rng.standard_normal((1, 1, 3, 3)), "bias": np.ones(1)}
    psi = ReLUNetwork(A, [{"layer": "adjoint"}, conv, {"layer": "relu"}, {"layer": "data_consistency"}])
    p = Program()
    operator, inverse, x = p.operator("A"), p.map("psi"), p.vector("x")
    p.let("bound", lipschitz(inverse), "signal/measurement")
    p.hypothesis("H1", norm(x) > 0)
    p.conclusion("C1", norm(inverse(operator(x)) - x) + norm(x) >= norm(inverse(operator(x))))
    found = make_certificate("triangle", p, {"A": A, "psi": psi, "x": rng.random(16)})
    return write_certificate(found, tmp_path / "triangle.json")


@pytest.fixture
def constant(tmp_path):
    """A row of ones: half of a kernel vector can lie on one entry, and not more."""
    group = {"supports": np.arange(3)[:, None], "signs": np.ones((3, 1)), "duals": np.full((3, 1), 0.5)}
    make_constant_certificate(
        "nsp", np.ones((1, 3)), order=1, path=tmp_path / "constant.json",
        lower={"kind": "kernel-vector", "columns": [0, 2], "entries": ["1", "-1"]},
        upper={"kind": "duals", "groups": [group]})
    return tmp_path / "constant.json"


def isolated(*arguments):
    return subprocess.run([sys.executable, "-W", "error", "-c", BLOCK, *map(str, arguments)],
                          capture_output=True, text=True, check=False)


def test_the_verifier_needs_flint_and_the_standard_library_only(path):
    found = isolated(path)
    assert found.stderr == ""
    assert found.returncode == 0
    assert "PROVED: triangle (ideal, 160 bits)" in found.stdout


def test_constants_are_verified_in_isolation_too(constant):
    found = isolated(constant)
    assert found.stderr == ""
    assert found.returncode == 0
    lines = found.stdout.splitlines()
    assert lines[1].startswith("  PROVED: nsp of the real 1 x 3 matrix ")
    assert lines[2:] == ["  lower      alpha_1 >= 0.5", "  upper      alpha_1 <= 0.5"]


def test_the_block_blocks():
    script = BLOCK.replace('runpy.run_module("kernelstab.certify", run_name="__main__")', "import numpy")
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "numpy is blocked" in found.stderr


def test_refusal_has_one_line_and_code_two(path):
    certificate = json.loads(path.read_text())
    certificate["slug"] = "other"
    path.write_text(json.dumps(certificate))
    found = isolated(path)
    assert found.returncode == 2
    assert found.stderr == ""
    assert found.stdout.splitlines()[1:] == [
        "  REFUSED: digest does not match: the certificate was changed after it was written"]


def test_many_files_and_json(path, tmp_path, capsys):
    assert main([str(path), str(path)]) == 0
    text = capsys.readouterr().out
    assert text.count("PROVED") == 2
    assert "conclusion C1" in text
    assert "bound = " in text
    assert main(["--json", str(path), str(tmp_path / "none.json")]) == 2
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["ok"], second["ok"]) == (True, False)
    assert first["file"] == str(path)
    assert [c["label"] for c in first["claims"]] == ["H1", "C1"]
    assert "cannot be read" in second["reason"]


def test_constants_as_json(constant, capsys):
    assert main(["--json", str(constant)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["slug"], found["scope"]) == ("kernelstab-constant", "nsp", "exact")
    assert [claim["role"] for claim in found["claims"]] == ["lower", "upper"]
    assert found["quantities"]["alpha_1"] == {"lower": 0.5, "upper": 0.5, "unit": ""}
    constant.write_text(constant.read_text().replace('"5e-1"', '"6e-1"'))
    assert main([str(constant)]) == 2
    assert "REFUSED: digest does not match" in capsys.readouterr().out


def test_recorded_outputs_are_called_what_they_are(path, tmp_path, capsys):
    p = Program()
    psi, y = p.map("psi"), p.vector("y")
    p.conclusion("C1", norm(psi(y)) >= 0)
    recorded = make_certificate("table", p, {"psi": np.tanh, "y": np.ones(2)})
    assert main([str(write_certificate(recorded, tmp_path / "recorded.json"))]) == 0
    assert "nobody computed them again" in capsys.readouterr().out
    assert main([str(path)]) == 0
    assert "nobody computed" not in capsys.readouterr().out
