"""The package is a house: imports go down its floors only, and heavy rooms have one door.

    F8  cli                      F4  stability                  F1½ _engines
    F7  report  sweep            F3  maps  warmup               F1  operators  data  certify
    F6  plot                     F2  kernel  priors  solvers    F0  _errors  _checks  _files
    F5  theorems                                                quantity
"""

import ast
import fnmatch

FLOOR = {
    "_errors": 0, "_checks": 0, "_files": 0, "_compiling_jit": 0, "quantity": 0,
    "operators": 1, "data": 1, "certify": 1,
    "_engines": 1.5,
    "kernel": 2, "priors": 2, "solvers": 2,
    "maps": 3, "warmup": 3, "stability": 4, "theorems": 5, "plot": 6,
    "report": 7, "sweep": 7,
    "cli": 8, "__main__": 9,
}

# package -> modules that may import it
DOORS = {
    "numba": ["kernelstab.*_jit"],
    "cvxpy": ["kernelstab.solvers.*", "kernelstab.kernel.*", "kernelstab.priors.*", "kernelstab._engines.*"],
    "flint": ["kernelstab.certify.*"],
    "torch": ["kernelstab.maps.torch_map", "kernelstab.maps.training*"],
    "matplotlib": ["kernelstab.plot", "kernelstab.plot.*"],
    "pywt": ["kernelstab.operators.wavelet"],
    "jinja2": ["kernelstab.report.*"],
    "sklearn": ["kernelstab.maps.training*"],
    "joblib": ["kernelstab.sweep"],
    "dask": ["kernelstab.sweep"],
}


def imports(name, tree, known):
    """Yield (line, target) for every import in a module, those inside functions included.

    Targets are dotted names: ``from . import x`` and ``from kernelstab.a import x`` name
    the module ``kernelstab.a.x`` where there is one, else the module ``kernelstab.a``.
    """
    is_package = any(other.startswith(name + ".") for other in known) or name == "kernelstab"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = name.split(".")
                parts = parts[: len(parts) - node.level + is_package]
                base = ".".join([*parts, base] if base else parts)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                if base == "kernelstab" and alias.name == "__version__":
                    continue
                yield node.lineno, inner if inner in known else base
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "require", "__import__"):
                yield node.lineno, str(node.args[0].value)


def room(name):
    """Return the first part of a module's name below the package."""
    return name.split(".")[1]


def floor_breaches(modules):
    """List the imports inside the package that do not go down."""
    findings = []
    for name, tree in modules.items():
        if name == "kernelstab":
            continue
        for line, target in imports(name, tree, modules):
            if target.split(".")[0] != "kernelstab":
                continue
            if target == "kernelstab":
                findings.append(f"{name}:{line} imports the package itself; name the module")
            elif room(target) != room(name) and FLOOR[room(target)] >= FLOOR[room(name)]:
                levels = FLOOR[room(name)], FLOOR[room(target)]
                findings.append(f"{name}:{line} (F{levels[0]}) imports {target} (F{levels[1]})")
    return findings


def circles(modules):
    """List the modules that can reach themselves by following imports inside one folder."""
    arrows = {
        name: {target for _, target in imports(name, tree, modules)
               if target in modules and target != name and target != "kernelstab"
               and room(target) == room(name)}
        for name, tree in modules.items() if name != "kernelstab"
    }

    def reachable(start):
        seen, stack = set(), list(arrows[start])
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                stack.extend(arrows[name])
        return seen

    return [name for name in arrows if name in reachable(name)]


def door_breaches(modules):
    """List the imports of a heavy package outside its one place."""
    findings = []
    for name, tree in modules.items():
        for line, target in imports(name, tree, modules):
            doors = DOORS.get(target.split(".")[0])
            if doors is not None and not any(fnmatch.fnmatch(name, door) for door in doors):
                findings.append(f"{name}:{line} imports {target}")
    return findings


def test_every_room_has_a_floor(modules):
    assert {room(name) for name in modules if name != "kernelstab"} <= set(FLOOR)


def test_imports_go_down(modules):
    assert floor_breaches(modules) == []


def test_siblings_form_no_circle(modules):
    assert circles(modules) == []


def test_heavy_packages_have_one_door(modules):
    assert door_breaches(modules) == []


def test_compiled_loops_are_loaded_when_first_run(modules):
    """A public file imports its compiled loops inside a function, or importing it would cost seconds."""
    findings = []
    for name, tree in modules.items():
        if name.endswith("_jit"):
            continue
        top = ast.Module([n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))], [])
        findings += [f"{name}:{line} imports {target} at its top"
                     for line, target in imports(name, top, modules) if target.endswith("_jit")]
    assert findings == []


# The checks themselves, tried on small houses with one known fault each.

def house(**sources):
    """Return modules made from sources; ``maps__a="..."`` is the module kernelstab.maps.a."""
    named = {"kernelstab." + key.replace("__", "."): ast.parse(text) for key, text in sources.items()}
    packages = {name.rpartition(".")[0]: ast.parse("") for name in named}
    return packages | named


def test_an_upward_import_inside_a_function_is_found():
    modules = house(maps__a="", kernel__b="def f():\n    from kernelstab.maps.a import g\n")
    assert floor_breaches(modules) == ["kernelstab.kernel.b:2 (F2) imports kernelstab.maps.a (F3)"]


def test_a_relative_import_across_one_floor_is_found():
    modules = house(kernel__a="", solvers__b="from ..kernel import a\n")
    assert floor_breaches(modules) == ["kernelstab.solvers.b:1 (F2) imports kernelstab.kernel.a (F2)"]


def test_a_downward_import_is_allowed():
    modules = house(kernel__a="", maps__b="from kernelstab.kernel.a import g\nfrom ..kernel import a\n")
    assert floor_breaches(modules) == []


def test_a_circle_of_siblings_is_found():
    modules = house(maps__a="from .b import g\n", maps__b="def f():\n    from kernelstab.maps import a\n")
    assert circles(modules) == ["kernelstab.maps.a", "kernelstab.maps.b"]


def test_a_second_door_is_found():
    modules = house(maps__a="from kernelstab._errors import require\nrequire('torch', extra='learn')\n",
                    maps__torch_map="import torch\n", kernel__c="import numba as nb\n")
    assert door_breaches(modules) == [
        "kernelstab.maps.a:2 imports torch", "kernelstab.kernel.c:1 imports numba"]
