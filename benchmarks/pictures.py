"""Images from a quarter of their Fourier coefficients: the instances, and how each peer is called on them.

The mask is symmetric and the noise is that of a real image, so real and complex arithmetic have the same
optimum and every peer may use either. The judge makes an image (or coefficients) exactly feasible before it
measures the gap, by moving its data to the ball around ``y``: that costs a user one product and no peer
loses by it.
"""

import hashlib
from functools import cached_property

import numpy as np
from scipy import fft

from kernelstab import data, operators, solvers
from peers import ITERATIONS, TOLERANCES, Rival
from results import FOLDER

RATE, NOISE = 0.25, 0.01
WAVELET, LEVEL = "db4", 4


class Picture:
    """Total variation or wavelet coefficients of least l1 norm, subject to ``|Ax - y| <= level``."""

    def __init__(self, form, image, seed=0):
        rng = np.random.default_rng(seed)
        self.form, self.shape = form, image.shape
        self.mask = operators.masks.multilevel(image.shape, RATE, symmetric=True, rng=rng)
        self.A = operators.SubsampledFourier(self.mask, real=True)
        clean = self.A.matvec(image.ravel())
        noise = rng.standard_normal(clean.size)
        noise *= NOISE * np.linalg.norm(clean) / np.linalg.norm(noise)
        self.y, self.level = clean + noise, float(np.linalg.norm(noise))
        self.data = self.A.to_kspace(self.y)  # complex, zero off the mask, of the same norm
        if form == "wavelet":
            self.synthesis = operators.WaveletSynthesis(image.shape, WAVELET, level=LEVEL)
            self.product = self.A @ self.synthesis
        self._certify()

    def solve(self, tol, **options):
        """Solve with the package."""
        if self.form == "tv":
            return solvers.tv(self.A, self.y, self.level, tol=tol, **options)
        return solvers.wavelet_qcbp(self.A, self.y, self.level, WAVELET, level=LEVEL, tol=tol, **options)

    def _certify(self):
        """Bound the optimal value below by one dual point, in plain numpy.

        The points take long to find, so they are kept; what they prove is evaluated each time.
        """
        name = hashlib.sha256(self.y.tobytes() + self.form.encode()).hexdigest()[:16]
        path = FOLDER / "references" / f"{name}.npz"
        if not path.exists():
            answer = self.solve(1e-7, max_iter=20_000)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, x=answer.x, dual=answer.dual, field=getattr(answer, "field", 0.0))
        with np.load(path) as kept:
            x, h, field = kept["x"], kept["dual"], kept["field"]
        peak = self._peak(h, field)
        self.bound = (np.vdot(h, self.y).real - self.level * np.linalg.norm(h)) / peak
        self.multiplier = np.linalg.norm(h) / peak
        self.certified = self.gap(x)

    def _peak(self, h, field):
        """By how much ``h`` must be divided to be feasible."""
        back = self.A.rmatvec(h).reshape(self.shape)
        if self.form == "wavelet":
            return np.abs(self.synthesis.rmatvec(back.ravel())).max()
        field = field.real
        missing = fft.fft2(back - gradient_adjoint(field))
        symbol = laplacian(self.shape)
        missing[0, 0] = 0.0  # what has a mean is not a divergence; h has none here, as the data say the mean
        field = field + gradient(fft.ifft2(missing / np.where(symbol > 0, symbol, 1.0)).real)
        return max(1.0, np.sqrt((field**2).sum(0)).max()) * (1 + abs(back.mean()) * np.sqrt(back.size))

    def gap(self, x):
        """Return the relative distance from optimal after the step to the ball."""
        x = np.asarray(x).real.reshape(-1)
        operator = self.A if self.form == "tv" else self.product
        residual = operator.matvec(x) - self.y
        excess = 1 - self.level / max(np.linalg.norm(residual), self.level)
        x = x - excess * operator.rmatvec(residual)
        value = np.abs(x).sum() if self.form == "wavelet" else variation(x.reshape(self.shape))
        return float((value - self.bound) / self.bound)

    def one_pass(self):
        """One product and its adjoint, the unit in which times are printed."""
        return self.A.matvec(self.A.rmatvec(self.y))

    @cached_property
    def price(self):
        """The weight of the norm beside half the squared residual that has the same minimiser."""
        return self.level / self.multiplier

    @cached_property
    def start(self):
        """A zero image or zero coefficients."""
        return np.zeros(self.mask.size)


def phantom(n):
    """Return the head phantom of Shepp and Logan."""
    return data.shepp_logan(n)


def slices(n):
    """Return a mosaic of MR slices, 128 pixels each."""
    k = n // 128
    tiles = data.slices(128)[: k * k]
    return tiles.reshape(k, k, 128, 128).transpose(0, 2, 1, 3).reshape(n, n)


def gradient(x):
    """Return the periodic forward differences along both axes."""
    return np.stack([np.roll(x, -1, 0) - x, np.roll(x, -1, 1) - x])


def gradient_adjoint(p):
    """Return the adjoint of ``gradient``."""
    return np.roll(p[0], 1, 0) - p[0] + np.roll(p[1], 1, 1) - p[1]


def variation(x):
    """Return the isotropic total variation."""
    return float(np.sqrt((gradient(x) ** 2).sum(0)).sum())


def laplacian(shape):
    """Return the eigenvalues of minus the periodic Laplacian, in the layout of ``fft2``."""
    first, second = (2 - 2 * np.cos(2 * np.pi * np.arange(n) / n) for n in shape)
    return first[:, None] + second


def fft_admm(penalty):
    """ADMM in plain numpy, one real transform and one inverse a step, the ball handled exactly.

    Splits ``d = Dx``. The image step minimises ``|Dx - v|`` over the ball, which is diagonal behind the
    transform but for one multiplier, the root of a decreasing convex function found by Newton's method from
    its last value.
    """
    def prepare(problem):
        n1, n2 = problem.shape
        half = n2 // 2 + 1
        symbol = laplacian(problem.shape)[:, :half]
        mask = problem.mask[:, :half]
        weight, target = symbol[mask], problem.data[:, :half][mask]
        count = np.where((np.arange(half) == 0) | (2 * np.arange(half) == n2), 1.0, 2.0)
        count = np.broadcast_to(count, symbol.shape)[mask]
        inverse = 1 / np.where(symbol > 0, symbol, 1.0)
        radius = problem.level

        def fit(spectrum, mu):
            off = spectrum[mask] - weight * target
            square = count * np.abs(off) ** 2
            for _ in range(20):
                scale = weight + mu
                norm = np.sqrt((square / scale**2).sum())
                change = norm**2 / (square / scale**3).sum() * (norm / radius - 1)
                mu = max(mu + change, 1e-12)
                if abs(change) < 1e-10 * mu:
                    break
            spectrum *= inverse
            spectrum[mask] = target + off / (weight + mu)
            return mu

        def solve(iterations):
            d, b, mu = np.zeros((2, n1, n2)), np.zeros((2, n1, n2)), 1.0
            for _ in range(int(iterations)):
                spectrum = fft.rfft2(gradient_adjoint(d - b), norm="ortho")
                mu = fit(spectrum, mu)
                x = fft.irfft2(spectrum, s=(n1, n2), norm="ortho")
                b += gradient(x)
                size = np.sqrt(b[0] ** 2 + b[1] ** 2)
                d = b * (1 - 1 / np.maximum(penalty * size, 1.0))
                b -= d
            return x

        return solve

    return prepare


def pylops_parts(problem):
    """Return our operator and the periodic differences as PyLops operators."""
    import pylops

    size = problem.mask.size
    if problem.form == "wavelet":
        return pylops.aslinearoperator(problem.product), None
    differences = pylops.FunctionOperator(
        lambda x: gradient(x.reshape(problem.shape)).ravel(),
        lambda p: gradient_adjoint(p.reshape(2, *problem.shape)).ravel(), 2 * size, size, dtype="float64")
    return pylops.aslinearoperator(problem.A), differences


def pyproximal_tv(ratio):
    """Primal-dual, the ball as a projection behind the orthogonal rows of A."""
    def prepare(problem):
        import pyproximal

        A, differences = pylops_parts(problem)
        ball = pyproximal.Orthogonal(pyproximal.EuclideanBall(problem.y, problem.level), A, partial=True)
        step = 0.99 / np.sqrt(8)
        return lambda iterations: pyproximal.optimization.primaldual.PrimalDual(
            ball, pyproximal.L21(2), differences, x0=problem.start, tau=step * ratio, mu=step / ratio,
            niter=int(iterations))

    return prepare


def pyproximal_wavelet(step):
    """Douglas-Rachford, the ball as a projection behind the orthogonal rows of A."""
    def prepare(problem):
        import pyproximal

        A, _ = pylops_parts(problem)
        ball = pyproximal.Orthogonal(pyproximal.EuclideanBall(problem.y, problem.level), A, partial=True)
        return lambda iterations: pyproximal.optimization.primal.DouglasRachfordSplitting(
            ball, pyproximal.L1(), x0=problem.start, tau=step, niter=int(iterations), gfirst=True)[0]

    return prepare


def pylops_fista(problem):
    """Accelerated proximal gradients, told the price; its threshold is half of eps."""
    import pylops

    A, _ = pylops_parts(problem)
    return lambda iterations: pylops.optimization.sparsity.fista(
        A, problem.y, x0=problem.start, niter=int(iterations), eps=2 * problem.price, alpha=1.0, tol=0.0)[0]


def odl_pair(ratio):
    """Primal-dual method on the stack of A and the differences (or the identity), in ODL's own spaces."""
    def prepare(problem):
        import odl

        tv = problem.form == "tv"
        X = odl.uniform_discr([0, 0], problem.shape, problem.shape) if tv else odl.rn(problem.mask.size)
        Y = odl.rn(problem.y.size)
        operator = problem.A if tv else problem.product

        class Measurement(odl.Operator):
            def __init__(self, back=False):
                super().__init__(Y if back else X, X if back else Y, linear=True)
                self.back = back

            def _call(self, x):
                product = operator.rmatvec if self.back else operator.matvec
                found = product(np.asarray(x.data).ravel())
                return self.range.element(found.reshape(self.range.shape))

            @property
            def adjoint(self):
                return Measurement(not self.back)

        ball = odl.functionals.IndicatorLpUnitBall(Y, 2) * (1 / problem.level)
        ball = ball.translated(Y.element(problem.y))
        if tv:
            differences = odl.Gradient(X, method="forward", pad_mode="periodic")
            L = odl.BroadcastOperator(Measurement(), differences)
            f = odl.functionals.ZeroFunctional(X)
            g = odl.functionals.SeparableSum(ball, odl.functionals.GroupL1Norm(differences.range))
            step = 0.99 / 3
        else:
            L, f, g, step = Measurement(), odl.functionals.L1Norm(X), ball, 0.99

        def solve(iterations):
            x = X.zero()
            odl.solvers.pdhg(x, f, g, L, int(iterations), tau=step * ratio, sigma=step / ratio)
            return np.asarray(x.data)

        return solve

    return prepare


def sigpy_pair(ratio):
    """Its application for norms under a constraint on the residual, told the isotropic proximal map.

    Its differences look backward where ours look forward, so pictures are turned around.
    """
    def prepare(problem):
        import sigpy

        tv = problem.form == "tv"
        operator = problem.A if tv else problem.product
        shape, turn = (problem.shape, np.flip) if tv else ((problem.mask.size,), np.asarray)

        class Measurement(sigpy.linop.Linop):
            def __init__(self, inverse=False):
                ends = ((problem.y.size,), shape)
                super().__init__(*(ends[::-1] if inverse else ends))
                self.inverse = inverse

            def _apply(self, x):
                if self.inverse:
                    return turn(operator.rmatvec(x).reshape(shape))
                return operator.matvec(turn(x).ravel())

            def _adjoint_linop(self):
                return Measurement(not self.inverse)

        class Joint(sigpy.prox.Prox):
            def _prox(self, alpha, p):
                return p * (1 - 1 / np.maximum(np.sqrt((p**2).sum(0)) / alpha, 1.0))

        def solve(iterations):
            step = 0.99 / (3 if tv else 1)
            joint = Joint((2, *shape)) if tv else sigpy.prox.L1Reg(shape, 1)
            app = sigpy.app.L2ConstrainedMinimization(
                Measurement(), problem.y, joint, problem.level, x=np.zeros(shape),
                G=sigpy.linop.FiniteDifference(shape) if tv else None, max_iter=int(iterations),
                tau=step * ratio, sigma=step / ratio, show_pbar=False)
            app.alg.tol = 0
            return turn(app.run())

        return solve

    return prepare


def deepinv_pair(ratio):
    """Primal-dual in torch, the ball as a projection with real transforms, the norm of pairs as its prior."""
    def prepare(problem):
        import deepinv
        import torch

        torch.set_num_threads(1)
        half = problem.shape[1] // 2 + 1
        mask = torch.from_numpy(problem.mask[:, :half].copy())
        target = torch.from_numpy(problem.data[:, :half].copy())
        count = torch.full((half,), 2.0, dtype=torch.float64)
        count[0] = 1.0
        if problem.shape[1] % 2 == 0:
            count[-1] = 1.0

        class Ball(deepinv.optim.DataFidelity):
            def prox(self, x, y, physics, *args, **kwargs):
                spectrum = torch.fft.rfft2(x, norm="ortho")
                off = torch.where(mask, spectrum - target, 0.0)
                size = torch.sqrt((count * off.abs() ** 2).sum())
                spectrum -= off * (1 - problem.level / torch.clamp(size, min=problem.level))
                return torch.fft.irfft2(spectrum, s=problem.shape, norm="ortho")

        def differences(x):
            return torch.cat([torch.roll(x, -1, 2) - x, torch.roll(x, -1, 3) - x], 1)

        def adjoint(p):
            return torch.roll(p[:, :1], 1, 2) - p[:, :1] + torch.roll(p[:, 1:], 1, 3) - p[:, 1:]

        physics = deepinv.physics.LinearPhysics(A=lambda x, **_: x, A_adjoint=lambda x, **_: x)
        zero = torch.zeros(1, 1, *problem.shape, dtype=torch.float64)
        step = 0.99 / np.sqrt(8)

        def solve(iterations):
            model = deepinv.optim.PDCP(
                K=differences, K_adjoint=adjoint, data_fidelity=Ball(d=lambda u, y: 0 * u.sum()),
                prior=deepinv.optim.L12Prior(l2_axis=1), g_first=True, stepsize=step * ratio,
                stepsize_dual=step / ratio, max_iter=int(iterations), custom_init=lambda *_: {
                    "est": (zero, zero, differences(zero))})
            with torch.no_grad():
                return model(zero, physics).numpy()

        return solve

    return prepare


def sporco_tv(penalty):
    """ADMM for deconvolution, told the price: sampling frequencies is a convolution.

    Its differences look backward where ours look forward, so the picture is turned around.
    """
    def prepare(problem):
        from sporco.admm import tvl2

        blur = fft.ifft2(problem.mask.astype(float)).real
        image = np.flip(fft.ifft2(problem.data, norm="ortho").real)

        def solve(iterations):
            options = tvl2.TVL2Deconv.Options({
                "MaxMainIter": int(iterations), "RelStopTol": 0.0, "FastSolve": True, "gEvalY": False,
                "rho": penalty * problem.price, "AutoRho": {"Enabled": False}})
            return np.flip(tvl2.TVL2Deconv(blur, image, problem.price, options).solve())

        return solve

    return prepare


def spgl1(subspace):
    """Root finding on the Pareto curve, with our operator."""
    def prepare(problem):
        from scipy.sparse.linalg import LinearOperator
        from spgl1 import spg_bpdn

        product = problem.product
        A = LinearOperator(product.shape, product.matvec, product.rmatvec, dtype=float)
        return lambda tol: spg_bpdn(A, problem.y, problem.level, opt_tol=tol, bp_tol=tol, ls_tol=tol,
                                    dec_tol=tol, subspace_min=subspace, iter_lim=10**6)[0]

    return prepare


TV = (
    *(Rival("FFT-ADMM", f"penalty {p:g}", ITERATIONS, fft_admm(p)) for p in (20, 40, 80, 160, 320)),
    *(Rival("pyproximal", f"steps {r:g}", ITERATIONS, pyproximal_tv(r)) for r in (0.1, 0.03, 0.01)),
    *(Rival("ODL", f"steps {r:g}", ITERATIONS, odl_pair(r)) for r in (0.1, 0.03, 0.01)),
    *(Rival("sigpy", f"steps {r:g}", ITERATIONS, sigpy_pair(r)) for r in (0.1, 0.03, 0.01)),
    *(Rival("deepinv", f"steps {r:g}", ITERATIONS, deepinv_pair(r)) for r in (0.1, 0.03, 0.01)),
    *(Rival("sporco", f"penalty {p:g}", ITERATIONS, sporco_tv(p)) for p in (30, 100)),
)
WAVELETS = (
    Rival("spgl1", "", TOLERANCES, spgl1(False)),
    Rival("spgl1", "subspace", TOLERANCES, spgl1(True)),
    Rival("pylops", "FISTA", ITERATIONS, pylops_fista),
    *(Rival("pyproximal", f"splitting, {t:g}", ITERATIONS, pyproximal_wavelet(t)) for t in (0.3, 0.1, 0.03)),
    *(Rival("ODL", f"steps {r:g}", ITERATIONS, odl_pair(r)) for r in (0.1, 0.03, 0.01)),
    *(Rival("sigpy", f"steps {r:g}", ITERATIONS, sigpy_pair(r)) for r in (0.1, 0.03, 0.01)),
)
