"""Kernel sizes: how far apart two signals of a prior can lie that the measurements cannot tell apart."""

from kernelstab.kernel.sizes.confusable import (
    ConfusableDetail,
    RemovableDetail,
    confusable_detail,
    removable_detail,
)
from kernelstab.kernel.sizes.detail_interval import DetailInterval, ValueCheck, detail_interval
from kernelstab.kernel.sizes.hallucination import Hallucination, minimum_hallucination
from kernelstab.kernel.sizes.kernel_size import kernel_size
from kernelstab.kernel.sizes.miniball import ChebyshevBall, chebyshev_ball
from kernelstab.kernel.sizes.priors import (
    Ball,
    Ellipsoid,
    Everything,
    FiniteSet,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
)
from kernelstab.kernel.sizes.result import KernelSize, witness_error
from kernelstab.kernel.sizes.tikhonov_centre import TikhonovCentre, tikhonov_centre

__all__ = [
    "Ball",
    "ChebyshevBall",
    "ConfusableDetail",
    "DetailInterval",
    "Ellipsoid",
    "Everything",
    "FiniteSet",
    "Hallucination",
    "KernelSize",
    "L1Ball",
    "Polytope",
    "RemovableDetail",
    "Sparse",
    "Subspace",
    "TikhonovCentre",
    "ValueCheck",
    "chebyshev_ball",
    "confusable_detail",
    "detail_interval",
    "kernel_size",
    "minimum_hallucination",
    "removable_detail",
    "tikhonov_centre",
    "witness_error",
]
