"""The null space of a forward matrix: bases, projections, and the constants that decide recovery."""

from kernelstab.kernel.best_robust_nsp import BestRobustNSP, best_robust_nsp
from kernelstab.kernel.coherence import Coherence, coherence, welch_bound
from kernelstab.kernel.instance_optimality import instance_optimality_lower
from kernelstab.kernel.levels import Levels, LevelsRobustNSP, levels_robust_nsp, sparsity_in_levels
from kernelstab.kernel.nsp import dual_bound, nsp_constant
from kernelstab.kernel.nsp_complex import complex_nsp_constant
from kernelstab.kernel.nsp_relaxations import NSPRelaxation, jn_bound
from kernelstab.kernel.nsp_result import DualGroup, NSPConstant
from kernelstab.kernel.nsp_sdp import sdp_bound
from kernelstab.kernel.nullspace import NullSpace, nullspace_basis
from kernelstab.kernel.projector import KernelProjector, kernel_part, kernel_projector
from kernelstab.kernel.rational import RationalNullSpace, rational_nullspace
from kernelstab.kernel.recovery import (
    RecoveryBound,
    RecoveryConstants,
    recovery_constants,
    sigma_s,
    sparse_stability,
)
from kernelstab.kernel.recovery_certificate import RecoveryCertificate, recovery_certificate
from kernelstab.kernel.ric import RIC, IsometryConstant, ric
from kernelstab.kernel.ric_relaxation import RICRelaxation, ric_relaxation
from kernelstab.kernel.robust_nsp import RobustNSP, robust_nsp
from kernelstab.kernel.robust_promises import coherence_robust_nsp, ric_robust_nsp
from kernelstab.kernel.sizes import (
    AverageKernelSize,
    Ball,
    ChebyshevBall,
    ConfusableDetail,
    DetailInterval,
    Ellipsoid,
    Everything,
    FibreCentre,
    FiniteKernelSize,
    FiniteSet,
    Hallucination,
    KernelProfile,
    KernelSize,
    L1Ball,
    Polytope,
    RemovableDetail,
    Sparse,
    Subspace,
    TikhonovCentre,
    ValueCheck,
    average_kernel_size,
    chebyshev_ball,
    confusable_detail,
    detail_interval,
    finite_kernel_size,
    kernel_profile,
    kernel_size,
    minimum_hallucination,
    removable_detail,
    tikhonov_centre,
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
from kernelstab.kernel.warmup import warmup

__all__ = [
    "RIC",
    "AverageKernelSize",
    "Ball",
    "BestRobustNSP",
    "ChebyshevBall",
    "Coherence",
    "ConfusableDetail",
    "DetailInterval",
    "DetailParts",
    "DualGroup",
    "Ellipsoid",
    "Everything",
    "FibreCentre",
    "FiniteKernelSize",
    "FiniteSet",
    "Hallucination",
    "IsometryConstant",
    "KernelAngles",
    "KernelProfile",
    "KernelProjector",
    "KernelSize",
    "L1Ball",
    "Levels",
    "LevelsRobustNSP",
    "NSPConstant",
    "NSPRelaxation",
    "NullSpace",
    "Polytope",
    "RICRelaxation",
    "RationalNullSpace",
    "RecoveryBound",
    "RecoveryCertificate",
    "RecoveryConstants",
    "RemovableDetail",
    "RobustNSP",
    "Spark",
    "Sparse",
    "Subspace",
    "TikhonovCentre",
    "ValueCheck",
    "Visibility",
    "average_kernel_size",
    "best_robust_nsp",
    "chebyshev_ball",
    "coherence",
    "coherence_robust_nsp",
    "complex_nsp_constant",
    "confusable_detail",
    "detail_interval",
    "dual_bound",
    "finite_kernel_size",
    "instance_optimality_lower",
    "jn_bound",
    "kernel_angles",
    "kernel_part",
    "kernel_profile",
    "kernel_projector",
    "kernel_size",
    "levels_robust_nsp",
    "minimum_hallucination",
    "nsp_constant",
    "nullspace_basis",
    "rational_nullspace",
    "recovery_certificate",
    "recovery_constants",
    "removable_detail",
    "ric",
    "ric_relaxation",
    "ric_robust_nsp",
    "robust_nsp",
    "sdp_bound",
    "sigma_s",
    "spark",
    "sparse_stability",
    "sparsity_in_levels",
    "split_detail",
    "tikhonov_centre",
    "visibility",
    "warmup",
    "welch_bound",
    "witness_error",
]
