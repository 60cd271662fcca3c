r"""Accuracy on two images with almost equal measurements forces instability."""

import numpy as np

from kernelstab._checks import as_array
from kernelstab.certify import norm
from kernelstab.maps import ClipDecoder, LinearMap
from kernelstab.operators import as_operator
from kernelstab.stability import worst_case
from kernelstab.theorems.base import SOURCE, Instance, Spoiler, Theorem, given, pencil

_ROUNDS = 6    # applications of the map in search of an image that it recovers


class TwoImages(Theorem):
    r"""A map that recovers two images must move fast between their measurements.

    See Also
    --------
    kernelstab.stability.local_lipschitz_lower : the same bound as one number.
    kernelstab.maps.ClipDecoder : the map for which it is an equality.

    Examples
    --------
    Images (0, 0, 3) and (0, 4, 0) are 5 apart, their measurements 4 apart; the map
    recovers both, so its Lipschitz constant is at least 5/4, and here it is 5/4:

    >>> theorem = TwoImages()
    >>> verdict = theorem.check(theorem.by_hand(), arithmetic="exact")
    >>> verdict.outcome, verdict.rigorous, verdict.exact
    ('VERIFIED', True, True)
    >>> verdict.quantities["Lipschitz bound"].value
    1.25
    """

    slug = "two-images"
    title = "Two images: accuracy on both forces instability"
    statement = r"""
Let $A$ be any forward map, $\Psi$ any reconstruction map and $x, x'$ two images. Write $\eta =
\|\Psi(Ax)-x\|$ and $\eta' = \|\Psi(Ax')-x'\|$ for the errors, $\delta = \|Ax-Ax'\|$ for the distance of the
measurements and $\Delta = \|x-x'\|-\eta-\eta'$. If $\Delta > 0$, then $\delta > 0$ and for every
$\varepsilon \ge \delta$ the local Lipschitz constant satisfies $L_\varepsilon(\Psi, Ax) \ge \Delta/\delta$.
The perturbation $e = Ax'-Ax$, of norm $\delta$, destroys the good reconstruction: $\|\Psi(Ax+e)-x\| \ge
\|x-x'\|-\eta'$.
"""
    proof = r"""
$\|x-x'\| \le \|x-\Psi(Ax)\| + \|\Psi(Ax)-\Psi(Ax')\| + \|\Psi(Ax')-x'\|$, which is C1. If $\delta = 0$ the
middle term vanishes and $\Delta \le 0$, so $\Delta > 0$ forces C2. Divide C1 by $\delta$ and use $Ax'$ as a
competitor in the supremum that defines $L_\varepsilon(\Psi, Ax)$. For C3, $\|\Psi(Ax')-x\| \ge
\|x'-x\|-\|\Psi(Ax')-x'\|$. The bound cannot be improved: the clip decoder of the two images attains it.
"""
    source = SOURCE
    hypotheses = {"H1": r"The map overperforms on both images: $\|x-x'\| > \eta+\eta'$."}
    conclusions = {
        "C1": r"The outputs differ by at least $\Delta$.",
        "C2": r"The measurements differ.",
        "C3": r"The worst-case noise $Ax'-Ax$ destroys the reconstruction of $x$.",
    }
    findings = {"worst case": "Where a map is accurate on two images whose data almost agree, a perturbation "
                              "that small moves it from one to the other."}
    against = "it is accurate on two images whose data are close, so a perturbation that small moves it far"

    def write(self, program):
        """Write the statement on the inputs ``A``, ``psi``, ``x``, ``x_alt``."""
        p = program
        A, psi, x, x_alt = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("x_alt")
        y, y_alt = A(x), A(x_alt)
        u, u_alt = psi(y), psi(y_alt)
        distance = p.let("image distance", norm(x - x_alt), "signal")
        eta = p.let("error at x", norm(u - x), "signal")
        eta_alt = p.let("error at x_alt", norm(u_alt - x_alt), "signal")
        delta = p.let("measurement distance", norm(y_alt - y), "measurement")
        excess = p.let("excess", distance - eta - eta_alt, "signal")
        p.let("Lipschitz bound", excess / delta, "signal/measurement")
        p.let("observed quotient", norm(u_alt - u) / delta, "signal/measurement")
        p.hypothesis("H1", excess > 0)
        p.conclusion("C1", norm(u_alt - u) >= excess)
        p.conclusion("C2", delta > 0)
        p.conclusion("C3", norm(u_alt - x) >= distance - eta_alt)

    def construct(self, A, psi, x, *, perturbation=None, eps=0.02, rng=0) -> Instance:
        r"""Build the second image from a perturbation that hurts the map at ``x``.

        The second image is what the map makes of the perturbed data, :math:`x' = \Psi(Ax+e)`.
        Maps that are consistent with their data recover it by themselves
        (:math:`A\Psi(y) = y` gives :math:`\Psi(Ax') = x'`), so any real damage makes
        the pair fulfil H1. For other maps :math:`\Psi(A\,\cdot)` is applied a few times
        more, towards an image that the map recovers, and the image with the largest bound
        :math:`\Delta/\delta` is kept.

        Parameters
        ----------
        A, psi, x, rng
            See :meth:`Theorem.construct`; ``x`` is the first image.
        perturbation : ndarray, shape (m,), optional
            The perturbation :math:`e`; found by a worst-case search of size
            ``eps * ||A x||`` if it is not given.
        eps : float
            Relative size of the search, a pure number.
        """
        A, psi, x = given(A, psi, x)
        y = A.matvec(x)
        if perturbation is None:
            perturbation = worst_case(psi, y, eps=eps * float(np.linalg.norm(y)), rng=rng).perturbation
        e = as_array(perturbation, "perturbation", shape=(A.shape[0],))
        x_alt = _second_image(A, psi, x, y, np.asarray(psi(y + e)))
        return Instance(self.slug, {"A": A, "psi": psi, "x": x, "x_alt": x_alt},
                        f"{psi.name} at an image and at its own answer to perturbed data")

    def sharp(self, A, x, x_alt) -> Instance:
        """Return the instance of the clip decoder, for which C1 and C3 are equalities."""
        A = as_operator(A)
        x, x_alt = as_array(x, "x").reshape(-1), as_array(x_alt, "x_alt").reshape(-1)
        psi = ClipDecoder(A, x, x_alt)
        return Instance(self.slug, {"A": A, "psi": psi, "x": x, "x_alt": x_alt},
                        "the clip decoder of the two images")

    def by_hand(self) -> Instance:
        """Return images (0, 0, 3) and (0, 4, 0), both recovered by an affine map."""
        return self._in_space(*pencil([0.0, -0.75], 3.0))

    def _in_space(self, A, psi) -> Instance:
        inputs = {"A": A, "psi": psi, "x": np.array([0, 0, 3.0]), "x_alt": np.array([0, 4.0, 0])}
        return Instance(self.slug, inputs, "two images in space, seen along the third axis")

    def spoilers(self) -> tuple[Spoiler, ...]:
        """Give up the accuracy."""
        A, _ = pencil([0.0, 0.0], 0.0)
        constant = LinearMap(np.zeros((3, 2)), name="y -> 0")
        fate = "no instability: the map that answers 0 to everything never moves and misses both images"
        return (Spoiler("H1", self._in_space(A, constant), fate),)


def _second_image(A, psi, x, y, start):
    """Apply ``psi(A(.))`` again and again, and return the iterate with the largest bound."""
    eta = np.linalg.norm(psi(y) - x)
    images, bounds = [start], []
    for _ in range(_ROUNDS):
        images.append(np.asarray(psi(A.matvec(images[-1]))))
        excess = np.linalg.norm(x - images[-2]) - eta - np.linalg.norm(images[-1] - images[-2])
        delta = np.linalg.norm(A.matvec(images[-2] - x))
        bounds.append(excess / delta if delta > 0 else -np.inf)
    # the first of those equal up to rounding: a map that recovers its own answers keeps its first
    good = max(bounds) - 1e-9 * abs(max(bounds)) if np.isfinite(max(bounds)) else -np.inf
    return next(image for image, bound in zip(images, bounds) if bound >= good)
