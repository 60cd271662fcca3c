r"""Whether basis pursuit finds the signals on one support: three conditions, ever weaker."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_count, as_number, if_stored_as_complex
from kernelstab._engines.dense_matrix import dense_within_range, unit_scale
from kernelstab._engines.exact_vectors import integer_kernel_vector
from kernelstab._engines.nsp.search import sign_patterns
from kernelstab._engines.support_programs import SupportPrograms
from kernelstab._errors import CertificateError
from kernelstab.kernel.recovery import RecoveryBound

_AT_ONCE = 16             # patterns of signs that are solved together


@dataclass(frozen=True)
class RecoveryCertificate:
    r"""What is known about the recovery of all signals with one support, and one pattern of signs.

    Attributes
    ----------
    support : tuple of int
        :math:`S`.
    signs : tuple
        :math:`\xi`; the worst pattern found, if none was asked for.
    all_signs : bool
        Whether the statement is about every pattern of signs on the support.
    erc : float
        :math:`\max_{j\notin S}\|A_S^\dagger a_j\|_1`.
    fuchs : float
        :math:`\|A_{S^c}^*(A_S^\dagger)^*\xi\|_\infty`; for all signs it is ``erc``.
    lower, upper : float
        Between them lies the optimal :math:`\theta=\min\{\|A_{S^c}^*h\|_\infty:A_S^*h=\xi\}`: ``lower`` is
        :math:`\langle\xi,v_S\rangle/\|v_{S^c}\|_1` of ``witness``, ``upper`` that of ``dual``, with the
        rounding of both. For all signs those of the worst pattern.
    exact : bool
        Whether every pattern asked for was solved and the two ends meet to a relative 1e-6.
    dual : ndarray, shape (m,)
        :math:`h`.
    witness : ndarray, shape (N,)
        A kernel vector: if ``lower`` is above 1 then moving a little against it shortens the signal.
    length : float
        At least the norm of an ``h`` with ``upper`` for each pattern of signs asked for.
    sigma_min : float
        Smallest singular value of :math:`A_S`.
    reason : str
        Why there is no certificate at all; empty if the columns of the support are independent.
    matrix : ndarray, shape (m, N)
    """

    support: tuple[int, ...]
    signs: tuple
    all_signs: bool
    erc: float
    fuchs: float
    lower: float
    upper: float
    exact: bool
    dual: np.ndarray = field(repr=False)
    witness: np.ndarray = field(repr=False)
    length: float
    sigma_min: float
    reason: str
    matrix: np.ndarray = field(repr=False)

    @property
    def applicable(self) -> bool:
        """Whether the columns of the support are independent."""
        return not self.reason

    @property
    def recovered(self) -> bool | None:
        r"""Whether each of these signals is the unique minimiser of :math:`\|z\|_1` with its measurements.

        True if :math:`\theta<1`. False if :math:`\theta\ge1` and the matrix is real, or :math:`\theta>1`;
        None if that is not decided. Dependent columns on the support exclude uniqueness.
        """
        if not self.applicable:
            return False
        if self.upper < 1:
            return True
        limit = self.lower > 1 if np.iscomplexobj(self.matrix) else self.lower >= 1
        return False if limit else None

    def __repr__(self):
        if not self.applicable:
            return f"<RecoveryCertificate on {self.support}, not applicable: {self.reason}>"
        verdict = {True: "recovered", False: "not recovered", None: "undecided"}[self.recovered]
        which = "all signs" if self.all_signs else "these signs"
        return (f"<RecoveryCertificate on {self.support}, {which}: {verdict}, ERC {self.erc:.6g}, Fuchs "
                f"{self.fuchs:.6g}, {self.lower:.6g} <= theta <= {self.upper:.6g}>")

    def error_bound(self, eta) -> RecoveryBound:
        r"""Bound the 2-norm error of basis pursuit with noise of norm at most ``eta``.

        If :math:`x` has this support and these signs, :math:`\|Ax-y\|\le\eta`, and ``z`` is a shortest vector
        with :math:`\|Az-y\|\le\eta`, then :math:`v=z-x` satisfies :math:`\|Av\|\le2\eta` and
        :math:`0\ge\langle\xi,v_S\rangle+\|v_{S^c}\|_1\ge\langle h,Av\rangle+(1-\theta)\|v_{S^c}\|_1`. So

        .. math:: \|v_{S^c}\|_1\le\frac{2\eta\|h\|}{1-\theta},\qquad
                  \|v_S\|_2\le\frac{2\eta+\max_{j\notin S}\|a_j\|\,\|v_{S^c}\|_1}{\sigma_{\min}(A_S)} ,

        and the error is at most their sum. The best ``h`` and the shortest, that of Fuchs, of length at most
        :math:`\sqrt s/\sigma_{\min}`, are both tried.

        Parameters
        ----------
        eta : float

        Returns
        -------
        RecoveryBound
            Not applicable unless :math:`\theta<1` is known.
        """
        eta = as_number(eta, "eta", low=0.0)
        if self.upper >= 1:
            unknown = f"theta <= {self.upper:.6g} is not below 1"
            return RecoveryBound(None, "l2", self.reason or unknown)
        choices = (self.upper, self.length), (self.fuchs, np.sqrt(len(self.support)) / self.sigma_min)
        off = [2 * eta * length / (1 - theta) for theta, length in choices if theta < 1]
        rest = np.delete(np.linalg.norm(self.matrix, axis=0), list(self.support)).max(initial=0.0)
        on = (2 * eta + rest * min(off)) / self.sigma_min
        return RecoveryBound(float(on + min(off)), "l2")

    def certificate(self, path=None) -> dict:
        r"""Make the certificate of :math:`\theta` for ``signs`` and the matrix exactly as it stands.

        The dual vector is corrected exactly by the checker, so that :math:`A_S^Th=\xi`; the kernel vector is
        replaced by an exact one nearby where there is one.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it.

        Raises
        ------
        ValueError
            If the matrix is complex or the columns of the support are dependent.
        """
        from kernelstab.certify import make_constant_certificate, sparse_entries

        if np.iscomplexobj(self.matrix):
            raise ValueError(f"A must be real for a certificate, got dtype {self.matrix.dtype}"
                             f"{if_stored_as_complex(self.matrix, 'A')}")
        if not self.applicable:
            raise ValueError(f"there is no certificate: {self.reason}")
        lower = None
        if self.lower > 0:
            try:
                vector = integer_kernel_vector(self.matrix, self.witness)
                lower = {"kind": "kernel-vector", **sparse_entries(vector)}
            except CertificateError:
                lower = None              # a kernel of the rounded matrix only: the dual still stands
        return make_constant_certificate(
            "recovery", self.matrix, lower=lower, upper={"kind": "dual", "h": self.dual}, path=path,
            options={"support": list(self.support), "signs": [int(sign) for sign in self.signs]})


def recovery_certificate(A, support, signs=None, *, max_patterns=256) -> RecoveryCertificate:
    r"""Decide whether basis pursuit finds every signal with a given support and given signs.

    For a signal with the signs :math:`\xi` on :math:`S` and :math:`v\in N(A)`

    .. math:: \|x+v\|_1\ge\|x\|_1+\langle\xi,v_S\rangle+\|v_{S^c}\|_1 ,

    and a vector with :math:`A_S^*h=\xi` turns the product into
    :math:`-\langle A_{S^c}^*h,v_{S^c}\rangle`. So if :math:`\theta=\|A_{S^c}^*h\|_\infty<1` and
    :math:`A_S` is injective, the signal is the unique solution. The least :math:`\theta` is a best
    approximation in the maximum norm; its dual is attained at a kernel vector, which disproves recovery
    if :math:`\theta\ge1`. The shortest such vector, of Fuchs, needs no program; and if
    :math:`\max_{j\notin S}\|A_S^\dagger a_j\|_1<1`, the exact recovery condition, it serves for all signs at
    once, and orthogonal matching pursuit finds the signal too.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    support : sequence of int
        :math:`S`, distinct columns.
    signs : array_like, shape (s,), optional
        1 and -1, for a complex matrix numbers of modulus one, in the order of ``support``. None asks about
        all signs at once.
    max_patterns : int
        Most sign patterns to solve one by one if ``signs`` is None; with more, or for a complex matrix,
        only the pattern that is worst for Fuchs's vector, and ``erc`` is the upper end.

    Returns
    -------
    RecoveryCertificate
        Not ``applicable`` if the columns of the support are dependent.

    Raises
    ------
    ValueError
        If the support or the signs are malformed.

    Notes
    -----
    Cost: a pseudo-inverse of :math:`A_S`, and some milliseconds for the program of each pattern.

    Examples
    --------
    The third column is the sum of the first two. With equal signs it is a shorter way to the same data:

    >>> A = [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
    >>> recovery_certificate(A, [0, 1], [1, 1]).recovered, recovery_certificate(A, [0, 1], [1, -1]).recovered
    (False, True)
    >>> recovery_certificate(A, [0, 1], [1, 1])                  # h = (1, 1), its product with the third is 2
    <RecoveryCertificate on (0, 1), these signs: not recovered, ERC 2, Fuchs 2, 2 <= theta <= 2>
    """
    matrix = dense_within_range(A)
    n = matrix.shape[1]
    if np.ndim(support) != 1:
        raise ValueError(f"support must be a sequence of columns, got {support!r}")
    chosen = [as_count(i, "support", low=0, high=n - 1) for i in support]
    size = len(chosen)
    if not chosen or len(set(chosen)) < size:
        raise ValueError(f"support must hold distinct columns, at least one, got {chosen}")
    max_patterns = as_count(max_patterns, "max_patterns", low=1)
    order = np.argsort(chosen)
    all_signs, is_complex = signs is None, np.iscomplexobj(matrix)
    if not all_signs:
        xi = as_array(signs, "signs", shape=(size,), real=not is_complex)[order]
        if np.abs(np.abs(xi) - 1).max() > 1e-12:
            raise ValueError(f"signs must have modulus one, got {np.asarray(signs).tolist()}")
    scale = unit_scale(matrix)          # the programs stop at absolute tolerances
    problem = SupportPrograms(matrix * scale, np.array(chosen)[order])
    named = tuple(problem.support.tolist())
    if problem.reason:                  # a vector of the kernel lives on the support itself
        witness = np.zeros(n, dtype=matrix.dtype)
        witness[problem.support] = problem.last
        return RecoveryCertificate(
            named, () if all_signs else tuple(xi.tolist()), all_signs, np.inf, np.inf, np.inf, np.inf, True,
            np.zeros(len(matrix)), witness, np.inf, 0.0, problem.reason, matrix)
    complete = not all_signs or not (is_complex or 2 ** (size - 1) > max_patterns)
    patterns = xi[None] if not all_signs else (
        sign_patterns(size).astype(float) if complete else problem.worst_signs()[None])
    solved = [found for start in range(0, len(patterns), _AT_ONCE)
              for found in problem.solve(patterns[start:start + _AT_ONCE])]
    upper, dual, lower, witness, xi = max(solved, key=lambda entry: entry[0])
    length = max(np.linalg.norm(h) for _, h, *_ in solved)
    if not complete:
        upper, length = problem.erc, np.sqrt(size) / problem.sigma_min
    fuchs = problem.erc if all_signs else problem.off(problem.inverse.conj().T @ xi)
    return RecoveryCertificate(
        named, tuple(xi.tolist()), all_signs, problem.erc, fuchs, lower, upper,
        complete and upper - lower <= 1e-6 * max(1.0, upper), dual * scale, witness, float(length * scale),
        problem.sigma_min / scale, "", matrix)
