r"""Reconstruction maps in balls, from their descriptions.

Every evaluator offers ``apply(y)``, ``lipschitz()`` and ``length``, that of the output.

=================================================================  ===============================
``{"kind": "linear", "matrix"}``                                   :math:`Wy`
``{"kind": "scaled-adjoint", "operator", "scale"}``                :math:`(p/q)A^*y`
``{"kind": "clip", "operator", "x", "x_alt", "eta"}``              two-point clip decoder
``{"kind": "network", "operator", "layers"}``                      see ``network``
=================================================================  ===============================
"""

from flint import arb, ctx

from kernelstab.certify.arrays import Array
from kernelstab.certify.program.lipschitz_bound import PRECISION, scale_of
from kernelstab.certify.program.network import NetworkBalls
from kernelstab.certify.program.operators import DenseBalls, build
from kernelstab.certify.program.vectors import Vector


class LinearBalls:
    """Evaluate a matrix of floats.

    >>> from flint import arb_mat
    >>> psi = LinearBalls({"kind": "linear", "matrix": Array((2, 1), (2.0, -1.0))}, None)
    >>> psi.apply(Vector(arb_mat(1, 1, [0.5]))).real.entries()
    [1.00000000000000, -0.500000000000000]
    """

    def __init__(self, spec, operator):
        if not isinstance(spec["matrix"], Array):
            raise ValueError("a linear map needs a real matrix")
        self._matrix = DenseBalls({"matrix": spec["matrix"]})
        self.length, self.apply = self._matrix.shape[0], self._matrix.forward

    def lipschitz(self) -> arb:
        return self._matrix.norm


class ScaledAdjointBalls:
    """Evaluate the adjoint of the operator times a rational number."""

    def __init__(self, spec, operator):
        self._scale, self._operator, self.length = spec["scale"], operator, operator.shape[1]
        scale_of(self._scale)

    def apply(self, y: Vector) -> Vector:
        return self._operator.adjoint(y).scaled(scale_of(self._scale))

    def lipschitz(self) -> arb:
        norm = self._operator.norm
        with ctx.workprec(PRECISION):
            return norm * abs(scale_of(self._scale))


class ClipBalls:
    r"""Evaluate the two-point clip decoder.

    :math:`\Psi(y)=u+t\,(u'-u)` with :math:`t=\operatorname{clip}(\mathrm{Re}\langle
    y-Ax,e_0\rangle/\|e_0\|^2,0,1)`, :math:`e_0=A(x'-x)`, and :math:`u,u'` the signals moved
    towards each other by their errors. Without errors nothing is rounded in ``u``
    and ``u'``, so that dense operators are evaluated exactly at :math:`Ax` and :math:`Ax'`.
    """

    def __init__(self, spec, operator):
        x, x_alt, eta = Vector.from_array(spec["x"]), Vector.from_array(spec["x_alt"]), spec["eta"]
        if not isinstance(eta, list) or [type(e) in (int, float) and e >= 0 for e in eta] != [True, True]:
            raise ValueError(f"eta must hold two numbers that are not negative, got {eta!r:.80}")
        self.length = len(x)
        self._at_x = operator.forward(x)
        self._step = operator.forward(x_alt) - self._at_x
        direction = x_alt - x
        length = direction.norm()
        self._start, end = x, x_alt
        if eta[0]:
            self._start = x + direction.scaled(arb(eta[0]) / length)
        if eta[1]:
            end = x_alt - direction.scaled(arb(eta[1]) / length)
        self._way = end - self._start
        self._move = abs(length - arb(eta[0]) - arb(eta[1]))

    def apply(self, y: Vector) -> Vector:
        t = (y - self._at_x).inner(self._step) / self._step.inner(self._step)
        return self._start + self._way.scaled(t.max(arb(0)).min(arb(1)))

    def lipschitz(self) -> arb:
        r"""Return :math:`\|u'-u\|/\|e_0\|`, which is the constant itself."""
        return self._move / self._step.norm()


KINDS = {"linear": LinearBalls, "scaled-adjoint": ScaledAdjointBalls, "clip": ClipBalls,
         "network": NetworkBalls}


def build_map(spec, operator_of):
    """Return the evaluator of a decoded description.

    ``operator_of`` turns the description of an operator into its evaluator, so that the
    caller may share one evaluator between an operator and the maps made for it.
    """
    return build(spec, KINDS, "map",
                 lambda spec: (None if spec["kind"] == "linear" else operator_of(spec["operator"]),))
