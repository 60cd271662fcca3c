"""What the tests of certificates of constants share: forged copies of one."""

import base64
import copy

import pytest

from kernelstab.certify.certificate import digest

JUNK = (None, True, -1, 0, 3, 10**20, 0.5, "", "x", "1e0", "9e9", "-1", [], {}, [1, 2], [[0]], {"kind": "x"},
        {"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="})


def signed(changed):
    """Return a certificate with the digest of what it holds now; anyone can compute one."""
    return changed | {"sha256": digest(changed)}


def places(value, path=()):
    """Yield the path of every value inside nested lists and dictionaries."""
    yield path
    entries = enumerate(value) if isinstance(value, list) else ()
    entries = value.items() if isinstance(value, dict) else entries
    for name, entry in entries:
        yield from places(entry, (*path, name))


def edited(value, rng):
    """Change one value a little, or replace it by something else."""
    if rng.random() < 0.25:
        return rng.choice(JUNK)
    if isinstance(value, bool) or value is None:
        return rng.choice(JUNK)
    if isinstance(value, int | float):
        return value + rng.choice((1, -1, 2, 0.5, -0.25))
    if isinstance(value, str):
        return _edited_text(value, rng)
    if isinstance(value, list) and value:
        k, changed = rng.randrange(len(value)), list(value)
        return rng.choice((changed[:k] + changed[k + 1:], [*changed[:k], changed[k], *changed[k:]],
                           changed[k:] + changed[:k]))
    if isinstance(value, dict) and value:
        name = rng.choice(sorted(value))
        return {key: entry for key, entry in value.items() if key != name} | rng.choice(({}, {"more": 1}))
    return rng.choice(JUNK)


def _edited_text(text, rng):
    try:
        raw = bytearray(base64.b64decode(text, validate=True))
    except ValueError:
        raw = bytearray()
    if len(raw) >= 4 and len(raw) % 4 == 0:                # the bytes of an array
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return base64.b64encode(raw).decode()
    if not text:
        return "1"
    k = rng.randrange(len(text))
    return text[:k] + rng.choice("0123456789-e.") + text[k + rng.randrange(2):]


@pytest.fixture
def forgeries():
    """Return a generator of copies of a certificate with one change each and a digest that fits."""
    def forge(certificate, count, rng):
        free = ("provenance", "extra", "sha256", "format", "version")
        paths = [path for path in places(certificate) if path and path[0] not in free]
        for _ in range(count):
            path = rng.choice(paths)
            changed = copy.deepcopy(certificate)
            parent = changed
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = edited(parent[path[-1]], rng)
            yield path, signed(changed)
    return forge


@pytest.fixture
def sign():
    """Return the function that puts the right digest into a changed certificate."""
    return signed
