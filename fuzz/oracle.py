"""Judge what was accepted, without the verifier: numpy, linear programs, and the searches of the package.

An answer is ``"refused"``, ``"true"``, ``"false: why"`` or ``"undecided: why"``, which is what an oracle of
floats says of numbers that it cannot hold or compare.
"""

import json
import warnings
from fractions import Fraction
from itertools import combinations

import numpy as np
from scipy import sparse

from kernelstab import kernel, priors, solvers
from kernelstab.certify import verify
from kernelstab.certify.arrays import Array, ComplexArray, decode
from kernelstab.certify.certificate import COLLECTION_FORMAT, FORMAT
from kernelstab.maps import load_network
from kernelstab.report.inputs import read_matrix

SLACK = 1e-6


class Undecided(Exception):
    """The oracle cannot say."""


def certificate(content) -> str:
    """Verify a certificate; if it is accepted, judge every claim."""
    found = verify(content)
    json.dumps(found.to_json(), allow_nan=False)
    if not found.ok:
        assert found.reason
        assert "\n" not in found.reason
        return "refused"
    print("null", flush=True)             # the limit of time is for the verifier, not for the oracle
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            if content["format"] == FORMAT:
                return _program(content)
            parts = content["certificates"] if content["format"] == COLLECTION_FORMAT else [content]
            wrong = [word for word in map(_constant, parts) if word]
            return f"false: {wrong[0]}" if wrong else "true"
        except Undecided as error:
            return f"undecided: {error}"


# constants

def values(plain) -> np.ndarray:
    """Return an encoded or decoded array as numpy has it."""
    array = plain if isinstance(plain, Array | ComplexArray) else decode(plain)
    if isinstance(array, ComplexArray):
        return values(array.real) + 1j * values(array.imag)
    if isinstance(array, Array):
        return np.array(array.data, dtype=float).reshape(array.shape)
    if isinstance(plain, dict) and "integers" in plain:
        return np.array([float(Fraction(int(n), int(plain["denominator"]))) for n in plain["integers"]])
    return np.array(plain, dtype=float)


def matrix_of(plain) -> np.ndarray:
    if "numerators" not in plain:
        return values(plain)
    below = int(plain["denominator"])
    parts = [np.array([[float(Fraction(int(n), below)) for n in row] for row in plain[name]])
             for name in ("numerators", "imag") if name in plain]
    return parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1]


def _constant(content) -> str:
    """Return what is wrong with the bounds of a certificate of a constant, or nothing."""
    A = matrix_of(content["matrix"])
    if A.size > 400:
        raise Undecided("a large matrix")
    sizes = np.abs(A[A != 0])
    if sizes.size and not 1e-6 <= sizes.min() <= sizes.max() <= 1e6:
        raise Undecided("entries of very different size")
    name = content["constant"]
    lower, upper = RANGES[name](A, content["order"], content["options"])
    for entry in content["statements"]:
        exact = Fraction(entry["value"])
        stated = float(exact) if abs(exact) < 10**300 else np.inf if exact > 0 else -np.inf
        slack = SLACK * max(1.0, abs(stated))
        if np.isinf(stated):
            slack = 0.0
        if entry["side"] == "lower" and stated > upper + slack:
            return f"{name} >= {stated}, but it is at most {upper}"
        if entry["side"] == "upper" and stated < lower - slack:
            return f"{name} <= {stated}, but it is at least {lower}"
    return ""


def _eigenvalues(A, order, options):
    return [np.linalg.eigvalsh(A[:, list(S)].conj().T @ A[:, list(S)])
            for S in combinations(range(A.shape[1]), order)]


def _twice(value):
    return value, value


def _coherence(A, order, options):
    lengths = np.linalg.norm(A, axis=0)
    gram = np.abs((A / lengths).conj().T @ (A / lengths))
    return _twice(max(gram[i, j] for i, j in combinations(range(A.shape[1]), 2)))


def _rank(A, order, options):
    sigma = np.linalg.svd(A, compute_uv=False)
    return np.sum(sigma > 1e-7 * sigma[0]), np.sum(sigma > 0)


def _spark(A, order, options):
    low = high = A.shape[1] + 1
    for size in range(1, A.shape[1] + 1):
        for S in combinations(range(A.shape[1]), size):
            part = A[:, list(S)]
            sigma = np.linalg.svd(part, compute_uv=False)
            if size > A.shape[0] or sigma[-1] < 1e-12 * max(sigma[0], 1e-12):
                return min(low, size), size
            if sigma[-1] < 1e-7 * sigma[0]:
                low = min(low, size)
    return low, high


def _nsp(A, order, options):
    """Solve a linear program for each support and pattern of signs; complex matrices by the package."""
    width = A.shape[1]
    weights = np.ones(width) if "weights" not in options else values(options["weights"])
    if np.iscomplexobj(A) and A.imag.any():
        if "weights" in options or "levels" in options:
            raise Undecided("a complex matrix with weights")
        found = kernel.nsp_constant(A, order)
        return found.lower, found.upper
    labels = np.zeros(width, int) if "levels" not in options else values(options["levels"]).astype(int)
    most = [order] if "levels" not in options else values(options["sparsities"]).astype(int)
    if order > 6 or width > 8:
        raise Undecided("many programs")
    best = 0.0
    for S in combinations(range(width), min(order, width)):
        if any(sum(labels[j] == k for j in S) > count for k, count in enumerate(most)):
            continue
        for bits in range(2 ** len(S)):
            cost = np.zeros(width)
            cost[list(S)] = [weights[j] * (1 if bits >> i & 1 else -1) for i, j in enumerate(S)]
            best = max(best, _largest(A.real, cost, weights))
    return _twice(best)


def _largest(A, cost, weights):
    """Return the largest product of ``cost`` with a null space vector of weighted 1-norm at most 1."""
    from scipy.optimize import linprog

    found = linprog(-np.r_[cost, -cost], A_ub=[np.r_[weights, weights]], b_ub=[1.0],
                    A_eq=np.hstack([A, -A]), b_eq=np.zeros(len(A)), method="highs")
    if not found.success:
        raise Undecided("a linear program failed")
    return -found.fun


def _recovery(A, order, options):
    from scipy.optimize import linprog

    support, signs = (values(options[name]) for name in ("support", "signs"))
    support, m = support.astype(int), len(A)
    rest = np.delete(A, support, axis=1)
    found = linprog(np.r_[np.zeros(m), 1.0], bounds=[(None, None)] * m + [(0, None)],
                    A_ub=np.vstack([np.c_[side * rest.T, -np.ones(rest.shape[1])] for side in (1, -1)]),
                    b_ub=np.zeros(2 * rest.shape[1]), A_eq=np.c_[A[:, support].T, np.zeros(len(support))],
                    b_eq=signs, method="highs")
    if not found.success:
        raise Undecided("a linear program failed")
    return _twice(found.fun)


def _optimal_value(A, order, options):
    name = options["problem"]
    y, level = values(options["y"]), float(options["level"])
    if np.iscomplexobj(A) != np.iscomplexobj(y):
        A, y = A + 0j, y + 0j
    extra = {"nonneg": options.get("nonneg", False)}
    if "weights" in options:
        extra["weights"] = values(options["weights"])
    found = getattr(solvers, name.replace("-", "_"))(A, y, level, **extra)
    if not found.converged or found.feasibility > 1e-6:
        raise Undecided("the solver did not converge")
    return found.dual_objective, found.objective + 1e-5 * max(1.0, found.objective)


def _prior(plain):
    kind, radius = plain["kind"], plain.get("radius")
    make = {"ball": lambda: priors.Ball(radius), "l1-ball": lambda: priors.L1Ball(radius),
            "subspace": lambda: priors.Subspace(values(plain["basis"]), radius),
            "ellipsoid": lambda: priors.Ellipsoid(values(plain["T"])),
            "polytope": lambda: priors.Polytope(values(plain["W"])),
            "finite": lambda: priors.FiniteSet(values(plain["signals"])),
            "sparse": lambda: priors.Sparse(plain["s"]), "everything": priors.Everything}
    return make[kind]()


def _kernel_size(A, order, options):
    found = priors.kernel_size(
        A, _prior(options["prior"]), options["eps"], norm=np.inf if options["norm"] == "inf" else 2)
    return found.lower, found.upper


def _detail(A, order, options):
    found = priors.detail_interval(A, values(options["y"]), values(options["d"]), _prior(options["prior"]),
                                   options["eps"])
    if options["end"] == "range":        # all values lie between the bounds
        return found.lower, found.upper
    end = found.upper if options["end"] == "largest" else found.lower
    return _twice(end)


def _robust(A, order, options):
    found = kernel.robust_nsp(A, order, float(Fraction(options["rho"])))
    return found.lower, found.upper


def _careful(function):
    """Return a function that is undecided about what it cannot compute."""
    def call(A, order, options):
        try:
            found = tuple(float(value) for value in function(A, order, options))
        except Undecided:
            raise
        except Exception as error:
            raise Undecided(f"{function.__name__}: {error!r:.100}") from None
        if np.isnan(found).any():
            raise Undecided(f"{function.__name__}: NaN")
        return found
    return call


RANGES = {name: _careful(function) for name, function in {
    "coherence": _coherence, "rank": _rank, "spark": _spark, "nsp": _nsp, "recovery": _recovery,
    "ric-plus": lambda A, s, o: _twice(max(e[-1] for e in _eigenvalues(A, s, o)) - 1),
    "ric-minus": lambda A, s, o: _twice(1 - min(e[0] for e in _eigenvalues(A, s, o))),
    "optimal-value": _optimal_value, "kernel-size": _kernel_size, "detail-interval": _detail,
    "robust-nsp-l1": _robust}.items()}


# programs: run in floats, on matrices that numpy builds from the descriptions

def operator_matrix(spec) -> np.ndarray:
    kind = spec["kind"]
    if kind == "dense":
        return values(spec["matrix"])
    shape = tuple(spec["shape"]) if kind == "blur2d" else values(spec["mask"]).shape
    size = int(np.prod(shape))
    if size > 2000:
        raise Undecided("a large operator")
    pixels = np.eye(size).reshape(size, *shape)
    axes = tuple(range(1, 1 + len(shape)))
    if kind == "blur2d":
        h, found = values(spec["kernel"]), np.zeros((size, *shape))
        for index in np.ndindex(h.shape):
            shift = [k - n // 2 for k, n in zip(index, h.shape)]
            found += h[index] * np.roll(pixels, shift, axes)
        return found.reshape(size, size).T
    mask = values(spec["mask"]) != 0
    if kind == "hadamard":
        from scipy.linalg import hadamard

        def sequency(n):
            H = hadamard(n)
            return H[np.argsort(np.count_nonzero(np.diff(H, axis=1), axis=1))] / np.sqrt(n)
        full = sequency(shape[0])
        return (np.kron(full, sequency(shape[1])) if len(shape) == 2 else full)[mask.ravel()]
    F = np.fft.fftn(pixels, axes=axes, norm="ortho").reshape(size, size).T
    taken = np.flatnonzero(mask)
    if not spec["real"]:
        return F[taken]
    mirror = [np.ravel_multi_index([-k % n for k, n in zip(np.unravel_index(i, shape), shape)], shape)
              for i in taken]
    own = [k for k, i in zip(taken, mirror) if k == i]
    half = [k for k, i in zip(taken, mirror) if k < i]
    return np.vstack([F[own].real, np.sqrt(2) * F[half].real, np.sqrt(2) * F[half].imag])


def _scale(value):
    return float(Fraction(*value)) if isinstance(value, list) else float(value)


def map_of(spec, operator, inputs):
    """Return a map of floats from its description."""
    kind = spec["kind"]
    if kind == "linear":
        W = values(spec["matrix"])
        return lambda y: W @ y
    A = operator(spec["operator"])
    if kind == "scaled-adjoint":
        return lambda y: _scale(spec["scale"]) * (A.conj().T @ y)
    if kind == "clip":
        x, z, eta = values(spec["x"]), values(spec["x_alt"]), spec["eta"]
        way = (z - x) / np.linalg.norm(z - x)
        u, v, e = x + eta[0] * way, z - eta[1] * way, A @ (z - x)
        return lambda y: u + np.clip(np.vdot(e, y - A @ x).real / np.vdot(e, e).real, 0, 1) * (v - u)
    given = inputs[spec["operator"]["name"]] if spec["operator"].get("kind") == "input" else spec["operator"]
    shape = given.get("image_shape") or given.get("shape")
    if "mask" in given:
        shape = values(given["mask"]).shape

    def network(y):
        from scipy.ndimage import correlate

        h, saved = y, []
        for layer in spec["layers"]:
            name = layer["layer"]
            if name == "adjoint":
                h = (A.conj().T @ y).real.reshape(1, *(shape or (A.shape[1],)))
            elif name == "push":
                saved.append(h)
            elif name == "add":
                h = h + saved.pop()
            elif name == "relu":
                h = np.maximum(h, 0)
            elif name == "scale":
                h = h * _scale(layer["factor"])
            elif name == "dense":
                h = values(layer["weight"]) @ h.ravel() + values(layer["bias"])
            elif name == "conv":
                W = values(layer["weight"])
                h = np.array([sum(correlate(h[c], W[o, c], mode="constant") for c in range(W.shape[1]))
                              for o in range(W.shape[0])]) + values(layer["bias"])[:, None, None]
            elif name == "data_consistency":
                tight = given.get("tight", 1.0)
                moved = h.ravel() + (A.conj().T @ (y - A @ h.ravel())).real / tight
                h = moved.reshape(h.shape)
        return h.ravel()
    return network


def _program(content) -> str:
    """Run a program in floats, and compare its claims and its quantities with what the file states."""
    program, inputs, found = content["program"], content["inputs"], []
    if any(plain.get("kind") == "recorded" for plain in inputs.values()):
        raise Undecided("recorded values")

    def operator(spec):
        return operator_matrix(inputs[spec["name"]] if spec.get("kind") == "input" else spec)
    try:
        for name, *args in program["instructions"]:
            found.append(_value(name, args, found, inputs, operator))
    except (ValueError, IndexError, KeyError, TypeError, MemoryError) as error:
        raise Undecided(f"floats: {error!r:.100}") from None
    scale = max([1.0, *(abs(v) for v in found if isinstance(v, float) and np.isfinite(v))])
    for role, label, left, _, right in program["claims"]:
        margin = found[left] - found[right]
        if np.isnan(margin):
            raise Undecided("a Lipschitz constant, which a search bounds from one side")
        if margin < -SLACK * scale:
            return f"false: {role} {label} misses by {margin}"
    for name, index in program["quantities"].items():
        bounds = content["quantities"][name]["bounds"]
        if bounds is not None and not np.isnan(found[index]) and not (
                float(Fraction(bounds[0])) - SLACK * scale <= found[index]
                <= float(Fraction(bounds[1])) + SLACK * scale):
            return f"false: quantity {name} is {found[index]}, stated {bounds}"
    return "true"


def _value(name, args, found, inputs, operator):
    if name == "vector":
        return values(inputs[args[0]]["values"])
    if name == "operator":
        return operator(inputs[args[0]])
    if name == "map":
        return map_of(inputs[args[0]], operator, inputs)
    if name == "constant":
        return float(Fraction(args[0]))
    a = [found[k] for k in args]
    return {
        "forward": lambda: a[0] @ a[1], "apply": lambda: a[0](a[1]), "lipschitz": lambda: np.nan,
        "add": lambda: a[0] + a[1], "sub": lambda: a[0] - a[1], "neg": lambda: -a[0],
        "mul": lambda: a[0] * a[1], "scale": lambda: a[0] * a[1],
        "div": lambda: a[0] / a[1] if a[1] else np.nan, "abs": lambda: abs(a[0]),
        "max": lambda: max(a), "norm": lambda: float(np.linalg.norm(a[0])),
        "inner": lambda: float(np.vdot(a[0], a[1]).real)}[name]()


# files

def weights(path) -> str:
    """Read a file of weights; what is accepted must answer finite data by finite numbers or a ValueError."""
    try:
        psi = load_network(path)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = psi(np.ones(psi.A.shape[0]))
    except ValueError:
        return "refused"
    with np.load(path) as stored:
        arrays = dict(stored)
    h = np.ones(psi.A.shape[0])
    for k, layer in enumerate(json.loads(str(arrays["meta"]))["layers"]):
        if layer["layer"] == "dense":
            h = arrays[f"{k}.weight"].astype(float) @ h + arrays[f"{k}.bias"].astype(float)
        elif layer["layer"] == "relu":
            h = np.maximum(h, 0)
        elif layer["layer"] != "measurements":
            return "undecided: another layer"
    return "true" if np.allclose(found, h, rtol=1e-5, atol=1e-5) else "false: not the output of the layers"


def matrix(path) -> str:
    """Read a matrix; what is accepted must hold the numbers that numpy, or a loop over indices, finds."""
    try:
        found = read_matrix(path)
    except ValueError:
        return "refused"
    stored = np.load(path)
    arrays = {"": stored} if isinstance(stored, np.ndarray) else dict(stored)
    if not sparse.issparse(found):
        same = any(array.shape == found.shape and np.array_equal(array, found) for array in arrays.values())
        return "true" if same else "false: not the stored matrix"
    if found.shape[0] * found.shape[1] > 10**6:
        return "undecided: large"
    expected = np.zeros(found.shape, complex)
    kind = str(arrays["format"].item().decode() if isinstance(arrays["format"].item(), bytes)
               else arrays["format"].item())
    if kind == "coo":
        for i, j, v in zip(arrays["row"], arrays["col"], arrays["data"]):
            expected[i, j] += v
    elif kind in ("csr", "csc"):
        for i, (a, b) in enumerate(zip(arrays["indptr"], arrays["indptr"][1:])):
            for k in range(a, b):
                expected[(i, arrays["indices"][k]) if kind == "csr" else (arrays["indices"][k], i)] += (
                    arrays["data"][k])
    else:
        return "undecided: blocks or diagonals"
    return "true" if np.array_equal(expected, found.toarray()) else "false: not the stored entries"
