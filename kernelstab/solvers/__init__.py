"""Sparse reconstruction with proof: every answer comes with a dual point and its gap.

``lasso``, ``qcbp``, ``basis_pursuit`` and ``sqrt_lasso`` take a matrix or an operator, real or
complex, and stop on a duality gap; ``wavelet_qcbp`` and ``wavelet_lasso`` reconstruct images,
``analysis`` and ``tv_wavelet`` what is sparse under any analysis operator;
``omp``, ``cosamp``, ``iht``, ``htp`` and ``subspace_pursuit`` choose greedily and are judged alike;
``lasso_path`` follows all solutions of the LASSO, ``solve_batch`` solves many small problems at
once; ``reference_lasso``, ``reference_tv`` and their like pose the same problems to an independent
interior point solver.
"""

from kernelstab.solvers.analysis import analysis, tv_wavelet
from kernelstab.solvers.batch import BatchSolution, solve_batch
from kernelstab.solvers.lasso import lasso
from kernelstab.solvers.lasso_path import LassoPath, lasso_path
from kernelstab.solvers.omp import omp, omp_batch
from kernelstab.solvers.qcbp import basis_pursuit, qcbp
from kernelstab.solvers.reference import (
    reference_analysis,
    reference_lasso,
    reference_qcbp,
    reference_sqrt_lasso,
    reference_tv,
    reference_tv_wavelet,
)
from kernelstab.solvers.sharpness import Restarts, Sharpness, restart_radii, sharpness_from
from kernelstab.solvers.solution import Solution, SolutionProofs
from kernelstab.solvers.sqrt_lasso import sqrt_lasso
from kernelstab.solvers.thresholding import cosamp, htp, iht, subspace_pursuit
from kernelstab.solvers.tv import TVSolution, tv
from kernelstab.solvers.wavelet import level_weights, wavelet_lasso, wavelet_qcbp

__all__ = [
    "BatchSolution", "LassoPath", "Restarts", "Sharpness", "Solution", "SolutionProofs", "TVSolution",
    "analysis", "basis_pursuit", "cosamp", "htp", "iht", "lasso", "lasso_path", "level_weights", "omp",
    "omp_batch", "qcbp", "reference_analysis", "reference_lasso", "reference_qcbp", "reference_sqrt_lasso",
    "reference_tv", "reference_tv_wavelet", "restart_radii", "sharpness_from", "solve_batch", "sqrt_lasso",
    "subspace_pursuit", "tv", "tv_wavelet", "wavelet_lasso", "wavelet_qcbp",
]
