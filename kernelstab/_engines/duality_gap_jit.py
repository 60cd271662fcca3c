"""The functions of ``duality_gap``, compiled from the same source for compiled callers."""

from numba import njit

from kernelstab._compiling_jit import INNER
from kernelstab._engines import duality_gap

relative = njit(**INNER)(duality_gap.relative)
with_rounding = njit(**INNER)(duality_gap.with_rounding)
best_multiple = njit(**INNER)(duality_gap.best_multiple)
gap_of = njit(**INNER)(duality_gap.duality_gap)
shortfall = njit(**INNER)(duality_gap.shortfall)
is_clear = njit(**INNER)(duality_gap.is_clear)
