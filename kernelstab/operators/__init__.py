"""Forward operators: what a measurement is, with exact adjoints, norm bounds and structure."""

from kernelstab.operators import masks
from kernelstab.operators.adapt import FunctionOperator, as_operator
from kernelstab.operators.base import Composition, ForwardOperator
from kernelstab.operators.blur import Blur, gaussian_blur
from kernelstab.operators.check import OperatorReport, check_operator
from kernelstab.operators.fourier import SubsampledFourier
from kernelstab.operators.hadamard import SubsampledHadamard
from kernelstab.operators.matrix import (
    DenseOperator,
    SparseOperator,
    bernoulli,
    dense_norm_upper,
    gaussian,
    partial_orthogonal,
    rows_columns_upper,
)
from kernelstab.operators.radon import Radon
from kernelstab.operators.wavelet import WaveletSynthesis

__all__ = [
    "Blur",
    "Composition",
    "DenseOperator",
    "ForwardOperator",
    "FunctionOperator",
    "OperatorReport",
    "Radon",
    "SparseOperator",
    "SubsampledFourier",
    "SubsampledHadamard",
    "WaveletSynthesis",
    "as_operator",
    "bernoulli",
    "check_operator",
    "dense_norm_upper",
    "gaussian",
    "gaussian_blur",
    "masks",
    "partial_orthogonal",
    "rows_columns_upper",
]
