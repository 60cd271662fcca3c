"""After the warm-up no compiled loop is left to compile."""

import ast
import importlib
import sys
from functools import partial
from pathlib import Path

import numba
import numpy as np
import pytest

import kernelstab
from kernelstab import solvers
from kernelstab.operators import SubsampledFourier, masks
from kernelstab.warmup import PARTS, warmup

RNG = np.random.default_rng(0)
A, C = RNG.standard_normal((12, 30)), RNG.standard_normal((12, 30)) + 1j * RNG.standard_normal((12, 30))
Y = RNG.standard_normal((8, 12))
F = SubsampledFourier(masks.standard(16), real=True)
CALLS = {
    "lasso": partial(solvers.lasso, A, Y[0], 1.0),
    "nonneg": partial(solvers.lasso, A, Y[0], 1.0, nonneg=True),
    "a list": partial(solvers.lasso, A.tolist(), Y[0], 1),
    "Fortran order": partial(solvers.qcbp, np.asfortranarray(A), Y[0], 1),
    "integers": partial(solvers.lasso, np.round(4 * A).astype(int), [1] * 12, 1),
    "weights": partial(solvers.sqrt_lasso, A, Y[0], 0.5, weights=np.full(30, 1.0)),
    "qcbp": partial(solvers.qcbp, A, Y[0], 1.0), "basis pursuit": partial(solvers.basis_pursuit, A, Y[0]),
    "square-root": partial(solvers.sqrt_lasso, A, Y[0], 1.0),
    "path": partial(solvers.lasso_path, A, Y[0], lam_min=0.5),
    "batch": partial(solvers.solve_batch, "lasso", A, Y, [1, 1, 1, 1, 2, 2, 2, 2]),
    "own matrices": partial(solvers.solve_batch, "qcbp", np.array([A, A[:, ::-1]]), Y[:2], 1),
    "basis pursuits": partial(solvers.solve_batch, "basis-pursuit", A, Y),
    "working set": partial(solvers.qcbp, A, Y[0], 1.0, method="working-set"),
    "complex": partial(solvers.lasso, C, Y[0], 1.0),
    "complex, exact": partial(solvers.basis_pursuit, C, Y[0]),
    "pursuit": partial(solvers.omp, A, Y[0], 3), "pursuits": partial(solvers.omp_batch, A, Y, 3),
    "wavelets": partial(solvers.wavelet_qcbp, F, F.matvec(np.ones(256)), 0.1, "haar", level=2),
    "total variation": partial(solvers.tv, F, F.matvec(np.eye(16).ravel()), 0.1),
}


def entrances():
    """Return the compiled loops that Python calls: what files other than ``_jit`` import from those."""
    folder = Path(kernelstab.__file__).parent
    found = {(node.module, alias.name)
             for path in folder.rglob("*.py") if not path.stem.endswith("_jit")
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.ImportFrom) and str(node.module).endswith("_jit")
             for alias in node.names}
    loops = {entrance: getattr(importlib.import_module(entrance[0]), entrance[1]) for entrance in found}
    return {entrance: loop for entrance, loop in loops.items() if hasattr(loop, "signatures")}


def signatures():
    """Return how many signatures each compiled function has."""
    return {(name, key): len(value.signatures) for name, module in list(sys.modules.items())
            if name.startswith("kernelstab.") and name.endswith("_jit")
            for key, value in vars(module).items() if hasattr(value, "signatures")}


def test_progress_names_every_job():
    seen = []
    seconds = warmup(progress=lambda *step: seen.append(step))
    assert seconds.keys() == {name for part in PARTS for name in warmup(part)}
    assert [name for _, _, name in seen] == [*seconds, "done"]
    assert [done for done, _, _ in seen] == list(range(len(seconds) + 1))
    assert {total for _, total, _ in seen} == {len(seconds)}
    assert all(t >= 0 for t in seconds.values())


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled here")
def test_no_loop_is_left_to_compile():
    warmup()
    loops, before = entrances(), signatures()
    assert len(loops) >= 20
    assert sorted(entrance for entrance, loop in loops.items() if not loop.signatures) == []
    for name, call in CALLS.items():
        call()
        assert signatures() == before, name
