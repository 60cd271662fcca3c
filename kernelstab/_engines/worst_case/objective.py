"""What a worst-case search maximises, with its budget and the best perturbation so far."""

import numpy as np

from kernelstab._checks import as_array


class Objective:
    r"""The distance :math:`\|\Psi(y+e)-r\|` as a function of real coordinates of ``e``.

    Complex perturbations are searched as pairs of real numbers, so that the methods only
    see real vectors, here called steps. Every evaluation inside the ball is compared with
    the best one, so a search cannot lose what it has found.

    Parameters
    ----------
    psi : map
        Called with ``y + e``.
    pullback : callable or None
        Returns, for data, the output of the map and the function that applies the adjoint of its
        derivative; None for a map without derivative, which then cannot be linearised.
    y : ndarray, shape (m,)
        The measurement.
    radius : float
        Largest norm of a perturbation.
    budget : int
        Evaluations of the map allowed; a gradient counts as one more.
    reference : ndarray, shape (N,), optional
        The signal :math:`r`; default :math:`\Psi(y)`.
    """

    def __init__(self, psi, pullback, y, radius, budget, reference=None):
        self.psi, self.pullback, self.radius = psi, pullback, radius
        self.y = as_array(y, "y", ndim=1)
        self.clean = as_array(psi(self.y.copy()), "output of map", ndim=1)
        if reference is None:
            self.reference = self.clean
        else:
            self.reference = as_array(reference, "reference", shape=self.clean.shape)
        self.evaluations, self.gradients, self._budget = 1, 0, budget
        self.dimension = _real(self.y).size
        self.clean_error = float(np.linalg.norm(self.clean - self.reference))
        self.best, self.best_step, self.best_output = self.clean_error, np.zeros(self.dimension), self.clean
        self.history = [self.best]

    @property
    def left(self) -> int:
        """Evaluations and gradients that may still be spent."""
        return self._budget - self.evaluations - self.gradients

    def perturbation(self, step) -> np.ndarray:
        """Return the perturbation, shape ``(m,)``, that a step stands for."""
        return step.view(self.y.dtype)

    def project(self, step) -> np.ndarray:
        """Return the nearest step inside the ball."""
        size = np.linalg.norm(step)
        return step * (self.radius / size) if size > self.radius else step

    def residual(self, step) -> np.ndarray:
        r"""Return :math:`\Psi(y+e)-r` in real coordinates. Cost: one evaluation."""
        self.evaluations += 1
        return self._recorded(step, self.psi(self.y + self.perturbation(step)))

    def linearise(self, step):
        """Return the residual and the transposed derivative, a function of residuals.

        Cost: one evaluation now, one gradient at every call of the function.
        """
        self.evaluations += 1
        output, adjoint = self.pullback(self.y + self.perturbation(step))
        residual = self._recorded(step, output)
        complex_output = np.iscomplexobj(output) or np.iscomplexobj(self.reference)

        def transposed(direction):
            self.gradients += 1
            gradient = adjoint(direction.view(np.complex128) if complex_output else direction)
            gradient = gradient if np.iscomplexobj(self.y) else np.real(gradient)
            return _real(np.asarray(gradient, dtype=self.y.dtype))

        return residual, transposed

    def _recorded(self, step, output):
        output = as_array(output, "output of map", shape=self.clean.shape)
        residual = _real(output - self.reference)
        value = float(np.linalg.norm(residual))
        if value > self.best and np.linalg.norm(step) <= self.radius * (1 + 1e-12):
            self.best, self.best_step, self.best_output = value, step.copy(), output
        self.history.append(self.best)
        return residual


def _real(vector):
    """Return a complex vector as twice as many real numbers, a real one as it is."""
    vector = np.ascontiguousarray(vector)
    return vector.view(np.float64) if np.iscomplexobj(vector) else vector
