"""Kernel sizes: how far apart two signals of a prior can lie that the measurements cannot tell apart."""

from kernelstab.kernel.sizes.detail_interval import DetailInterval, ValueCheck, detail_interval
from kernelstab.kernel.sizes.kernel_size import kernel_size
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

__all__ = [
    "Ball",
    "DetailInterval",
    "Ellipsoid",
    "Everything",
    "FiniteSet",
    "KernelSize",
    "L1Ball",
    "Polytope",
    "Sparse",
    "Subspace",
    "ValueCheck",
    "detail_interval",
    "kernel_size",
    "witness_error",
]
