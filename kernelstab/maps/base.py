"""The one interface of a reconstruction map: numpy in, numpy out."""

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class ReconstructionMap(Protocol):
    r"""A map :math:`\Psi` from measurements ``(m,)`` to signals ``(N,)``.

    Only ``name`` and ``__call__`` are required; any callable is wrapped by
    :func:`kernelstab.maps.as_map`. A map may also offer

    ``vjp(y, u)``
        :math:`J_\Psi(y)^* u`, shape ``(m,)``, real inner products; lets a worst-case
        search follow gradients. Maps without it are searched without derivatives.
    ``pullback(y)``
        :math:`\Psi(y)` and the function :math:`u \mapsto J_\Psi(y)^*u`, for maps that save
        work by computing both together.
    ``spec()``
        An exact description for certificates (see ``ForwardOperator.spec``); maps
        without one are certified on their recorded outputs only.
    ``precision``
        Unit roundoff of the arithmetic inside the map (default that of float64); checks in floating
        point allow for it.
    """

    name: str

    def __call__(self, y: np.ndarray) -> np.ndarray: ...


class Map:
    """Base class of the maps in this package: a name, no gradient, no description."""

    name = "map"
    precision = float(np.finfo(np.float64).eps)

    def __init_subclass__(cls, **options):
        """Forget an inherited description when a subclass computes something else."""
        super().__init_subclass__(**options)
        if "__call__" in vars(cls) and "spec" not in vars(cls):
            cls.spec = Map.spec

    def __call__(self, y: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def spec(self) -> dict | None:
        """Describe the map exactly, for certificates, or None if that is impossible."""
        return None

    def __repr__(self):
        return f"<{type(self).__name__} {self.name}>"


def has_gradient(psi) -> bool:
    """Say whether the map offers a vector-Jacobian product."""
    return callable(getattr(psi, "vjp", None))


def pullback(psi, y):
    r"""Return :math:`\Psi(y)` and the function :math:`u \mapsto J_\Psi(y)^* u`.

    Uses the map's own ``pullback`` if it has one, else a call and its ``vjp``.
    """
    own = getattr(psi, "pullback", None)
    return own(y) if callable(own) else (psi(y), lambda u: psi.vjp(y, u))
