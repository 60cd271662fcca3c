"""Race the solvers against what a user would install instead.

``make bench STUDY=solvers`` makes an environment for the peers and runs everything; ``make bench
STUDY=solvers CELLS="lasso --quick"`` runs some of it. Words select the cells whose names begin with them
(``lasso``, ``"qcbp 1000"``, ``tv``, ``batch``, ``first``, ``memory``); the options are listed by
``--help``.

Every rival of a cell is measured in one process, on one thread and one instance, in turns with ours, each at
its best setting for each relative gap (``peers.py``, ``pictures.py``, ``batches.py``). Gaps are measured
against a bound that no solver can fake (``instances.py``). A ratio says how many times longer than ours a
peer takes; our times are printed in products with the adjoint in numpy, or pairs of products for images.
Results gather in ``.bench/solvers.json``, cell by cell, so that a long study may be stopped and resumed;
``--write`` puts the table into the README and draws the plot beside it.
"""

import argparse
import logging
import os
import sys
import time
import warnings

import numpy as np

import batches
import contest
import instances
import peers
import pictures
import processes
import results

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
SIZES = ((100, 256), (1000, 4000), (2000, 20000))
SHARES = {"sqrt-lasso 2000 x": 12.0, " 100 x": 0.3, "2000 x": 2.0, "512 x": 3.0}  # of the budget; else 1
CORNERS = (0.1, 0.01)    # shares from which on a large square-root LASSO meets its data: minutes each
DENSE, IMAGES, EXACT = (1e-4, 1e-6, 1e-8), (1e-2, 1e-4, 1e-6), (1e-8,)


def ours(problem):
    """Solve with the package, as a user would."""
    return lambda tol: problem.solve(tol).x


def dense():
    """Yield (name, maker of the instance, rivals, gaps) for single problems with dense matrices."""
    for m, n in SIZES:
        for form, rivals, ratios in (("lasso", peers.LASSO, (0.1, 0.01)),
                                     ("sqrt-lasso", peers.ROOT, (0.5, 0.1, 0.01)),
                                     ("qcbp", peers.REAL_CONSTRAINED, (None,)),
                                     ("bp", peers.REAL_CONSTRAINED, (None,))):
            for ratio in ratios:
                if form == "sqrt-lasso" and m == 2000 and ratio in CORNERS:
                    continue
                yield (f"{form} {m} x {n}" + (f", {ratio:g}" if ratio else ""),
                       lambda a=(form, m, n, ratio): instances.gaussian(*a), rivals, DENSE)
    for m, n in SIZES[:2]:
        for form in ("qcbp", "bp"):
            yield (f"{form} {m} x {n}, complex", lambda a=(form, m, n): instances.gaussian(*a, real=False),
                   peers.CONSTRAINED, DENSE)


def corners():
    """Yield the largest square-root LASSOs that end in a corner, which are left for the end."""
    m, n = SIZES[-1]
    for ratio in CORNERS:
        yield (f"sqrt-lasso {m} x {n}, {ratio:g}",
               lambda r=ratio: instances.gaussian("sqrt-lasso", m, n, r), peers.ROOT, DENSE)


def small():
    """Yield the batches and the pursuits."""
    for form in ("lasso", "qcbp", "bp"):
        yield f"batch {form}, 1000 of 80 x 200", lambda f=form: batches.Batch(f), batches.BATCH, DENSE
        yield (f"batch {form}, 300 of 80 x 200, a matrix each",
               lambda f=form: batches.Batch(f, count=300, own=True), batches.BATCH, DENSE)
    for m, n, s, count in ((80, 200, 8, 1000), (80, 200, 40, 1000), (100, 256, 10, 1), (1000, 4000, 100, 1),
                           (2000, 20000, 200, 1)):
        yield (f"omp {f'{count} of ' if count > 1 else ''}{m} x {n}, {s} columns",
               lambda a=(m, n, s, count): batches.Pursuit(*a), batches.PURSUIT, EXACT)


def images():
    """Yield the problems of imaging."""
    for n, picture in ((256, pictures.phantom), (256, pictures.slices), (512, pictures.phantom)):
        for form, rivals in (("tv", pictures.TV), ("wavelet", pictures.WAVELETS)):
            yield (f"{form} {n} x {n}, {picture.__name__}",
                   lambda f=form, p=picture, n=n: pictures.Picture(f, p(n)), rivals, IMAGES)


def cells(budget):
    """Return what there is to run, by its name; what takes longest is last."""
    def races(problems):
        return {name: lambda name=name, rest=rest: race(*rest, budget * share(name))
                for name, *rest in problems}

    return races((*dense(), *small(), *images())) | processes.CELLS | races(corners())


def race(make, rivals, targets, seconds):
    """Run one cell and return what is stored of it."""
    problem = make()
    size = problem.A.size if isinstance(problem.A, np.ndarray) else 0
    rivals = [rival for rival in rivals if size <= rival.limit]
    unit = float(np.median([contest.clock(problem.one_pass)[0] for _ in range(7)]))
    ladder = peers.ONCE if targets == EXACT else peers.TOLERANCES
    mine = peers.Rival("kernelstab", "", ladder, ours)
    own, records = contest.race(mine, rivals, problem, seconds, targets)
    for record in records:
        print(f"    {record.rival.peer}, {record.rival.how}: {record.gap:.0e} {record.reason}", flush=True)
    return {"unit": unit, "certified": problem.certified, "targets": contest.compete(own, records, targets),
            "curves": {f"{record.rival.peer}, {record.rival.how}": [step[1:] for step in record.steps]
                       for record in [own, *records]}, "reason": own.reason}


def share(name):
    """Return the factor of the budget for a cell."""
    return next((factor for size, factor in SHARES.items() if size in name), 1.0)


def arguments(words):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cells", nargs="*", help="how the names of the cells begin; all of them by default")
    parser.add_argument("--quick", action="store_true", help="the smallest size only, with small budgets")
    parser.add_argument("--resume", action="store_true", help="skip cells that have a result")
    parser.add_argument("--table", action="store_true", help="only print the table of the results so far")
    parser.add_argument("--write", action="store_true", help="put the table into the README, draw the plot")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds for each peer and cell")
    return parser.parse_args(words)


def main(words):
    """Run the cells that were asked for, then print the table of all results."""
    options = arguments(words)
    for name in THREADS:
        if os.environ.get(name) != "1":
            sys.exit(f"{name} must be 1: both sides run on one thread")
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    known = results.load() if options.resume else {}
    for name, run in cells(options.budget * (0.1 if options.quick else 1.0)).items():
        wanted = not options.cells or any(name.startswith(word) for word in options.cells)
        large = any(size in name for size in ("1000 x", "2000 x", "512 x"))
        if options.table or not wanted or name in known or (options.quick and large):
            continue
        began = time.perf_counter()
        try:
            result = run()
        except Exception as error:  # the other cells are worth having; this one is missed in the table
            print(f"{name}: failed, {type(error).__name__}: {error}", flush=True)
            continue
        results.store(name, result)
        print(results.summary(name, result) if "targets" in result else f"{name}: {result['note']}",
              f"\n  [{time.perf_counter() - began:.0f} s]", flush=True)
    print(results.table())
    print(results.reasons())
    if options.write:
        results.write()
        results.plot()


if __name__ == "__main__":
    main(sys.argv[1:])
