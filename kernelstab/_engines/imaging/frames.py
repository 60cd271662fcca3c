r"""Analysis operators W, made of blocks, and how to solve with :math:`W^*W`.

A block of ``groups`` components holds at each place a vector whose Euclidean norm is measured:
one component for wavelets, one per axis for isotropic gradients. Every frame knows a number
``lower`` with :math:`W^*W\ge lower\cdot I`.
"""

from functools import cached_property

import numpy as np
from scipy import fft, linalg
from scipy.sparse.linalg import LinearOperator, aslinearoperator, cg


class Gradient:
    """Periodic forward differences along every axis of an image, times ``scale``, one component per axis."""

    def __init__(self, shape, scale, joint):
        self.shape, self.scale = tuple(shape), scale
        self.rows, self.groups = len(self.shape) * int(np.prod(self.shape)), len(self.shape) if joint else 1
        self.parseval, self.norm = None, 2.0 * scale * np.sqrt(len(self.shape))

    def forward(self, x):
        """Return all components, one after the other."""
        x = x.reshape(self.shape)
        out = np.empty((len(self.shape), *self.shape), dtype=x.dtype)
        for axis, part in enumerate(out):
            np.subtract(np.roll(x, -1, axis), x, out=part)
        out *= self.scale
        return out.ravel()

    def adjoint(self, p):
        """Return the image that p is pulled back to."""
        parts = p.reshape(len(self.shape), *self.shape)
        return self.scale * sum(np.roll(part, 1, axis) - part for axis, part in enumerate(parts)).ravel()

    def eigenvalues(self, real):
        """Return the eigenvalues of the product with the adjoint, on the (half) spectrum of an image."""
        total = np.zeros((1,) * len(self.shape))
        for axis, n in enumerate(self.shape):
            count = n // 2 + 1 if real and axis == len(self.shape) - 1 else n
            line = 4.0 * np.sin(np.pi * np.arange(count) / n) ** 2
            total = total + line.reshape([-1 if a == axis else 1 for a in range(len(self.shape))])
        return self.scale ** 2 * total


class Products:
    """Any operator as one block, with :math:`W^*W=parseval\\cdot I` where that is known."""

    def __init__(self, W, norm=None):
        self.operator, self.measure = aslinearoperator(W), norm
        self.rows, self.groups = self.operator.shape[0], 1
        self.parseval = _parseval(W)
        self.matrix = W if isinstance(W, np.ndarray) else None

    @cached_property
    def norm(self):
        """An upper bound of the norm, or a measured one."""
        if self.parseval is not None:
            return float(np.sqrt(self.parseval))
        W = self.operator if self.matrix is None else self.matrix
        return self.measure(W)

    def forward(self, x):
        """Return ``W x``."""
        return self._apply(self.operator.matvec, x)

    def adjoint(self, p):
        """Return ``W^H p``."""
        return self._apply(self.operator.rmatvec, p)

    def _apply(self, product, v):
        if np.iscomplexobj(v) and self.operator.dtype.kind != "c" and self.parseval is None:
            return product(v.real.copy()) + 1j * product(v.imag.copy())
        return product(v)


def _parseval(W):
    """Return c where ``W^H W = c I`` is declared by a square tight operator, or by the adjoint of one."""
    if isinstance(W, np.ndarray):
        return None
    inner = W if W.shape[0] == W.shape[1] and getattr(W, "tight", None) is not None else getattr(W, "A", None)
    return getattr(inner, "tight", None)


class Frame:
    """Blocks above each other; ``gram`` is how ``W^H W`` is solved: "scalar", "fourier", "dense" or "cg"."""

    def __init__(self, blocks, count, lower=None):
        self.blocks, self.count = blocks, count
        ends = np.cumsum([0] + [block.rows for block in blocks])
        self.slices = [slice(a, b) for a, b in zip(ends[:-1], ends[1:])]
        self.rows = int(ends[-1])
        self.scalar = float(sum(block.parseval or 0.0 for block in blocks))
        self.gradients = [block for block in blocks if isinstance(block, Gradient)]
        plain = [block for block in blocks if block.parseval is None and block not in self.gradients]
        self.lower = self.scalar if lower is None else float(lower)
        if not plain and self.scalar > 0:
            self.gram = "fourier" if self.gradients else "scalar"
        elif all(getattr(block, "matrix", None) is not None for block in blocks):
            self.gram = "dense"
            stacked = np.concatenate([block.matrix for block in blocks])
            self._factor = stacked.conj().T @ stacked
            least = float(np.linalg.eigvalsh(self._factor)[0]) - 1e-13 * float(np.trace(self._factor).real)
            self.lower = max(self.lower, least)
        else:
            self.gram = "cg"
        if not self.lower > 0:
            raise ValueError("W must be injective with a known bound: contain a tight frame, be an array of "
                             f"full column rank, or come with lower > 0, got lower bound {self.lower:.2g}; "
                             "for total variation alone see tv")

    @cached_property
    def norm(self):
        """An upper bound of the norm, as far as those of the blocks are."""
        return float(np.sqrt(sum(block.norm ** 2 for block in self.blocks)))

    def forward(self, x):
        """Return ``W x``."""
        return np.concatenate([block.forward(x) for block in self.blocks])

    def adjoint(self, p):
        """Return ``W^H p``."""
        return sum(block.adjoint(p[part]) for block, part in zip(self.blocks, self.slices))

    def sizes(self, p):
        """Return the modulus at every place, in the order of the weights."""
        return np.concatenate([np.sqrt(np.sum(np.abs(p[part].reshape(block.groups, -1)) ** 2, axis=0))
                               if block.groups > 1 else np.abs(p[part])
                               for block, part in zip(self.blocks, self.slices)])

    def spread(self, factors):
        """Repeat one factor per place for all components there."""
        out, start = [], 0
        for block in self.blocks:
            places = block.rows // block.groups
            out.extend([factors[start:start + places]] * block.groups)
            start += places
        return np.concatenate(out)

    @property
    def places(self):
        """The number of moduli."""
        return sum(block.rows // block.groups for block in self.blocks)

    def solve(self, b):
        """Return the solution of ``W^H W x = b``; by conjugate gradients only as exact as it comes."""
        if self.gram == "scalar":
            return b / self.scalar
        if self.gram == "fourier":
            return self._solve_fourier(b)
        if self.gram == "dense":
            return linalg.solve(self._factor, b, assume_a="pos")
        product = LinearOperator((self.count, self.count), dtype=b.dtype,
                                 matvec=lambda x: self.adjoint(self.forward(x)))
        return cg(product, b, rtol=1e-13, maxiter=500)[0]

    def eigenvalues(self, real):
        """Return the eigenvalues of ``W^H W`` on the (half) spectrum, where ``gram`` is "fourier"."""
        return self.scalar + sum(block.eigenvalues(real) for block in self.gradients)

    def _solve_fourier(self, b):
        shape, real = self.gradients[0].shape, b.dtype.kind != "c"
        values = self.eigenvalues(real)
        image = b.reshape(shape)
        if real:
            return fft.irfftn(fft.rfftn(image) / values, s=shape).ravel()
        return fft.ifftn(fft.fftn(image) / values).ravel()


def as_frame(W, count, lower=None, norm=None) -> Frame:
    """Read what the user hands in: a frame, an operator, an array, or a sequence of these.

    ``norm`` measures the spectral norm of a part.

    Raises
    ------
    ValueError
        If a part does not act on ``count`` entries, or no lower frame bound is known.
    """
    if isinstance(W, Frame):
        return W
    parts = list(W) if isinstance(W, (list, tuple)) else [W]
    for part in parts:
        if getattr(part, "ndim", 2) != 2 or part.shape[1] != count:
            raise ValueError(f"W must act on {count} entries, got shape {part.shape}")
    return Frame([Products(part, norm) for part in parts], count, lower)
