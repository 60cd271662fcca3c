"""Priors: what is assumed of a signal, and what data can then not tell apart."""

from kernelstab.priors.average import AverageKernelSize, average_kernel_size
from kernelstab.priors.ball import Ball, tikhonov_centre
from kernelstab.priors.confusable import (
    ConfusableDetail,
    RemovableDetail,
    confusable_detail,
    removable_detail,
)
from kernelstab.priors.detail_interval import DetailInterval, ValueCheck, detail_interval
from kernelstab.priors.ellipsoid import Ellipsoid
from kernelstab.priors.finite_set import (
    ChebyshevBall,
    FiniteSet,
    KernelProfile,
    chebyshev_ball,
    kernel_profile,
)
from kernelstab.priors.hallucination import Hallucination, minimum_hallucination
from kernelstab.priors.kernel_size import KernelSize, kernel_size, witness_error
from kernelstab.priors.l1_ball import L1Ball
from kernelstab.priors.polytope import Polytope
from kernelstab.priors.prior import Prior
from kernelstab.priors.sparse import Sparse
from kernelstab.priors.subspace import Everything, Subspace

__all__ = [
    "AverageKernelSize",
    "Ball",
    "ChebyshevBall",
    "ConfusableDetail",
    "DetailInterval",
    "Ellipsoid",
    "Everything",
    "FiniteSet",
    "Hallucination",
    "KernelProfile",
    "KernelSize",
    "L1Ball",
    "Polytope",
    "Prior",
    "RemovableDetail",
    "Sparse",
    "Subspace",
    "ValueCheck",
    "average_kernel_size",
    "chebyshev_ball",
    "confusable_detail",
    "detail_interval",
    "kernel_profile",
    "kernel_size",
    "minimum_hallucination",
    "removable_detail",
    "tikhonov_centre",
    "witness_error",
]
