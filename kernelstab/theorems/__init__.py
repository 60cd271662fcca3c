"""One theorem, one file: statement, construction, verdict, spoilers.

A module in this folder that defines a subclass of ``Theorem`` is found by itself;
nothing has to be registered.

>>> [t.slug for t in all()]
['detail-transfer', 'mirror-images', 'two-images']
"""

import importlib
import pkgutil

from kernelstab.theorems.base import Instance, Spoiler, Theorem, Verdict

__all__ = ["Instance", "Spoiler", "Theorem", "Verdict", "all", "get"]


def all() -> tuple[Theorem, ...]:
    """Return one object of every theorem in the package, sorted by slug."""
    found = []
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found += [c() for c in vars(module).values()
                  if isinstance(c, type) and issubclass(c, Theorem) and c.__module__ == module.__name__
                  and c is not Theorem]
    return tuple(sorted(found, key=lambda t: t.slug))


def get(slug: str) -> Theorem:
    """Return the theorem with this slug.

    >>> get("two-images").title
    'Two images: accuracy on both forces instability'
    >>> get("three-images")
    Traceback (most recent call last):
        ...
    ValueError: slug must be one of detail-transfer, mirror-images, two-images, got 'three-images'
    """
    known = {t.slug: t for t in all()}
    if slug not in known:
        raise ValueError(f"slug must be one of {', '.join(known)}, got {slug!r}")
    return known[slug]
