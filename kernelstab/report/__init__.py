"""The audit of a reconstruction map, its report, and the re-checking of its certificates."""

from kernelstab.report.audit import AuditReport, Plan, audit
from kernelstab.report.inputs import read_images, read_matrix
from kernelstab.report.problem import Problem, pose
from kernelstab.report.recheck import Recheck, recheck
from kernelstab.report.verdicts import check_on_problem

__all__ = [
    "AuditReport", "Plan", "Problem", "Recheck", "audit", "check_on_problem", "pose", "read_images",
    "read_matrix", "recheck",
]
