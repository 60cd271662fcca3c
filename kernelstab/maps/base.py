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


def as_signal(array, A, verb):
    """Return an output, a numpy array or a torch tensor, as ``(N,)`` complex or real numbers.

    Axes of length one in front (a batch of one, one channel) are dropped, and one channel behind an image.
    What is left is ``(N,)`` or an image; if ``A`` is complex, real numbers may also hold the real and
    imaginary part as the first axis or as the last one. Any other order would be a guess and is refused.

    >>> from kernelstab.operators import SubsampledFourier
    >>> A = SubsampledFourier(np.ones((1, 3), dtype=bool))
    >>> as_signal(np.array([[1.0, 2], [3, 4], [5, 6]]), A, "map must return")
    array([1.+2.j, 3.+4.j, 5.+6.j])
    """
    n, shape = A.shape[1], tuple(array.shape)
    signals = {(n,), A.image_shape, _from_first_axis(A.image_shape)}
    forms = {shape, _from_first_axis(shape)}
    if shape[-1:] == (1,) and len(shape) > 2:
        forms |= {shape[:-1], _from_first_axis(shape[:-1])}
    if signals & forms:
        return array.reshape(n)
    size = int(np.prod(shape))
    if not A.is_real and size == 2 * n and "complex" not in str(array.dtype):
        first = bool({(2, *signal) for signal in signals} & forms)
        last = bool({(*signal, 2) for signal in signals} & forms)
        if first != last:
            real, imag = array.reshape(2, n) if first else array.reshape(n, 2).T
            return real + 1j * imag
        way = ("; real and imaginary part must be the first or the last axis; where both fit or none does, "
               "return complex numbers: real + 1j * imag")
    else:
        way = "; if its order is right, return it flat" if size == n else ""
    raise ValueError(f"{verb} shape {(n,)}, got {shape}{way}")


def _from_first_axis(shape):
    """Return the shape without the axes of length one in front of the others."""
    long = [axis for axis, k in enumerate(shape) if k != 1] or [max(len(shape) - 1, 0)]
    return tuple(shape[long[0]:])
