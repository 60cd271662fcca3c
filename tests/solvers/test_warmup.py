"""After the warm-up no loop of the solvers is left to compile."""

import sys
from functools import partial

import numba
import numpy as np
import pytest

from kernelstab.solvers import (
    basis_pursuit,
    lasso,
    lasso_path,
    omp,
    omp_batch,
    qcbp,
    solve_batch,
    sqrt_lasso,
    warmup,
)

RNG = np.random.default_rng(0)
A, C = RNG.standard_normal((12, 30)), RNG.standard_normal((12, 30)) + 1j * RNG.standard_normal((12, 30))
Y = RNG.standard_normal((8, 12))
CALLS = {
    "lasso": partial(lasso, A, Y[0], 1.0), "nonneg": partial(lasso, A, Y[0], 1.0, nonneg=True),
    "a list": partial(lasso, A.tolist(), Y[0], 1),
    "Fortran order": partial(qcbp, np.asfortranarray(A), Y[0], 1),
    "integers": partial(lasso, np.round(4 * A).astype(int), [1] * 12, 1),
    "weights": partial(sqrt_lasso, A, Y[0], 0.5, weights=np.full(30, 1.0)),
    "qcbp": partial(qcbp, A, Y[0], 1.0), "basis pursuit": partial(basis_pursuit, A, Y[0]),
    "square-root": partial(sqrt_lasso, A, Y[0], 1.0), "path": partial(lasso_path, A, Y[0], lam_min=0.5),
    "batch": partial(solve_batch, "lasso", A, Y, [1, 1, 1, 1, 2, 2, 2, 2]),
    "own matrices": partial(solve_batch, "qcbp", np.array([A, A[:, ::-1]]), Y[:2], 1),
    "basis pursuits": partial(solve_batch, "basis-pursuit", A, Y),
    "working set": partial(qcbp, A, Y[0], 1.0, method="working-set"),
    "complex": partial(lasso, C, Y[0], 1.0), "complex, exact": partial(basis_pursuit, C, Y[0]),
    "pursuit": partial(omp, A, Y[0], 3), "pursuits": partial(omp_batch, A, Y, 3),
}


def signatures():
    """Return how many signatures each compiled function has."""
    return {(name, key): len(value.signatures) for name, module in list(sys.modules.items())
            if name.startswith("kernelstab.") and name.endswith("_jit")
            for key, value in vars(module).items() if hasattr(value, "signatures")}


def test_every_loop_is_run_and_reported():
    seen = []
    seconds = warmup(lambda *step: seen.append(step))
    assert [name for _, _, name in seen] == list(seconds)
    assert [done for done, _, _ in seen] == list(range(1, len(seconds) + 1))
    assert {total for _, total, _ in seen} == {len(seconds)}
    assert all(t >= 0 for t in seconds.values())
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled here")
    before = signatures()
    assert before
    for name, call in CALLS.items():
        call()
        assert signatures() == before, name
