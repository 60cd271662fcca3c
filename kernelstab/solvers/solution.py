"""What a solver returns: the point, the dual point and the gap between them; what they prove exactly."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from kernelstab._errors import CertificateError

MOST_ROWS = 150       # for points corrected to meet the data exactly: a rational system of this size
MOST_SUPPORT = 300    # for the dual vector corrected on the support


@dataclass(frozen=True, repr=False)
class SolutionProofs:
    r"""Certificates of one solution, for the matrix and data exactly as their entries stand.

    Attributes
    ----------
    certificates : dict
        ``optimal-value``: bounds on the least objective, by weak duality and by a point that attains it.
        ``recovery``: a bound :math:`\theta<1` on the products of the columns off the support with
        a dual vector; it proves that every signal with the support and the signs of the solution
        (entries above 1e-6 of the largest) is the only shortest one, in the 1-norm, with its
        measurements.
    missing : dict
        Name of what could not be proved to the reason.
    lower, upper : float
        The proved bounds on the least objective, rounded outward; ``upper`` is infinite where there
        is no exact point.
    theta : float
        The proved bound of ``recovery``; infinite where there is none.
    """

    certificates: dict[str, dict] = field(repr=False)
    missing: dict[str, str]
    lower: float
    upper: float
    theta: float

    @property
    def collection(self) -> dict:
        """The certificates in one, for ``kernelstab verify``."""
        from kernelstab.certify import make_collection

        return make_collection(self.certificates.values())

    def __repr__(self):
        return f"<SolutionProofs: {self.lower:.12g} <= value <= {self.upper:.12g}, theta {self.theta:.4g}>"


def prove_solution(problem, x, dual, weights=None) -> SolutionProofs:
    """Prove what the points of a ``Solution`` show about a dense problem, posed as the caller did.

    Cost: exact products of the matrix with three vectors, and rational systems of the size of the
    support, or of the number of rows for problems with exact data.
    """
    certificates, missing = {}, {}
    for name, make in (("optimal-value", _value), ("recovery", _recovery)):
        try:
            certificates[name] = make(problem, x, dual, weights)
        except CertificateError as error:
            missing[name] = str(error)
    if "optimal-value" in certificates and len(certificates["optimal-value"]["statements"]) == 1:
        missing["upper bound"] = f"an exact point needs at most {MOST_ROWS} rows and full row rank"
    found = {(name, entry["side"]): _outward(entry)
             for name, made in certificates.items() for entry in made["statements"]}
    lower = found.get(("optimal-value", "lower"), 0.0)
    upper, theta = (found.get((name, "upper"), np.inf) for name in ("optimal-value", "recovery"))
    return SolutionProofs(certificates, missing, lower, upper, theta)


def _outward(entry):
    """Return the float next to a stated decimal, on the side where the bound stays true."""
    value, exact = float(entry["value"]), Fraction(entry["value"])
    if entry["side"] == "lower":
        return value if Fraction(value) <= exact else float(np.nextafter(value, -np.inf))
    return value if Fraction(value) >= exact else float(np.nextafter(value, np.inf))


def _value(problem, x, dual, weights):
    from kernelstab.certify import make_constant_certificate

    options = {"problem": problem.form, "level": problem.parameter, "y": problem.system.y}
    options |= {"nonneg": True} if problem.nonneg else {}
    options |= {} if weights is None else {"weights": weights}
    lower = {"kind": "dual", "h": dual}
    for upper in _points(problem, x):
        try:
            return make_constant_certificate("optimal-value", problem.system.matrix, options=options,
                                             lower=lower, upper=upper)
        except CertificateError:
            continue              # an infeasible point: the next proves more, the lower bound stands anyway
    return make_constant_certificate("optimal-value", problem.system.matrix, options=options, lower=lower)


def _points(problem, x):
    """Yield proofs of an upper bound, the best first."""
    matrix, m = problem.system.matrix, problem.system.shape[0]
    if problem.form != "qcbp":
        yield {"kind": "point", "x": x}
        return
    support = np.flatnonzero(x)
    if problem.parameter > 0:
        yield {"kind": "point", "x": _inside(problem, x, support)}
    if m <= MOST_ROWS:
        columns = _independent(matrix, support)
        if len(columns) == m:
            yield {"kind": "corrected-point", "x": x, "columns": columns}


def _inside(problem, x, support):
    """Move a point that misses the ball by rounding into it, by least squares on its support."""
    r = problem.system.y - problem.system.matrix @ x
    inside = problem.system.matrix[:, support]
    step = np.linalg.lstsq(inside, r, rcond=None)[0]
    gained = float(np.linalg.norm(inside @ step))
    moved = x.copy()
    if gained > 0:
        moved[support] += min(1.0, 1e-13 * (np.linalg.norm(r) / gained) ** 2) * step
    return moved


def _independent(matrix, support):
    """Return independent columns, those of the support first, by pivoted QR."""
    from scipy.linalg import qr

    chosen = support[_pivots(matrix[:, support])] if support.size else support
    basis = qr(matrix[:, chosen], mode="economic")[0] if chosen.size else np.zeros((len(matrix), 0))
    rest = matrix - basis @ (basis.conj().T @ matrix)
    others = np.setdiff1d(np.arange(matrix.shape[1]), chosen)
    more = others[_pivots(rest[:, others])][:len(matrix) - chosen.size]
    return sorted(int(j) for j in (*chosen, *more))


def _pivots(block):
    from scipy.linalg import qr

    if block.size == 0:
        return np.zeros(0, int)
    R, order = qr(block, mode="r", pivoting=True)
    size = np.abs(np.diag(R))
    return order[:int(np.sum(size > 1e-10 * size[0]))] if size[0] > 0 else order[:0]


def _recovery(problem, x, dual, weights):
    from kernelstab.certify import make_constant_certificate

    if problem.system.dtype.kind == "c" or weights is not None or problem.nonneg:
        raise CertificateError("the certificate of a support is for real problems without weights and nonneg")
    # first-order methods leave dust; the certificate names the support that it is about
    support = np.flatnonzero(np.abs(x) > 1e-6 * np.abs(x).max())
    if not 0 < support.size <= MOST_SUPPORT:
        raise CertificateError(f"the support must have 1 to {MOST_SUPPORT} columns, got {support.size}")
    made = make_constant_certificate(
        "recovery", problem.system.matrix, upper={"kind": "dual", "h": dual / problem.weight},
        options={"support": support.tolist(), "signs": [int(s) for s in np.sign(x[support])]})
    if float(made["statements"][0]["value"]) >= 1:
        raise CertificateError("the dual point does not separate the support: theta is not below 1")
    return made


@dataclass(frozen=True, repr=False)
class Solution:
    r"""A point, a dual point, and the duality gap between them.

    The gap is what makes the answer checkable: ``dual`` is feasible for the dual
    problem, so no point of the constraint set has an objective below
    ``dual_objective``, whatever the solver did to get there.

    Attributes
    ----------
    x : ndarray, shape (N,)
        The primal point.
    dual : ndarray, shape (m,)
        The dual point; its constraint is met up to rounding.
    objective : float
        Value of the objective at ``x``.
    dual_objective : float
        Value of the dual objective at ``dual``, a lower bound of the optimal value.
    gap : float
        Absolute duality gap. At a feasible ``x`` this is ``objective - dual_objective``;
        an infeasible ``x`` pays :math:`\|h\|` times its excess on top, which keeps the
        gap nonnegative (weak duality of the Lagrangian).
    relative_gap : float
        ``gap / objective``; 0 when both vanish.
    residual : float
        :math:`\|Ax - y\|_2`, recomputed from ``x``.
    feasibility : float
        :math:`(\|Ax-y\|_2 - \eta)_+`; 0 for problems without a constraint.
    iterations : int
        Steps taken, of all methods that were tried: a product with ``A`` and one with its adjoint
        for first-order methods, a corner of the path, or a round of the working set.
    converged : bool
        Whether the tolerance was met within the budget.
    method : str
        The algorithm and the loop that ran it.
    history : ndarray, shape (checks, 3), or None
        Rows (iteration, objective, gap), if asked for.
    image : ndarray or None
        The signal that the coefficients ``x`` stand for, for synthesis problems.
    interrupted : bool
        Whether Ctrl-C ended the run; the point is the best one met until then.
    proofs : SolutionProofs or None
        Certificates, if asked for by ``certify=True``.

    Examples
    --------
    >>> s = Solution(np.zeros(2), np.ones(1), 2.0, 1.5, 0.5, 0.25, 0.0, 0.0, 7, False, "demo")
    >>> s
    <Solution of demo: stopped after 7 iterations, objective 2, relative gap 2.5e-01, infeasible by 0.0e+00>
    """

    x: np.ndarray
    dual: np.ndarray
    objective: float
    dual_objective: float
    gap: float
    relative_gap: float
    residual: float
    feasibility: float
    iterations: int
    converged: bool
    method: str
    history: np.ndarray | None = None
    image: np.ndarray | None = None
    interrupted: bool = False
    proofs: SolutionProofs | None = None

    def __repr__(self):
        word = "converged" if self.converged else "stopped"
        return (f"<Solution of {self.method}: {word} after {self.iterations} iterations, objective "
                f"{self.objective:.6g}, relative gap {self.relative_gap:.1e}, "
                f"infeasible by {self.feasibility:.1e}>")
