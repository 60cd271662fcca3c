"""The standalone verifier, also where nothing but python-flint is installed."""

import json
import subprocess
import sys

import numpy as np
import pytest

from kernelstab.certify import make_certificate, write_certificate
from kernelstab.certify.__main__ import main
from kernelstab.certify.program import Program, lipschitz, norm
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


def isolated(*arguments):
    return subprocess.run([sys.executable, "-W", "error", "-c", BLOCK, *map(str, arguments)],
                          capture_output=True, text=True, check=False)


def test_the_verifier_needs_flint_and_the_standard_library_only(path):
    found = isolated(path)
    assert found.stderr == ""
    assert found.returncode == 0
    assert "PROVED: triangle (ideal, 160 bits)" in found.stdout


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


def test_recorded_outputs_are_called_what_they_are(path, tmp_path, capsys):
    p = Program()
    psi, y = p.map("psi"), p.vector("y")
    p.conclusion("C1", norm(psi(y)) >= 0)
    recorded = make_certificate("table", p, {"psi": np.tanh, "y": np.ones(2)})
    assert main([str(write_certificate(recorded, tmp_path / "recorded.json"))]) == 0
    assert "nobody computed them again" in capsys.readouterr().out
    assert main([str(path)]) == 0
    assert "nobody computed" not in capsys.readouterr().out
