"""Public names say what they do, and the parameters they document are those they take."""

import importlib
import inspect
import re

import pytest

import kernelstab

ROOMS = [name for name in kernelstab.__all__ if name != "__version__"]
HEADING = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}[ ]*$", re.MULTILINE)


def section(doc, title):
    """Return the body of a numpydoc section, or None."""
    headings = list(HEADING.finditer(doc))
    for found, following in zip(headings, [*headings[1:], None]):
        if found.group(1) == title:
            return doc[found.end() : following.start() if following else None]
    return None


def documented(body):
    """Return the names that a Parameters section describes, in order, up to an example if one follows.

    >>> documented("x, x_alt : ndarray\\n    Signals.\\n*maps\\n    More.\\n\\n>>> f(1, 2)\\n3")
    ['x', 'x_alt', 'maps']
    """
    lines = body.partition("\n>>>")[0].splitlines()
    heads = [line.partition(" :")[0] for line in lines if line and not line[0].isspace()]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def taken(thing):
    """Return the names of the parameters that a public name takes."""
    names = inspect.signature(thing).parameters.values()
    return [p.name for p in names if p.name not in ("self", "cls")]


def fault(name, thing):
    """Say what is wrong with the docstring of one public name, or return None."""
    doc = inspect.cleandoc(thing.__doc__ or "")
    summary = doc.partition("\n")[0]
    if not summary:
        return f"{name}: no docstring"
    if not summary.endswith((".", ":", "?")):
        return f"{name}: the summary line has no end: {summary!r}"
    body = section(doc, "Parameters")
    if body is not None and sorted(documented(body)) != sorted(taken(thing)):
        return f"{name}: documents {documented(body)}, takes {taken(thing)}"
    return None


def public(module):
    """Yield (dotted name, object) for what a room offers, public methods of its classes included."""
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.ismodule(thing) or not callable(thing):
            continue
        yield f"{module.__name__}.{name}", thing
        if inspect.isclass(thing):
            for attribute, method in vars(thing).items():
                inherited = any(hasattr(base, attribute) for base in thing.__mro__[1:])
                if inspect.isfunction(method) and not attribute.startswith("_") and not inherited:
                    yield f"{module.__name__}.{name}.{attribute}", method


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_are_documented(room):
    module = importlib.import_module(f"kernelstab.{room}")
    assert module.__doc__, f"kernelstab.{room} has no docstring"
    assert getattr(module, "__all__", None), f"kernelstab.{room} does not list its public names"
    faults = [fault(name, thing) for name, thing in public(module)]
    assert [found for found in faults if found] == []


def test_a_parameter_that_is_not_documented_is_found():
    def scale(x, factor, *, rng):
        """Scale a vector.

        Parameters
        ----------
        x, factor : ndarray
            The vector and the number.

        Returns
        -------
        ndarray
            The product.
        """

    assert fault("scale", scale) == "scale: documents ['x', 'factor'], takes ['x', 'factor', 'rng']"
