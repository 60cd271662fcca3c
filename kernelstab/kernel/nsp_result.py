r"""What a search for the null space constant :math:`\alpha_s` found, and its certificate."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class DualGroup:
    r"""Dual vectors of programs whose supports have one size ``l``.

    Attributes
    ----------
    supports : ndarray of int, shape (k, l)
        Rising column numbers.
    signs : ndarray of int8, shape (k, l)
        The signs :math:`\xi`; for a complex matrix the numbers of arcs of phases that
        :func:`~kernelstab.kernel.complex_nsp_constant` describes, of a wider integer type.
    duals : ndarray, shape (k, m)
        Row ``i`` is an :math:`h` with :math:`\langle\xi,v_S\rangle\le\|\xi_S-A^*h\|_\infty\|v\|_1` on
        the null space.
    """

    supports: np.ndarray
    signs: np.ndarray
    duals: np.ndarray

    def __repr__(self):
        return f"<DualGroup of {len(self.supports)} programs on {self.supports.shape[1]} columns>"


@dataclass(frozen=True)
class NSPConstant:
    r"""Two-sided value of :math:`\alpha_s(A)=\max\{\|v_S\|_1/\|v\|_1:v\in N(A),|S|\le s\}`.

    Attributes
    ----------
    s : int or tuple of int
        Sparsity; one number per level for the constant in levels.
    lower : float
        :math:`\|w_S\|_1/\|w\|_1` of the ``witness``, a computed kernel vector, rounded down.
    upper : float
        Largest of the dual bounds; every one is evaluated with its rounding error added.
    exact : bool
        True if the search was complete and the two ends meet to 1e-9, so that they differ by rounding
        (for a complex matrix, by the width of the finest arcs of phases) only.
    support, signs : tuple
        Where the witness has its ``s`` largest entries, and their signs (phases, if complex).
    witness : ndarray, shape (N,)
        :math:`w`, projected onto the null space, :math:`\|w\|_1=1` (zero for a trivial kernel).
    residual : float
        :math:`\|Aw\|` as computed.
    dual : ndarray, shape (m,)
        :math:`h` with :math:`\|\xi_S-A^*h\|_\infty` the upper bound for that support and those signs.
    groups : tuple of DualGroup
        The duals that prove ``upper``: all single columns, then larger supports.
    evaluated, supports : int
        Number of supports examined by their own programs, and of all admissible supports.
    programs : int
        Linear programs solved or stopped early, those of smaller supports included.
    interrupted : bool
        Whether Ctrl-C ended the search.
    matrix : ndarray, shape (m, N)
        The matrix as it was handed in.
    weights : ndarray, shape (N,), or None
        Positive weights of both :math:`\ell^1` norms.
    levels : ndarray of int, shape (N,), or None
        Level of each column, counted from 0 in rising order of the labels.
    polygon : int or None
        Number of half-widths of the finest arcs in a circle, for a complex matrix.
    """

    s: int | tuple[int, ...]
    lower: float
    upper: float
    exact: bool
    support: tuple[int, ...]
    signs: tuple
    witness: np.ndarray = field(repr=False)
    residual: float
    dual: np.ndarray = field(repr=False)
    groups: tuple[DualGroup, ...] = field(repr=False)
    evaluated: int
    supports: int
    programs: int
    interrupted: bool
    matrix: np.ndarray = field(repr=False)
    weights: np.ndarray | None = field(default=None, repr=False)
    levels: np.ndarray | None = field(default=None, repr=False)
    polygon: int | None = field(default=None, repr=False)

    @property
    def holds(self) -> bool | None:
        """Whether basis pursuit finds every ``s``-sparse vector; None if 1/2 lies between the bounds.

        If not, ``witness`` is the reason: its part on ``support`` is no shorter than the rest.
        """
        if self.upper < 0.5:
            return True
        return False if self.lower >= 0.5 else None

    @property
    def rho_upper(self) -> float:
        r"""The stable null space constant :math:`\rho=\alpha/(1-\alpha)` from ``upper``; infinite at 1."""
        return self.upper / (1 - self.upper) if self.upper < 1 else np.inf

    @property
    def duals(self) -> dict:
        """``(support, signs) -> h`` for every program in ``groups``."""
        return {(tuple(support), tuple(signs)): dual for group in self.groups
                for support, signs, dual in zip(group.supports.tolist(), group.signs.tolist(), group.duals)}

    def __repr__(self):
        how = "" if self.exact else ", not finished"
        return (f"<NSPConstant s={self.s}, {self.lower:.10g} <= alpha <= {self.upper:.10g}, "
                f"support {self.support}, {self.evaluated} of {self.supports} supports{how}>")

    def certificate(self, path=None) -> dict:
        r"""Make the certificate that both ends hold for the matrix exactly as it stands.

        The lower end is an integer kernel vector near ``witness``, the upper end are the
        dual vectors: ``kernelstab verify`` checks them without any of the code that found them.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it.

        Raises
        ------
        CertificateError
            If the matrix has a numerical kernel only, so that no exact kernel vector is near.
        """
        from kernelstab.certify import make_constant_certificate
        from kernelstab.certify.constants.matrix import PRIME

        options: dict[str, object] = {}
        if self.weights is not None:
            options["weights"] = self.weights
        if isinstance(self.s, tuple):
            options |= {"levels": self.levels, "sparsities": list(self.s)}
        order = sum(self.s) if isinstance(self.s, tuple) else self.s
        upper = {"kind": "trivial-kernel", "prime": PRIME} if self.upper == 0 else self._duals()
        lower = self._kernel_vector() if self.witness.any() else None
        return make_constant_certificate("nsp", self.matrix, order=order, options=options, lower=lower,
                                         upper=upper, path=path)

    def _duals(self):
        """Return the duals as a proof."""
        groups = [{"supports": g.supports, "signs": g.signs, "duals": g.duals} for g in self.groups]
        if self.polygon is None:
            return {"kind": "duals", "groups": groups}
        return {"kind": "arcs", "groups": groups, "polygon": self.polygon}

    def _kernel_vector(self):
        """Return an exact kernel vector near the witness as a proof."""
        from kernelstab.certify import exact_matrix, kernel_vector_near, sparse_entries

        # entries of the size of rounding would each cost digits in the exact vector
        large = np.abs(self.witness) > 1e-12 * np.abs(self.witness).max()
        vector = kernel_vector_near(exact_matrix(self.matrix), np.where(large, self.witness, 0).tolist())
        return {"kind": "kernel-vector", **sparse_entries(vector)}
