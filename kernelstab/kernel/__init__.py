"""The null space of a forward matrix: bases, projections, and the constants that decide recovery."""

from kernelstab.kernel.coherence import Coherence, coherence, coherence_robust_nsp, welch_bound
from kernelstab.kernel.levels import Levels, sparsity_in_levels
from kernelstab.kernel.nsp import DualGroup, NSPConstant, nsp_constant
from kernelstab.kernel.nsp_relaxations import jn_bound
from kernelstab.kernel.nullspace import NullSpace, RationalNullSpace, nullspace_basis, rational_nullspace
from kernelstab.kernel.projector import KernelProjector, Visibility, kernel_part, kernel_projector, visibility
from kernelstab.kernel.recovery import (
    RecoveryBound,
    RecoveryConstants,
    instance_optimality_lower,
    recovery_constants,
    sigma_s,
    sparse_stability,
)
from kernelstab.kernel.recovery_certificate import RecoveryCertificate, recovery_certificate
from kernelstab.kernel.ric import RIC, IsometryConstant, RICRelaxation, ric, ric_relaxation, ric_robust_nsp
from kernelstab.kernel.robust_nsp import BestRobustNSP, RobustNSP, best_robust_nsp, robust_nsp
from kernelstab.kernel.spark import Spark, spark

__all__ = [
    "RIC", "BestRobustNSP", "Coherence", "DualGroup", "IsometryConstant", "KernelProjector", "Levels",
    "NSPConstant", "NullSpace", "RICRelaxation", "RationalNullSpace",
    "RecoveryBound", "RecoveryCertificate", "RecoveryConstants", "RobustNSP", "Spark", "Visibility",
    "best_robust_nsp", "coherence", "coherence_robust_nsp",
    "instance_optimality_lower", "jn_bound", "kernel_part", "kernel_projector",
    "nsp_constant", "nullspace_basis", "rational_nullspace", "recovery_certificate", "recovery_constants",
    "ric", "ric_relaxation", "ric_robust_nsp", "robust_nsp", "sigma_s", "spark", "sparse_stability",
    "sparsity_in_levels", "visibility", "welch_bound",
]
