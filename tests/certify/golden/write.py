"""Write the golden certificates beside this file.

They were written by the package as it stood at commit 03d6d25, with the seeds below, and are kept as they
were written: a verifier of today has to prove files of yesterday. Run this file only to add certificates of
new kinds; it leaves alone what is there.

    python tests/certify/golden/write.py
"""

from fractions import Fraction
from pathlib import Path

import numpy as np

from kernelstab import maps, operators, theorems
from kernelstab.certify import (
    Program,
    inner,
    lipschitz,
    make_certificate,
    make_collection,
    make_constant_certificate,
    maximum,
    norm,
    write_certificate,
)

HERE = Path(__file__).parent
PRIME = 2**61 - 1
ROW = [[1, 1]]
FLAT = [[1, 0, 1], [0, 1, 1]]
# v_1 = -i v_2 and v_2 = -i v_3: the kernel is spanned by (1, i, -1)
THREE = np.array([[1, 1j, 0], [0, 1, 1j]])
# the first coordinate is measured, the second and third only as their sum
SUM = [[1, 0, 0], [0, 1, 1]]
EYE = np.eye(3)
HAIR = 1 + 2.0**-20


def write(name, make):
    """Write one certificate unless it is there."""
    path = HERE / f"{name}.json"
    if not path.exists():
        write_certificate(make(), path)


def constant(name, kind, matrix, **parts):
    write(f"{kind}-{name}", lambda: make_constant_certificate(kind, matrix, **parts))


# programs

def every_instruction(forward, psi, x, z, *, bounded=True):
    """Return a program that uses every instruction, and its inputs."""
    p = Program()
    A, f = p.operator("A"), p.map("psi")
    u, v = p.vector("x"), p.vector("z")
    first, second = f(A(u)), f(A(v))
    gap = p.let("gap", norm(first - second), "signal")
    step = p.let("step", norm(A(u) - A(v)), "measurement")
    p.let("product", inner(u, -v + u * 2))
    p.let("largest", maximum(abs_(norm(u) - norm(v)), gap) / 3)
    if bounded:
        p.let("Lipschitz", lipschitz(f))
        p.conclusion("C1", 2 * lipschitz(f) * step >= gap)
    p.hypothesis("H1", step > 0)
    p.conclusion("C2", norm(u) + norm(v) >= norm(u - v))
    return p, {"A": forward, "psi": psi, "x": x, "z": z}


def abs_(term):
    return term.program.emit("abs", term)


def network(A, n, rng):
    """Return a network with every layer."""
    dyadic = lambda *shape: rng.integers(-8, 9, shape) / 16                    # noqa: E731
    return maps.ReLUNetwork(A, [
        {"layer": "adjoint"}, {"layer": "push"},
        {"layer": "conv", "weight": dyadic(2, 1, 3, 3), "bias": dyadic(2)}, {"layer": "relu"},
        {"layer": "conv", "weight": dyadic(1, 2, 3, 3), "bias": dyadic(1)}, {"layer": "add"},
        {"layer": "data_consistency"}, {"layer": "scale", "factor": 0.5},
        {"layer": "dense", "weight": dyadic(n, n), "bias": dyadic(n)}])


def programs():
    for theorem in theorems.all():
        slug = theorem.slug
        for number, variant in enumerate(theorem.variants):
            instance = theorem.by_hand()
            program = theorem.program(**variant)
            inputs = {name: instance.inputs[name] for name in program.inputs}
            ending = f"-{number}" if number else ""
            write(f"theorem-{slug}{ending}",
                  lambda p=program, i=inputs, s=slug: make_certificate(s, p, i))
            hidden = inputs | {"psi": lambda y, psi=inputs["psi"]: np.asarray(psi(y))}
            # what a recorded map did bounds no Lipschitz constant
            if all(step[0] != "lipschitz" for step in program.instructions):
                write(f"theorem-{slug}{ending}-recorded",
                      lambda p=program, i=hidden, s=slug: make_certificate(s, p, i, precision=64))
    rng = np.random.default_rng(1)
    image, other = rng.standard_normal(16), rng.standard_normal(16)
    mask = np.zeros((4, 4), bool)
    mask[0], mask[:, 0] = True, True
    forwards = {
        "dense": operators.as_operator(rng.integers(-4, 5, (6, 16)) / 4),
        "dense-complex": operators.as_operator(rng.integers(-4, 5, (3, 16)) / 4
                                               + 1j * rng.integers(-4, 5, (3, 16))),
        "fourier2d": operators.SubsampledFourier(mask), "hadamard": operators.SubsampledHadamard(mask),
        "fourier2d-real": operators.SubsampledFourier(mask, real=True),
        "fourier": operators.SubsampledFourier(mask.ravel()),
        "blur2d": operators.Blur(np.array([[0.25, 0.5], [0.125, 0.0]]), (4, 4)),
    }
    for name, A in forwards.items():
        psi = maps.AdjointMap(A)
        p, inputs = every_instruction(A, psi, image, other)
        write(f"operator-{name}", lambda p=p, i=inputs: make_certificate("golden", p, i))
    hadamard, dense = forwards["hadamard"], forwards["dense"]
    reconstructions = {
        "linear": (dense, maps.LinearMap(rng.integers(-4, 5, (16, 6)) / 8)),
        "clip": (dense, maps.ClipDecoder(dense, image, other, eta=(0.0, 0.125))),
        "network": (hadamard, network(hadamard, 16, rng)),
        "network-measurements": (dense, maps.ReLUNetwork(dense, [
            {"layer": "measurements"}, {"layer": "dense", "weight": rng.integers(-4, 5, (16, 6)) / 8,
                                        "bias": np.zeros(16)}])),
    }
    for name, (A, psi) in reconstructions.items():
        p, inputs = every_instruction(A, psi, image, other)
        write(f"map-{name}", lambda p=p, i=inputs: make_certificate("golden", p, i))

    class Hidden:
        shape, matvec = dense.shape, staticmethod(dense.matvec)

    p, inputs = every_instruction(Hidden(), lambda y: np.tanh(dense.matrix.T @ y), image, other,
                                  bounded=False)
    write("recorded-operator-and-map", lambda: make_certificate("golden", p, inputs))


# constants

def simple():
    gram = {"kind": "gram"}
    constant("real", "coherence", FLAT, lower=gram, upper=gram)
    constant("complex", "coherence", THREE, lower=gram, upper=gram)
    constant("fractions", "coherence", [[Fraction(1, 3), Fraction(2, 7)], [1, 1]], lower=gram, upper=gram)
    modular = {"kind": "modular", "prime": PRIME}
    constant("kernel-basis", "rank", FLAT, lower=modular,
             upper={"kind": "kernel-basis", "vectors": [["1", "1", "-1"]]})
    constant("shape", "rank", np.array([[0.1, 0.2, 0.3], [0.5, 0.25, 0.75]]), lower=modular,
             upper={"kind": "shape"})
    constant("kernel-basis-complex", "rank", THREE, lower=modular,
             upper={"kind": "kernel-basis", "vectors": [["1", "0", "-1", "0", "1", "0"]]})
    constant("shape-complex", "rank", THREE, lower=modular, upper={"kind": "shape"})
    constant("real", "spark", FLAT, lower={"kind": "ranks", "prime": 101, "size": 2},
             upper={"kind": "dependent", "columns": [0, 1, 2], "entries": ["1", "1", "-1"]})
    constant("complex", "spark", THREE, lower={"kind": "ranks", "prime": 101, "size": 2},
             upper={"kind": "dependent", "columns": [0, 1, 2], "entries": ["1", "0", "0", "1", "-1", "0"]})


def isometries():
    """Every pair of columns has the Gram matrix [[17, 4], [4, 17]] / 16: eigenvalues 21/16 and 13/16."""
    near = np.array([[1, 0.25, 0], [0, 1, 0.25], [0.25, 0, 1]])
    for name, sign in (("ric-plus", 1), ("ric-minus", -1)):
        # t I - sign G - Y is a hair times the identity
        flat = {"kind": "sdp", "Y": -sign * (np.full((3, 3), 0.25) - (0.5 * EYE if sign < 0 else 0 * EYE)),
                "t": "8.126e-1" if sign > 0 else "-1.3124e0"}
        uppers = {"enumeration": {"kind": "enumeration", "bound": "3.126e-1" if sign > 0 else "1.876e-1"},
                  "gershgorin": {"kind": "gershgorin"}, "sdp": flat}
        for kind, upper in uppers.items():
            lower = {"kind": "vector", "support": [0, 2], "entries": np.array([1.0, sign])}
            constant(kind, name, near, order=2, lower=lower, upper=upper)
            phases = np.array([1, 1j, -1])
            turned = upper if kind != "sdp" else upper | {"Y": upper["Y"] * np.outer(np.conj(phases), phases)}
            lower = {"kind": "vector", "support": [0, 1], "entries": np.array([1, -1j * sign])}
            constant(f"{kind}-complex", name, near * phases, order=2, lower=lower, upper=turned)


def null_space_property():
    from kernelstab.kernel import nsp_constant

    line = {"kind": "kernel-vector", "columns": [0, 1], "entries": ["1", "-1"]}
    group = {"supports": np.array([[0], [1], [2]]), "signs": np.ones((3, 1)), "duals": np.full((3, 1), 0.5)}
    duals = {"kind": "duals", "groups": [group]}
    ones = np.ones((1, 3))
    constant("duals", "nsp", ones, order=1, lower=line, upper=duals)
    constant("cover-rule", "nsp", ones, order=2, lower=line, upper=duals)
    constant("jn", "nsp", ones, order=1, lower=line, upper={"kind": "jn", "Y": np.full((1, 3), 1 / 3)})
    constant("trivial-kernel", "nsp", np.eye(2), order=1, upper={"kind": "trivial-kernel", "prime": PRIME})
    constant("weights", "nsp", ROW, order=1, options={"weights": [1.0, 3.0]}, lower=line,
             upper={"kind": "jn", "Y": np.array([[0.75, 0.25]])})
    constant("levels", "nsp", ROW, order=1, options={"levels": [0, 1], "sparsities": [1, 0]}, lower=line,
             upper={"kind": "jn", "Y": np.array([[0.5, 0.5]])})
    rng = np.random.default_rng(2)
    wide = rng.integers(-9, 10, (4, 7)) / 8
    write("nsp-pairs", nsp_constant(wide, 2).certificate)
    # a kind that is refused now: I - M A is R, so the form vanishes and the largest entry of R is left
    zero = np.zeros((2, 2))
    constant("sdp", "nsp", ROW, order=1, lower=line, upper={
        "kind": "sdp", "P": zero, "Q": zero, "T": zero, "R": np.array([[0.5, -0.5], [-0.5, 0.5]]),
        "L": np.zeros((1, 2)), "M": np.full((2, 1), 0.5)})
    mixed = rng.integers(-9, 10, (3, 4)) / 8 + 1j * rng.integers(-9, 10, (3, 4)) / 8
    write("nsp-arcs", nsp_constant(mixed, 2).certificate)
    by_hand = {"kind": "kernel-vector", "columns": [0, 1, 2], "entries": [1, 0, -1], "imag": [0, 1, 0]}
    # the residual of e_k is v conj(v_k) / 3 for every k
    v = np.array([1, 1j, -1])
    h = [np.linalg.lstsq(THREE.conj().T, EYE[k] - v * np.conj(v[k]) / 3, rcond=None)[0] for k in range(3)]
    arcs = {"supports": np.array([[0], [1], [2]]), "signs": np.zeros((3, 1)), "duals": np.array(h)}
    constant("arcs-single", "nsp", THREE, order=1, lower=by_hand,
             upper={"kind": "arcs", "polygon": 32, "groups": [arcs]})
    constant("arcs-weights", "nsp", THREE, order=2, lower=by_hand, options={"weights": [1.0, 1.0, 1.0]},
             upper={"kind": "arcs", "polygon": 32, "groups": [arcs]})
    # another one: duals for the corners of a polygon in place of arcs
    constant("duals-complex", "nsp", THREE, order=1, lower=by_hand,
             upper={"kind": "duals", "polygon": 3, "groups": [arcs]})
    Y = np.array(h).T
    constant("jn-complex", "nsp", THREE, order=1, lower=by_hand, upper={"kind": "jn", "Y": Y})
    constant("jn-complex-levels", "nsp", THREE, order=1, lower=by_hand, upper={"kind": "jn", "Y": Y},
             options={"levels": [0, 1, 1], "sparsities": [0, 1]})
    constant("trivial-kernel-complex", "nsp", THREE[:, :2], order=1,
             upper={"kind": "trivial-kernel", "prime": PRIME})
    # a row of two ones: h = 1/2 leaves 1/2 for xi = 1 and |h| <= rho (1 - r)
    group = {"supports": np.array([[0], [1]]), "signs": np.ones((2, 1)), "duals": np.array([[0.75], [0.75]])}
    constant("duals", "robust-nsp-l1", ROW, order=1, options={"rho": "1.5e0"},
             lower={"kind": "vector", "entries": np.array([1.0, -0.5])},
             upper={"kind": "duals", "groups": [group | {"duals": np.array([[1.0], [1.0]])}]})
    constant("singles", "robust-nsp-l1", np.eye(2), order=2, options={"rho": "5e-1"},
             lower={"kind": "vector", "entries": np.array([1.0, 1.0])},
             upper={"kind": "duals", "groups": [group | {"duals": np.eye(2)}]})
    constant("dual", "recovery", [[1, 0, 1], [0, 1, 2]], options={"support": [1], "signs": [1]},
             lower={"kind": "kernel-vector", "columns": [0, 1, 2], "entries": ["1", "2", "-1"]},
             upper={"kind": "dual", "h": np.array([-0.75, 1.0])})


def size(name, matrix, kind, lower=None, upper=None, eps=0.0, norm="2", **fields):
    constant(name, "kernel-size", matrix, lower=lower, upper=upper,
             options={"prior": {"kind": kind, **fields}, "eps": eps, "norm": norm})


def pair(x, x_alt, denominator=1):
    return {"kind": "pair", "x": [str(n) for n in x], "x_alt": [str(n) for n in x_alt],
            "denominator": str(denominator)}


def multipliers(alpha, beta):
    return {"kind": "multipliers", "alpha": alpha, "beta": beta}


def kernel_sizes():
    row, two = np.array([[1.0, 0.0]]), np.eye(2)
    ray = {"kind": "ray", "direction": ["0", "1", "-1"], "reach": "1e300"}
    ones = np.ones((1, 2))
    gap = pair([0, 3, -3], [0, -3, 3], 5)
    size("ball", SUM, "ball", gap, multipliers(0.78125, 0.0), radius=0.875)
    size("ball-injective", two, "ball", None, {"kind": "injective", "prime": PRIME}, radius=1.0)
    size("ball-complex", THREE, "ball", pair([1, 0, -1, 0, 1, 0], [-1, 0, 1, 0, -1, 0]),
         multipliers(4.0, 0.0), radius=1.875)
    size("ellipsoid", row, "ellipsoid", pair([0, 1], [0, -1]), multipliers(HAIR, 0.75 * HAIR), eps=1.0,
         T=np.diag([0.5, 1.0]))
    size("ellipsoid-complex", THREE, "ellipsoid", pair([1, 0, 0, 0, 0, 0], [0] * 6), multipliers(HAIR, 0.0),
         eps=1.0, T=EYE.astype(complex))
    size("ellipsoid-ray", SUM, "ellipsoid", ray, T=np.ones((1, 3)))
    size("everything", 2 * two, "everything", pair([1, 0], [0, 0]), multipliers(9.0, 0.5), eps=1.0)
    size("everything-ray", SUM, "everything", ray)
    size("subspace", row, "subspace", pair([1], [-1], 2), multipliers(0.0, 2.25), eps=1.0,
         basis=np.array([[1.0], [1.0]]), radius=None)
    size("subspace-ball", row, "subspace", pair([1], [-1]), multipliers(2.25, 0.0), eps=1.0,
         basis=two[:, 1:], radius=1.0)
    size("subspace-complex", THREE, "subspace", pair([1, 0], [-1, 0]), multipliers(16.0, 0.0),
         basis=np.array([[1], [1j], [-1]]), radius=3.0)
    swap = {"kind": "duals", "mu": np.array([[0.0, -1.0], [0.0, 1.0]]), "q": np.array([[1.0], [0.0]])}
    size("polytope-inf", ones, "polytope", pair([1, -1], [-1, 1]), swap, eps=0.25, norm="inf", W=two)
    size("polytope-duals", ones, "polytope", pair([1, -1], [-1, 1]),
         {"kind": "duals", "mu": 0.5 * two, "q": np.zeros((2, 1))}, W=two)
    size("polytope-diagonal", row, "polytope", pair([0, 1], [0, -1]),
         {"kind": "diagonal", "d": np.array([0.0, HAIR]), "f": np.full(1, HAIR)}, eps=0.5, W=two)
    size("l1-ball-coordinates", ones, "l1-ball", pair([3, -3], [-3, 3], 2),
         {"kind": "coordinates", "q": np.full((2, 1), 0.5)}, radius=3.0)
    y = np.array([[0.5, -0.5], [-0.5, 0.5]]) + 2.0**-20 * two
    size("l1-ball-matrix", ones, "l1-ball", pair([3, -3], [-3, 3], 2),
         {"kind": "matrix", "Y": y, "beta": 1.0}, radius=3.0)
    size("sparse", two, "sparse", pair([1, 0], [0, 0]), {"kind": "supports", "sigma": 0.875}, eps=0.5, s=1)
    size("sparse-ray", SUM, "sparse", ray, s=1)
    size("finite", SUM, "finite", {"kind": "signals", "first": 1, "second": 2}, {"kind": "enumeration"},
         signals=EYE)
    size("finite-complex", THREE, "finite", {"kind": "signals", "first": 0, "second": 1},
         {"kind": "enumeration"}, signals=np.array([[1, 1j, -1], [0, 0, 0]]))


def detail(name, prior, end, lower=None, upper=None, eps=0.0, d=(0.0, 1.0)):
    constant(name, "detail-interval", [[1.0, 0.0]], lower=lower, upper=upper, options={
        "d": np.array(d), "y": np.array([3.0]), "prior": prior, "eps": eps, "end": end})


def details():
    from kernelstab.priors import Ellipsoid, Polytope, Sparse, Subspace, detail_interval

    point = {"kind": "point", "x": np.array([3.0, 4.0])}
    ball = {"kind": "ball", "radius": 5.0}
    detail("ball-largest", ball, "largest", point, {"kind": "dual", "q": np.array([-0.75])})
    detail("ball-smallest", ball, "smallest", {"kind": "dual", "q": np.array([-0.75])},
           {"kind": "point", "x": np.array([3.0, -4.0])})
    detail("l1-ball", {"kind": "l1-ball", "radius": 5.0}, "range", {"kind": "dual", "q": np.array([-1.0])},
           {"kind": "dual", "q": np.array([-1.0])})
    detail("everything", {"kind": "everything"}, "range", {"kind": "dual", "q": np.array([-1.0])},
           {"kind": "dual", "q": np.array([1.0])}, eps=0.5, d=(1.0, 0.0))
    detail("finite", {"kind": "finite", "signals": np.array([[3.0, 0.1], [3.0, 0.7]])}, "range",
           {"kind": "enumeration"}, {"kind": "enumeration"})
    for name, prior in (("ellipsoid", Ellipsoid([[0.2, 0.0], [0.1, 0.25]])),
                        ("polytope", Polytope([[0.25, 0.0], [0.1, 0.25]])),
                        ("subspace", Subspace([[1.0], [0.3]])),
                        ("subspace-ball", Subspace([[1.0], [0.3]], 5.0)), ("sparse", Sparse(1))):
        found = detail_interval([[1.0, 0.0]], [3.0], [0.3, 0.7], prior, 0.3)
        write(f"detail-interval-{name}", lambda f=found: f.certificate(end="largest"))


def values():
    problem = {"y": np.array([3.0]), "problem": "lasso", "level": 1.0}
    row = np.array([[1.0, 2.0]])
    dual = {"kind": "dual", "h": np.array([0.5])}
    exact = {"kind": "corrected-point", "x": np.array([0.0, 1.0]), "columns": [1]}
    for name in ("lasso", "qcbp", "sqrt-lasso"):
        level = 0.25 if name != "lasso" else 1.0
        options = problem | {"problem": name, "level": level}
        constant(name, "optimal-value", row, options=options, lower=dual,
                 upper={"kind": "point", "x": np.array([0.0, 1.5])})
    constant("basis-pursuit", "optimal-value", row, options=problem | {"problem": "qcbp", "level": 0.0},
             lower=dual, upper=exact)
    constant("weights", "optimal-value", row, lower=dual, upper={"kind": "point", "x": np.array([0.0, 1.25])},
             options=problem | {"weights": np.array([1.0, 2.0]), "nonneg": True})
    wave = np.array([[1, 1j]])
    mixed = {"y": np.array([3j]), "problem": "lasso", "level": 1.0}
    dual = {"kind": "dual", "h": np.array([0.5j])}
    for name, level in (("lasso", 1.0), ("qcbp", 0.25), ("sqrt-lasso", 0.25)):
        constant(f"{name}-complex", "optimal-value", wave, lower=dual,
                 upper={"kind": "point", "x": np.array([0, 3.0 + 0j])},
                 options=mixed | {"problem": name, "level": level})
    constant("basis-pursuit-complex", "optimal-value", wave, lower=dual,
             upper={"kind": "corrected-point", "x": np.array([0j, 1.0]), "columns": [1]},
             options=mixed | {"problem": "qcbp", "level": 0.0})


def collections():
    from kernelstab.solvers import basis_pursuit, lasso

    vector = {"kind": "kernel-vector", "columns": [0, 1], "entries": ["1", "-1"]}
    dependent = {"kind": "dependent", "columns": [0, 1], "entries": ["1", "-1"]}
    write("collection", lambda: make_collection([
        make_constant_certificate("spark", ROW, upper=dependent),
        make_constant_certificate("nsp", ROW, order=1, lower=vector)]))
    rng = np.random.default_rng(3)
    A = rng.integers(-9, 10, (4, 8)) / 8
    y = A @ np.array([0, 2.0, 0, 0, 0, -1.0, 0, 0])
    write("solver-basis-pursuit", lambda: basis_pursuit(A, y, certify=True).proofs.collection)
    write("solver-lasso", lambda: lasso(A, y, 0.125, tol=1e-10, certify=True).proofs.collection)
    write("solver-lasso-complex", lambda: lasso(A + 1j * A[::-1], y * (1 + 0.5j), 0.125, tol=1e-10,
                                                certify=True).proofs.collection)


if __name__ == "__main__":
    for write_part in (programs, simple, isometries, null_space_property, kernel_sizes, details, values,
                       collections):
        write_part()
