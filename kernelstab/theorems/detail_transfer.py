r"""A detail the measurements cannot see, learnt on one image, appears in others."""

import numpy as np

from kernelstab import data
from kernelstab._checks import as_array, as_number
from kernelstab.certify import inner, lipschitz, norm
from kernelstab.kernel import kernel_part
from kernelstab.theorems.base import LIPSCHITZ, SOURCE, Instance, Spoiler, Theorem, given, pencil


class DetailTransfer(Theorem):
    r"""A map that recovers an invisible detail on one image hallucinates it on another.

    Examples
    --------
    The map (y1, y2, 4) recovers z = (2, 1, 4). It must put the same 4 into
    x = (2, 1, 0), whose data are the same, and into (5, 1, 0):

    >>> theorem = DetailTransfer()
    >>> verdict = theorem.check(theorem.by_hand(), arithmetic="exact")
    >>> verdict.outcome, verdict.exact
    ('VERIFIED', True)
    >>> verdict.quantities["detail shown on x"].value
    1.0
    """

    slug = "detail-transfer"
    title = "Detail transfer: one good reconstruction, a false detail elsewhere"
    statement = r"""
Let $A$ be linear, $z = x+d$ an image with a detail $d$ and $\eta = \|\Psi(Az)-z\|$. Write $\mu =
\|\Psi(Ax)-\Psi(Az)\|$; it is zero when $d$ lies in the kernel, and at most $L\|Ad\|$ when $\Psi$ is
$L$-Lipschitz. Then the reconstruction of $x$, which has no detail, shows it: $\|\Psi(Ax)-(x+d)\| \le
\eta+\mu$, hence $\|\Psi(Ax)-x\| \ge \|d\|-\eta-\mu$, and the detail coefficient $t = \langle\Psi(Ax)-x,
d\rangle/\|d\|^2$ satisfies $|t-1| \le (\eta+\mu)/\|d\|$. For any other image $x'$, with $\mu' =
\|\Psi(Ax')-\Psi(Az)\|$ and $t'$ its coefficient, $\|\Psi(Ax')-x'\| \ge \|x'-z\|-\eta-\mu'$ and $|t'-1| \le
(\eta+\mu')/\|d\| + |\langle x'-x, d\rangle|/\|d\|^2$.
"""
    proof = r"""
$\|\Psi(Ax)-z\| \le \|\Psi(Az)-z\| + \|\Psi(Ax)-\Psi(Az)\|$ and $\|\Psi(Ax)-x\| \ge \|z-x\|-\|\Psi(Ax)-z\|$.
Next $\Psi(Ax)-x = d+w$ with $\|w\| \le \eta+\mu$, so $t-1 = \langle w, d\rangle/\|d\|^2$; Cauchy-Schwarz.
With $x'$ in place of $x$, $\Psi(Ax')-x' = d-(x'-x)+w'$ with $\|w'\| \le \eta+\mu'$.
"""
    source = SOURCE
    hypotheses = {"H1": r"The detail is larger than what the map loses: $\|d\| > \eta+\mu$."}
    conclusions = {
        "C1": r"The image without the detail is reconstructed with an error of at least $\|d\|-\eta-\mu$.",
        "C2": r"Its reconstruction is the image with the detail, up to $\eta+\mu$.",
        "C3": r"The detail is shown at almost full strength where it does not exist.",
        "C4": r"The other image is reconstructed with an error of at least $\|x'-z\|-\eta-\mu'$.",
        "C5": r"The detail is transferred onto the other image.",
        "C6": r"(maps with a proved Lipschitz bound) $\mu \le L\|Ad\|$.",
        "C7": r"(maps with a proved Lipschitz bound) C1 with $L\|Ad\|$ in place of $\mu$.",
    }
    findings = {"planted detail": "So what a map shows of an unseen detail it shows whether the detail is "
                                  "there or not: a map that is right about an image with it, because it has "
                                  "learnt or assumes the detail, shows it in full where it does not exist."}
    against = "it shows a detail in an image that does not hold it"
    variants = ({"lipschitz_bound": False}, {"lipschitz_bound": True})

    def write(self, program, lipschitz_bound=False):
        """Write the statement on the inputs ``A``, ``psi``, ``x``, ``z``, ``other``."""
        p = program
        A, psi = p.operator("A"), p.map("psi")
        x, z, other = p.vector("x"), p.vector("z"), p.vector("other")
        d = z - x
        u, u_z, u_other = psi(A(x)), psi(A(z)), psi(A(other))
        size, square = p.let("size of the detail", norm(d), "signal"), inner(d, d)
        eta = p.let("error at z", norm(u_z - z), "signal")
        move = p.let("output distance", norm(u - u_z), "signal")
        move_other = p.let("output distance, other image", norm(u_other - u_z), "signal")
        residual = p.let("visible part of the detail", norm(A(z) - A(x)), "measurement")
        error = p.let("error at x", norm(u - x), "signal")
        shown = p.let("detail shown on x", inner(u - x, d) / square)
        shown_other = p.let("detail shown on the other image", inner(u_other - other, d) / square)
        p.hypothesis("H1", size > eta + move)
        p.conclusion("C1", error >= size - eta - move)
        p.conclusion("C2", norm(u - z) <= eta + move)
        p.conclusion("C3", p.emit("abs", shown - 1) <= (eta + move) / size)
        p.conclusion("C4", norm(u_other - other) >= norm(other - z) - eta - move_other)
        overlap = p.emit("abs", inner(other - x, d)) / square
        p.conclusion("C5", p.emit("abs", shown_other - 1) <= (eta + move_other) / size + overlap)
        if lipschitz_bound:
            L = p.let(LIPSCHITZ, lipschitz(psi), "signal/measurement")
            p.conclusion("C6", L * residual >= move)
            p.conclusion("C7", error >= size - eta - L * residual)

    def variant(self, instance):
        """Use the Lipschitz form when operator and map are described exactly."""
        A, psi = instance.inputs["A"], instance.inputs["psi"]
        return {"lipschitz_bound": A.spec() is not None and getattr(psi, "spec", lambda: None)() is not None}

    def construct(self, A, psi, z, *, detail=None, strength=4.0, rng=0) -> Instance:
        r"""Remove an invisible detail from an image that the map recovers.

        The image ``z`` keeps its role as the one that was learnt. The detail is projected
        onto the kernel and scaled to ``strength`` times the error of the map at ``z``; then
        :math:`x = z - d` is the image without it, and the other image is the visible
        part of ``x`` plus whatever of its invisible part is parallel to the detail.

        Parameters
        ----------
        A, psi, z, rng
            See :meth:`Theorem.construct`; ``z`` is the image that the map recovers, ``rng`` is not used.
        detail : ndarray, shape (N,) or image, optional
            The detail before projection; by default a round blob in the middle of an image,
            a single entry of any other signal.
        strength : float
            Norm of the detail in units of the error at ``z``, above 1.
        """
        A, psi, z = given(A, psi, z)
        strength = as_number(strength, "strength", low=1.0, strict=True)
        if detail is None:
            detail = _middle(A.image_shape)
        d = kernel_part(A, as_array(detail, "detail").reshape(-1))
        size = float(np.linalg.norm(d))
        if size <= 1e-9 * float(np.linalg.norm(detail)):
            raise ValueError(f"detail must have a part in the kernel of A, got kernel norm {size:.3g}")
        eta = float(np.linalg.norm(psi(A.matvec(z)) - z))
        # A map that is exact at z transfers every detail; any size then does.
        d = d * ((strength * eta if eta > 0 else 1.0) / size)
        x = z - d
        invisible = kernel_part(A, x)
        parallel = (invisible @ d) / (d @ d) * d
        other = x - (invisible - parallel)
        return Instance(self.slug, {"A": A, "psi": psi, "x": x, "z": z, "other": other},
                        f"{psi.name} at an image, and at the image without an invisible detail")

    def by_hand(self) -> Instance:
        """Return z = (2, 1, 4), x = (2, 1, 0), another image (5, 1, 0) and the map (y1, y2, 4)."""
        return self._in_space(*pencil([0.0, 0.0], 4.0))

    def _in_space(self, A, psi) -> Instance:
        inputs = {"A": A, "psi": psi, "x": np.array([2.0, 1, 0]), "z": np.array([2.0, 1, 4]),
                  "other": np.array([5.0, 1, 0])}
        return Instance(self.slug, inputs, "an image in space whose third coordinate is not seen")

    def spoilers(self) -> tuple[Spoiler, ...]:
        """Take a map that does not recover the image with the detail."""
        fate = ("no false detail: the map (y1, y2, 0) never shows the third coordinate and misses z by "
                "the whole detail")
        return (Spoiler("H1", self._in_space(*pencil([0.0, 0.0], 0.0)), fate),)


def _middle(shape) -> np.ndarray:
    """Return a detail in the middle: a blob of an eighth of an image, one entry of a signal."""
    if len(shape) == 2:
        return data.blob(shape, [(n - 1) / 2 for n in shape], max(1.0, min(shape) / 8))
    detail = np.zeros(shape)
    detail[tuple(n // 2 for n in shape)] = 1.0
    return detail
