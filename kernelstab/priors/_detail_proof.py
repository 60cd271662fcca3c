"""The certificate of the interval of a detail: dual vectors and signals, made exact where they must be."""

from fractions import Fraction

import numpy as np

from kernelstab import certify
from kernelstab._errors import CertificateError
from kernelstab.priors.priors import Ball, Ellipsoid, FiniteSet, L1Ball, Polytope, Sparse, Subspace

_STEP = 1e-9       # share of the way to the middle of the set that makes room for exact corrections


def detail_certificate(interval, end, path):
    """Prove the outer ends (``"range"``), or both bounds of the ``"largest"`` or ``"smallest"`` value."""
    if end not in ("range", "largest", "smallest"):
        raise ValueError(f"end must be 'range', 'largest' or 'smallest', got {end!r}")
    if interval.direction is not None:
        raise ValueError("end points of an unbounded interval have no certificate: they are infinite")
    matrix = interval.matrix.to_dense()
    proofs = {}
    for side, outer in (("lower", ("range", "smallest")), ("upper", ("range", "largest"))):
        if end not in outer:
            x = interval.x_min if end == "smallest" else interval.x_max
            proofs[side] = {"kind": "point", "x": _signal(interval, matrix, x)}
        elif isinstance(interval.prior, FiniteSet):
            proofs[side] = {"kind": "enumeration"}
        elif not isinstance(interval.prior, Sparse):
            proofs[side] = {"kind": "dual"} | _dual(interval, matrix, side)
        elif end == "range":
            raise ValueError("the interval over sparse signals has no certificate, only 'largest' and "
                             "'smallest' have one for their witness")
    spec = interval.prior.spec()
    if isinstance(interval.prior, Sparse):
        spec["s"] = min(spec["s"], matrix.shape[1])
    options = {"d": interval.detail, "y": interval.data, "prior": spec, "eps": interval.eps, "end": end}
    return certify.make_constant_certificate("detail-interval", matrix, options=options, path=path,
                                               **proofs)


def _dual(interval, matrix, side):
    """Return dual vectors, corrected where they must add up to the detail exactly."""
    found, prior = interval.dual[side], interval.prior
    d = interval.detail if side == "upper" else -interval.detail
    free = isinstance(prior, Subspace) and prior.radius is None
    if isinstance(prior, (Ball, L1Ball)) or (isinstance(prior, Subspace) and not free):
        return {"q": found["q"]}
    if free:
        basis = _exact(prior.basis)
        return {"q": _solution((_exact(matrix) @ basis).T, basis.T @ _exact(d), found["q"])}
    if not isinstance(prior, (Ellipsoid, Polytope)):
        return {"q": _solution(matrix.T, d, found["q"])}
    form = prior.T if isinstance(prior, Ellipsoid) else prior.W
    both = _solution(np.hstack([matrix.T, form.T]), d, np.concatenate([found["q"], found["mu"]]))
    parts = both["integers"][:len(matrix)], both["integers"][len(matrix):]
    return {name: both | {"integers": part} for name, part in zip(("q", "mu"), parts)}


def _signal(interval, matrix, x):
    """Return a witness; without noise one that satisfies the equations exactly."""
    prior = interval.prior
    if isinstance(prior, Subspace):
        matrix, x = _exact(matrix) @ _exact(prior.basis), np.linalg.lstsq(prior.basis, x, rcond=None)[0]
    if interval.eps > 0 or isinstance(prior, FiniteSet):
        return x
    if not isinstance(prior, (Sparse, Subspace)):
        middle = (interval.x_min + interval.x_max) / 2
        x = x + _STEP * (middle - x)
    return _solution(matrix, interval.data, x)


def _solution(matrix, right, near):
    """Return an exact solution of ``matrix z = right`` near a computed one: integers over a denominator."""
    from kernelstab.certify.constants.matrix import digits

    # the vector (z / unit, 1) is in a null space, with entries of one size
    power = int(np.frexp(np.abs(near).max())[1])
    unit = Fraction(2) ** power
    whole = np.hstack([_exact(matrix), -_exact(right)[:, None] / unit])
    wanted = [*np.ldexp(np.asarray(near, float), -power).tolist(), 1.0]
    reason = "the equations have no exact solution near the computed one"
    try:
        vector = certify.kernel_vector_near(certify.exact_matrix(whole), wanted)
    except CertificateError as error:
        raise CertificateError(f"{reason}: {error}") from None
    if vector[-1] == 0:
        raise CertificateError(reason)
    sign = 1 if vector[-1] > 0 else -1
    return {"integers": [digits(sign * value * unit.numerator) for value in vector[:-1]],
            "denominator": digits(abs(vector[-1]) * unit.denominator)}


def _exact(array):
    """Return an array of fractions."""
    return np.vectorize(Fraction, otypes=[object])(np.asarray(array))
