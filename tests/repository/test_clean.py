"""What must not be in the repository: traces of a machine, noise, large files, bad habits."""

import ast
import re
from pathlib import Path

# Files that may exceed a megabyte, with the limit that replaces it.
LARGE = {"kernelstab/data/files/": 3_000_000}

# Host names are put together here so that this file is not a finding itself.
HOSTS = [".".join(parts) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("anaconda", "com"), ("pytorch", "org"),
    ("npmjs", "org"), ("yarnpkg", "com"), ("debian", "org"), ("golang", "org"), ("crates", "io"),
)]
INDEX_OPTION = re.compile(r"--(?:extra-)?index-url|--find-links|--trusted-host")
PERSONAL_PATH = re.compile(
    r"(?<![\w.$)}/-])/(?:home|Users|root|work|tmp|opt|mnt|media)/[\w.-]|\b[A-Z]:\\\\?Users\\")
EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.(?:com|org|net|edu|io|dev|de|fr|no|uk|ca|ch)\b")
MARKER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")


def texts(root, tracked):
    """Yield (name, text) of every tracked text file."""
    for name in tracked:
        try:
            yield name, (root / name).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue


def search(pattern, root, tracked):
    """List the places where a pattern occurs in a tracked text file."""
    findings = []
    for name, text in texts(root, tracked):
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            findings.append(f"{name}:{line} {match.group()!r}")
    return findings


def test_no_registry_is_named(root, tracked):
    pattern = re.compile("|".join(re.escape(host) for host in HOSTS), re.IGNORECASE)
    assert search(pattern, root, tracked) == []


def test_no_package_index_is_configured(root, tracked):
    others = [name for name in tracked if name != "tests/repository/test_clean.py"]
    assert search(INDEX_OPTION, root, others) == []


def test_no_personal_path(root, tracked):
    assert search(PERSONAL_PATH, root, tracked) == []


def test_no_email_address(root, tracked):
    assert search(EMAIL, root, tracked) == []


def test_no_unfinished_marks(root, tracked):
    assert search(MARKER, root, tracked) == []


def test_patterns_find_what_they_are_for():
    slash = "/"
    assert PERSONAL_PATH.search(f"open('{slash}home{slash}ada/data.npz')")
    assert PERSONAL_PATH.search(r"C:\Users" + "\\ada")
    assert not PERSONAL_PATH.search("docs/work/plan.md and $HOME/tmp/x")
    assert EMAIL.search("ada" + "@" + "example.org")
    assert not EMAIL.search("residual = A@x.T")
    assert MARKER.search("# TO" + "DO: later")


def test_files_are_small(root, tracked):
    findings = []
    for name in tracked:
        limit = next((size for folder, size in LARGE.items() if name.startswith(folder)), 1_000_000)
        size = (root / name).stat().st_size
        if size >= limit:
            findings.append(f"{name}: {size} bytes")
    assert findings == []


def test_data_fits_in_three_megabytes(root, tracked):
    sizes = [(root / name).stat().st_size for name in tracked if name.startswith("kernelstab/data/files/")]
    assert sum(sizes) < 3_000_000


def test_no_generated_files_are_tracked(tracked):
    folders = r"(?:^|/)(?:__pycache__|\.venv|build|dist|[^/]*\.egg-info|\.ipynb_checkpoints)/"
    generated = re.compile(folders + r"|\.pyc$|\.nb[ic]$")
    assert [name for name in tracked if generated.search(name)] == []


def library_findings(modules):
    """List the habits that the library must not have."""
    findings = []
    for name, tree in modules.items():
        if not ast.get_docstring(tree):
            findings.append(f"{name}: no docstring")
        for node in ast.walk(tree):
            place = f"{name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Assert):
                findings.append(f"{place} assert; raise ValueError instead")
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                findings.append(f"{place} bare except")
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                findings.append(f"{place} star import")
            if (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
                    and name not in ("kernelstab.cli", "kernelstab.__main__")):
                findings.append(f"{place} print")
            if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("np.random.seed"):
                findings.append(f"{place} global random state")
    return findings


def test_library_habits(modules):
    assert library_findings(modules) == []


def test_each_habit_is_found():
    source = "from os import *\ntry:\n    assert 1\nexcept:\n    print(np.random.seed(0))\n"
    found = library_findings({"kernelstab.kernel.a": ast.parse(source)})
    assert sorted(finding.split(" ", 1)[1] for finding in found) == [
        "assert; raise ValueError instead", "bare except", "global random state", "no docstring", "print",
        "star import",
    ]


def test_no_drawer_for_odds_and_ends(modules):
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "tools"}
    assert [name for name in modules if vague & set(Path(name.replace(".", "/")).parts)] == []


def test_no_two_classes_share_a_name(modules):
    places = {}
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(name)
    assert len(places) > 100
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
