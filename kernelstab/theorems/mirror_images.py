r"""Mirror images in the kernel share one measurement, so no map recovers both."""

from fractions import Fraction

import numpy as np

from kernelstab.certify import inner, norm
from kernelstab.kernel import kernel_part
from kernelstab.theorems.base import SOURCE, Instance, Spoiler, Theorem, given, pencil

ROUNDING = Fraction(1, 10**6)    # what a pair may lack of being mirror images, relative


class MirrorImages(Theorem):
    r"""What a map gains on an image it loses on the mirror image in the kernel.

    Examples
    --------
    The map (y1, y2, 1) recovers (2, 1, 1) exactly and misses its mirror image
    (2, 1, -1) by 2; the two errors sum to exactly twice the kernel part:

    >>> theorem = MirrorImages()
    >>> verdict = theorem.check(theorem.by_hand(), arithmetic="exact")
    >>> verdict.outcome, verdict.exact
    ('VERIFIED', True)
    >>> verdict.quantities["sum of errors"].value, verdict.quantities["bound"].value
    (2.0, 2.0)
    """

    slug = "mirror-images"
    title = "Mirror images: no free lunch in the kernel"
    statement = r"""
Let $A$ be linear, $P_N$ the orthogonal projector onto its kernel and $\bar x = x-2P_N x$ the mirror image
of $x$. Then $A\bar x = Ax$, and for every map $\Psi$
$$\|\Psi(Ax)-x\| + \|\Psi(A\bar x)-\bar x\| \ge 2\|P_N x\|.$$
The pseudo-inverse attains equality with both errors equal to $\|P_N x\|$; a map that does better on $x$
does worse on $\bar x$. For a vector $\bar x$ that is the mirror image only up to rounding (a millionth, H2
and H3), the right side is $\|x-\bar x\| - \|\Psi(Ax)-\Psi(A\bar x)\|$, with both terms measured. So what
is checked concerns two images whose data agree to a millionth. Where the data agree exactly, the distance of
the images is at most twice the kernel part; an invertible $A$ with a tiny singular value has such pairs, too,
and no kernel.
"""
    proof = r"""
$\|x-\bar x\| \le \|x-\Psi(Ax)\| + \|\Psi(Ax)-\Psi(A\bar x)\| + \|\Psi(A\bar x)-\bar x\|$ holds for any two
vectors. For the mirror image $x-\bar x = 2P_N x$ lies in the kernel, so $A\bar x = Ax$ and the middle term
is zero. For $\Psi = A^\dagger$, $\Psi(Ax) = x-P_N x$ is the midpoint. Conversely, let $A\bar x = Ax$ and
$\|\bar x\| = \|x\|$. Then $k = (x-\bar x)/2$ lies in the kernel, and $\langle x+\bar x, x-\bar x\rangle = 0$
says $\|k\|^2 = \langle k, x\rangle = \langle k, P_N x\rangle$, so $\|x-\bar x\| = 2\|k\| \le 2\|P_N x\|$: up
to rounding, H2 and H3 let no pair claim more than twice the kernel part.
"""
    source = SOURCE
    hypotheses = {
        "H1": r"The two images differ: $\|x-\bar x\| > 0$; for exact mirror images this is $2\|P_N x\|$.",
        "H2": r"The measurements agree up to rounding: $\|Ax-A\bar x\| \le 10^{-6}(\|Ax\|+\|A\bar x\|)$.",
        "H3": r"The images reflect each other up to rounding, as equal norms say: $|\langle x+\bar x, "
              r"x-\bar x\rangle| \le 10^{-6}\|x-\bar x\|(\|x\|+\|\bar x\|)$.",
        "H4": r"The map does not tell the two apart: $\|\Psi(Ax)-\Psi(A\bar x)\| \le \|x-\bar x\|$ "
              r"(zero for exact mirror images).",
    }
    conclusions = {
        "C1": r"The two errors sum to at least the bound.",
        "C2": r"The larger of the two errors is at least half the bound.",
    }
    findings = {"mirror images": "For every map there is, the two numbers sum to at least 2."}
    against = "it cannot be accurate both on an image and on its mirror image, which has the same data"

    def write(self, program):
        """Write the statement on the inputs ``A``, ``psi``, ``x``, ``mirror``."""
        p = program
        A, psi, x, mirror = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("mirror")
        y, y_mirror = A(x), A(mirror)
        u, u_mirror = psi(y), psi(y_mirror)
        distance = p.let("distance of the images", norm(x - mirror), "signal")
        seen = p.let("measurement distance", norm(y - y_mirror), "measurement")
        move = p.let("output distance", norm(u - u_mirror), "signal")
        error = p.let("error", norm(u - x), "signal")
        error_mirror = p.let("error on the mirror image", norm(u_mirror - mirror), "signal")
        total = p.let("sum of errors", error + error_mirror, "signal")
        bound = p.let("bound", distance - move, "signal")
        p.hypothesis("H1", distance > 0)
        p.hypothesis("H2", (norm(y) + norm(y_mirror)) * ROUNDING >= seen)
        tilt = p.emit("abs", inner(x + mirror, x - mirror))
        p.hypothesis("H3", distance * (norm(x) + norm(mirror)) * ROUNDING >= tilt)
        p.hypothesis("H4", distance >= move)
        p.conclusion("C1", total >= bound)
        p.conclusion("C2", p.emit("max", error, error_mirror) >= bound / 2)

    def construct(self, A, psi, x, *, rng=0) -> Instance:
        """Reflect ``x`` in the kernel of ``A``. Cost: one kernel projection; ``rng`` is not used."""
        A, psi, x = given(A, psi, x)
        mirror = x - 2 * kernel_part(A, x)
        return Instance(self.slug, {"A": A, "psi": psi, "x": x, "mirror": mirror},
                        f"{psi.name} at an image and at its mirror image in the kernel")

    def by_hand(self) -> Instance:
        """Return the mirror images (2, 1, 1) and (2, 1, -1) and a map that knows the first."""
        return self._in_space([2.0, 1, 1], [2.0, 1, -1], *pencil([0.0, 0.0], 1.0))

    def _in_space(self, x, mirror, A, psi) -> Instance:
        inputs = {"A": A, "psi": psi, "x": np.array(x), "mirror": np.array(mirror)}
        return Instance(self.slug, inputs, "an image in space and its mirror image along the third axis")

    def spoilers(self) -> tuple[Spoiler, ...]:
        """Take an image without kernel part, and pairs that fail to be mirror images in three ways."""
        visible = self._in_space([2.0, 1, 0], [2.0, 1, 0], *pencil([0.0, 0.0], 0.0))
        told_apart = self._in_space([0.0, 4, 3], [0.0, -4, -3], *pencil([0.0, 0.75], 0.0))
        far = self._in_space([2.0, 1, 1], [2.0, 1, -9], *pencil([0.0, 0.0], 0.0))
        # y2 differs by 2**-24, as if by rounding, and the third answer by 4
        wild = self._in_space([2.0, 1, 1], [2.0, 1 + 2.0**-24, -1], *pencil([0.0, 2.0**26], -(2.0**26)))
        return (
            Spoiler("H1", visible, "the conclusion survives and says nothing: the bound is zero"),
            Spoiler("H2", told_apart, "the conclusion fails: the pair has two measurements, and the map "
                                      "recovers both images"),
            Spoiler("H3", far, "the inequality survives, but the distance 10 of the images is not twice the "
                               "kernel part, which is 1"),
            Spoiler("H4", wild, "the conclusion survives and says nothing: the map tells rounding errors "
                                "apart, and the bound is negative"),
        )
