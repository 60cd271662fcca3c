"""Signals and images: bundled MR slices and photographs, phantoms, sparse vectors, details."""

from kernelstab.data.details import blob, block, dial, text
from kernelstab.data.phantoms import ellipses, shepp_logan
from kernelstab.data.registry import ImageSet, colin, licences, load, names, natural, slices
from kernelstab.data.sparse import sparse_vector

__all__ = [
    "ImageSet",
    "blob",
    "block",
    "colin",
    "dial",
    "ellipses",
    "licences",
    "load",
    "names",
    "natural",
    "shepp_logan",
    "slices",
    "sparse_vector",
    "text",
]
