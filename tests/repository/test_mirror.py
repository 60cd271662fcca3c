"""Every public module kernelstab/a/b.py has its tests in tests/a/test_b.py."""

from pathlib import PurePosixPath

# Modules without a test of their own, and where they are tested instead.
ELSEWHERE = {
    "kernelstab.__main__": "tests/test_cli.py",
}


def counterpart(name):
    """Return where the tests of a module belong."""
    *folders, last = name.split(".")[1:]
    return str(PurePosixPath("tests", *folders, f"test_{last.lstrip('_')}.py"))


def test_every_public_module_is_tested(root, modules):
    packages = {name for name in modules if any(other.startswith(name + ".") for other in modules)}
    missing = []
    for name in sorted(set(modules) - packages):
        if "._" in name and name not in ELSEWHERE:
            continue  # private, or an engine: tested through the public module that uses it
        place = ELSEWHERE.get(name, counterpart(name))
        if not (root / place).is_file():
            missing.append(f"{name}: {place} is missing")
    assert missing == []


def test_counterparts_by_hand():
    assert counterpart("kernelstab.quantity") == "tests/test_quantity.py"
    assert counterpart("kernelstab.kernel.null_space") == "tests/kernel/test_null_space.py"
