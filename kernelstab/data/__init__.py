"""Signals and images: bundled MR slices and photographs, a phantom, sparse vectors, details."""

from kernelstab.data.details import blob, block, dial, text
from kernelstab.data.registry import ImageSet, colin, licences, load, names, natural, slices
from kernelstab.data.synthetic import shepp_logan, sparse_vector

__all__ = [
    "ImageSet", "blob", "block", "colin", "dial", "licences", "load", "names", "natural", "shepp_logan",
    "slices", "sparse_vector", "text",
]
