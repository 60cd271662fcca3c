"""The kernel size of a matrix under a prior, its certificate, and the test that it sets every map."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, sqrt

import numpy as np

from kernelstab._checks import as_number
from kernelstab._errors import CertificateError, users_code
from kernelstab.priors.prior import Prior, as_prior

EPS = float(np.finfo(np.float64).eps)
_NORMS = {2: "2", "2": "2", np.inf: "inf", "inf": "inf"}
_AGREE = 1e-8                       # relative gap up to which two ends are called one value
# what witnesses are shrunk by, and multipliers enlarged by, until rounding no longer stands in the way
_MARGINS = (2.0**-44, 2.0**-36, 2.0**-28, 2.0**-20)


@dataclass(frozen=True)
class KernelSize:
    r"""Two-sided value of :math:`\sup\{\|x-x'\|:x,x'\in M,\ \|A(x-x')\|\le2\varepsilon\}`.

    Two members of the prior :math:`M` whose measurements lie within :math:`2\varepsilon` share
    the data :math:`A(x+x')/2` with noise of size :math:`\varepsilon`: no map is closer than half their
    distance to both.

    Attributes
    ----------
    prior : Prior
    eps : float
        Noise level :math:`\varepsilon`, in measurement units.
    norm : str
        Norm in which signals are compared, ``"2"`` or ``"inf"``. Noise is measured in the maximum
        norm for a polytope, and in the Euclidean norm for every other prior.
    lower, upper : float
        The kernel size lies between; ``inf`` if it is infinite.
    exact : bool
        True if a closed form or a complete search stands behind both and they agree to 1e-8.
    c_opt_lower, c_opt_upper : float
        The smallest worst-case error of any map lies between.
    x, x_alt : ndarray, shape (N,)
        Members of the prior at distance ``lower`` (along ``direction``, if infinite).
    direction : ndarray or None
        A kernel direction along which the prior is unbounded, if the size is infinite.
    optimal, optimal_error : callable and float, or None
        A map ``y -> x``, where one is known, and what its worst-case error is proved not to exceed; a linear
        map has an attribute ``matrix``.
    dual : dict
        The numbers that prove ``upper``; ``kind`` says how.
    matrix : ndarray, shape (m, N)
    interrupted : bool
        Whether Ctrl-C ended the search.
    """

    prior: Prior
    eps: float
    norm: str
    lower: float
    upper: float
    exact: bool
    c_opt_lower: float
    c_opt_upper: float
    x: np.ndarray = field(repr=False)
    x_alt: np.ndarray = field(repr=False)
    direction: np.ndarray | None = field(repr=False)
    optimal: Callable | None = field(repr=False)
    dual: dict = field(repr=False)
    matrix: np.ndarray = field(repr=False)
    optimal_error: float | None = None
    interrupted: bool = False

    def __post_init__(self):
        agree = self.upper == self.lower or self.upper <= self.lower * (1 + _AGREE) < inf
        object.__setattr__(self, "exact", bool(self.exact and agree))

    @property
    def misfit(self) -> float:
        r""":math:`\|A(x-x')\|` as computed, in the norm of the noise: at most :math:`2\varepsilon`."""
        return float(np.linalg.norm(self.matrix @ (self.x - self.x_alt), self.prior.noise_norm))

    def __repr__(self):
        return (f"<KernelSize {self.prior!r}, eps={self.eps:g}, norm {self.norm}: "
                f"{self.lower:.10g} <= kersize <= {self.upper:.10g}, "
                f"{self.c_opt_lower:.10g} <= c_opt <= {self.c_opt_upper:.10g}>")

    def certificate(self, path=None) -> dict:
        """Return the certificate of both sides; write it to ``path`` if one is given.

        The bounds stated are those of the exact check; they lie outside ``lower`` and ``upper`` by the
        margin that exactness needs.

        Raises
        ------
        CertificateError
            If a side cannot be proved for the matrix as its floats stand.
        """
        from kernelstab.certify import make_constant_certificate

        options, proofs = {"prior": self.prior.spec(), "eps": float(self.eps), "norm": self.norm}, {}
        for side, make in (("lower", self.prior.lower_proof), ("upper", self.prior.upper_proof)):
            for margin in _MARGINS:
                proof = None if side == "upper" and np.isinf(self.upper) else make(self, margin)
                if proof is None:
                    break
                try:
                    make_constant_certificate("kernel-size", self.matrix, options=options, **{side: proof})
                except CertificateError:
                    if margin == _MARGINS[-1]:
                        raise
                else:
                    proofs[side] = proof
                    break
        if not proofs:
            raise CertificateError("neither side of the kernel size has a proof that a certificate can hold")
        return make_constant_certificate("kernel-size", self.matrix, options=options, path=path, **proofs)


def kernel_size(A, prior, eps=0.0, *, norm=2, **options) -> KernelSize:
    r"""Return how far apart two signals of a prior can lie that the measurements cannot tell apart.

    The kernel size :math:`\sup\{\|x-x'\|:x,x'\in M,\ \|A(x-x')\|\le2\varepsilon\}` is the largest diameter
    of a fibre :math:`\{x\in M:\|Ax-y\|\le\varepsilon\}`. The least worst-case error of any map, the
    largest radius of a fibre, lies between half of it and all of it:

    =============== ====================================== ==================== =======================
    prior           kernel size                            least error          map in ``optimal``
    =============== ====================================== ==================== =======================
    ``Ball``        exact, singular values                 half                 optimal
    ``Subspace``    exact, singular values                 half                 optimal
    ``Everything``  exact, singular values                 half                 optimal
    ``Ellipsoid``   exact, eigenvalues or two multipliers  half                 optimal, linear
    ``Polytope``    exact in the maximum norm, by linear   half; two-sided in   optimal, linear; in the
                    programs; two-sided in the Euclidean   the Euclidean norm   Euclidean norm bounded
    ``FiniteSet``   exact, pairs                           radii of fibres      centre of the fibre
    ``Sparse``      exact, enumeration                     half, Jung           none
    ``L1Ball``      two-sided                              half, Jung           none
    =============== ====================================== ==================== =======================

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    prior : Prior
    eps : float
        Noise level, in the maximum norm for a polytope, in the Euclidean norm else.
    norm : {2, inf}
        Norm of the errors; ``inf`` is offered for a polytope, where it makes the size exact.
    **options
        Of the prior's method ``kernel_size``, such as ``tol`` or ``max_supports``.

    Raises
    ------
    ValueError
        If the norm is not offered for the prior, or what the method of the prior raises.

    Examples
    --------
    The first two of three coordinates are measured; the poles of the ball of radius 2.1 look alike:

    >>> from kernelstab.priors import Ball
    >>> size = kernel_size(np.eye(2, 3), Ball(2.1))
    >>> round(size.upper, 6), round(size.c_opt_upper, 6)
    (4.2, 2.1)
    """
    eps = as_number(eps, "eps", low=0.0)
    if not isinstance(norm, (int, float, str, np.number)) or norm not in _NORMS:
        raise ValueError(f"norm must be 2 or inf, got {norm!r}")
    offered = as_prior(prior).norms
    if _NORMS[norm] not in offered:
        raise ValueError(f"norm must be 2 for the prior {prior!r}, got {norm!r}")
    if len(offered) > 1:
        options["norm"] = _NORMS[norm]
    return prior.kernel_size(A, eps, **options)


@dataclass(frozen=True)
class MatrixMap:
    r"""The map :math:`y\mapsto Ry`.

    >>> MatrixMap(np.array([[0.5], [1.0]]))([2.0])
    array([1., 2.])
    """

    matrix: np.ndarray

    def __call__(self, y):
        """Return the product."""
        return self.matrix @ np.asarray(y)


def witness_error(result: KernelSize, psi) -> tuple[float, float]:
    r"""Return the errors of any map on the two witnesses, from one evaluation at the data they share.

    Both witnesses explain :math:`y=A(x+x')/2` with noise :math:`\mp A(x-x')/2`, of size at most
    :math:`\varepsilon`. By the triangle inequality the larger error is at least
    :math:`\tfrac12\|x-x'\|`, whatever ``psi`` is.

    Parameters
    ----------
    result : KernelSize
    psi : callable, ndarray (m,) -> ndarray (N,)
        Called once.

    Returns
    -------
    (float, float)
        :math:`\|\Psi(y)-x\|` and :math:`\|\Psi(y)-x'\|` in the norm of the result.

    Raises
    ------
    ValueError
        If ``psi`` raises or does not return a signal.

    Examples
    --------
    The first coordinate is measured, the second hidden; no map sees its sign:

    >>> from kernelstab.priors import Ball
    >>> size = kernel_size([[1.0, 0.0]], Ball(3.0))
    >>> sorted(witness_error(size, lambda y: np.array([y[0], 1.0])))
    [2.0, 4.0]
    """
    shared = result.matrix @ ((result.x + result.x_alt) / 2)
    with users_code("psi"):
        answer = np.asarray(psi(shared))
    if answer.shape != result.x.shape:
        raise ValueError(f"psi must return shape {result.x.shape}, got {answer.shape}")
    order = np.inf if result.norm == "inf" else 2
    first, second = (float(np.linalg.norm(answer - x, order)) for x in (result.x, result.x_alt))
    return first, second


def symmetric(prior, eps, matrix, v, half_upper, *, norm="2", exact=True, dual, optimal=None,
              optimal_error=None, c_opt_upper=None) -> KernelSize:
    """Make the result of a symmetric prior from a member ``v`` and the bound of half the size.

    Both ``v`` and ``-v`` explain the data 0. The upper bound is never put below what was measured, and the
    result is only called exact if both ends agree.
    """
    distance = 2 * float(np.linalg.norm(v, np.inf if norm == "inf" else 2))
    lower = distance * (1 - (len(v) + 4) * EPS)
    upper = max(2 * half_upper, lower)
    # the error of any map bounds c_opt, and so does the size: every member of a fibre is a centre
    known = [upper, *(bound for bound in (optimal_error, c_opt_upper) if bound is not None)]
    return KernelSize(prior, eps, norm, lower, upper, exact, lower / 2, max(min(known), lower / 2), v, -v,
                      None, optimal, dual, matrix, optimal_error=optimal_error)


def unbounded(prior, eps, matrix, x, x_alt, *, norm="2") -> KernelSize:
    """Make the result of a prior that contains all multiples of a pair with equal measurements."""
    return KernelSize(prior, eps, norm, inf, inf, True, inf, inf, x, x_alt, x - x_alt, None,
                      {"kind": "ray"}, matrix)


def jung(dimension) -> float:
    r"""Return :math:`\sqrt{d/(2(d+1))}`: radius over diameter of a set in ``d`` dimensions, at most.

    >>> jung(1), round(jung(2), 6)
    (0.5, 0.57735)
    """
    return sqrt(dimension / (2 * (dimension + 1)))
