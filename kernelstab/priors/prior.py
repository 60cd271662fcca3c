"""What is assumed of a signal before it is measured, and what follows from it."""

from dataclasses import fields
from fractions import Fraction
from math import lcm
from typing import ClassVar

import numpy as np

from kernelstab._checks import as_array, as_number, check_scales, if_stored_as_complex
from kernelstab._engines.exact_vectors import integer_kernel_vector, solution_near
from kernelstab.operators import as_operator

_PRIME = 2**61 - 1
_LENGTH = "1e300"  # what a certificate of an infinite size states
_STEP = 1e-9       # share of the way to the middle of the set that makes room for exact corrections


class Prior:
    """A set of signals; each kind is a subclass in a file of its own.

    A prior knows its support function, its kernel size under a matrix, the signals in it that explain given
    data, and what proves these in a certificate.

    Attributes
    ----------
    kind : str
        Name in certificates.
    norms : tuple of str
        Norms of the errors that its kernel size is known for.
    noise_norm : {2, inf}
        Norm of the noise in its kernel size.
    convex : bool
        Whether it holds the segment between any two members.
    detail_proof : str or None
        How a certificate proves an outer end of a detail interval; None: there is no proof.
    """

    kind: ClassVar[str] = ""
    norms: ClassVar[tuple[str, ...]] = ("2",)
    noise_norm: ClassVar[float] = 2
    convex: ClassVar[bool] = True
    detail_proof: ClassVar[str | None] = "dual"
    _form: ClassVar[str | None] = None   # name of the matrix whose product with a signal the prior bounds
    _signal_axis: ClassVar[int] = 1      # axis of the arrays of the prior that runs over entries of a signal

    def contains(self, x) -> float:
        """Return by how much a signal fails to be a member, as computed; not positive for a member."""
        raise NotImplementedError

    def support(self, c) -> float:
        r"""Return the support function :math:`h(c)=\sup_{x\in M}\operatorname{Re}\langle c,x\rangle`.

        As computed; infinite where the prior is unbounded along ``c``.
        """
        raise NotImplementedError

    def spec(self) -> dict:
        """Describe the prior by plain values, for certificates."""
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.init}  # type: ignore
        return {"kind": self.kind, **given}

    def within(self, n) -> "Prior":
        """Return the prior as it is among signals of ``n`` entries."""
        return self

    def check(self, n, *, real=False):
        """Refuse arrays that do not fit signals of ``n`` entries, extreme numbers and, if asked, complex."""
        axis = self._signal_axis
        for name, value in self.spec().items():
            if isinstance(value, np.ndarray):
                if value.shape[axis] != n:
                    raise ValueError(f"{name} must have {n} {'columns' if axis else 'rows'}, "
                                     f"got shape {value.shape}")
                if real and np.iscomplexobj(value):
                    raise ValueError(f"{name} must be real, got dtype {value.dtype}")
        check_scales(**self.spec())

    def checked_matrix(self, A, eps, *, real=False):
        """Return the entries of a forward matrix and the noise level, checked against the prior."""
        operator, eps = as_operator(A), as_number(eps, "eps", low=0.0)
        if real and not operator.is_real:
            raise ValueError(f"A must be real for the prior {self!r}, got dtype {operator.dtype}"
                             f"{if_stored_as_complex(operator, 'A')}")
        self.check(operator.shape[1], real=real)
        check_scales(operator, eps=eps)
        return as_array(operator.to_dense(), "A", ndim=2), eps

    def kernel_size(self, A, eps=0.0, **options):
        """Return the kernel size, as :func:`~kernelstab.priors.kernel_size` does, by options of each kind."""
        raise NotImplementedError

    def feasible(self, A, y, eps, *, max_supports=None):
        r"""Return the members with :math:`\|Ax-y\|_2\le\varepsilon`, as a set with a support function.

        ``A`` is a real operator, ``max_supports`` the most supports to go through for a sparse prior. Raises
        ValueError if the set is empty.
        """
        raise NotImplementedError

    def best_answer(self, A, y, eps):
        """Return the best answer for the whole signal and its error, if known at any size, else None."""
        return None

    # what certificates hold

    def coordinates(self, x) -> np.ndarray:
        """Return the numbers by which certificates write a member."""
        return np.asarray(x)

    def kernel_vector(self, matrix, wanted, *, ray=False) -> list:
        """Return an integer vector of the null space near another; a ray has no end in the prior."""
        rows = [matrix, getattr(self, self._form)] if self._form and ray else [matrix]
        return integer_kernel_vector(np.vstack([real_form(part, len(wanted)) for part in rows]), wanted)

    def lower_proof(self, size, margin) -> dict | None:
        """Return the witnesses, exact and moved inward by a margin; None if the size is 0."""
        from kernelstab.certify.constants.matrix import digits

        def written(x):
            x = self.coordinates(x)
            return np.concatenate([x.real, x.imag]) if self._complex(size.matrix) else x.real

        if np.isinf(size.lower):
            direction = self.kernel_vector(size.matrix, written(size.direction), ray=True)
            return {"kind": "ray", "direction": [digits(value) for value in direction], "reach": _LENGTH}
        if size.lower == 0:
            return None
        if size.eps > 0:
            return _pair([[Fraction(float(value)) for value in written(x * (1 - margin))]
                          for x in (size.x, size.x_alt)])
        # without noise the gap lies in the null space exactly: an integer vector, scaled as the float one is
        gap = written(size.x - size.x_alt)
        vector = self.kernel_vector(size.matrix, gap)
        largest = int(np.argmax(np.abs(gap)))
        scale = Fraction(float(gap[largest] * (1 - margin))) / vector[largest] / 2
        return _pair([[scale * value for value in vector], [-scale * value for value in vector]])

    def _complex(self, matrix) -> bool:
        arrays = [matrix, *(value for value in self.spec().values() if isinstance(value, np.ndarray))]
        return any(np.iscomplexobj(array) for array in arrays)

    def upper_proof(self, size, margin) -> dict | None:
        """Return what proves the upper end of a finite kernel size, with a margin; None if nothing does."""
        kind = size.dual.get("kind")
        if kind == "multipliers":
            return {"kind": kind, **{name: size.dual[name] * (1 + margin) for name in ("alpha", "beta")}}
        return {"kind": kind, "prime": _PRIME} if kind == "injective" else None

    def exact_dual(self, matrix, d, found) -> dict:
        """Return the dual vectors of a detail, corrected to add up to it unless a radius bounds the rest."""
        if getattr(self, "radius", None) is not None:
            return {"q": found["q"]}
        form = getattr(self, self._form) if self._form else np.zeros((0, len(d)))
        near = np.concatenate([found["q"], found.get("mu", np.zeros(0))])
        both = solution_near(np.hstack([matrix.T, form.T]), d, near)
        whole = both.pop("integers")
        parts = {"q": whole[:len(matrix)], "mu": whole[len(matrix):]}
        return {name: both | {"integers": parts[name]} for name in found}

    def exact_signal(self, matrix, y, x, middle, eps):
        """Return a witness of an inner end; without noise one that satisfies the equations exactly."""
        return x if eps > 0 else solution_near(matrix, y, x + _STEP * (middle - x))


def penalty(matrix, form, margin) -> float:
    r"""Return a weight of :math:`A^*A` that lifts a form above the identity if it is so on the kernel.

    By the Schur complement: what is missing on the row space, and the square of the mixed part over the
    margin by which the form exceeds the identity on the kernel.
    """
    sigma = np.linalg.svd(matrix, compute_uv=False)
    least = float(min(value for value in sigma if value > max(matrix.shape) * 2.0**-52 * sigma[0]))
    size = float(np.linalg.norm(form, 2))
    return (2 + 2 * size + 2 * size**2 / margin) / least**2


def as_prior(prior) -> Prior:
    """Return a prior, or say which there are.

    >>> as_prior("ball")
    Traceback (most recent call last):
        ...
    ValueError: prior must be one of ..., got 'ball'
    """
    if not isinstance(prior, Prior):
        known = ", ".join(kind.__name__ for kind in Prior.__subclasses__())
        raise ValueError(f"prior must be one of {known}, got {prior!r:.80}")
    return prior


def _pair(vectors) -> dict:
    """Write two rational vectors over one denominator."""
    from kernelstab.certify.constants.matrix import digits

    denominator = lcm(*{value.denominator for vector in vectors for value in vector})
    x, x_alt = ([digits(value * denominator) for value in vector] for vector in vectors)
    return {"kind": "pair", "x": x, "x_alt": x_alt, "denominator": digits(denominator)}


def real_form(matrix, width):
    """Return a matrix, or the real one that acts on real and imaginary parts if the width asks for it."""
    if matrix.shape[1] == width and not np.iscomplexobj(matrix):
        return matrix
    return np.block([[matrix.real, -matrix.imag], [matrix.imag, matrix.real]])
