"""What the documents say is true: code runs, commands and targets exist, links lead somewhere."""

import re
import subprocess
import sys

import pytest

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/notation.md", "docs/adding_a_theorem.md", "docs/kernel.md",
             "docs/certificates.md", "docs/solvers.md", "benchmarks/README.md", "notebooks/README.md")


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_short(readme):
    assert len(readme.splitlines()) <= 90


def test_the_python_of_the_readme_runs(readme, tmp_path):
    """The block is copied as it stands; its comment says what it prints first."""
    (block,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    promised = re.search(r"print\(verdict\) +# (.*)", block).group(1)
    run = subprocess.run([sys.executable, "-W", "error", "-c", block], cwd=tmp_path, capture_output=True,
                         text=True, check=False)
    assert run.returncode == 0, run.stderr
    verdict, *table = run.stdout.splitlines()
    assert verdict == promised
    assert {line.split()[0] for line in table} >= {"H1", "C1"}
    assert {line.split()[1] for line in table} == {"true"}
    assert (tmp_path / "mirror.json").is_file()


@pytest.mark.parametrize("name", ["docs/kernel.md", "docs/certificates.md", "docs/solvers.md"])
def test_the_python_of_the_documents_runs(name, root, tmp_path):
    for block in re.findall(r"```python\n(.*?)```", (root / name).read_text(encoding="utf-8"), re.DOTALL):
        run = subprocess.run([sys.executable, "-W", "error", "-c", block], cwd=tmp_path, capture_output=True,
                             text=True, check=False)
        assert run.returncode == 0, run.stderr
        for said in re.findall(r"print\(.*\) +# (alpha.*|<.*|True.*)", block):     # dots: only a beginning
            beginning = said.removesuffix(" ...")
            assert any(line == said or (said != beginning and line.startswith(beginning))
                       for line in run.stdout.splitlines()), said


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_exist(name, root):
    text = (root / name).read_text(encoding="utf-8")
    used = set(re.findall(r"(?:`|^ {4})kernelstab ([a-z]+)", text, re.MULTILINE))
    run = subprocess.run([sys.executable, "-m", "kernelstab", "--help"], capture_output=True, text=True,
                         check=False)
    assert {command for command in used if not re.search(rf"\b{command}\b", run.stdout)} == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_exist(name, root):
    text = (root / name).read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert set(re.findall(r"(?:`|^ {4})make ([a-z]+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name, root):
    text = (root / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not ((root / name).parent / link).exists()] == []


def test_paths_named_in_contributing_exist(root):
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:kernelstab|tests|docs|notebooks)/[\w./]*)`", text)
    assert len(paths) > 3
    assert [path for path in paths if path != "tests/a/test_b.py" and path != "kernelstab/a/b.py"
            and not (root / path).exists()] == []


WALKS = {
    "From `lasso(A, y, lam)` to its `Solution`": """
import numpy as np
from kernelstab import solvers
A = np.random.default_rng(0).standard_normal((20, 40))
y = A[:, 3] + A[:, 8]

def walk():
    solvers.lasso(A, y, 5.0)                    # small, real and dense
    solvers.lasso(A, y, 5.0, history=True)
""",
    "From `kernelstab constants A.npy --certificate card.json` to `verify`": """
import numpy as np
from kernelstab.cli import main
np.save("A.npy", np.random.default_rng(0).standard_normal((6, 10)))

def walk():
    main(["constants", "A.npy", "--order", "2", "--certificate", "card.json", "--quiet"])
    main(["verify", "card.json"])
""",
}
WATCH = """
import sys
found = set()

def look(frame, event, _):
    _, house, name = frame.f_code.co_filename.replace("\\\\", "/").rpartition("/kernelstab/")
    if event == "call" and house:
        found.add(name)

walk()                     # all is imported and compiled
sys.setprofile(look)
walk()
sys.setprofile(None)
print(*sorted(found), sep="\\n")
"""


@pytest.mark.parametrize("heading", WALKS)
def test_a_walk_names_every_file_on_the_way(heading, root, tmp_path):
    """Compiled functions are not seen by the profiler: the text may name more files, if they exist."""
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [line for line in section.splitlines() if line.strip()]
    assert len(lines) <= 15
    named = set(re.findall(r"`([\w/]+\.py)`", section))
    assert [name for name in named if not (root / "kernelstab" / name).is_file()] == []
    run = subprocess.run([sys.executable, "-c", WALKS[heading] + WATCH], cwd=tmp_path,
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    visited = {line for line in run.stdout.splitlines() if line.endswith(".py") and "/" in line
               and not line.endswith("__init__.py") and (root / "kernelstab" / line).is_file()}
    assert len(visited) > 8
    assert sorted(visited - named) == []


def test_the_page_of_engines_names_each_of_them(root):
    folder = root / "kernelstab" / "_engines"
    page = (folder / "README.md").read_text(encoding="utf-8")
    there = {path.name + "/" * path.is_dir() for path in folder.iterdir()
             if path.suffix == ".py" or (path / "__init__.py").is_file()} - {"__init__.py"}
    assert len(there) > 15
    assert set(re.findall(r"`([\w]+(?:/|\.py))`", page)) == there
