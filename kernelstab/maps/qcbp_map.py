"""Sparse recovery as a map: basis pursuit with a noise level, and its derivative."""

from dataclasses import replace

import numpy as np

from kernelstab._checks import as_array, as_number
from kernelstab.maps.base import Map
from kernelstab.operators import as_operator
from kernelstab.solvers import qcbp, wavelet_qcbp
from kernelstab.solvers.wavelet import wavelet_system

SUPPORT = 1e-6      # coefficients below this fraction of the largest one count as zero


class QCBPMap(Map):
    r"""Recover the signal with the least sum of absolute coefficients that fits the data.

    :math:`\Psi(y) = Wc` where ``c`` minimises :math:`\|c\|_1` subject to
    :math:`\|AWc-y\|\le\eta`, with an orthonormal wavelet synthesis ``W``, or ``W = I``.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator; with ``wavelet`` its ``image_shape`` is the image.
    eta : float
        Noise level :math:`\eta \ge 0`, in measurement units, the same for every ``y``.
    wavelet : str or None
        An orthonormal wavelet of PyWavelets, None for signals that are sparse themselves.
    level : int, optional
        Number of wavelet levels, see :func:`kernelstab.solvers.wavelet_qcbp`.
    tol : float
        Relative duality gap at which the solver stops. Every call starts from zero, so the map
        is a function of ``y`` alone.
    max_iter : int
        Budget of the solver.
    name : str, optional
        Shown in reports.

    Raises
    ------
    ValueError
        If an argument is out of range, or the wavelet does not fit the image.

    Warns
    -----
    NotConverged
        When called, if the solver stops at its budget.

    Notes
    -----
    *Derivative.* Where the support ``S`` and the residual :math:`r = y - Bc`, :math:`B = AW`,
    are not zero, optimality reads :math:`B_S^*r = \mu s` and :math:`\|r\| = \eta` with the
    signs :math:`s_i = c_i/|c_i|` and :math:`\mu > 0`. As long as ``S`` does not change,
    differentiation gives

    .. math:: H\,dc + s\,d\mu = B_S^*dy, \quad
              \mathrm{Re}\langle s, dc\rangle = \mathrm{Re}\langle r, dy\rangle/\mu, \quad
              H = B_S^*B_S + \mu\,D,

    where :math:`D_i v = (v - s_i\mathrm{Re}(\bar s_iv))/|c_i|` turns the sign of a complex
    coefficient and vanishes in the real case. Eliminating :math:`d\mu` and transposing, with
    :math:`z = H^{-1}s` and :math:`\alpha = \mathrm{Re}\langle z,v\rangle/\mathrm{Re}\langle z,s\rangle`,

    .. math:: J^*v = B_S(H^{-1}v_S - \alpha z) + \alpha\,r/\mu .

    For :math:`\eta = 0` and real data :math:`c_S = B_S^\dagger y`, so
    :math:`J^*v = (B_S^\dagger)^*v_S`. Both systems are solved by conjugate gradients. The
    gradient is as good as the support that the tolerance reveals; it steers searches,
    whose results are evaluated by the map itself. Complex data with :math:`\eta = 0` get
    no derivative (``vjp`` is None) and are searched without.

    Cost: one call of the solver; two linear systems more for a gradient.

    Examples
    --------
    Of all points with ``x1 + 2 x2 = 2`` the least absolute sum is that of (0, 1):

    >>> psi = QCBPMap([[1.0, 2.0]], 0.0, None, tol=1e-9)
    >>> psi(np.array([2.0])).round(6) + 0.0, psi.vjp(np.array([2.0]), np.array([0.0, 1.0])).round(6)
    (array([0., 1.]), array([0.5]))
    """

    def __init__(self, A, eta, wavelet="coif2", *, level=None, tol=1e-4, max_iter=20_000, name=None):
        self.A, self.eta = as_operator(A), as_number(eta, "eta", low=0)
        self.wavelet, self.level = wavelet, level
        self.tol, self.max_iter = as_number(tol, "tol", low=0), max_iter
        self._system, self._synthesis = self.A, None
        if wavelet is not None:
            self._system, self._synthesis = wavelet_system(self.A, wavelet, level)
        self.name = name or f"QCBP {wavelet or 'sparse'}"
        if not self.A.is_real and self.eta == 0:
            self.vjp = self.pullback = None

    def solve(self, y):
        """Return the :class:`~kernelstab.solvers.Solution` in coefficients; ``image`` is the flat signal."""
        y = as_array(y, "y", shape=self.A.shape[:1])
        budget = {"tol": self.tol, "max_iter": self.max_iter}
        if self.wavelet is None:
            solution = qcbp(self.A, y, self.eta, **budget)
            return replace(solution, image=solution.x)
        solution = wavelet_qcbp(self.A, y, self.eta, self.wavelet, level=self.level, **budget)
        return replace(solution, image=solution.image.ravel())

    def __call__(self, y):
        return self.solve(y).image

    def vjp(self, y, u):
        r"""Return :math:`J(y)^*u`, see the class; zero where the recovered signal is zero."""
        return self.pullback(y)[1](u)

    def pullback(self, y):
        """Return the output and ``u -> vjp(y, u)``, after one call of the solver for both."""
        y = as_array(y, "y", shape=self.A.shape[:1])
        solution = self.solve(y)
        c = solution.x
        support = self._support(c)
        face = self._face(support, c, y) if support.size else None

        def transposed(u):
            if face is None:
                return np.zeros_like(y)
            v = as_array(u, "u", shape=(self.A.shape[1],))
            return face.transposed((v if self._synthesis is None else self._synthesis.rmatvec(v))[support])

        return solution.image, transposed

    def _face(self, support, c, y):
        """Return the piece on which the support stays; complex coefficients may turn their sign."""
        system, size = self._system, np.abs(c[support])
        sign = c[support] / size

        def spread(v):
            full = np.zeros(system.shape[1], dtype=v.dtype)
            full[support] = v
            return system.matvec(full)

        turn = (lambda v: (v - sign * (sign.conj() * v).real) / size) if np.iscomplexobj(c) else None
        return Face(sign, y - system.matvec(c), self.eta, spread, lambda r: system.rmatvec(r)[support], turn)

    def _support(self, c):
        """Return where ``c`` counts as nonzero; at most ``m`` places, because more are never needed."""
        size = np.abs(c)
        support = np.flatnonzero(size > SUPPORT * size.max())
        if support.size > self.A.shape[0]:
            support = np.sort(np.argpartition(-size, self.A.shape[0])[:self.A.shape[0]])
        return support


class Face:
    r"""The smooth piece of the solution map around one measurement: fixed support, fixed coordinates on it.

    ``spread`` takes coordinates to measurements and ``gather`` is its adjoint. ``slope`` is the derivative of
    the objective with respect to the coordinates, and ``curve`` applies its second derivative. Without a
    noise level only the measurements count. A solve takes at most ``steps`` steps.
    """

    def __init__(self, slope, residual, eta, spread, gather, curve=None, steps=None):
        self.slope, self.residual, self.spread, self.gather = slope, residual, spread, gather
        self.curve, self.z, self.steps = None, None, 2 * slope.size + 20 if steps is None else steps
        if eta > 0:
            self.multiplier = np.vdot(slope, gather(residual)).real / np.vdot(slope, slope).real
            self.curve = curve
            self.z = self._solve(slope)

    def _product(self, v):
        """Apply the real-linear, symmetric matrix ``H``."""
        product = self.gather(self.spread(v))
        return product if self.curve is None else product + self.multiplier * self.curve(v)

    def _solve(self, right):
        """Solve with ``H`` by conjugate gradients for the real inner product."""
        x, residual = np.zeros_like(right), right.copy()
        direction, square = residual.copy(), np.vdot(residual, residual).real
        goal = 1e-20 * square
        for _ in range(self.steps):
            if square <= goal:
                break
            product = self._product(direction)
            quadratic = np.vdot(direction, product).real
            if quadratic <= 1e-14 * np.vdot(direction, direction).real:      # dependent columns
                break
            step = square / quadratic
            x += step * direction
            residual -= step * product
            square, before = np.vdot(residual, residual).real, square
            direction = residual + square / before * direction
        return x

    def transposed(self, v):
        """Return the adjoint of the derivative of the coordinates, applied to ``v``."""
        v = v.astype(self.slope.dtype)
        if self.z is None:
            return self.spread(self._solve(v))
        share = np.vdot(self.z, v).real / np.vdot(self.z, self.slope).real
        return self.spread(self._solve(v) - share * self.z) + share / self.multiplier * self.residual
