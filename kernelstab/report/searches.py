"""The worst perturbation of every map that a search finds, beside two controls."""

from dataclasses import dataclass

import numpy as np

from kernelstab._rng import as_generator
from kernelstab.certify import Program, lipschitz, run_floats
from kernelstab.maps import has_gradient
from kernelstab.quantity import Quantity
from kernelstab.report.numbers import estimate, found, plain, series
from kernelstab.stability import equal_norm_noise, linear_control, worst_case

_EXACT = ("linear", "scaled-adjoint", "clip")
GAIN = "signal/measurement"


@dataclass(frozen=True, repr=False, eq=False)
class Searches:
    r"""What perturbations :math:`\|e\|\le\varepsilon\|y\|` of the data of one image can do.

    The gain of a perturbation is :math:`\|\Psi(y+e)-\Psi(y)\|/\|e\|`.

    Attributes
    ----------
    image, y : ndarray, shape (N,), (m,)
        The image and its clean data.
    eps : ndarray, shape (k,)
        Relative sizes, increasing.
    worst : dict of str to list of WorstCase
        The search of every map, one per size; each map is searched for itself.
    noise : dict of str to list of NoiseControl
        Random perturbations of the same norms.
    bounds : dict of str to Quantity
        Lipschitz constant of the map: exact for linear maps, an upper bound for networks; in
        floats unless ``rigorous``, then as a certificate proves it.
    transfer : dict of str to (float, float)
        Euclidean and sup norm of the change under the audited map's perturbation, largest size.
    controls : dict of (str, int) to LinearControl
        The same search, by method and budget, on a linear map whose worst case is known.
    budgets : dict of str to (str, int)
        Method and budget with which each map was searched.
    """

    image: np.ndarray
    y: np.ndarray
    eps: np.ndarray
    worst: dict
    noise: dict
    bounds: dict
    transfer: dict
    controls: dict
    budgets: dict

    def control(self, name):
        """Return the control of the search of a map."""
        return self.controls[self.budgets[name]]

    def gains(self, name) -> np.ndarray:
        """Return the largest gains found for a map, one per size; lower bounds of the truth."""
        own = [w.local_lipschitz_lower for w in self.worst[name]]
        return np.array([*own[:-1], max(own[-1], self.transfer[name][0] / self.size(-1))])

    def sup_change(self, name) -> float:
        """Return the largest change of a pixel met, under its own perturbation or the audited map's."""
        return float(max(self.worst[name][-1].sup_error, self.transfer[name][1]))

    def noise_gains(self, name) -> np.ndarray:
        """Return the mean gains of random noise, one per size."""
        return np.array([control.mean_estimate / control.norm for control in self.noise[name]])

    def size(self, rung) -> float:
        """Return the radius of one rung, measurement units."""
        return float(self.eps[rung] * np.linalg.norm(self.y))

    def __repr__(self):
        gains = ", ".join(f"{name} >= {self.gains(name)[-1]:.3g}" for name in self.worst)
        return f"<Searches at {plain(float(self.eps[-1])):.3g}: {gains}>"

    def to_json(self) -> dict:
        """Return all numbers with units and kinds."""
        return {
            "relative_sizes": series(self.eps, "exact", rigorous=True), "data_norm": estimate(
                np.linalg.norm(self.y), "measurement").to_json(),
            "maps": {name: self._map_json(name) for name in self.worst},
            "controls": [{"map": c.map, "method": method, "budget": budget, "trusted": c.trusted,
                          "found_share_of_known": estimate(c.ratio).to_json()}
                         for (method, budget), c in self.controls.items()],
        }

    def _map_json(self, name):
        last = self.worst[name][-1]
        bound = self.bounds.get(name)
        return {
            "method": last.method, "budget": self.budgets[name][1],
            "evaluations": [w.evaluations + w.gradients for w in self.worst[name]],
            "gain": series(self.gains(name), "lower", GAIN),
            "gain_of_equal_norm_noise": series(self.noise_gains(name), unit=GAIN),
            "lipschitz": None if bound is None else bound.to_json(),
            "sup_change": found(self.sup_change(name), "signal").to_json(),
            "change_by_transfer": estimate(self.transfer[name][0], "signal").to_json(),
            "sup_change_by_transfer": estimate(self.transfer[name][1], "signal").to_json(),
            "error_to_truth_clean": estimate(np.linalg.norm(last.clean - self.image), "signal").to_json(),
            "error_to_truth_perturbed": estimate(
                np.linalg.norm(last.reconstruction - self.image), "signal").to_json(),
        }


def measure_searches(A, maps, image, eps, budgets, tick=lambda: None, *, draws=4, rng=0) -> Searches:
    """Search for the worst perturbation of every map at one image, at every size.

    Parameters
    ----------
    A : ForwardOperator, shape (m, N)
    maps : dict of str to ReconstructionMap
        The first one lends its perturbation to the others.
    image : ndarray, shape (N,)
    eps : sequence of float
        Sizes relative to the norm of the data, increasing.
    budgets : dict of str to int
        Evaluations of a search by ``"gradient"`` and by ``"probing"``, and by ``"solver"`` for
        maps with a derivative whose values are solutions of a problem (``solve``).
    tick : callable
        Called after every search and every control.
    draws : int
        Random perturbations per map and size.
    rng : int or Generator
        Seed of everything.

    Examples
    --------
    >>> from kernelstab.maps import LinearMap
    >>> from kernelstab.operators import as_operator
    >>> s = measure_searches(as_operator(np.eye(2)), {"psi": LinearMap(np.diag([3.0, 1.0]))}, np.ones(2),
    ...                      [0.1], {"gradient": 40})
    >>> s.gains("psi").round(6).tolist(), s.bounds["psi"]
    ([3.0], = 3 signal/measurement (exact, floating point))
    """
    rng = as_generator(rng)
    seed = int(rng.integers(2**32))
    y = A.matvec(image)
    eps = np.asarray(eps, dtype=float)
    size = float(np.linalg.norm(y))
    efforts = {name: _effort(psi, budgets) for name, psi in maps.items()}
    worst: dict[str, list] = {name: [] for name in maps}
    noise: dict[str, list] = {name: [] for name in maps}
    for name, psi in maps.items():
        method, budget = efforts[name]
        for radius in eps * size:
            worst[name].append(worst_case(psi, y, radius, method=method, budget=budget, rng=seed))
            noise[name].append(equal_norm_noise(psi, y, radius, draws=draws, rng=seed))
            tick()
    controls = {}
    for method, budget in sorted(set(efforts.values())):
        controls[method, budget] = linear_control(A, eps[-1] * size, method=method, budget=budget, rng=seed)
        tick()
    lent = next(iter(worst.values()))[-1].perturbation
    transfer = {name: _change(psi, worst[name][-1], y + lent) for name, psi in maps.items()}
    bounds = {name: bound for name, psi in maps.items() if (bound := lipschitz_bound(psi)) is not None}
    return Searches(image, y, eps, worst, noise, bounds, transfer, controls, efforts)


def _effort(psi, budgets):
    """Return the method and the budget of the search of a map."""
    if not has_gradient(psi):
        return "probing", budgets["probing"]
    return "gradient", budgets["solver" if callable(getattr(psi, "solve", None)) else "gradient"]


def lipschitz_bound(psi) -> Quantity | None:
    """Return the Lipschitz constant of a map as its description gives it, in floats; None without one.

    Exact for linear maps and the clip decoder, an upper bound for networks.
    """
    describe = getattr(psi, "spec", None)
    spec = describe() if callable(describe) else None
    if spec is None:
        return None
    program = Program()
    program.let("L", lipschitz(program.map("psi")))
    value = run_floats(program, {"psi": psi}).quantities["L"].value
    return Quantity(float(value), "exact" if spec["kind"] in _EXACT else "upper", GAIN)


def _change(psi, search, y):
    difference = np.asarray(psi(y)).ravel() - search.clean
    return float(np.linalg.norm(difference)), float(np.max(np.abs(difference)))
