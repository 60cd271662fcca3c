"""Compiled loops are cached, exact in their rounding, and do nothing but compute."""

import ast

# What ``**NAME`` stands for among the options of a compiled function.
SHARED = {"INNER": {"cache": True}, "OUTER": {"cache": True}}


def decorators(tree):
    """Yield (function, decorator name, its keywords) for every function of a module."""
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", []):
            call = decorator if isinstance(decorator, ast.Call) else None
            target = call.func if call else decorator
            name = getattr(target, "attr", getattr(target, "id", ""))
            keywords = {}
            for given in call.keywords if call else ():
                named = {given.arg: getattr(given.value, "value", None)}
                keywords |= named if given.arg else SHARED.get(getattr(given.value, "id", ""), {})
            yield node, name, keywords


def breaches(modules):
    """List the compiled functions that break a rule of the house."""
    findings = []
    for name, tree in modules.items():
        for node, decorator, keywords in decorators(tree):
            place = f"{name}:{node.lineno} {node.name}"
            if decorator in ("jitclass", "jit", "vectorize", "guvectorize"):
                findings.append(f"{place} uses {decorator}, not njit")
            if decorator != "njit":
                continue
            if not name.rpartition(".")[2].endswith("_jit"):
                findings.append(f"{place} is compiled outside a _jit file")
            if keywords.get("cache") is not True:
                findings.append(f"{place} lacks cache=True")
            if keywords.get("fastmath") or keywords.get("parallel"):
                findings.append(f"{place} lets the compiler reorder sums")
            for inner in ast.walk(node):
                if isinstance(inner, ast.Raise):
                    findings.append(f"{place} raises; check in the public file")
                if isinstance(inner, ast.Attribute) and inner.attr == "random":
                    findings.append(f"{place} draws random numbers")
    return findings


def test_compiled_loops_keep_the_rules(modules):
    assert breaches(modules) == []


def test_shared_options_are_what_the_rules_take_them_for():
    from kernelstab import _compiling_jit as compiling_jit

    for name, options in SHARED.items():
        found = getattr(compiling_jit, name)
        assert found.items() >= options.items()
        assert not {"fastmath", "parallel"} & set(found)


def test_each_rule_can_be_broken():
    source = """
@njit(fastmath=True)
def loop(x):
    if x < 0:
        raise ValueError
    return np.random.rand()

@jitclass(spec)
class Penalty:
    pass
"""
    found = breaches({"kernelstab.solvers.plain": ast.parse(source)})
    assert sorted(finding.split(" ", 1)[1] for finding in found) == [
        "Penalty uses jitclass, not njit",
        "loop draws random numbers",
        "loop is compiled outside a _jit file",
        "loop lacks cache=True",
        "loop lets the compiler reorder sums",
        "loop raises; check in the public file",
    ]
