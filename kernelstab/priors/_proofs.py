"""Proofs of kernel sizes in the form that certificates hold them."""

from fractions import Fraction
from math import lcm

import numpy as np

from kernelstab._errors import CertificateError

PRIME = 2**61 - 1
REACH = "1e300"     # what a certificate of an infinite size states
# what witnesses are shrunk by, and multipliers enlarged by, until rounding no longer stands in the way
_MARGINS = (2.0**-44, 2.0**-36, 2.0**-28, 2.0**-20)


def kernel_size_certificate(result, path=None) -> dict:
    """Make the certificate of both sides of a kernel size, and write it if a path is given.

    The bounds stated are those of the exact check; they lie outside ``lower`` and ``upper`` by the
    margin that exactness needs.

    Raises
    ------
    CertificateError
        If a side cannot be proved for the matrix as its floats stand.
    """
    from kernelstab.certify import make_constant_certificate
    from kernelstab.certify.constants.matrix import read_matrix
    from kernelstab.certify.constants.statement import bound
    from kernelstab.certify.writing.constant_certificate import encode_matrix
    from kernelstab.certify.writing.encode import encode

    options = {"prior": result.prior.spec(), "eps": float(result.eps), "norm": result.norm}
    content, plain = read_matrix(encode_matrix(result.matrix)), encode(options)
    proofs = {}
    for side, make in (("lower", lower_proof), ("upper", upper_proof)):
        for margin in _MARGINS:
            proof = make(result, margin)
            if proof is None:
                break
            try:
                bound("kernel-size", content, None, plain, side, encode(proof))
            except CertificateError:
                if margin == _MARGINS[-1]:
                    raise
            else:
                proofs[side] = proof
                break
    if not proofs:
        raise CertificateError("neither side of the kernel size has a proof that a certificate can hold")
    return make_constant_certificate("kernel-size", result.matrix, options=options, path=path, **proofs)


def lower_proof(result, margin) -> dict | None:
    """Return the witnesses as exact vectors, moved inward by the margin; None where the size is 0."""
    from kernelstab.certify.constants.matrix import digits

    kind = result.prior.spec()["kind"]
    if kind == "finite":
        rows = [int(np.argmin(np.linalg.norm(result.prior.signals - x, axis=1)))
                for x in (result.x, result.x_alt)]
        return {"kind": "signals", "first": rows[0], "second": rows[1]}
    if np.isinf(result.lower):
        direction = _exact_kernel_vector(result, result.direction)
        return {"kind": "ray", "direction": [digits(value) for value in direction], "reach": REACH}
    if result.lower == 0:
        return None
    if result.eps > 0:
        pair = [[Fraction(float(value)) for value in _coordinates(result, x * (1 - margin))]
                for x in (result.x, result.x_alt)]
        return _pair(pair)
    # without noise the gap lies in the null space exactly: an integer vector, scaled as the float one is
    gap = _coordinates(result, result.x - result.x_alt)
    vector = _exact_kernel_vector(result, result.x - result.x_alt)
    largest = int(np.argmax(np.abs(gap)))
    scale = Fraction(float(gap[largest] * (1 - margin))) / vector[largest] / 2
    return _pair([[scale * value for value in vector], [-scale * value for value in vector]])


def _pair(vectors) -> dict:
    """Write two rational vectors over one denominator."""
    from kernelstab.certify.constants.matrix import digits

    denominator = lcm(*{value.denominator for vector in vectors for value in vector})
    x, x_alt = ([digits(value * denominator) for value in vector] for vector in vectors)
    return {"kind": "pair", "x": x, "x_alt": x_alt, "denominator": digits(denominator)}


def _coordinates(result, x):
    """Return what the checker reads: coefficients in a subspace; imaginary parts after the real ones."""
    spec = result.prior.spec()
    if spec["kind"] == "subspace":
        x = np.linalg.lstsq(spec["basis"], x, rcond=None)[0]
    arrays = [result.matrix, *(value for value in spec.values() if isinstance(value, np.ndarray))]
    if any(np.iscomplexobj(array) for array in arrays):
        return np.concatenate([np.real(x), np.imag(x)])
    return np.asarray(x)


def _exact_kernel_vector(result, v):
    """Return an integer vector of the null space near another; for a ray, one without end in the prior."""
    from kernelstab.certify.writing.constant_certificate import exact_matrix
    from kernelstab.certify.writing.kernel_vector import kernel_vector_near

    spec, wanted = result.prior.spec(), _coordinates(result, v)
    wanted = np.where(np.abs(wanted) > 1e-12 * np.abs(wanted).max(), wanted, 0.0)
    rows = [_real(result.matrix, len(wanted))]
    if spec["kind"] == "subspace":
        basis = _rational(_real(spec["basis"], len(wanted)))
        return kernel_vector_near(exact_matrix(_rational(_real(result.matrix, len(basis))) @ basis),
                                  wanted.tolist())
    if np.isinf(result.lower):
        rows += [_real(spec[name], len(wanted)) for name in ("T", "W") if name in spec]
    return kernel_vector_near(exact_matrix(np.vstack(rows)), wanted.tolist())


def _real(matrix, width):
    """Return a matrix, or the real one that acts on real and imaginary parts if the width asks for it."""
    if matrix.shape[1] == width and not np.iscomplexobj(matrix):
        return matrix
    return np.block([[matrix.real, -matrix.imag], [matrix.imag, matrix.real]])


def _rational(matrix):
    """Return an array of fractions, whose products are exact."""
    return np.array([[Fraction(float(value)) for value in row] for row in matrix], dtype=object)


def upper_proof(result, margin) -> dict | None:
    """Return what proves the upper bound, with the margin that exactness needs; None if nothing does."""
    dual, kind = result.dual, result.dual.get("kind")
    if np.isinf(result.upper):
        return None
    if kind == "multipliers":
        return {"kind": kind, "alpha": dual["alpha"] * (1 + margin), "beta": dual["beta"] * (1 + margin)}
    if kind == "kernel-basis":
        return _limit(result, margin)
    if kind == "injective":
        return {"kind": kind, "prime": PRIME}
    if kind == "diagonal":
        f = dual["f"] * (1 + margin)
        if result.eps == 0:
            f = f + _penalty(result, result.prior.W.T @ (dual["d"][:, None] * result.prior.W), margin)
        return {"kind": kind, "d": dual["d"] * (1 + margin), "f": f}
    if kind == "matrix":
        y, beta = dual["Y"], dual["beta"] * (1 + margin)
        peak = float(np.abs(y).max())
        if result.eps == 0:
            beta = _penalty(result, y, margin)
        return {"kind": kind, "Y": y + margin * (1 + peak) * np.eye(len(y)), "beta": beta}
    if kind == "enumeration" and "sigma" in dual:
        return {"kind": "supports", "sigma": dual["sigma"] * (1 - margin) if result.eps else 0.0}
    if kind in ("duals", "coordinates", "enumeration"):
        return {name: dual[name] for name in ("kind", "mu", "q") if name in dual}
    return None


def _limit(result, margin):
    """Return multipliers for an ellipsoid without noise: any alpha above the limit has its beta."""
    T, alpha = result.prior.T, (result.upper / 2) ** 2 * (1 + margin)
    return {"kind": "multipliers", "alpha": alpha, "beta": _penalty(result, alpha * (T.conj().T @ T), margin)}


def _penalty(result, form, margin):
    r"""Return a weight of :math:`A^*A` that lifts a form above the identity if it is so on the kernel.

    By the Schur complement: what is missing on the row space, and the square of the mixed part over the
    margin by which the form exceeds the identity on the kernel.
    """
    sigma = np.linalg.svd(result.matrix, compute_uv=False)
    least = float(min(value for value in sigma if value > max(result.matrix.shape) * 2.0**-52 * sigma[0]))
    size = float(np.linalg.norm(form, 2))
    return (2 + 2 * size + 2 * size**2 / margin) / least**2
