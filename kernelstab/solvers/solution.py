"""What every solver returns: the point, the proof of how good it is, and the cost."""

from dataclasses import dataclass

import numpy as np

from kernelstab.solvers.proofs import SolutionProofs


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
