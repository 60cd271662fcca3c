"""Forward operators: what a measurement is, with exact adjoints, norm bounds and structure."""

from kernelstab.operators import masks
from kernelstab.operators.base import ForwardOperator
from kernelstab.operators.dense import DenseOperator, bernoulli, gaussian, partial_orthogonal
from kernelstab.operators.fourier import SubsampledFourier
from kernelstab.operators.norm import dense_norm_upper

__all__ = [
    "DenseOperator",
    "ForwardOperator",
    "SubsampledFourier",
    "bernoulli",
    "dense_norm_upper",
    "gaussian",
    "masks",
    "partial_orthogonal",
]
