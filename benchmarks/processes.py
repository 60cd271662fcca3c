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
import json, resource, time
import numpy as np
from kernelstab import data, operators, solvers
n = {n}
mask = operators.masks.multilevel((n, n), 0.25, symmetric=True, rng=0)
A = operators.SubsampledFourier(mask, real=True)
y = A.matvec(data.shepp_logan(n).ravel())
noise = np.random.default_rng(0).standard_normal(y.size)
noise *= 0.01 * np.linalg.norm(y) / np.linalg.norm(noise)
y, eta = y + noise, float(np.linalg.norm(noise))
del noise
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
s = solvers.tv(A, y, eta, tol={tol})
took = time.process_time() - began
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("took", json.dumps([1024 * before, 1024 * after, took, s.relative_gap, s.iterations]))
"""


def run(code, **environment):
    """Run Python and return what it printed after the word "took"."""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | environment, capture_output=True,
                          text=True, check=False)
    found = [line.split(" ", 1)[1] for line in done.stdout.splitlines() if line.startswith("took ")]
    return json.loads(found[-1]) if found else None


def first():
    """Time the first call of a process, import included, and ours with nothing compiled before."""
    took = {}
    for name, work in FIRST.items():
        values = [run(PROBLEM.format(work=work)) for _ in range(3)]
        if None not in values:
            took[name] = float(np.median(values[1:]))
    with tempfile.TemporaryDirectory() as folder:
        fresh = run(PROBLEM.format(work=FIRST["kernelstab"]), NUMBA_CACHE_DIR=folder)
    ours = took.pop("kernelstab")
    others = ", ".join(f"{name} {value / ours:.2f}" for name, value in took.items())
    return {"note": f"First call of a process, import included, LASSO 100 x 256, ratios to ours: "
                    f"{others}; ours where it never ran before (compilation) {fresh / ours:.0f}.",
            "seconds": took | {"kernelstab": ours, "kernelstab, compiling": fresh}}


def memory():
    """Measure the peak memory of total variation on an image of 2048 x 2048."""
    n = 2048
    before, peak, took, gap, steps = run(LARGE.format(n=n, tol=1e-3))
    image = 8 * n * n
    return {"note": f"Total variation, 2048 x 2048, to a relative gap of {gap:.0e} in {steps} steps: "
                    f"{peak / 1e9:.2f} GB in all, {(peak - before) / image:.1f} images more than before.",
            "peak": peak, "before": before, "seconds": took}


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
    """Say how much longer than its own fast transforms total variation takes."""
    import cProfile
    import pstats

    import pictures

    found = []
    for n in (256, 512):
        problem = pictures.Picture("tv", pictures.phantom(n))
        profile = cProfile.Profile(time.process_time)
        profile.runcall(problem.solve, 1e-4)
        stats = pstats.Stats(profile)
        inside = sum(entry[2] for key, entry in stats.stats.items()
                     if any(name in key[2] for name in ("c2c", "r2c", "c2r")))
        found.append(f"{stats.total_tt / inside:.2f} at {n} x {n}")
    return {"note": f"Total variation to 1e-4 over the time inside its fast transforms: {', '.join(found)}."}


CELLS = {"first calls": first, "memory": memory, "scaling": scaling, "transforms": transforms}
