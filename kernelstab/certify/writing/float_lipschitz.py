"""The Lipschitz bounds of ``lipschitz`` in floating point, as information without proof."""

from math import nan, sqrt

import numpy as np

from kernelstab.certify.arrays import decode
from kernelstab.certify.writing.encode import encode


class FloatArithmetic:
    """The arithmetic of floats for the recursion in ``lipschitz``."""

    number = float
    sqrt = staticmethod(sqrt)
    upper = staticmethod(abs)

    @staticmethod
    def spectral(rows, columns, data):
        """Return the spectral norm of a matrix given by its entries in C order."""
        return float(np.linalg.norm(np.array(data, dtype=np.float64).reshape(rows, columns), 2))


def lipschitz_float(psi) -> float:
    """Return the Lipschitz bound of a map by the rules of ``lipschitz``, in floats.

    NaN if the map has no description: no finite number of evaluations bounds it.
    """
    # python-flint is loaded when a bound is first asked for, not with the room
    from kernelstab.certify.program.lipschitz_bound import OperatorFacts, map_lipschitz, matrix_norm
    from kernelstab.certify.program.maps import build_map
    from kernelstab.certify.program.operators import build_operator

    describe = getattr(psi, "spec", None)
    spec = describe() if callable(describe) else None
    if spec is None:
        return nan
    spec = decode(encode(spec))
    if spec["kind"] == "clip":        # a quotient of two norms; the balls are as quick
        return float(build_map(spec, build_operator).lipschitz())
    operator = spec.get("operator")
    facts = None
    if operator is not None:
        dense = operator["kind"] == "dense"
        norm = matrix_norm(operator["matrix"], FloatArithmetic) if dense else 1.0
        facts = OperatorFacts(norm, operator.get("tight") if dense else 1.0, 0.0)
    return map_lipschitz(spec, facts, FloatArithmetic)
