"""Make forged inputs from a random generator."""

import base64
import copy
import io
import json
import zipfile

import numpy as np
from scipy import sparse

from kernelstab.certify.certificate import COLLECTION_FORMAT, digest

JUNK = (None, True, -1, 0, 2, 3, 64, 1999, 10**6, 1 << 40, 10**20, 0.5, -0.0, 1e300, 5e-324, "", "x", "0",
        "1", "-1", "1/3", "1e0", "9e99999", "-1e-9", "duals", "vector", [], {}, [1, 2], [[0]], [10**6, 10**6],
        {"kind": "input", "name": "A"}, {"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="})


def places(value, path=()):
    """Yield the path of every value inside nested lists and dictionaries."""
    yield path
    entries = enumerate(value) if isinstance(value, list) else ()
    entries = value.items() if isinstance(value, dict) else entries
    for name, entry in entries:
        yield from places(entry, (*path, name))


def at(value, path):
    for step in path:
        value = value[step]
    return value


def edited(value, rng):
    """Change one value a little, or replace it by something else."""
    if rng.random() < 0.2 or value is None or isinstance(value, bool):
        return rng.choice(JUNK)
    if isinstance(value, int | float):
        return rng.choice((value + 1, value - 1, value * 2, -value, value + 0.5, value * 1.001, value * 1e6))
    if isinstance(value, str):
        return _text(value, rng)
    if isinstance(value, list) and value:
        k = rng.randrange(len(value))
        return rng.choice((value[:k] + value[k + 1:], [*value[:k], value[k], *value[k:]],
                           value[k:] + value[:k], value * 40))
    if isinstance(value, dict) and value:
        name = rng.choice(sorted(value))
        return {key: entry for key, entry in value.items() if key != name} | rng.choice(({}, {"more": 1}))
    return rng.choice(JUNK)


def _text(text, rng):
    try:
        raw = bytearray(base64.b64decode(text, validate=True))
    except ValueError:
        raw = bytearray()
    if len(raw) >= 4 and len(raw) % 4 == 0:                # the bytes of an array
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return base64.b64encode(raw).decode()
    k = rng.randrange(len(text) + 1)
    return text[:k] + rng.choice("0123456789-e./") + text[k + rng.randrange(2):]


def _array(value, rng):
    """Return an encoded array with another shape, or other numbers of the same kind."""
    count = rng.choice((1, 2, 3, 5, 40, 3000))
    numbers = rng.choice((np.ones(count), np.arange(count) - 1.0, 2.0 ** np.linspace(-1000, 1000, count)))
    return {"dtype": "float64", "shape": rng.choice(([count], [1, count], [count, 1])),
            "data": base64.b64encode(numbers.tobytes()).decode()}


def certificate(rng, golden, folder):
    """Return a stored certificate with one to three changes and a digest that fits."""
    name = rng.choice(sorted(golden))
    forged = copy.deepcopy(golden[name])
    for _ in range(rng.choice((1, 1, 2, 3))):
        free = ("provenance", "extra", "sha256", "format", "version")
        paths = [path for path in places(forged) if path and path[0] not in free]
        if not paths:
            break
        path = rng.choice(paths)
        old, choice = at(forged, path), rng.random()
        if choice < 0.15:                       # what stands in the same place of another file
            other = golden[rng.choice(sorted(golden))]
            same = [p for p in places(other) if p and p[-1] == path[-1]]
            new = copy.deepcopy(at(other, rng.choice(same))) if same else edited(old, rng)
        elif choice < 0.25 and isinstance(old, dict) and "dtype" in old:
            new = _array(old, rng)
        else:
            new = edited(old, rng)
        at(forged, path[:-1])[path[-1]] = new
    parts = forged.get("certificates") if forged.get("format") == COLLECTION_FORMAT else None
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict):
            part["sha256"] = digest(part)
    return name, forged | {"sha256": digest(forged)}


def _damaged(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        k = rng.randrange(len(data))
        choice = rng.random()
        if choice < 0.6:
            data[k] = rng.choice((0, 1, 255, rng.randrange(256), data[k] ^ 1))
        elif choice < 0.8:
            del data[k:k + rng.choice((1, 4, 64))]
        else:
            data[k:k] = data[k:k + rng.choice((1, 4, 64))]
        if not data:
            break
    return bytes(data)


def _changed(arrays, rng):
    """Change a number, the shape or the type of one of the arrays."""
    name = rng.choice(sorted(arrays))
    array = np.array(arrays[name])
    choice = rng.random()
    if array.dtype.kind not in "biufc" or choice < 0.2:
        new = rng.choice((np.ones(3), np.zeros((2, 2)), np.array("x"), np.array(7), np.ones(0),
                          np.array([np.nan])))
    elif choice < 0.4:
        new = array.astype(rng.choice(("float16", "int8", "complex128", "float32", "bool", "uint64")))
    elif choice < 0.6:
        new = array.ravel()[:rng.randrange(array.size + 1)]
    else:
        new = array.copy()
        if new.size:
            new.flat[rng.randrange(new.size)] = rng.choice((0, 1, 5, 100, -1 if new.dtype.kind != "u" else 1))
    return arrays | {name: new}


def _stored(arrays, rng, path, compressed=True):
    """Write the arrays, sometimes with the header of a file of 10^12 rows or with damaged bytes."""
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    data = stream.getvalue()
    if rng.random() < 0.2:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            header, shape = io.BytesIO(), (rng.choice((10**6, 10**9, 10**12)), 3)
            np.lib.format.write_array_header_1_0(
                header, {"descr": "<f8", "fortran_order": False, "shape": shape})
            archive.writestr(f"{rng.choice(sorted(arrays))}.npy",
                             header.getvalue() + b"\0" * rng.choice((24, 10**6, 10**8)))
        data = stream.getvalue()
    path.write_bytes(_damaged(data, rng) if rng.random() < 0.5 else data)
    return path


def weights(rng, golden, folder):
    """Return a forged file of a small network."""
    draws = np.random.default_rng(rng.randrange(1 << 32))
    layers = [{"layer": "measurements"}, {"layer": "dense"}, {"layer": "relu"}, {"layer": "dense"}]
    meta = {"layers": layers, "operator": {"kind": "gaussian", "m": 2, "N": 4, "rng": 0}, "name": "x"}
    if rng.random() < 0.4:
        path = rng.choice([p for p in places(meta) if p])
        at(meta, path[:-1])[path[-1]] = edited(at(meta, path), rng)
    arrays = {"meta": np.array(json.dumps(meta)),
              "1.weight": draws.normal(size=(3, 2)), "1.bias": np.zeros(3),
              "3.weight": draws.normal(size=(4, 3)), "3.bias": np.ones(4)}
    return "weights", _stored(_changed(arrays, rng) if rng.random() < 0.5 else arrays, rng, folder / "w.npz")


def matrix(rng, golden, folder):
    """Return a forged file of a matrix, dense or sparse."""
    draws = np.random.default_rng(rng.randrange(1 << 32))
    dense = np.round(draws.normal(size=(3, 5)), 1) * (draws.random((3, 5)) < 0.5)
    kind = rng.choice(("npy", "npz", "csr", "csc", "coo", "bsr", "dia"))
    if kind == "npy":
        stream, path = io.BytesIO(), folder / "a.npy"
        np.save(stream, dense)
        path.write_bytes(_damaged(stream.getvalue(), rng))
        return kind, path
    if kind == "npz":
        return kind, _stored(_changed({"A": dense}, rng), rng, folder / "a.npz")
    stream = io.BytesIO()
    sparse.save_npz(stream, getattr(sparse, f"{kind}_array")(dense))
    with np.load(io.BytesIO(stream.getvalue())) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for _ in range(rng.choice((1, 2))):
        arrays = _changed(arrays, rng)
    return kind, _stored(arrays, rng, folder / "a.npz")
