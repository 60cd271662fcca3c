"""The command line: what it prints, its exit codes, one line for every mistake."""

import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

from kernelstab import __version__, cli, kernel, report, theorems
from kernelstab import _compiling_jit as compiling_jit
from kernelstab import warmup as compiled
from kernelstab.certify.certificate import digest
from kernelstab.operators import masks

GOLDEN = Path(__file__).parent / "certify" / "golden"
MODULE = '''
import numba
import numpy as np
INVERSE = np.linalg.pinv(np.load("A.npy"))
CALLS = []

def plain(y):
    return np.tanh(INVERSE @ y)

def operator():
    return np.load("A.npy")

def padded(y):
    return np.pad(np.tanh(y), (0, 64 - len(y)))

def tripled(y):
    return 3 * INVERSE @ y

def noisy(y):
    return plain(y) + np.random.default_rng().random(64)

def short(y):
    return y

def broken(y):
    raise KeyError("weights")

def leaving(y):
    raise SystemExit(7)

def wordy(y):
    raise ValueError("first line\\nsecond line")

def impatient(y):
    """Press Ctrl-C in the middle of the work; a signal might be lost in a callback of the collector."""
    CALLS.append(1)
    if len(CALLS) == 40:
        raise KeyboardInterrupt
    return plain(y)
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a folder with a matrix, images and a module of maps, as a user would."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "A.npy", rng.standard_normal((24, 64)) / 5)
    np.save(tmp_path / "x.npy", rng.random((3, 8, 8)))
    (tmp_path / "user_maps.py").write_text(MODULE)
    (tmp_path / "lame.py").write_text("import no_such_dependency")
    (tmp_path / "wrong.py").write_text("int('x')")
    (tmp_path / "quits.py").write_text("raise SystemExit(1)")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "user_maps", raising=False)
    yield tmp_path
    sys.modules.pop("user_maps", None)


def _run(capsys, *arguments):
    """Return exit code, output and error output of one command."""
    try:
        code = cli.main([str(a) for a in arguments])
    except SystemExit as leaving:               # argparse
        code = leaving.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


USER = ("--operator", "A.npy", "--images", "x.npy")
PLAIN = ("--map", "user_maps:plain")
TRIPLED = ("--map", "user_maps:tripled")


def test_audit_of_the_users_matrix_map_and_images(folder, capsys):
    code, out, err = _run(capsys, "audit", *USER, *PLAIN, "--quick", "--out", "r", "--json")
    assert code == 0
    summary = json.loads(out)
    assert summary["audited"] == "plain"
    assert summary["complete"]
    record = json.loads((folder / "r" / "report.json").read_text(encoding="utf-8"))
    assert os.path.samefile(summary["report"], folder / "r" / "report.json")
    assert record["about"]["images"].startswith("given, shape (3, 8, 8)")
    assert (folder / "r" / "report.html").is_file()
    assert "operator" in err                     # the progress bars


def test_audit_of_the_users_mask_with_a_name_and_baselines_of_choice(folder, capsys):
    np.save("mask.npy", np.fft.fftshift(masks.standard(8)))
    np.save("y.npy", np.random.default_rng(0).random((3, 8, 8)))
    code, _, err = _run(capsys, "audit", "--mask", "mask.npy", "--centred", "--images", "y.npy", "--map",
                        "user_maps:padded", "--name", "mine", "--baselines", "tv,tikhonov", "--eta", "0.1",
                        "--images-searched", "3", "--budget", "30", "--quick", "--out", "r", "--quiet")
    assert (code, err) == (0, "")
    record = json.loads((folder / "r" / "report.json").read_text(encoding="utf-8"))
    assert record["maps"] == ["mine", "TV", "Tikhonov"]
    assert "eta = 0.1, given" in record["about"]["TV"]
    assert len(record["worst_case"]["maps"]["mine"]["gain_by_image"]["values"]) == 3
    assert {one["budget"] for one in record["worst_case"]["maps"].values()} == {30}


def test_an_operator_may_be_imported(folder, capsys):
    code, out, _ = _run(capsys, "check", "mirror-images", "--operator", "user_maps:operator", "--images",
                        "x.npy", *PLAIN, "--json")
    assert code == 0
    assert json.loads(out)["outcome"] == "VERIFIED"


def test_quiet_says_one_line_when_interrupted_and_ctrl_c_leaves_a_partial_report(folder, capsys):
    code, out, err = _run(capsys, "audit", *USER, "--map", "user_maps:impatient", "--quick", "--out", "r",
                          "--quiet")
    assert (code, out) == (130, "")
    assert err.count("\n") == 1
    assert err.startswith("kernelstab: This report is partial: interrupted")
    record = json.loads((folder / "r" / "report.json").read_text(encoding="utf-8"))
    assert record["interrupted"]
    assert "This report is partial" in (folder / "r" / "report.html").read_text(encoding="utf-8")


def test_ctrl_c_before_the_start_writes_nothing(folder, capsys, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_problem", interrupted)
    code, _, err = _run(capsys, "audit", "--out", "r")
    assert (code, err) == (130, "kernelstab: interrupted\n")
    assert not (folder / "r").exists()


BAD = [
    (["audit", "--operator", "none.npy"], "operator: no such file: none.npy"),
    (["audit", "--operator", "foo"], "no such file: foo (the words fourier and gaussian"),
    (["audit", "--operator", "."], "operator must be a file, but . is a folder"),
    (["audit", "--operator", "torn.npz"], "torn.npz cannot be read as plain arrays"),
    (["audit", *USER, "--map", "."], "map must be module:name, a .npz file or one of"),
    (["audit", *USER, "--map", "user_maps:leaving"], "SystemExit: 7"),
    (["check", "two-images", *USER, "--map", "user_maps:leaving"], "SystemExit: 7"),
    (["audit", *USER, "--map", "lame:f"], "lame:f"),
    (["audit", *USER, "--map", "wrong:f"], "wrong:f"),
    (["audit", *USER, "--map", "quits:f"], "quits:f"),
    (["audit", "--operator", "user_maps.py"], "operator must be a .npy or .npz file"),
    (["audit", *USER, "--map", "user_maps:absent"], "user_maps:absent"),
    (["audit", *USER, "--map", "no_such_module:f"], "No module named 'no_such_module'"),
    (["audit", *USER, "--map", "model.pt"], "other files are never opened"),
    (["audit", *USER, "--map", "weights.npz"], "no such file: weights.npz"),
    (["audit", *USER, "--map", "user_maps:noisy"], "not a function"),
    (["audit", *USER, "--map", "user_maps:short"], "(64,)"),
    (["audit", *USER, "--map", "user_maps:broken"], "KeyError: 'weights'"),
    (["audit", *USER, "--map", "user_maps:wordy"], "ValueError: first line"),
    (["audit", "--images", "x.npy"], "images must have 4096 pixels each"),
    (["audit", "--operator", "lame:A"], "importing operator 'lame:A' raised ModuleNotFoundError"),
    (["audit", "--operator", "A.npy", "--mask", "A.npy"], "mask and operator exclude each other"),
    (["audit", "--mask", "A.npy"], "mask: A.npy must hold bool values"),
    (["audit", *USER, "--centred"], "no mask was given; try --mask FILE"),
    (["audit", *USER, "--baselines", "unet"], "baselines must be of tv,"),
    (["audit", *USER, "--name", "x"], "name must come with the one map"),
    (["audit", *USER, "--images-searched", "0"], "searched must be at least 1, got 0"),
    (["audit", *USER, "--budget", "3"], "budget must be at least 20, got 3"),
    (["audit", *USER, "--eps", "0"], "eps must be positive, got 0"),
    (["audit", *USER, "--eps", "much"], "invalid float value: 'much'"),
    (["audit", *USER, *PLAIN, "--out", "A.npy"], "out must be a folder, got 'A.npy'"),
    (["audit", *USER, "--seed", "-1"], "seed must be at least 0, got -1"),
    (["show", "three-images"], "slug must be one of"),
    (["check", "three-images"], "slug must be one of"),
    (["check", "two-images", "--by-hand", "--arithmetic", "ball", "--precision", "3"], "got 3"),
    (["check", "two-images", "--arithmetic", "magic"], "invalid choice: 'magic'"),
    (["constants", "none.npy"], "matrix: no such file: none.npy"),
    (["constants", "A.npy", "--order", "0"], "order must be between 1 and 64, got 0"),
    (["constants", "x.npy"], "matrix must have 2 dimension(s)"),
    (["constants", "A.npy", "--order", "1", "--certificate", "none/card.json"],
     "certificate: no such folder: none"),
    (["constants", "A.npy", "--certificate", "."], "certificate must be a file, but . is a folder"),
    (["solve", "none.npz"], "problem: no such file: none.npz"),
    (["solve", "A.npy"], "problem: A.npy must hold A and y (or name a second file with the data)"),
    (["solve", "A.npy", "x.npy"], "y must have shape (24,), got (3, 8, 8)"),
    (["solve", "A.npy", "A.npy", "--problem", "omp"], "invalid choice: 'omp'"),
    (["solve", "A.npy", "A.npy", "--out", "none/x.npz"], "out: no such folder: none"),
    (["solve", "A.npy", "A.npy", "--certificate", "."], "certificate must be a file, but . is a folder"),
    (["verify", "none.json"], "certificate: no such file: none.json"),
    (["train", "nobody"], "nobody"),
    (["fly"], "invalid choice: 'fly'"),
    ([], "required: COMMAND"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(a[:4]) for a, _ in BAD])
def test_bad_input_is_one_line_and_exit_code_2_and_nothing_is_written(folder, capsys, arguments, message):
    if arguments[:1] == ["train"]:
        pytest.importorskip("torch")
    before = sorted(os.listdir(folder))
    code, out, err = _run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("kernelstab")
    assert "error: " in err
    assert message in err
    assert [name for name in sorted(os.listdir(folder)) if name != "__pycache__"] == before


def test_a_missing_extra_names_the_install_line(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)          # importing it now fails
    code, _, err = _run(capsys, "train", "mri64-fourier")
    assert code == 2
    assert err == 'kernelstab: error: torch is not installed; try: pip install "kernelstab[learn]"\n'


def test_a_bug_of_the_package_keeps_its_traceback(folder, monkeypatch):
    def bug(*arguments):
        raise RuntimeError("ours")

    monkeypatch.setattr(cli, "_problem", bug)
    with pytest.raises(RuntimeError, match="ours"):
        cli.main(["audit"])


def test_the_card_of_a_matrix_and_its_proofs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("frame.npy", np.array([[0.0, np.sqrt(0.75), -np.sqrt(0.75)], [1.0, -0.5, -0.5]]))
    code, out, err = _run(capsys, "constants", "frame.npy", "--order", "2", "--json", "--quiet",
                          "--certificate", "card.json")
    assert (code, err) == (0, "card.json: proofs of rank, coherence, delta^-_1, delta^+_1, delta^-_2, "
                              "delta^+_2, alpha_1, alpha_2, spark\n")
    card = json.loads(out)
    assert card["spark"]["lower"] == 3                              # the kernel is spanned by (1, 1, 1)
    assert [row["recovers"] for row in card["nsp"]] == [True, False]         # alpha_s = s / 3
    code, out, _ = _run(capsys, "verify", "card.json")
    assert code == 0
    assert "PROVED: 18 bounds" in out
    assert "spark >= 3" in out
    code, out, err = _run(capsys, "constants", "frame.npy", "--order", "1")
    assert code == 0
    assert "recovers every 1-sparse vector" in out
    assert "alpha_1" in err                                                  # the bar
    np.save("one.npy", np.ones((1, 1)))
    assert _run(capsys, "constants", "one.npy", "--quiet")[0] == 0           # the order has to fit
    code, out, err = _run(capsys, "verify", "none.json", "card.json", "frame.npy")
    assert code == 2
    assert "PROVED" in out
    assert "no such file: none.json" in err
    assert "it is not a text file" in err


def test_ctrl_c_leaves_a_card_that_is_true(folder, capsys, monkeypatch):
    def pressed(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(kernel, "nsp_constant", pressed)
    code, out, _ = _run(capsys, "constants", "A.npy", "--order", "1", "--max-supports", "1000")
    assert code == 130
    assert "interrupted: what stands here is true" in out


def test_list(capsys):
    code, out, _ = _run(capsys, "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [t.slug for t in theorems.all()]
    code, out, _ = _run(capsys, "list", "--json")
    assert {entry["slug"]: entry["title"] for entry in json.loads(out)} == {
        t.slug: t.title for t in theorems.all()}


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda t: t.slug)
def test_show(capsys, theorem):
    code, out, _ = _run(capsys, "show", theorem.slug)
    assert code == 0
    assert out == theorem.card()
    code, out, _ = _run(capsys, "show", theorem.slug, "--json")
    record = json.loads(out)
    assert record["hypotheses"] == theorem.hypotheses
    assert record["where"] == theorem.where()


@pytest.mark.parametrize("arithmetic", ["float", "ball", "exact"])
def test_check_by_hand(capsys, arithmetic):
    code, out, _ = _run(capsys, "check", "mirror-images", "--by-hand", "--arithmetic", arithmetic, "--json")
    record = json.loads(out)
    assert code == 0
    assert record["outcome"] == "VERIFIED"
    assert record["rigorous"] == (arithmetic != "float")
    code, out, _ = _run(capsys, "check", "mirror-images", "--by-hand", "--arithmetic", arithmetic)
    assert "C1   true" in out


def test_check_on_the_users_map_with_a_certificate_that_verifies(folder, capsys):
    code, out, _ = _run(capsys, "check", "mirror-images", *USER, *PLAIN, "--arithmetic", "ball",
                        "--certificate", "c.json")
    assert code == 0
    assert "mirror-images: VERIFIED (proved, recorded)" in out
    code, out, _ = _run(capsys, "verify", "c.json")
    assert code == 0
    assert out.startswith("c.json: PROVED: mirror-images")


def test_check_that_does_not_hold_exits_1(folder, capsys):
    # a map that triples its answer misses every image that it answers: the hypothesis fails
    code, out, _ = _run(capsys, "check", "two-images", *USER, *TRIPLED)
    assert code == 1
    assert "NOT_APPLICABLE" in out


def test_no_certificate_without_a_proof(folder, capsys):
    code, out, err = _run(capsys, "check", "two-images", *USER, *TRIPLED, "--certificate", "c.json")
    assert code == 1
    assert "NOT_APPLICABLE" in out
    assert err.count("\n") == 1
    assert "nothing can be certified" in err
    assert not (folder / "c.json").exists()


def test_verify_refuses_damage_and_false_claims_with_exit_code_2(folder, capsys):
    theorem = theorems.get("mirror-images")
    theorem.certificate(theorem.by_hand(), "good.json")
    content = json.loads((folder / "good.json").read_text())
    (folder / "torn.json").write_text((folder / "good.json").read_text()[:200])
    content["slug"] = "two-images"
    (folder / "false.json").write_text(json.dumps(content | {"sha256": digest(content)}))
    assert _run(capsys, "verify", "good.json")[0] == 0
    code, out, err = _run(capsys, "verify", "good.json", "false.json")
    assert code == 2
    assert out.count("\n") == err.count("\n") == 1
    assert "not those of two-images" in err
    code, _, err = _run(capsys, "verify", "torn.json")
    assert code == 2
    assert err.startswith("torn.json: REFUSED: certificate is not JSON")
    code, out, _ = _run(capsys, "verify", "good.json", "torn.json", "--json")
    assert [entry["accepted"] for entry in json.loads(out)] == [True, False]


def test_train_hands_its_options_on(folder, capsys, monkeypatch):
    asked = {}

    def train(name, **options):
        asked.update(options, name=name)
        return types.SimpleNamespace(weights=None, checkpoint="state", curve=[], psnr={})

    monkeypatch.setitem(sys.modules, "kernelstab.maps.training", types.SimpleNamespace(train=train))
    code, out, _ = _run(capsys, "train", "mri64-fourier", "--epochs", "3", "--seed", "5", "--out", "w",
                        "--resume", "--quiet", "--json")
    assert code == 0
    assert asked == {"name": "mri64-fourier", "epochs": 3, "seed": 5, "out": "w", "resume": True,
                     "device": "cpu", "progress": False}
    assert json.loads(out)["weights"] is None


def test_warmup_shows_its_progress(capsys, monkeypatch):
    asked = []

    def job():
        asked.append("kernel")
        time.sleep(0.3)                  # quicker than that and there is no bar

    monkeypatch.setattr(compiled, "PARTS", {"solvers": lambda: {"a": lambda: asked.append("solvers")},
                                            "kernel": lambda: {"b": job, "c": job}})
    code, out, err = _run(capsys, "warmup")
    assert (code, out, asked) == (0, "", ["solvers", "kernel", "kernel"])
    assert "2/3" in err
    assert " c" in err
    assert _run(capsys, "warmup", "--quiet", "kernel") == (0, "", "")
    assert asked[3:] == ["kernel", "kernel"]


def test_version_and_help(capsys):
    assert _run(capsys, "--version")[:2] == (0, f"kernelstab {__version__}\n")
    code, out, _ = _run(capsys, "--help")
    assert code == 0
    assert "`" not in out
    for command in ("audit", "list", "show", "check", "verify", "train", "warmup"):
        assert command in out


def test_python_dash_m_is_the_same_command():
    run = subprocess.run([sys.executable, "-m", "kernelstab", "show", "nobody"], capture_output=True,
                         text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("kernelstab: error: slug must be one of")


@pytest.mark.skipif(os.name != "posix", reason="pipes break differently elsewhere")
def test_a_closed_pipe_is_no_error():
    command = f"'{sys.executable}' -m kernelstab list --json | true"
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert run.stderr == ""


def test_long_compilation_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("p.npz", A=np.eye(2), y=[1.0, 2.0])
    solve, notice = report.solve_files, compiling_jit.NOTICE

    def compiling(*files, **options):
        notice.say()                    # as after two seconds of it
        return solve(*files, **options)

    monkeypatch.setattr(report, "solve_files", compiling)
    for options, count in (([], 1), ([], 0), (["--quiet"], 0)):      # once in a process
        monkeypatch.setattr(notice, "told", count == 0 and not options)
        assert _run(capsys, "solve", "p.npz", "--json", *options)[2].count(compiling_jit.LINE) == count


def test_a_problem_from_files_is_solved_proved_and_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # x1 + 2 x2 = 2: (0, 1) with objective 1; the dual point 1/2 has the products 1/2 and 1
    np.savez("p.npz", A=np.array([[1.0, 2.0]]), y=np.array([2.0]))
    code, out, _ = _run(capsys, "solve", "p.npz", "--out", "x.npz", "--certificate", "proof.json")
    assert code == 0
    assert "least objective >= 1, exactly\nproved     least objective <= 1, exactly" in out
    with np.load("x.npz") as found:
        np.testing.assert_allclose(found["x"], [0.0, 1.0], atol=1e-6)
    code, out, _ = _run(capsys, "verify", "proof.json")
    assert code == 0
    assert "value (level = 0.0, problem = qcbp, given y) >= 1" in out
    assert "theta" in out
    code, out, err = _run(capsys, "solve", "p.npz", "--eta", "1", "--json", "--quiet")
    assert (code, err) == (0, "")
    assert json.loads(out)["objective"] == pytest.approx(0.5)


def test_a_solution_without_convergence_has_exit_code_1(folder, capsys):
    np.save("y.npy", np.ones(24))
    problem = ("solve", "A.npy", "y.npy", "--eta", "0.1", "--method", "primal-dual", "--max-iter", "2")
    code, out, _ = _run(capsys, *problem)
    assert code == 1
    assert "NOT CONVERGED after 2 iterations" in out
    code, out, err = _run(capsys, *problem, "--quiet")
    assert (code, out) == (1, "")
    assert err.startswith("kernelstab: not converged")


def test_out_and_certificate_are_two_files(folder, capsys):
    np.savez(folder / "problem.npz", A=np.eye(2, 4), y=np.ones(2))
    arguments = ["solve", "problem.npz", "--out", "a.npz", "--certificate", "./a.npz"]
    assert cli.main(arguments) == 2
    assert "out and certificate must be two files" in capsys.readouterr().err
    assert not (folder / "a.npz").exists()


def test_a_budget_reaches_the_verifier(tmp_path, capsys):
    assert cli.main(["verify", str(GOLDEN / "coherence-real.json"), "--budget", "1e-7"]) == 2
    assert "--budget" in capsys.readouterr().err
    assert cli.main(["verify", str(GOLDEN / "coherence-real.json"), "--budget", "2"]) == 0


@pytest.mark.skipif(os.name != "posix", reason="closes streams as a shell does")
@pytest.mark.parametrize(("shell", "code"), [
    ("kernelstab list >&-", 0), ("kernelstab list >&- 2>&-", 0), ("kernelstab verify nowhere 2>&-", 2),
    ("kernelstab verify nowhere 2>/dev/full", 2), ("kernelstab list >/dev/full", 2),
    ("kernelstab.certify nowhere >&-", 2), ("kernelstab.certify nowhere >/dev/full", 2),
])
def test_streams_that_are_closed_or_full_leave_no_traceback(shell, code):
    done = subprocess.run(["sh", "-c", f"{sys.executable} -m {shell}"], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == code


def test_ctrl_c_while_the_package_loads_is_one_line():
    script = ("import runpy, sys\n"
              "class Pressed:\n"
              "    def find_spec(name, *rest):\n"
              "        if name == 'kernelstab.cli':\n            raise KeyboardInterrupt\n"
              "sys.meta_path.insert(0, Pressed)\nrunpy.run_module('kernelstab', run_name='__main__')")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "kernelstab: interrupted\n")
