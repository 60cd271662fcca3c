"""Time the constants of a matrix against plain loops over supports.

``OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/kernel.py [part ...]``, the parts being basis,
spark, ric, alpha and finite.

Both sides run in one process on one thread, after compilation, and are compared by the processor time they
use, which a busy machine disturbs least; medians as ratios. A plain loop that would take hours is timed on a
random sample of its supports and scaled to their number, and the line says so. How two threads scale is
measured on the clock, with a larger problem. Seeds are fixed.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, islice
from math import comb

import numpy as np
import scipy.linalg
from scipy.optimize import linprog

from kernelstab import kernel, priors

REPEATS = 5


def seconds(work, repeats=REPEATS, clock=time.process_time):
    """Return the median duration of ``work()`` and its last result."""
    took = []
    for _ in range(repeats):
        began = clock()
        result = work()
        took.append(clock() - began)
    return float(np.median(took)), result


def scaling(work):
    """Say how much faster ``work(2)`` is than ``work(1)`` on the clock, the number counting threads.

    The control sorts arrays in threads that share nothing: what this machine gives to a second thread now.
    """
    return f"two threads are {_speedup(work):.2f} times faster than one (control: {_speedup(_sort):.2f})"


def _speedup(work):
    ratios = []
    for _ in range(REPEATS):
        one, two = (seconds(lambda t=t: work(t), 1, time.perf_counter)[0] for t in (1, 2))
        ratios.append(one / two)
    return float(np.median(ratios))


def _sort(threads):
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda seed: np.sort(np.random.default_rng(seed).random(2_000_000)), range(8)))


def sampled(step, cases, rng, size=2000):
    """Return the time of a plain loop over ``cases`` supports, from a random sample of them.

    ``step(rng)`` does one support.
    """
    size = min(size, cases)
    began = time.process_time()
    for _ in range(size):
        step(rng)
    return (time.process_time() - began) / size * cases


def gaussian(m, n, seed):
    """Return a Gaussian matrix with unit columns."""
    matrix = np.random.default_rng(seed).standard_normal((m, n))
    return matrix / np.linalg.norm(matrix, axis=0)


def basis():
    """Null space basis of a wide matrix."""
    matrix = gaussian(1000, 4000, 0)
    ours, found = seconds(lambda: kernel.nullspace_basis(matrix), 3)
    theirs, expected = seconds(lambda: scipy.linalg.null_space(matrix), 3)
    assert found.basis.shape == expected.shape
    print(f"null space basis, 1000 x 4000: {theirs / ours:.1f} times faster than scipy.linalg.null_space; "
          f"residual {found.residual:.1e}, scipy's {np.linalg.norm(matrix @ expected, 2):.1e}")


def spark():
    """Spark of a 12 x 24 matrix: every set of up to 12 columns."""
    m, n = 12, 24
    matrix = gaussian(m, n, 1)
    rng = np.random.default_rng(0)
    plain = sum(sampled(lambda g, k=k: np.linalg.matrix_rank(matrix[:, g.choice(n, k, replace=False)]),
                        comb(n, k), rng, 500) for k in range(1, m + 1))
    sets = sum(comb(n, k) for k in range(1, m + 1))
    kernel.spark(matrix, threads=1)
    ours, found = seconds(lambda: kernel.spark(matrix, threads=1))
    print(f"spark, 12 x 24: {plain / ours:.0f} times faster than matrix_rank on all {sets} sets (sampled), "
          f"{comb(n, m) / ours / 1e6:.1f} million sets of 12 a second; {found!r}")
    wide = gaussian(14, 28, 1)
    print(f"spark, 14 x 28, {comb(28, 14)} sets of 14: "
          f"{scaling(lambda t: kernel.spark(wide, threads=t))}")


def ric():
    """Isometry constants of order 4 of a 30 x 60 matrix."""
    n, s = 60, 4
    matrix = gaussian(30, n, 2)
    gram, rng = matrix.T @ matrix, np.random.default_rng(0)

    def one(g):
        support = g.choice(n, s, replace=False)
        np.linalg.eigvalsh(gram[np.ix_(support, support)])

    plain = sampled(one, comb(n, s), rng)
    stack = np.array(list(islice(combinations(range(n), s), 20_000)))
    batch, _ = seconds(lambda: np.linalg.eigvalsh(gram[stack[:, :, None], stack[:, None, :]]))
    batch *= comb(n, s) / len(stack)
    kernel.ric(matrix, s, threads=1)
    ours, found = seconds(lambda: kernel.ric(matrix, s, threads=1))
    print(f"ric, N = 60, s = 4: {plain / ours:.0f} times faster than eigvalsh in a loop, {batch / ours:.0f} "
          f"times faster than batched eigvalsh (both sampled), {comb(n, s) / ours / 1e6:.1f} million "
          f"supports a second; {found!r}")
    wide = gaussian(40, 80, 2)
    print(f"ric, N = 80, s = 6, {comb(80, 6)} supports: {scaling(lambda t: kernel.ric(wide, 6, threads=t))}")


def highs(matrix, support, signs):
    """Solve one program for the null space constant as a user of HiGHS would."""
    m, n = matrix.shape
    xi = np.zeros(n)
    xi[support] = signs
    return linprog(np.concatenate([-xi, xi]), A_ub=np.ones((1, 2 * n)), b_ub=[1.0],
                   A_eq=np.hstack([matrix, -matrix]), b_eq=np.zeros(m), method="highs")


def alpha():
    """Null space constant of order 3 against HiGHS, one program after the other."""
    for m, n in ((16, 32), (20, 40), (32, 64)):
        matrix, s = gaussian(m, n, 3), 3
        programs = comb(n, s) * 2 ** (s - 1)

        def one(g, matrix=matrix, n=n, s=s):
            highs(matrix, g.choice(n, s, replace=False), g.choice([-1.0, 1.0], s))

        plain = sampled(one, programs, np.random.default_rng(0), 60)
        kernel.nsp_constant(matrix, s)
        ours, found = seconds(lambda a=matrix, s=s: kernel.nsp_constant(a, s), 3)
        print(f"alpha_3, {m} x {n}: {plain / ours:.0f} times faster than HiGHS on all {programs} programs "
              f"(sampled); {found!r}")


def finite():
    """Kernel size of 20 000 signals in 64 dimensions under 16 measurements."""
    rng = np.random.default_rng(4)
    signals, matrix = rng.standard_normal((20_000, 64)), gaussian(16, 64, 5)
    measured = signals @ matrix.T
    eps = 0.25 * float(np.median(np.linalg.norm(measured[:2000] - measured[2000:4000], axis=1)))
    prior = priors.FiniteSet(signals)

    def plain():
        best = 0.0
        for start in range(0, len(signals), 500):
            near = scipy.spatial.distance.cdist(measured[start:start + 500], measured) <= 2 * eps
            apart = scipy.spatial.distance.cdist(signals[start:start + 500], signals)
            best = max(best, float(apart[near].max()))
        return best

    priors.kernel_size(matrix, priors.FiniteSet(signals[:100]), eps)
    ours, found = seconds(lambda: priors.kernel_size(matrix, prior, eps, max_balls=0), 3)
    balls, best = seconds(lambda: priors.kernel_size(matrix, prior, eps), 3)
    theirs, expected = seconds(plain, 1)
    print(f"finite set, 20 000 signals, kernel size: {theirs / ours:.1f} times faster than scipy's cdist in "
          f"blocks (ours {found.lower:.9f}, cdist {expected:.9f})")
    print(f"finite set, with the best worst-case error of any map: {balls / ours:.1f} times the work, "
          f"{best.c_opt_lower:.6f} <= c_opt <= {best.c_opt_upper:.6f}")


PARTS = {"basis": basis, "spark": spark, "ric": ric, "alpha": alpha, "finite": finite}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
