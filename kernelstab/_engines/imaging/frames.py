r"""Analysis operators W, made of blocks, with the passes over dual fields that every method needs.

A block measures at each place the size of one entry of :math:`Wx`, or the Euclidean norm of a few of them.
A dual field holds one number for every entry; it is feasible where its size at each place is at most
the weight there. Every frame but the plain gradient knows ``lower`` with :math:`W^*W\ge lower\cdot I`.
"""

from functools import cached_property

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import LinearOperator, aslinearoperator, cg

from kernelstab.operators import WaveletSynthesis
from kernelstab.operators.adapt import is_operator, products_of

PIECE = 2**14    # entries of a field that are worked on while they are in the cache


class Gradient:
    """Periodic forward differences along every axis of an image, times ``scale``.

    ``joint``: a place is a pixel, measured by the Euclidean norm of its differences; otherwise every
    difference is measured by itself. An image is seen as (rows, n), a field as (axes, rows, n).
    """

    parseval, least = None, 1.0

    def __init__(self, shape, joint, scale=1.0):
        self.shape, self.joint, self.scale = tuple(shape), joint, scale
        self.axes, self.n, self.rows = len(self.shape), self.shape[-1], int(np.prod(self.shape[:-1]))
        numbers = np.arange(self.rows).reshape(self.shape[:-1])
        following = [np.roll(numbers, -1, c).ravel() for c in range(numbers.ndim)]
        self.step = np.array(following, dtype=np.int64).reshape(numbers.ndim, self.rows)
        self.count = self.axes * self.rows * self.n        # of the entries of a field
        self.typical = scale**2

    def total(self, x) -> float:
        """Return the sum of all sizes."""
        line = self._memory(x)[3]
        return self._corrected(line, x, self.scale)[1]

    def project(self, p, x, b, rho, relaxation):
        """Move p by ``relaxation`` times the way to the feasible field nearest to ``p + rho W x``.

        Adds ``W^H p`` to b; x may be None where ``rho`` is 0.
        """
        from kernelstab._engines.imaging.passes_jit import project

        number, out = b.real.dtype.type, b if self.scale == 1.0 else np.zeros_like(b)
        project(self._field(p), self._image(b if x is None else x), self._image(out), *self._memory(b),
                *map(number, (self.scale * rho, relaxation, 1.0)))
        self._add(b, out)

    def correct(self, p, x, factor) -> float:
        """Add ``factor W x`` to p and return its largest size."""
        return self._corrected(self._field(p), x, self.scale * factor)[0]

    def _corrected(self, p, x, factor):
        from kernelstab._engines.imaging.passes_jit import correct

        step, parts, share, line = self._memory(x)
        sums = np.empty(line.shape[2])
        largest = correct(p, self._image(x), step, parts, share, line[0, 0], sums, x.real.dtype.type(factor))
        return float(largest), float(sums.sum()) / parts

    def advance(self, s, x, b, relaxation, t, ratio):
        """Take a step of ``FourierSplitting``: ``s += relaxation * (W x - z)``; add ``W^H (2z - s)`` to b.

        z is s shrunk by t, and p = (s - z)/t the dual field. ``ratio`` is the next threshold over t:
        with it s becomes ``z + ratio * t * p``, the same pair of points.
        """
        from kernelstab._engines.imaging.passes_jit import advance

        number, out = x.real.dtype.type, b if self.scale == 1.0 else np.zeros_like(b)
        advance(self._field(s), self._image(x), self._image(out), *self._memory(x),
                *map(number, (self.scale, relaxation, t, ratio, 1.0)))
        self._add(b, out)

    def mismatch(self, s, x, p, t):
        """Write the field ``(W x - 2z + s)/t`` to p."""
        from kernelstab._engines.imaging.passes_jit import mismatch

        number, (step, parts, share, _) = x.real.dtype.type, self._memory(x)
        mismatch(self._field(s), self._image(x), self._field(p), step, parts, share,
                 *map(number, (self.scale, t, 1.0)))

    def _add(self, b, out):
        if out is not b:
            out *= b.real.dtype.type(self.scale)
            b += out

    def _image(self, x):
        """See an image as rows of reals, without a copy."""
        return x.reshape(self.rows, self.n).view(x.real.dtype)

    def _field(self, p):
        return p.reshape(self.axes, self.rows, self.n).view(p.real.dtype)

    def _memory(self, x):
        """Return the rows that follow, the reals per pixel, and memory for sizes and components of a row."""
        parts = 2 if x.dtype.kind == "c" else 1
        share = np.empty((1 if self.joint else self.axes, parts * self.n), x.real.dtype)
        return self.step, parts, share, np.zeros((self.axes, 1, parts * self.n), x.real.dtype)


class Products:
    r"""Any operator as one block, with :math:`W^*W=parseval\cdot I` where that is known."""

    def __init__(self, W, weights=None, norm=None):
        self.operator = products_of(W) if is_operator(W) else aslinearoperator(W)
        self.measure = norm
        self.count = self.operator.shape[0]
        self.weights = np.ones(1) if weights is None else weights
        self.least = float(self.weights.min())
        self.parseval = _parseval(W)
        self.matrix = W if isinstance(W, np.ndarray) else None
        self.wavelet = getattr(W, "A", None) if isinstance(getattr(W, "A", None), WaveletSynthesis) else None

    @cached_property
    def norm(self):
        """An upper bound of the norm, or a measured one."""
        if self.parseval is not None:
            return float(np.sqrt(self.parseval))
        return self.measure(self.operator if self.matrix is None else self.matrix)

    @property
    def typical(self):
        """A typical eigenvalue of ``W^H W``."""
        return self.norm**2 if self.parseval is None else self.parseval

    def forward(self, x):
        """Return ``W x``, a new array."""
        if self.wavelet is None:
            return self._apply(self.operator.matvec, x.ravel())
        field = np.empty(x.size, x.dtype)
        self.wavelet.analyse(x, field)
        return field

    def adjoint(self, p, spare=False):
        """Return ``W^H p``; a ``spare`` p may be overwritten."""
        if self.wavelet is None:
            return self._apply(self.operator.rmatvec, p)
        image = p if spare else p.copy()
        self.wavelet.synthesise(image)
        return image

    def pieces(self, field):
        """Yield slices of a field, short enough for the cache, with their weights in its precision."""
        weights = self.weights.astype(field.real.dtype, copy=False)
        for start in range(0, self.count, PIECE):
            here = slice(start, start + PIECE)
            yield here, weights if weights.size == 1 else weights[here]

    def total(self, x) -> float:
        """Return the weighted sum of all moduli."""
        field = self.forward(x)
        return float(sum(np.sum(w * np.abs(field[here])) for here, w in self.pieces(field)))

    def project(self, p, x, b, rho, relaxation):
        """As for the gradient, where ``p + rho W x`` becomes no longer than the weights."""
        field = self.forward(x) if rho else None
        for here, w in self.pieces(p):
            part = p[here]
            part += relaxation * (clipped(part + rho * field[here] if rho else part, w) - part)
        b += self.adjoint(p).reshape(b.shape)

    def correct(self, p, x, factor) -> float:
        """Add ``factor W x`` to p and return its largest modulus next to its weight."""
        field, largest = self.forward(x), 0.0
        for here, w in self.pieces(p):
            part = p[here]
            part += factor * field[here]
            largest = max(largest, float(np.max(np.abs(part) / w)))
        return largest

    def advance(self, s, x, b, relaxation, t, ratio):
        """As for the gradient."""
        field = self.forward(x)
        for here, w in self.pieces(s):
            part, limit = s[here], t * w
            part += relaxation * (field[here] - part + clipped(part, limit))
            tp = clipped(part, limit)
            field[here] = part - (1.0 + ratio) * tp
            if ratio != 1.0:
                part += (ratio - 1.0) * tp
        b += self.adjoint(field, spare=True).reshape(b.shape)

    def mismatch(self, s, x, p, t):
        """As for the gradient."""
        field = self.forward(x)
        for here, w in self.pieces(p):
            p[here] = (field[here] - s[here] + 2.0 * clipped(s[here], t * w)) / t

    def _apply(self, product, v):
        if np.iscomplexobj(v) and self.operator.dtype.kind != "c" and self.parseval is None:
            return product(v.real.copy()) + 1j * product(v.imag.copy())
        return product(v)


def clipped(p, limit):
    """Return p, made no longer than the limit."""
    return p * (limit / np.maximum(np.abs(p), limit))


def _parseval(W):
    """Return c where ``W^H W = c I`` is declared by a square tight operator, or by the adjoint of one."""
    if isinstance(W, np.ndarray):
        return None
    inner = W if W.shape[0] == W.shape[1] and getattr(W, "tight", None) is not None else getattr(W, "A", None)
    return getattr(inner, "tight", None)


class Frame:
    """Blocks above each other, at most one of them a gradient.

    ``gram`` is how systems with ``W^H W`` are solved: "scalar", "fourier" (which takes ``spectrum``), "dense"
    or "cg"; with the first two :math:`W^*W=uD^*D+vI` with u and v in ``symbol``. ``annihilates`` says
    that constant images become 0, as by the gradient alone.
    """

    def __init__(self, blocks, size, lower=None, spectrum=None):
        self.blocks, self.size, self.spectrum = blocks, size, spectrum
        ends = np.cumsum([0] + [block.count for block in blocks])
        self.slices = [slice(a, b) for a, b in zip(ends[:-1], ends[1:])]
        self.count, self.least = int(ends[-1]), min(block.least for block in blocks)
        self.scalar = float(sum(block.parseval or 0.0 for block in blocks))
        self.gradient = next((block for block in blocks if isinstance(block, Gradient)), None)
        self.symbol = 0.0 if self.gradient is None else self.gradient.scale**2, self.scalar
        self.annihilates = len(blocks) == 1 and self.gradient is not None
        self.lower = self.scalar if lower is None else float(lower)
        if all(block.parseval is not None or block is self.gradient for block in blocks):
            self.gram = "scalar" if self.gradient is None else "fourier"
        elif all(getattr(block, "matrix", None) is not None for block in blocks):
            self.gram = "dense"
            stacked = np.concatenate([block.matrix for block in blocks])
            self.product, self.factors = stacked.conj().T @ stacked, {}
            least = float(np.linalg.eigvalsh(self.product)[0]) - 1e-13 * float(np.trace(self.product).real)
            self.lower = max(self.lower, least)
        else:
            self.gram = "cg"
        if not (self.lower > 0 or self.annihilates):
            raise ValueError("W must be injective with a known bound: contain a tight frame, be an array of "
                             f"full column rank, or come with lower > 0, got lower bound {self.lower:.2g}; "
                             "for total variation alone see tv")

    @cached_property
    def typical(self):
        """A typical eigenvalue of ``W^H W``."""
        return sum(block.typical for block in self.blocks)

    def total(self, x) -> float:
        """Return the weighted sum of all sizes of ``W x``."""
        return sum(block.total(x) for block in self.blocks)

    def project(self, p, x, b, rho, relaxation):
        """Move p by ``relaxation`` times the way to the feasible field nearest to ``p + rho W x``.

        Writes ``W^H p`` to b; x may be None where ``rho`` is 0.
        """
        b[:] = 0.0
        for block, part in zip(self.blocks, self.slices):
            block.project(p[part], x, b, rho, relaxation)

    def advance(self, s, x, b, relaxation, t, ratio):
        """Take a step of ``FourierSplitting``, and write what the x-step starts from to b."""
        b[:] = 0.0
        for block, part in zip(self.blocks, self.slices):
            block.advance(s[part], x, b, relaxation, t, ratio)

    def mismatch(self, s, x, p, t):
        """Write the field of a bound near the state of ``FourierSplitting`` to p."""
        for block, part in zip(self.blocks, self.slices):
            block.mismatch(s[part], x, p[part], t)

    def pieces(self, field):
        """Yield short slices of a field with their weights; for frames without a gradient."""
        for block, part in zip(self.blocks, self.slices):
            for here, w in block.pieces(field):
                yield slice(part.start + here.start, min(part.start + here.stop, part.stop)), w

    def correct(self, p, x, factor=1.0) -> float:
        """Add ``factor W x`` to p and return its largest size, each next to its weight."""
        return max(block.correct(p[part], x, factor) for block, part in zip(self.blocks, self.slices))

    def adjoint(self, p):
        """Return ``W^H p``."""
        b = np.empty(self.size, p.dtype)
        self.project(p, None, b, 0.0, 0.0)
        return b

    def solve(self, b, shift=0.0, out=None):
        r"""Solve :math:`(W^*W+shift)x=b`; the mean becomes 0 where W annihilates it and the shift is 0.

        By conjugate gradients only as exact as it comes, and with a shift only with :math:`\|W\|^2`
        in place of :math:`W^*W`. Where memory matters the solution may be written to ``out``, which may be b.
        """
        if self.gram == "scalar":
            return b / (self.scalar + shift)
        if self.gram == "fourier":
            out = None if out is None else out.reshape(self.gradient.rows, self.gradient.n)
            scale, least = self.symbol
            return self.spectrum.invert(b, scale, least + shift, out).ravel()
        if self.gram == "dense":
            if shift not in self.factors:
                self.factors[shift] = linalg.cho_factor(self.product + shift * np.eye(b.size))
            return linalg.cho_solve(self.factors[shift], b)
        if shift > 0.0:
            return b / (sum(block.norm**2 for block in self.blocks) + shift)
        product = LinearOperator((b.size, b.size), dtype=b.dtype, matvec=lambda x: sum(
            block.adjoint(block.forward(x)) for block in self.blocks))
        return cg(product, b, rtol=1e-13, maxiter=500)[0]
