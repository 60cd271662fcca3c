"""The audit of a map, the card of a matrix, a problem from files, and the re-checking of certificates."""

from kernelstab.report.audit import AuditReport, audit
from kernelstab.report.inputs import AuditProblem, pose, read_images, read_mask, read_matrix
from kernelstab.report.matrix_card import MatrixCard, matrix_card
from kernelstab.report.recheck import Recheck, recheck
from kernelstab.report.sections import Plan
from kernelstab.report.sections.theorems import check_on_problem
from kernelstab.report.solved import SolvedProblem, solve_files

__all__ = [
    "AuditProblem", "AuditReport", "MatrixCard", "Plan", "Recheck", "SolvedProblem", "audit",
    "check_on_problem", "matrix_card", "pose", "read_images", "read_mask", "read_matrix", "recheck",
    "solve_files",
]
