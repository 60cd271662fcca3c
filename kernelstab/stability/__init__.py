"""How a reconstruction map behaves: accuracy, worst-case noise, planted details.

A search can show instability, never stability; so every search comes with its controls,
and one-sided numbers say so in their names.
"""

from kernelstab.stability.accuracy import Accuracy, accuracy
from kernelstab.stability.controls import LinearControl, NoiseControl, equal_norm_noise, linear_control
from kernelstab.stability.local_lipschitz import LipschitzWitness, local_lipschitz_lower
from kernelstab.stability.planted_detail import DetailCurve, planted_detail
from kernelstab.stability.worst_case import WorstCase, worst_case

__all__ = [
    "Accuracy", "DetailCurve", "LinearControl", "LipschitzWitness", "NoiseControl", "WorstCase", "accuracy",
    "equal_norm_noise", "linear_control", "local_lipschitz_lower", "planted_detail", "worst_case",
]
