"""The finding on the worst case: what a search finds for every map, beside two controls."""

import time
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR

import numpy as np

from kernelstab import plot
from kernelstab._checks import as_generator
from kernelstab.certify import Program, lipschitz, run_floats
from kernelstab.maps import PseudoInverse, has_gradient, pullback
from kernelstab.plot import Picture
from kernelstab.quantity import Quantity
from kernelstab.report.numbers import at_least, at_most, estimate, found, percent, readable, series
from kernelstab.report.page import PANEL, drawing, gray_limits, images_figure, magnification, table
from kernelstab.report.sections import Finding, row
from kernelstab.stability import equal_norm_noise, linear_control, worst_case

_EXACT = ("linear", "scaled-adjoint", "clip")
GAIN = "signal/measurement"
WEAK = 0.9
"""A search that finds less of a known worst case is called weak beside what it found."""
_VACUOUS = 100
"""An upper bound so many times larger than what was found says little."""


@dataclass(frozen=True, repr=False, eq=False)
class Searches(Finding):
    r"""What perturbations :math:`\|e\|\le\varepsilon\|y\|` of the data of a few images can do.

    ``image`` and ``y`` are the image of median accuracy and its clean data, ``eps`` the relative sizes,
    increasing. By the name of the map: ``worst`` and ``noise``, the search and the random perturbations of
    the same norm for every size; ``elsewhere``, the searches on the other images at the largest size;
    ``bounds``, a Lipschitz constant, exact for linear maps, an upper bound for networks, in floats
    unless ``rigorous``; ``transfer``, Euclidean and sup norm of the change under the audited map's largest
    perturbation; ``budgets``, method and budget of its search. ``controls`` holds by method and budget the
    same search on a linear map whose worst case is known.
    """

    name = "worst case"
    label = "Worst case"
    title = "Worst-case perturbations"
    basic = True
    conventions = {
        "gain": r"$\|\Psi(y+e)-\Psi(y)\|/\|e\|$, signal per measurement; its supremum within a radius is the "
                r"local Lipschitz constant of $\Psi$",
        "reference": r"changes are measured from $\Psi(y)$, errors from the truth $x$; a search maximises "
                     "the change",
    }

    image: np.ndarray
    y: np.ndarray
    eps: np.ndarray
    worst: dict
    noise: dict
    bounds: dict
    transfer: dict
    controls: dict
    budgets: dict
    elsewhere: dict = field(default_factory=dict)

    @classmethod
    def steps(cls, task) -> int:
        return len(task.problem.maps) * (len(task.plan.rungs) + len(task.searched) - 1) + 2

    @classmethod
    def measure(cls, task, tick=lambda: None) -> "Searches":
        """Search for the worst perturbation of every map at the image of median accuracy, at every size.

        The audited map lends its perturbation to the others. On other images the largest size is searched.

        >>> from kernelstab.report.inputs import pose
        >>> from kernelstab.report.sections import AuditTask
        >>> problem = pose(np.eye(2), {"psi": np.diag([3.0, 1.0])}, np.ones(2))
        >>> s = Searches.measure(AuditTask(problem))
        >>> s.gains("psi").round(6).tolist(), s.bounds["psi"]
        ([3.0], = 3 signal/measurement (exact, floating point))
        """
        A, maps, plan, (image, *others) = task.problem.A, task.problem.maps, task.plan, task.searched
        seed = int(as_generator(task.seed).integers(2**32))
        y = A.matvec(image)
        eps = task.eps * np.array(plan.rungs)
        radii = eps * np.linalg.norm(y)
        efforts = {name: _effort(psi, y, plan) for name, psi in maps.items()}
        worst: dict[str, list] = {name: [] for name in maps}
        noise: dict[str, list] = {name: [] for name in maps}
        for name, (method, budget) in efforts.items():
            for radius in radii:
                worst[name].append(worst_case(maps[name], y, radius, method=method, budget=budget, rng=seed))
                noise[name].append(equal_norm_noise(maps[name], y, radius, draws=plan.draws, rng=seed))
                tick()
        elsewhere: dict[str, list] = {name: [] for name in maps}
        for other in (A.matvec(x) for x in others):
            for name, (method, budget) in efforts.items():
                elsewhere[name].append(worst_case(maps[name], other, eps[-1] * np.linalg.norm(other),
                                                  method=method, budget=budget, rng=seed))
                tick()
        controls = {}
        for method, budget in sorted(set(efforts.values())):
            controls[method, budget] = linear_control(A, radii[-1], method=method, budget=budget, rng=seed)
            tick()
        lent = worst[task.problem.audited][-1].perturbation
        transfer = {name: _change(psi, worst[name][-1], y + lent) for name, psi in maps.items()}
        bounds = {name: bound for name, psi in maps.items() if (bound := lipschitz_bound(psi)) is not None}
        return cls(image, y, eps, worst, noise, bounds, transfer, controls, efforts, elsewhere)

    def with_bound(self, name, bound) -> "Searches":
        """Return the same with a proved bound of a map, unless floats give the constant itself."""
        known = self.bounds.get(name)
        if known is not None and known.kind != "upper":
            return self
        return replace(self, bounds=self.bounds | {name: bound})

    def control(self, name):
        """Return the control of the search of a map."""
        return self.controls[self.budgets[name]]

    def gains(self, name) -> np.ndarray:
        """Return the largest gains found for a map, one per size; lower bounds of the truth."""
        own = [w.local_lipschitz_lower for w in self.worst[name]]
        return np.array([*own[:-1], max(own[-1], self.transfer[name][0] / self.size(-1))])

    def gain_by_image(self, name) -> np.ndarray:
        """Return the largest gains found at the largest size, the image of median accuracy first."""
        others = [search.local_lipschitz_lower for search in self.elsewhere.get(name, ())]
        return np.array([self.gains(name)[-1], *others])

    def sup_change(self, name) -> float:
        """Return the largest change of a pixel met, under its own perturbation or the audited map's."""
        return float(max(self.worst[name][-1].sup_error, self.transfer[name][1]))

    def noise_gains(self, name) -> np.ndarray:
        """Return the mean gains of random noise, one per size."""
        return np.array([control.mean_estimate / control.norm for control in self.noise[name]])

    def size(self, rung) -> float:
        """Return the radius of one rung, measurement units."""
        return float(self.eps[rung] * np.linalg.norm(self.y))

    def headline(self, name) -> str:
        """Say how far the map can be moved."""
        where = _on(len(self.gain_by_image(name)))
        size = f"a perturbation of {100 * self.eps[-1]:g} % of the data"
        last = [self.worst[name][-1], *self.elsewhere.get(name, ())]
        clean = [float(np.linalg.norm(search.clean)) for search in last]
        change = [gain * search.eps for gain, search in zip(self.gain_by_image(name), last)]
        if not any(change):
            return f"was not moved by {size} {where}; nothing was found, which proves nothing"
        share = np.mean([c / n for c, n in zip(change, clean)]) if all(clean) else None
        much = "away from zero" if share is None else f"by at least {percent(share, rounding=ROUND_FLOOR)}"
        return f"can be moved {much} by {size}, {where}"

    def sentence(self, name) -> str:
        """Say what was found for the map, for the others, and for a map whose worst case is known."""
        gains, noise = self.gain_by_image(name), self.noise_gains(name)[-1]
        size, where = f"{100 * self.eps[-1]:g} % of the norm of the data", _on(len(gains))
        text = (f"The worst perturbations found, {size}, change the image by {_floor(gains.mean())} times "
                f"their own size, {where}{_range(gains)}; random noise of that size by {readable(noise)}."
                if gains.any() else f"No perturbation of {size} that was tried changes the image, {where}.")
        others = ", ".join(self._gain_in_words(key) for key in self.worst if key != name)
        text += f" Attacked in the same way: {others}." if others else ""
        control = self.control(name)
        doubt = "" if control.trusted else ", so it may miss much"
        return text + (" On a linear map whose worst case is known, this search finds "
                       f"{percent(control.ratio)} of it{doubt}. No search shows that a map is stable.")

    def _gain_in_words(self, name):
        bound = self.bounds.get(name)
        if bound is not None and bound.kind == "exact":
            return f"{name} {readable(bound.value)}, its exact maximum"
        return f"{name} at least {_floor(self.gain_by_image(name).mean())}"

    def _gain_cell(self, name):
        gains, ratio = self.gain_by_image(name), self.control(name).ratio
        weak = f"; weak search, it finds {percent(ratio)} of a known worst case" if ratio < WEAK else ""
        return f"{at_least(float(gains.mean()))}{_range(gains)}{weak}"

    def rows(self, names) -> list:
        rows = [
            row(f"gain of the worst perturbation found ({100 * self.eps[-1]:g} %), "
                f"{_on(len(self.gain_by_image(names[0])))}", names, self._gain_cell),
            row("gain of random noise of the same norm, image of median accuracy", names,
                lambda n: f"~\u00a0{readable(float(self.noise_gains(n)[-1]))}"),
            row("Lipschitz constant, the largest gain of all (=), or an upper bound (≤)", names,
                self._bound_cell),
            row("largest pixel change (sup) on that image", names,
                lambda n: at_least(self.sup_change(n), 2)),
            row("relative error on that image, clean → perturbed data", names, self._errors_cell),
            row(f"gain of the perturbation found for {names[0]}", names,
                lambda n: f"~\u00a0{readable(self.transfer[n][0] / self.size(-1))}"),
        ]
        return rows if len(names) > 1 else rows[:-1]

    def _bound_cell(self, name):
        bound = self.bounds.get(name)
        if bound is None:
            return "not known"
        if bound.kind == "exact":
            return f"=\u00a0{readable(bound.value)}"
        says = ("; far above what was found: it multiplies the norms of all layers"
                if bound.value > _VACUOUS * self.gain_by_image(name).max() > 0 else "")
        return at_most(bound.value) + ("" if bound.rigorous else " (in floats)") + says

    def _errors_cell(self, name):
        worst, size = self.worst[name][-1], np.linalg.norm(self.image)
        before, after = (percent(float(np.linalg.norm(output - self.image) / size))
                         for output in (worst.clean, worst.reconstruction))
        return f"{before} → {after}"

    def parts(self, problem) -> list:
        """Show every map with and without its perturbation, gains over sizes, and the controls."""
        controls = []
        for (method, budget), control in self.controls.items():
            users = ", ".join(name for name, effort in self.budgets.items() if effort == (method, budget))
            controls.append((f"as for {users}: by {method}, {budget} evaluations", percent(control.ratio)))
        head = ("control: the same search on a linear map whose worst case is known", "found of it")
        gains = [self._gain_figure()] if len(self.eps) > 1 else []
        return [self._panel(problem), *gains, table(head, controls)]

    def to_json(self) -> dict:
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
            "gain_by_image": series(self.gain_by_image(name), "lower", GAIN),
            "gain_of_equal_norm_noise": series(self.noise_gains(name), unit=GAIN),
            "lipschitz": None if bound is None else bound.to_json(),
            "sup_change": found(self.sup_change(name), "signal").to_json(),
            "change_by_transfer": estimate(self.transfer[name][0], "signal").to_json(),
            "sup_change_by_transfer": estimate(self.transfer[name][1], "signal").to_json(),
            "error_to_truth_clean": estimate(np.linalg.norm(last.clean - self.image), "signal").to_json(),
            "error_to_truth_perturbed": estimate(
                np.linalg.norm(last.reconstruction - self.image), "signal").to_json(),
        }

    def _panel(self, problem) -> dict:
        low, high = gray_limits(problem, self.image)
        half, inverse = 0.5 * (high - low), PseudoInverse(problem.A)
        rows = []
        for outcome in self.worst.values():
            worst = outcome[-1]
            shown = problem.picture(np.real(inverse(worst.perturbation)))
            if not rows:
                rows.append([Picture(problem.picture(self.image), "truth"),
                             Picture(shown, f"perturbation of {problem.audited}", (-half, half))])
            factor = magnification(shown, half)
            change = problem.picture(np.abs(worst.reconstruction - worst.clean))
            rows.append([
                Picture(problem.picture(worst.clean), "from clean data"),
                Picture(shown, f"perturbation ×{factor}", (-half / factor, half / factor)),
                Picture(problem.picture(worst.reconstruction), "from perturbed data"),
                _magnified(change, "change", high - low),
            ])
        fig = plot.panel(rows, ["", *self.worst], limits=(low, high), size=PANEL, bars=True)
        return images_figure(fig, "worst-case perturbations and what they do to each map", (
            "The image of median accuracy and the worst perturbation found for each map, "
            f"{100 * self.eps[-1]:g} % of the data in norm. In the first row the perturbation has its true "
            "contrast; below it is magnified, as the change is, by the factor after ×. Truth and "
            "reconstructions share one gray scale."))

    def _gain_figure(self) -> dict:
        names = list(self.worst)
        known = {name: q.value for name, q in self.bounds.items() if q.kind == "exact"}
        fig = plot.quotient_ladder(self.eps, {name: self.gains(name) for name in names},
                                   {name: self.noise_gains(name) for name in names}, known)
        return drawing(fig, "gain against size of the perturbation", (
            "Solid: the worst perturbation found; the truth lies on it or above. Dashed: random noise of the "
            "same norm. Dotted: the exact maximum of a linear map."), "44rem")


def _effort(psi, y, plan):
    """Return the method and the budget of the search of a map, as the time of a call allows."""
    method = "gradient" if has_gradient(psi) else "probing"
    if plan.budget is not None:
        return method, plan.budget
    seconds = min(_seconds(psi, y, method) for _ in range(3))        # the first call may compile
    budget = max(plan.least * factor for factor in (1, 2, 4, 8)
                 if factor == 1 or plan.least * factor * seconds <= plan.seconds)
    whole = y.size * (2 if np.iscomplexobj(y) else 1) + plan.least   # a difference quotient and some more
    if method == "probing" and budget < whole and whole * seconds <= 10 * plan.seconds:
        budget = whole
    return method, budget


def _seconds(psi, y, method) -> float:
    """Return the time of one evaluation; a gradient counts as another."""
    start = time.perf_counter()
    if method == "probing":
        psi(y)
        return time.perf_counter() - start
    output, transposed = pullback(psi, y)
    transposed(output)
    return (time.perf_counter() - start) / 2


def _on(count) -> str:
    return "on the one image searched" if count == 1 else f"mean of {count} images"


def _range(gains) -> str:
    """Write the range of several lower bounds."""
    low, high = _floor(gains.min()), _floor(gains.max())
    return f" ({low} to {high})" if low != high else ""


def _floor(value) -> str:
    return readable(float(value), rounding=ROUND_FLOOR)


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


def _magnified(picture, caption, height) -> Picture:
    """Show a picture of sizes with the largest round factor that keeps it on the gray scale."""
    factor = magnification(picture, height)
    return Picture(picture, f"{caption} ×{factor}", (0, height / factor))
