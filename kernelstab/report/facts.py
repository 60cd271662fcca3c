"""What the operator is and what it cannot see."""

from dataclasses import dataclass

import numpy as np

from kernelstab.kernel import kernel_part, kernel_projector, nullspace_basis
from kernelstab.operators import OperatorReport, check_operator
from kernelstab.quantity import Kind, Quantity
from kernelstab.report.numbers import series

_SVD_COLUMNS = 1600


@dataclass(frozen=True, repr=False, eq=False)
class KernelFacts:
    r"""Shape, norm and kernel of the operator, and how much of the images lies in the kernel.

    Attributes
    ----------
    shape : (int, int)
    tight : float or None
        The constant of :math:`AA^*=cI`.
    norm_upper : Quantity
    check : OperatorReport
        The laws, tested on random vectors.
    dimension : Quantity
        Of the kernel; a lower bound where the rank was not determined.
    how : str
        Why that is the dimension.
    gap : (float, float) or None
        The singular values on both sides of the rank, where it was found numerically.
    projector : str
        How the kernel projection is computed.
    residual : float
        Largest :math:`\|AP_Nx\|/(\|A\|\|x\|)` met.
    hidden : ndarray, shape (n,)
        :math:`\|P_Nx\|/\|x\|` for each image.
    mask : ndarray or None
        The sampled frequencies, if the operator has some.
    """

    shape: tuple[int, int]
    tight: float | None
    norm_upper: Quantity
    check: OperatorReport
    dimension: Quantity
    how: str
    gap: tuple[float, float] | None
    projector: str
    residual: float
    hidden: np.ndarray
    mask: np.ndarray | None

    @property
    def rate(self) -> float:
        """Measurements per signal entry."""
        return self.shape[0] / self.shape[1]

    def __repr__(self):
        return f"<KernelFacts {self.shape[0]}x{self.shape[1]}, kernel dimension {self.dimension.value:.0f}>"

    def to_json(self) -> dict:
        """Return all numbers with units and kinds."""
        return {
            "shape": list(self.shape), "rate": Quantity(self.rate, "exact", rigorous=True).to_json(),
            "tight": self.tight,
            "norm": self.norm_upper.to_json(), "kernel_dimension": self.dimension.to_json(),
            "kernel_dimension_how": self.how, "singular_values_at_the_rank": self.gap and list(self.gap),
            "projector": self.projector, "projector_residual": series([self.residual]),
            "operator_laws": {"ok": self.check.ok, "failures": list(self.check.failures),
                              "linearity": self.check.linearity, "adjoint": self.check.adjoint,
                              "tolerance": self.check.tolerance},
            "kernel_fraction_of_images": series(self.hidden),
        }


def kernel_facts(A, images, tick=lambda: None, *, rng=0) -> KernelFacts:
    """Check the operator, count its kernel and split the images.

    >>> from kernelstab.operators import as_operator
    >>> facts = kernel_facts(as_operator([[3.0, 0.0]]), np.array([[3.0, 4.0]]))
    >>> facts, facts.hidden.tolist(), facts.how
    (<KernelFacts 1x2, kernel dimension 1>, [0.8], 'rank 1 by singular values')
    """
    check = check_operator(A, rng=rng)
    tick()
    dimension, how, gap = _dimension(A)
    projector = kernel_projector(A)
    hidden = np.array([np.linalg.norm(kernel_part(projector, x)) / np.linalg.norm(x) for x in images])
    tick()
    norm = Quantity(float(A.norm_upper), "upper", "measurement/signal")
    return KernelFacts(A.shape, A.tight, norm, check, dimension, how, gap, projector.method,
                       projector.residual, hidden, getattr(A, "mask", None))


def _counted(number, kind: Kind) -> Quantity:
    """Return a fact about integers, which needs no arithmetic that rounds."""
    return Quantity(float(number), kind, rigorous=True)


def _dimension(A):
    m, n = A.shape
    if A.tight is not None:
        return _counted(n - m, "exact"), f"the {m} rows are orthogonal and of equal length", None
    if n <= _SVD_COLUMNS:
        null = nullspace_basis(A)
        return Quantity(float(null.dimension), "estimate"), f"rank {null.rank} by singular values", null.gap
    return _counted(max(0, n - m), "lower"), f"a matrix with {m} rows has rank at most {m}", None

