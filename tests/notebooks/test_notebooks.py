"""Every notebook has the house form and runs in a fresh process with warnings as errors."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
HEADINGS = ["The question", "The statement", "By hand", "The construction", "The verdict", "Look", "Break it",
            "Learned against sparse", "What this does not show", "Exercises", "Where everything lives"]
FORBIDDEN = re.compile(r"^\s*[%!]|import \*|filterwarnings\(.ignore|/home/|/root/", re.M)
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def code_cells(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def test_there_are_notebooks():
    assert (FOLDER / "start_here.ipynb") in NOTEBOOKS


@each
def test_form(path):
    notebook = nbformat.read(path, as_version=4)
    cells = code_cells(notebook)
    assert path.stat().st_size < 1_000_000
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1)), "not run from top to bottom"
    assert "assert" in cells[-1].source, "the last cell asserts"
    for cell in cells:
        assert len(cell.source.splitlines()) <= 12, cell.source
        assert not FORBIDDEN.search(cell.source), cell.source
        assert not any(o.output_type == "error" for o in cell.outputs)
        assert not any(o.get("name") == "stderr" for o in cell.outputs), cell.source


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem != "start_here"], ids=lambda p: p.stem)
def test_theorem_notebooks_have_the_same_sections(path):
    notebook = nbformat.read(path, as_version=4)
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    found = re.findall(r"^## \d+\. (.*)$", text, re.M)
    assert found == HEADINGS


@each
def test_runs_in_a_fresh_process_with_warnings_as_errors(path):
    notebook = nbformat.read(path, as_version=4)
    strict = nbformat.v4.new_code_cell("import warnings\nwarnings.simplefilter('error')")
    notebook.cells.insert(0, strict)
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3",
                            resources={"metadata": {"path": str(FOLDER)}}).execute()


def test_the_index_lists_every_notebook():
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {f"({p.name})" for p in NOTEBOOKS} <= set(re.findall(r"\([a-z_]+\.ipynb\)", index))
