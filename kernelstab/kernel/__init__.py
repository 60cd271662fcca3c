"""The null space of a forward matrix: bases, projections, and the constants that decide recovery."""

from kernelstab.kernel.best_robust_nsp import BestRobustNSP, best_robust_nsp
from kernelstab.kernel.coherence import Coherence, coherence, coherence_robust_nsp, welch_bound
from kernelstab.kernel.instance_optimality import instance_optimality_lower
from kernelstab.kernel.levels import Levels, LevelsRobustNSP, levels_robust_nsp, sparsity_in_levels
from kernelstab.kernel.nsp import complex_nsp_constant, nsp_constant
from kernelstab.kernel.nsp_relaxations import NSPRelaxation, jn_bound
from kernelstab.kernel.nsp_result import DualGroup, NSPConstant
from kernelstab.kernel.nullspace import NullSpace, RationalNullSpace, nullspace_basis, rational_nullspace
from kernelstab.kernel.projector import KernelProjector, Visibility, kernel_part, kernel_projector, visibility
from kernelstab.kernel.recovery import (
    RecoveryBound,
    RecoveryConstants,
    recovery_constants,
    sigma_s,
    sparse_stability,
)
from kernelstab.kernel.recovery_certificate import RecoveryCertificate, recovery_certificate
from kernelstab.kernel.ric import RIC, IsometryConstant, RICRelaxation, ric, ric_relaxation, ric_robust_nsp
from kernelstab.kernel.robust_nsp import RobustNSP, robust_nsp
from kernelstab.kernel.spark import Spark, spark

__all__ = [
    "RIC", "BestRobustNSP", "Coherence", "DualGroup", "IsometryConstant", "KernelProjector", "Levels",
    "LevelsRobustNSP", "NSPConstant", "NSPRelaxation", "NullSpace", "RICRelaxation", "RationalNullSpace",
    "RecoveryBound", "RecoveryCertificate", "RecoveryConstants", "RobustNSP", "Spark", "Visibility",
    "best_robust_nsp", "coherence", "coherence_robust_nsp", "complex_nsp_constant",
    "instance_optimality_lower", "jn_bound", "kernel_part", "kernel_projector", "levels_robust_nsp",
    "nsp_constant", "nullspace_basis", "rational_nullspace", "recovery_certificate", "recovery_constants",
    "ric", "ric_relaxation", "ric_robust_nsp", "robust_nsp", "sigma_s", "spark", "sparse_stability",
    "sparsity_in_levels", "visibility", "welch_bound",
]
