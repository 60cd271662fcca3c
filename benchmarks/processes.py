"""What needs a process of its own, or two threads: first calls, memory, scaling."""

import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

FIRST = {
    "kernelstab": "from kernelstab import solvers; solvers.lasso(A, y, lam)",
    "scikit-learn": "from sklearn.linear_model import Lasso; Lasso(alpha=a, fit_intercept=False).fit(A, y)",
    "celer": "from celer import Lasso; Lasso(alpha=a, fit_intercept=False).fit(A, y)",
    "skglm": "from skglm import Lasso; Lasso(alpha=a, fit_intercept=False).fit(A, y)",
    "SPAMS": "import spams; spams.lasso(np.asfortranarray(y[:, None]), D=np.asfortranarray(A), lambda1=lam)",
    "pycasso": "import pycasso; pycasso.Solver(A, y, lambdas=np.array([a]), useintercept=False).train()",
    "spgl1": "import spgl1; spgl1.spg_bpdn(A, y, 0.1)",
}
OURS = {
    "lasso": "solvers.lasso(A, y, lam)",
    "lasso, working set": "solvers.lasso(A, y, lam, method='working-set')",
    "complex qcbp": "solvers.qcbp(A + 0j, y + 0j, 0.1)",
    "omp": "solvers.omp(A, y, 5)",
    "tv": "solvers.tv(F, F.matvec(x[:64]), 0.1)",
    "wavelets": "solvers.wavelet_qcbp(F, F.matvec(x[:64]), 0.1, 'haar', level=1)",
}
IMPORTS = """
from kernelstab import operators, solvers
F = operators.SubsampledFourier(np.ones((8, 8), bool))
"""
PROBLEM = """
import time, warnings
import numpy as np
warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
A, x = rng.standard_normal((100, 256)) / 10, np.zeros(256)
x[:10] = 1.0
y = A @ x
lam = 0.1 * np.abs(A.T @ y).max()
a = lam / 100
began = time.perf_counter()
{work}
print("took", time.perf_counter() - began)
"""
LARGE = """
import json, os, time, warnings
import numpy as np
from kernelstab import data, operators, solvers
warnings.simplefilter("ignore")
SOLVE = dict(tv=lambda A, y, eta: solvers.tv(A, y, eta, tol={tol}),
             wavelets=lambda A, y, eta: solvers.wavelet_qcbp(A, y, eta, "db4", level=4, tol={tol}))["{form}"]

def solve(n):
    mask = operators.masks.multilevel((n, n), 0.25, symmetric=True, rng=0)
    A = operators.SubsampledFourier(mask, real=True)
    y = A.matvec(data.shepp_logan(n).ravel())
    noise = np.random.default_rng(0).standard_normal(y.size)
    noise *= 0.01 * np.linalg.norm(y) / np.linalg.norm(noise)
    y, eta = y + noise, float(np.linalg.norm(noise))
    del noise
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    began = time.process_time()
    s = SOLVE(A, y, eta)
    return now, time.process_time() - began, s.relative_gap, s.iterations

solve(64)  # loads the compiled loops
now, took, gap, steps = solve({n})
with open("/proc/self/status") as file:     # what getrusage says is inherited from the caller
    peak = next(1024 * int(line.split()[1]) for line in file if line.startswith("VmHWM"))
print("took", json.dumps([now, peak, took, gap, steps]))
"""


def run(code, **environment):
    """Run Python and return what it printed after the word "took"."""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | environment, capture_output=True,
                          text=True, check=False)
    found = [line.split(" ", 1)[1] for line in done.stdout.splitlines() if line.startswith("took ")]
    return json.loads(found[-1]) if found else None


def first():
    """Time the first call of a process, import included, and ours with nothing compiled before."""
    took = {name: [run(PROBLEM.format(work=work)) for _ in range(3)] for name, work in FIRST.items()}
    took = {name: float(np.median(values[1:])) for name, values in took.items() if None not in values}
    ours = took.pop("kernelstab")
    others = ", ".join(f"{name} {value / ours:.2f}" for name, value in took.items())
    compiling = {}
    for name, work in OURS.items():
        code = PROBLEM.format(work=IMPORTS + work)
        run(code)
        with tempfile.TemporaryDirectory() as folder:
            compiling[name] = run(code, NUMBA_CACHE_DIR=folder) / run(code)
    fresh = ", ".join(f"{name} {ratio:.0f}" for name, ratio in compiling.items())
    return {"note": f"First call of a process, import included, LASSO 100 x 256, ratios to ours: "
                    f"{others}. Ours where it never ran before and compiles, over one that finds what it "
                    f"compiled: {fresh}.",
            "seconds": took | {"kernelstab": ours}, "compiling": compiling}


def memory():
    """Measure the peak memory of both problems of imaging at 2048 x 2048 (Linux)."""
    n, lines, kept = 2048, [], {}
    for form in ("tv", "wavelets"):
        now, peak, took, gap, steps = run(LARGE.format(n=n, form=form, tol=1e-3))
        lines.append(f"{form} to a relative gap of {gap:.0e} in {steps} steps: {peak / 1e9:.2f} GB in all, "
                     f"{(peak - now) / (8 * n * n):.1f} images more than when it was called")
        kept[form] = {"before": now, "peak": peak, "seconds": took}
    return {"note": f"Memory at {n} x {n}, {'; '.join(lines)}.", **kept}


def scaling():
    """Compare two threads with one on a batch, and with what a second thread that shares nothing gains."""
    import batches

    lines = []
    for form in ("lasso", "qcbp", "bp"):
        problem = batches.Batch(form, count=4000)
        problem.solve()
        lines.append(f"{form} {speedup(lambda t, p=problem: p.solve(threads=t)):.2f}")
    return {"note": f"4000 problems of 80 x 200, two threads against one: {', '.join(lines)} times faster "
                    f"(control: {speedup(sort):.2f})."}


def sort(threads):
    """Sort arrays in threads that share nothing."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda seed: np.sort(np.random.default_rng(seed).random(2_000_000)), range(8)))


def speedup(work):
    """Return the median ratio of the times on the clock with one thread and with two."""
    ratios = []
    for _ in range(5):
        times = []
        for threads in (1, 2):
            began = time.perf_counter()
            work(threads)
            times.append(time.perf_counter() - began)
        ratios.append(times[0] / times[1])
    return float(np.median(ratios))


def transforms():
    """Say how much longer than their own fast Fourier transforms the problems of imaging take."""
    import cProfile
    import pstats

    import pictures

    found = []
    for form in ("tv", "wavelet"):
        for n in (256, 512):
            problem = pictures.Picture(form, pictures.phantom(n))
            problem.solve(1e-2)
            profile = cProfile.Profile(time.process_time)
            profile.runcall(problem.solve, 1e-4)
            stats = pstats.Stats(profile)
            inside = sum(entry[2] for key, entry in stats.stats.items()
                         if any(name in key[2] for name in ("c2c", "r2c", "c2r")))
            found.append(f"{form} {stats.total_tt / inside:.2f} at {n} x {n}")
    return {"note": f"The whole time to 1e-4 over the time inside Fourier transforms: {', '.join(found)}."}


CELLS = {"first calls": first, "memory": memory, "scaling": scaling, "transforms": transforms}
