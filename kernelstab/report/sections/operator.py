"""The finding on the operator: what it is and what it cannot see."""

from dataclasses import dataclass

import numpy as np

from kernelstab import plot
from kernelstab.kernel import kernel_part, kernel_projector, nullspace_basis
from kernelstab.operators import OperatorReport, check_operator
from kernelstab.plot import Picture
from kernelstab.quantity import Quantity
from kernelstab.report.numbers import SIGN, at_most, percent, readable, series, span
from kernelstab.report.page import PANEL, gray_limits, images_figure, table
from kernelstab.report.sections import Finding

_SVD_COLUMNS = 1600


@dataclass(frozen=True, repr=False, eq=False)
class KernelFacts(Finding):
    r"""Shape, norm and kernel of the operator, and how much of the images lies in the kernel.

    ``tight`` is the constant of :math:`AA^*=cI`, if there is one. ``dimension`` is that of the kernel, a
    lower bound where the rank was not determined; ``how`` says why, and ``gap`` holds the singular values on
    both sides of a rank that was found numerically. ``projector`` names how the kernel projection is
    computed, ``residual`` is the largest :math:`\|AP_Nx\|/(\|A\|\|x\|)` met, ``hidden`` is
    :math:`\|P_Nx\|/\|x\|` for each image, ``mask`` the sampled frequencies, if there are some.
    """

    name = "operator"
    label = "Unseen"
    title = "What the operator cannot see"
    basic = True
    conventions = {
        "unseen part": "$P_N x$, the orthogonal projection of $x$ onto the kernel of $A$; the data determine "
                       "$x-P_N x$ and nothing else",
    }

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

    @classmethod
    def steps(cls, task) -> int:
        return 2

    @classmethod
    def measure(cls, task, tick=lambda: None) -> "KernelFacts":
        """Check the operator, count its kernel and split the images.

        >>> from kernelstab.report.inputs import pose
        >>> from kernelstab.report.sections import AuditTask
        >>> problem = pose(np.array([[3.0, 0.0]]), {"zero": lambda y: np.zeros(2)}, np.array([[3.0, 4.0]]))
        >>> facts = KernelFacts.measure(AuditTask(problem))
        >>> facts.dimension.value, facts.hidden.tolist(), facts.how
        (1.0, [0.8], 'rank 1 by singular values')
        """
        A = task.problem.A
        check = check_operator(A, rng=task.seed)
        tick()
        dimension, how, gap = _dimension(A)
        projector = kernel_projector(A)
        hidden = np.array([np.linalg.norm(kernel_part(projector, x)) / np.linalg.norm(x)
                           for x in task.problem.images])
        tick()
        norm = Quantity(float(A.norm_upper), "upper", "measurement/signal")
        return cls(A.shape, A.tight, norm, check, dimension, how, gap, projector.method, projector.residual,
                   hidden, getattr(A, "mask", None))

    @property
    def rate(self) -> float:
        """Measurements per signal entry."""
        return self.shape[0] / self.shape[1]

    def sentence(self, name) -> str:
        """Say how many directions leave no trace in the data."""
        m, n = self.shape
        text = f"The data are {m} numbers for {n} unknowns ({percent(self.rate)})."
        lower = self.dimension.kind == "lower"
        if self.dimension.value == 0:
            return text + ("" if lower else
                           " Every direction of the image leaves a trace in them, if perhaps a weak one.")
        share = span(self.hidden.min(), self.hidden.max())
        return (f"{text} {'At least ' if lower else ''}{self.dimension.value:.0f} directions of the image "
                f"leave no trace in them; they carry {share} of the norm of the images examined.")

    def parts(self, problem) -> list:
        """Show an image and its two parts, and list the facts."""
        laws = "hold on random vectors" if self.check.ok else f"FAIL: {', '.join(self.check.failures)}"
        hidden = self.hidden
        rows = [
            ("measurements, unknowns", f"{self.shape[0]}, {self.shape[1]} (rate {percent(self.rate)})"),
            ("dimension of the kernel",
             f"{SIGN[self.dimension.kind]} {self.dimension.value:.0f}: {self.how}"),
            ("norm of the operator", at_most(self.norm_upper.value, 6)),
            ("orthogonal rows", f"yes, AA* = {self.tight:g} I" if self.tight is not None else "no"),
            ("unseen part of the images",
             f"~ {span(hidden.min(), hidden.max())} of the norm, mean {percent(hidden.mean())}"),
            ("operator laws (linear, adjoint, norm)", laws),
            ("kernel projection", f"{self.projector}; data left: {readable(self.residual, 2)} |A| |x|"),
        ]
        if self.gap is not None:
            rows.append(("singular values at the rank", " and ".join(readable(value) for value in self.gap)))
        return [self._panel(problem), table(("fact", "value"), rows)]

    def to_json(self) -> dict:
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

    def _panel(self, problem) -> dict:
        image = problem.images[0]
        unseen = problem.picture(np.real(kernel_part(problem.A, image)))
        low, high = gray_limits(problem, image)
        half, largest = 0.5 * (high - low), float(np.max(np.abs(unseen)))
        contrast = "same contrast" if largest <= half else f"contrast divided by {largest / half:.2g}"
        row = []
        if self.mask is not None and self.mask.ndim == 2:
            row.append(Picture(np.fft.fftshift(self.mask).astype(float), "sampled frequencies", (0, 1)))
        row += [
            Picture(problem.picture(image), "image"),
            Picture(problem.picture(image) - unseen, "what the data determine"),
            Picture(unseen, f"unseen, {contrast}", (-max(half, largest), max(half, largest))),
        ]
        fig = plot.panel([row], limits=(low, high), size=PANEL, bars=True)
        return images_figure(fig, "an image, what the data determine of it, and what they do not", (
            "An image and its two parts: what the data determine, and what they do not see at all, where "
            "mid-gray is zero."))


def _dimension(A):
    """Return the dimension of the kernel, why it is that, and the singular values at the rank."""
    m, n = A.shape
    if A.tight is not None:
        exact = Quantity(float(n - m), "exact", rigorous=True)        # integers are not rounded
        return exact, f"the {m} rows are orthogonal and of equal length", None
    if n <= _SVD_COLUMNS:
        null = nullspace_basis(A)
        return Quantity(float(null.dimension), "estimate"), f"rank {null.rank} by singular values", null.gap
    lower = Quantity(float(max(0, n - m)), "lower", rigorous=True)
    return lower, f"a matrix with {m} rows has rank at most {m}", None
