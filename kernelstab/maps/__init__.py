"""Reconstruction maps from measurements to signals, numpy in and numpy out.

Classical maps with closed forms, the sharp two-point clip decoder, ReLU networks that are
evaluated and differentiated in numpy, restarted iterations with an error bound for each block, and
:func:`as_map`, which turns a callable, a torch module, a matrix, an import name or a weights file
into a map and refuses what is not a function. A map is anything with a ``name`` and ``__call__``; ``vjp``
and ``spec`` are optional (see :class:`ReconstructionMap`).
"""

from kernelstab.maps.adapt import CallableMap, as_map, check_function
from kernelstab.maps.base import Map, ReconstructionMap, has_gradient, pullback
from kernelstab.maps.clip import ClipDecoder
from kernelstab.maps.linear import AdjointMap, LinearMap, PseudoInverse, Tikhonov
from kernelstab.maps.network import ReLUNetwork
from kernelstab.maps.network_file import load_network, operator_from_recipe, save_network, shipped_networks
from kernelstab.maps.qcbp_map import QCBPMap
from kernelstab.maps.restarted import FIRENET, NESTA, RestartedMap, RestartedRun, WARPd
from kernelstab.maps.torch_map import TorchMap, from_torch
from kernelstab.maps.tv_map import TVMap

__all__ = [
    "FIRENET", "NESTA", "AdjointMap", "CallableMap", "ClipDecoder", "LinearMap", "Map", "PseudoInverse",
    "QCBPMap", "ReLUNetwork", "ReconstructionMap", "RestartedMap", "RestartedRun", "TVMap", "Tikhonov",
    "TorchMap", "WARPd", "as_map", "check_function", "from_torch", "has_gradient", "load_network",
    "operator_from_recipe", "pullback", "save_network", "shipped_networks",
]
