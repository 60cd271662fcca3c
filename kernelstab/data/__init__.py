"""Signals and images: bundled MR slices and photographs, phantoms, sparse vectors, details."""

from kernelstab.data.registry import ImageSet, colin, licences, load, names, natural, slices

__all__ = ["ImageSet", "colin", "licences", "load", "names", "natural", "slices"]
