"""The best map that is right at two signals: it moves along one segment and nowhere else."""

import numpy as np

from kernelstab._checks import as_array, as_number
from kernelstab.maps.base import Map
from kernelstab.operators import as_operator


class ClipDecoder(Map):
    r"""Move from one signal to another as the measurement crosses from one to the other.

    With :math:`e_0 = A(x'-x)`, :math:`d = x'-x`, :math:`u = x + \eta_1 d/\|d\|` and
    :math:`u' = x' - \eta_2 d/\|d\|`,

    .. math:: \Psi(y) = u + \operatorname{clip}\!\Big(
              \frac{\mathrm{Re}\langle y-Ax, e_0\rangle}{\|e_0\|^2}, 0, 1\Big)(u'-u).

    It makes exactly the errors :math:`\eta_1` at ``A x`` and :math:`\eta_2` at ``A x_alt``,
    and its global Lipschitz constant is exactly :math:`\Delta/\delta` with
    :math:`\Delta = \|d\|-\eta_1-\eta_2` and :math:`\delta = \|e_0\|`: the clipped number is
    :math:`1/\delta`-Lipschitz in ``y`` and :math:`\|u'-u\| = \Delta`. No map with these two
    errors can have a smaller constant, so this one shows that the two-image bound is sharp.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator.
    x, x_alt : ndarray, shape (N,)
        The two signals.
    eta : (float, float)
        The errors at them, each at least 0, in the unit of the signal.
    name : str
        Shown in reports.

    Attributes
    ----------
    lipschitz : float
        :math:`\Delta/\delta`, in signal units per measurement unit.

    Raises
    ------
    ValueError
        If the signals have the same measurement, or are no further apart than the two
        errors together: then nothing forces a map to move.

    Examples
    --------
    Two signals at distance 1 whose measurements are 0.5 apart:

    >>> psi = ClipDecoder([[0.5, 0.0]], [0.0, 0.0], [1.0, 0.0])
    >>> psi.lipschitz, psi(np.array([0.25])), psi(np.array([9.0]))
    (2.0, array([0.5, 0. ]), array([1., 0.]))
    """

    def __init__(self, A, x, x_alt, eta=(0.0, 0.0), name="two-point clip decoder"):
        self.A, self.name = as_operator(A), name
        signal = self.A.shape[1:]
        self.x = as_array(x, "x", shape=signal, copy=True)
        self.x_alt = as_array(x_alt, "x_alt", shape=signal, copy=True)
        self.eta = tuple(as_number(value, "eta", low=0) for value in eta)
        if len(self.eta) != 2:
            raise ValueError(f"eta must hold two errors, got {eta!r}")
        direction = self.x_alt - self.x
        distance = float(np.linalg.norm(direction))
        move = distance - sum(self.eta)
        if move <= 0:
            raise ValueError(f"x and x_alt must be further apart than eta[0] + eta[1] = {sum(self.eta):g}, "
                             f"got distance {distance:g}")
        self._at_x = self.A.matvec(self.x)
        step = self.A.matvec(self.x_alt) - self._at_x
        size = float(np.linalg.norm(step))
        if size == 0:
            raise ValueError("x and x_alt must have different measurements, got A(x_alt - x) = 0")
        self.lipschitz = move / size
        self._slope = step / size**2
        self._start = self.x + self.eta[0] * direction / distance
        self._way = (self.x_alt - self.eta[1] * direction / distance) - self._start

    def _position(self, y):
        """Return the number that is clipped, 0 at ``A x`` and 1 at ``A x_alt``."""
        return float(np.vdot(self._slope, y - self._at_x).real)

    def __call__(self, y):
        y = as_array(y, "y", shape=self.A.shape[:1])
        return self._start + np.clip(self._position(y), 0.0, 1.0) * self._way

    def vjp(self, y, u):
        """Return the gradient of ``Re<u, psi(y)>``; at the two kinks that of the segment."""
        inside = 0.0 <= self._position(y) <= 1.0
        return (np.vdot(self._way, u).real if inside else 0.0) * self._slope

    def spec(self):
        """Describe the map by its operator, two signals and two errors."""
        operator = self.A.spec()
        if operator is None:
            return None
        return {"kind": "clip", "operator": operator, "x": self.x, "x_alt": self.x_alt,
                "eta": list(self.eta)}
