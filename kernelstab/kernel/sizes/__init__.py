"""Kernel sizes: how far apart two signals of a prior can lie that the measurements cannot tell apart."""

from kernelstab.kernel.sizes.average import AverageKernelSize, average_kernel_size
from kernelstab.kernel.sizes.confusable import (
    ConfusableDetail,
    RemovableDetail,
    confusable_detail,
    removable_detail,
)
from kernelstab.kernel.sizes.detail_interval import DetailInterval, ValueCheck, detail_interval
from kernelstab.kernel.sizes.finite import FibreCentre, FiniteKernelSize, finite_kernel_size
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
from kernelstab.kernel.sizes.profile import KernelProfile, kernel_profile
from kernelstab.kernel.sizes.result import KernelSize, witness_error
from kernelstab.kernel.sizes.tikhonov_centre import TikhonovCentre, tikhonov_centre

__all__ = [
    "AverageKernelSize",
    "Ball",
    "ChebyshevBall",
    "ConfusableDetail",
    "DetailInterval",
    "Ellipsoid",
    "Everything",
    "FibreCentre",
    "FiniteKernelSize",
    "FiniteSet",
    "Hallucination",
    "KernelProfile",
    "KernelSize",
    "L1Ball",
    "Polytope",
    "RemovableDetail",
    "Sparse",
    "Subspace",
    "TikhonovCentre",
    "ValueCheck",
    "average_kernel_size",
    "chebyshev_ball",
    "confusable_detail",
    "detail_interval",
    "finite_kernel_size",
    "kernel_profile",
    "kernel_size",
    "minimum_hallucination",
    "removable_detail",
    "tikhonov_centre",
    "witness_error",
]
