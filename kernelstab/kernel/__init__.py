"""The null space of a forward matrix: bases, projections, and the constants that decide recovery."""

from kernelstab.kernel.coherence import Coherence, coherence, welch_bound
from kernelstab.kernel.nsp import dual_bound, nsp_constant
from kernelstab.kernel.nsp_result import DualGroup, NSPConstant
from kernelstab.kernel.nullspace import NullSpace, nullspace_basis
from kernelstab.kernel.projector import (
    KernelProjector,
    Visibility,
    kernel_part,
    kernel_projector,
    visibility,
)

__all__ = [
    "Coherence",
    "DualGroup",
    "KernelProjector",
    "NSPConstant",
    "NullSpace",
    "Visibility",
    "coherence",
    "dual_bound",
    "kernel_part",
    "kernel_projector",
    "nsp_constant",
    "nullspace_basis",
    "visibility",
    "welch_bound",
]
