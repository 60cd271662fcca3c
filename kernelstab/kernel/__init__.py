"""The null space of a forward matrix: bases, projections, and the constants that decide recovery."""

from kernelstab.kernel.coherence import Coherence, coherence, welch_bound
from kernelstab.kernel.nsp import dual_bound, nsp_constant
from kernelstab.kernel.nsp_relaxations import NSPRelaxation, jn_bound
from kernelstab.kernel.nsp_result import DualGroup, NSPConstant
from kernelstab.kernel.nsp_sdp import sdp_bound
from kernelstab.kernel.nullspace import NullSpace, nullspace_basis
from kernelstab.kernel.projector import KernelProjector, kernel_part, kernel_projector
from kernelstab.kernel.rational import RationalNullSpace, rational_nullspace
from kernelstab.kernel.sizes import (
    Ball,
    DetailInterval,
    Ellipsoid,
    Everything,
    FiniteSet,
    KernelSize,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
    ValueCheck,
    detail_interval,
    kernel_size,
    witness_error,
)
from kernelstab.kernel.spark import Spark, spark
from kernelstab.kernel.visibility import (
    DetailParts,
    KernelAngles,
    Visibility,
    kernel_angles,
    split_detail,
    visibility,
)

__all__ = [
    "Ball",
    "Coherence",
    "DetailInterval",
    "DetailParts",
    "DualGroup",
    "Ellipsoid",
    "Everything",
    "FiniteSet",
    "KernelAngles",
    "KernelProjector",
    "KernelSize",
    "L1Ball",
    "NSPConstant",
    "NSPRelaxation",
    "NullSpace",
    "Polytope",
    "RationalNullSpace",
    "Spark",
    "Sparse",
    "Subspace",
    "ValueCheck",
    "Visibility",
    "coherence",
    "detail_interval",
    "dual_bound",
    "jn_bound",
    "kernel_angles",
    "kernel_part",
    "kernel_projector",
    "kernel_size",
    "nsp_constant",
    "nullspace_basis",
    "rational_nullspace",
    "sdp_bound",
    "spark",
    "split_detail",
    "visibility",
    "welch_bound",
    "witness_error",
]
