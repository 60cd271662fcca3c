"""Measure what the first call of each public function costs, with nothing compiled and with all compiled.

``OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/first_calls.py [word ...]``; words select
the calls whose names begin with them.

Every call runs in a fresh process, the import included: *cold* with an empty folder for compiled code, *warm*
with the folder that the cold call has filled. Figures are seconds of processor time, which a busy machine
disturbs less than the clock; a shared machine still adds some ten per cent. A public function of the folders
below that compiles and is missing here is named at the end, and the exit status is 1. ``kernelstab warmup``,
which compiles everything, is measured last.
"""

import inspect
import os
import subprocess
import sys
import tempfile

from kernelstab import kernel, priors, solvers

PARTS = {"solvers": solvers, "kernel": kernel, "priors": priors}

SETUP = """
import time, warnings
import numpy as np
from kernelstab import kernel, operators, priors, solvers
warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
A, x = rng.standard_normal((64, 128)) / 8, np.zeros(128)
x[:6] = 1.0
y = A @ x
lam = 0.1 * np.abs(A.T @ y).max()
large = rng.standard_normal((300, 1500))
small, wide = rng.standard_normal((5, 10)), rng.standard_normal((6, 12))
picture = np.zeros((32, 32))
picture[8:20, 10:25] = 1.0
F = operators.SubsampledFourier(operators.masks.multilevel((32, 32), 0.4, symmetric=True, rng=0), real=True)
z = F.matvec(picture.ravel()) + 0.01
"""

CALLS = {
    "solvers.lasso": "solvers.lasso(A, y, lam)",
    "solvers.lasso, weights": "solvers.lasso(A, y, lam, weights=np.linspace(1, 2, 128))",
    "solvers.lasso, complex": "solvers.lasso(A + 1j * A[::-1], y + 0j, lam)",
    "solvers.lasso, 300 x 1500": "solvers.lasso(large, large[:, :30].sum(axis=1), 9.0)",
    "solvers.qcbp": "solvers.qcbp(A, y, 0.1)",
    "solvers.qcbp, complex": "solvers.qcbp(A + 1j * A[::-1], y + 0j, 0.1)",
    "solvers.basis_pursuit": "solvers.basis_pursuit(A, y)",
    "solvers.sqrt_lasso": "solvers.sqrt_lasso(A, y, 0.3)",
    "solvers.lasso_path": "solvers.lasso_path(A, y)",
    "solvers.solve_batch": "solvers.solve_batch('lasso', A, np.stack([y, 2 * y]), lam)",
    "solvers.solve_batch, own matrices": "solvers.solve_batch('qcbp', np.stack([A, A]), [y, y], 0.1)",
    "solvers.omp": "solvers.omp(A, y, 6)",
    "solvers.omp, complex": "solvers.omp(A + 1j * A[::-1], y + 0j, 6)",
    "solvers.omp_batch": "solvers.omp_batch(A, np.stack([y, y]), 6)",
    "solvers.cosamp": "solvers.cosamp(A, y, 6)",
    "solvers.htp": "solvers.htp(A, y, 6)",
    "solvers.iht": "solvers.iht(A, y, 6)",
    "solvers.subspace_pursuit": "solvers.subspace_pursuit(A, y, 6)",
    "solvers.tv": "solvers.tv(F, z, 0.1)",
    "solvers.tv, dense": "solvers.tv(small.repeat(2, 1)[:, :16], small[:, 0], 0.1, shape=(4, 4))",
    "solvers.wavelet_qcbp": "solvers.wavelet_qcbp(F, z, 0.1, 'db2', level=2)",
    "solvers.wavelet_lasso": "solvers.wavelet_lasso(F, z, 0.1, 'db2', level=2)",
    "solvers.tv_wavelet": "solvers.tv_wavelet(F, z, 0.1, wavelet='haar', max_iter=50)",
    "solvers.analysis": "solvers.analysis(A, y, np.eye(128), 0.1, max_iter=50)",
    "kernel.spark": "kernel.spark(small)",
    "kernel.spark, float": "kernel.spark(small, arithmetic='float')",
    "kernel.ric": "kernel.ric(wide, 3)",
    "kernel.ric, complex": "kernel.ric(wide + 1j * wide[::-1], 3)",
    "kernel.nsp_constant": "kernel.nsp_constant(wide, 2)",
    "kernel.nsp_constant, complex": "kernel.nsp_constant(wide[:, :6] * (1 + 1j * wide[:, 6:]), 1)",
    "kernel.robust_nsp": "kernel.robust_nsp(wide, 1, 0.9)",
    "kernel.best_robust_nsp": "kernel.best_robust_nsp(wide[:, :8], 1)",
}


def seconds(code, folder):
    """Return the processor seconds of a fresh Python that keeps compiled code in ``folder``."""
    ended = SETUP + code + "\nprint('took', time.process_time())"
    run = subprocess.run([sys.executable, "-c", ended], env=os.environ | {"NUMBA_CACHE_DIR": folder},
                         capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"{code} failed:\n{run.stderr}")
    return float(run.stdout.split()[-1])


def compiles(code):
    """Return the processor seconds with an empty folder and with a full one."""
    with tempfile.TemporaryDirectory() as folder:
        return seconds(code, folder), seconds(code, folder)


def missing():
    """List the public functions without a call above whose source imports compiled loops."""
    known = {name.split(",")[0] for name in CALLS}
    for part, module in PARTS.items():
        for name in module.__all__:
            function = getattr(module, name)
            if inspect.isfunction(function) and f"{part}.{name}" not in known:
                source = inspect.getsource(inspect.getmodule(function))
                if "_jit import" in source or "_jit as" in source:
                    yield f"{part}.{name}"


def main(words):
    """Print the table."""
    print(f"{'first call':36} {'cold':>6} {'warm':>6}   seconds of processor time")
    total = 0.0
    for name, code in CALLS.items():
        if not words or any(name.startswith(word) for word in words):
            cold, warm = compiles(code)
            total += cold - warm
            print(f"{name:36} {cold:6.1f} {warm:6.1f}", flush=True)
    print(f"{'compilation, all calls above':36} {total:6.1f}")
    if not words:
        cold, warm = compiles("from kernelstab.warmup import warmup; warmup()")
        print(f"{'kernelstab warmup':36} {cold:6.1f} {warm:6.1f}")
    left = list(missing())
    if left:
        sys.exit(f"no call is written for {', '.join(left)}")


if __name__ == "__main__":
    main(sys.argv[1:])
