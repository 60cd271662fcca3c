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
from kernelstab.kernel.sizes import (
    Ball,
    Ellipsoid,
    Everything,
    FiniteSet,
    KernelSize,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
    witness_error,
)

__all__ = [
    "Ball",
    "Coherence",
    "DualGroup",
    "Ellipsoid",
    "Everything",
    "FiniteSet",
    "KernelProjector",
    "KernelSize",
    "L1Ball",
    "NSPConstant",
    "NullSpace",
    "Polytope",
    "Sparse",
    "Subspace",
    "Visibility",
    "coherence",
    "dual_bound",
    "kernel_part",
    "kernel_projector",
    "nsp_constant",
    "nullspace_basis",
    "visibility",
    "welch_bound",
    "witness_error",
]
