"""Greedy methods: they choose a support column by column or by thresholds, and fit on it."""

from kernelstab.solvers.greedy.cosamp import cosamp
from kernelstab.solvers.greedy.htp import htp
from kernelstab.solvers.greedy.iht import iht
from kernelstab.solvers.greedy.omp import omp
from kernelstab.solvers.greedy.omp_batch import omp_batch
from kernelstab.solvers.greedy.subspace_pursuit import subspace_pursuit

__all__ = ["cosamp", "htp", "iht", "omp", "omp_batch", "subspace_pursuit"]
