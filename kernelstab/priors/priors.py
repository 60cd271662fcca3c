"""What is assumed of a signal before it is measured: the model classes of a kernel size."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_count, as_number


@dataclass(frozen=True)
class Ball:
    r"""Assume :math:`\|x\|_2\le R`.

    Parameters
    ----------
    radius : float
        :math:`R>0`.

    >>> Ball(2.0).contains([0.0, 3.0])
    1.0
    """

    radius: float

    def __post_init__(self):
        object.__setattr__(self, "radius", as_number(self.radius, "radius", low=0.0, strict=True))

    def contains(self, x) -> float:
        r"""Return :math:`\|x\|_2-R` as computed; not positive for a member."""
        return float(np.linalg.norm(as_array(x, "x", ndim=1))) - self.radius

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        return {"kind": "ball", "radius": self.radius}


@dataclass(frozen=True)
class Subspace:
    r"""Assume :math:`x\in V=\operatorname{range}(B)`, and :math:`\|x\|_2\le R` if a radius is given.

    Parameters
    ----------
    basis : array_like, shape (N, d)
        Linearly independent columns; they need not be orthonormal.
    radius : float, optional
        :math:`R>0`. Default: none, the whole subspace.

    Raises
    ------
    ValueError
        If the columns are numerically dependent, or there are more than ``N``.

    >>> Subspace([[1.0], [0.0]]).contains([5.0, 0.25])
    0.25
    """

    basis: np.ndarray = field(repr=False)
    radius: float | None = None
    frame: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        basis = as_array(self.basis, "basis", ndim=2)
        n, d = basis.shape
        sigma = np.linalg.svd(basis, compute_uv=False)
        if d > n or sigma[-1] <= n * np.finfo(float).eps * sigma[0]:
            raise ValueError(f"basis must have independent columns, got shape {basis.shape} with "
                             f"smallest singular value {sigma[-1] if d <= n else 0.0:.3g}")
        object.__setattr__(self, "basis", basis)
        object.__setattr__(self, "frame", np.linalg.qr(basis)[0])
        if self.radius is not None:
            object.__setattr__(self, "radius", as_number(self.radius, "radius", low=0.0, strict=True))

    def contains(self, x) -> float:
        """Return the distance to the subspace, or the excess of the norm over the radius if larger."""
        x = as_array(x, "x", shape=self.basis.shape[:1])
        away = float(np.linalg.norm(x - self.frame @ (self.frame.conj().T @ x)))
        return away if self.radius is None else max(away, float(np.linalg.norm(x)) - self.radius)

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        return {"kind": "subspace", "basis": self.basis, "radius": self.radius}


@dataclass(frozen=True)
class Ellipsoid:
    r"""Assume :math:`\|Tx\|_2\le1`.

    Parameters
    ----------
    T : array_like, shape (k, N)
        May have a null space: then the set is a cylinder.

    >>> Ellipsoid([[2.0, 0.0], [0.0, 1.0]]).contains([1.0, 0.0])
    1.0
    """

    T: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "T", as_array(self.T, "T", ndim=2))

    def contains(self, x) -> float:
        r"""Return :math:`\|Tx\|_2-1` as computed."""
        return float(np.linalg.norm(self.T @ as_array(x, "x", shape=self.T.shape[1:]))) - 1.0

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        return {"kind": "ellipsoid", "T": self.T}


@dataclass(frozen=True)
class Polytope:
    r"""Assume :math:`\|Wx\|_\infty\le1`.

    Parameters
    ----------
    W : array_like, shape (k, N), real
        Rows bound one quantity each; the box :math:`|x_i|\le b` has :math:`W=I/b`.

    >>> Polytope([[1.0, 1.0]]).contains([0.5, 1.0])
    0.5
    """

    W: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "W", as_array(self.W, "W", ndim=2, real=True))

    def contains(self, x) -> float:
        r"""Return :math:`\|Wx\|_\infty-1` as computed."""
        return float(np.max(np.abs(self.W @ as_array(x, "x", shape=self.W.shape[1:])))) - 1.0

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        return {"kind": "polytope", "W": self.W}


@dataclass(frozen=True)
class FiniteSet:
    """Assume that the signal is one of finitely many.

    Parameters
    ----------
    signals : array_like, shape (n, N)
        One signal a row.

    >>> FiniteSet([[0.0, 0.0], [3.0, 4.0]]).contains([3.0, 3.0])
    1.0
    """

    signals: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "signals", as_array(self.signals, "signals", ndim=2))

    def contains(self, x) -> float:
        """Return the distance to the nearest signal; 0 for a member."""
        x = as_array(x, "x", shape=self.signals.shape[1:])
        return float(np.min(np.linalg.norm(self.signals - x, axis=1)))

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        return {"kind": "finite", "signals": self.signals}


@dataclass(frozen=True)
class Sparse:
    """Assume that at most ``s`` entries are not zero.

    Parameters
    ----------
    s : int
        At least 1.

    >>> Sparse(1).contains([2.0, 0.0, -0.5])
    0.5
    """

    s: int

    def __post_init__(self):
        object.__setattr__(self, "s", as_count(self.s, "s", low=1))

    def contains(self, x) -> float:
        """Return the sum of the magnitudes beyond the ``s`` largest; 0 for a member."""
        magnitudes = np.sort(np.abs(as_array(x, "x", ndim=1)))[::-1]
        return float(magnitudes[self.s:].sum())

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        return {"kind": "sparse", "s": self.s}


@dataclass(frozen=True)
class L1Ball:
    r"""Assume :math:`\|x\|_1\le t`.

    Parameters
    ----------
    radius : float
        :math:`t>0`.

    >>> L1Ball(1.0).contains([1.0, -1.0])
    1.0
    """

    radius: float

    def __post_init__(self):
        object.__setattr__(self, "radius", as_number(self.radius, "radius", low=0.0, strict=True))

    def contains(self, x) -> float:
        r"""Return :math:`\|x\|_1-t` as computed."""
        return float(np.abs(as_array(x, "x", ndim=1)).sum()) - self.radius

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        return {"kind": "l1-ball", "radius": self.radius}


@dataclass(frozen=True)
class Everything:
    """Assume nothing.

    >>> Everything().contains([1e9])
    -inf
    """

    def contains(self, x) -> float:
        """Return minus infinity: every signal is a member."""
        as_array(x, "x", ndim=1)
        return -np.inf

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        return {"kind": "everything"}
