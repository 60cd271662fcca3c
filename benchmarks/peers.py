"""How each peer is called on problems with dense matrices: its best configuration, found by sweeping.

A rival is one configuration of one peer. ``prepare(instance)`` does what a user does once (import, column
order, step sizes) and returns ``solve(setting)``, which is timed from arrays to ``x``. ``ladder`` lists
settings from loose to tight: tolerances or numbers of iterations. The study times each rung and charges for
every gap the least time that reaches it, so a peer is never measured at a tolerance that is too tight for
the target. Configurations of one peer compete with each other and the best stands for it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TOLERANCES = tuple(10.0 ** -k for k in range(2, 16))
ITERATIONS = tuple(10 * 2 ** k for k in range(15))
ONCE = (1,)
SMALL = 10**6  # above this size, methods that were twenty times too slow below it are not run


@dataclass(frozen=True)
class Rival:
    """One configuration of one peer."""

    peer: str
    how: str
    ladder: tuple
    prepare: Callable
    limit: int = 10**9  # most entries of a matrix for which this configuration makes sense


def ours(problem):
    """Our solver, called as a user would."""
    return problem.solve


def sklearn_descent(precompute):
    """Coordinate descent without the checks of the estimator class; alpha is the level divided by m."""
    def prepare(problem):
        from sklearn.linear_model import lasso_path

        X, m = problem.fortran, len(problem.y)
        return lambda tol: lasso_path(X, problem.y, alphas=[problem.level / m], precompute=precompute,
                                      tol=tol, max_iter=10**7, check_input=False)[1][:, 0]

    return prepare


def sklearn_path(problem):
    """The exact path, from which constrained problems take the point at their multiplier, which it is told.

    It may stop before the last price asked for, hence a setting asks for a lower one.
    """
    from sklearn.linear_model import lars_path

    X, m, n = problem.fortran, len(problem.y), problem.A.shape[1]
    price = problem.level / (problem.multiplier if problem.form == "qcbp" else 1.0) / m

    def solve(factor):
        prices, _, path = lars_path(X, problem.y, method="lasso", alpha_min=factor * price, max_iter=20 * n,
                                    Gram=None)
        if len(prices) == 1 or price == 0.0 or prices[-1] > price:
            return path[:, -1]
        k = max(int(np.searchsorted(-prices, -price)), 1)
        share = (prices[k - 1] - price) / (prices[k - 1] - prices[k])
        return path[:, k - 1] + share * (path[:, k] - path[:, k - 1])

    return solve


def celer(prune):
    """Working sets with dual extrapolation; alpha is the level divided by m."""
    def prepare(problem):
        from celer import celer_path

        X, m = problem.fortran, len(problem.y)
        return lambda tol: celer_path(X, problem.y, "lasso", alphas=[problem.level / m], tol=tol, prune=prune,
                                      max_iter=1000, max_epochs=10**6)[1][:, 0]

    return prepare


def skglm_lasso(p0):
    """Working sets with Anderson acceleration, without the checks of the estimator class."""
    def prepare(problem):
        from skglm.datafits import Quadratic
        from skglm.penalties import L1
        from skglm.solvers import AndersonCD

        X, m = problem.fortran, len(problem.y)

        def solve(tol):
            solver = AndersonCD(tol=tol, p0=p0, max_iter=1000, fit_intercept=False)
            return solver.solve(X, problem.y, Quadratic(), L1(problem.level / m), run_checks=False)[0]

        return solve

    return prepare


def skglm_root(problem):
    """Proximal Newton for the square-root LASSO; it gives up where the residual is small."""
    from skglm.experimental.sqrt_lasso import SqrtLasso

    X = problem.fortran
    return lambda tol: SqrtLasso(alpha=problem.level, tol=tol, max_iter=1000, max_pn_iter=1000,
                                 fit_intercept=False).fit(X, problem.y).coef_


def adelie(steps):
    """Group elastic net with groups of one; a path of so many prices leads to the one wanted."""
    def prepare(problem):
        import adelie as ad

        m = len(problem.y)
        X, glm = ad.matrix.dense(problem.fortran, method="naive", n_threads=1), ad.glm.gaussian(problem.y)
        top = np.abs(problem.A.T @ problem.y).max() / m
        path = np.geomspace(top, problem.level / m, steps + 1)[1:]
        return lambda tol: ad.grpnet(X, glm, lmda_path=path, intercept=False, tol=tol, early_exit=False,
                                     progress_bar=False, n_threads=1).betas[-1].toarray().ravel()

    return prepare


def glmnet(problem):
    """The Fortran code; it copies and may overwrite the matrix, as in its own package."""
    from glmnet import ElasticNet

    X, m = problem.fortran, len(problem.y)

    def solve(tol):
        model = ElasticNet(alpha=1, n_splits=0, standardize=False, fit_intercept=False, tol=tol,
                           lambda_path=[problem.level / m], max_iter=10**7)
        return model.fit(X, problem.y).coef_path_[:, -1]

    return solve


def pycasso(steps):
    """Pathwise active sets. The copy of the matrix that the constructor makes is not counted.

    A path of so many prices leads to the one wanted. The square root is of the mean square.
    """
    def prepare(problem):
        from pycasso import Solver

        m = len(problem.y)
        root = problem.form == "sqrt-lasso"
        scale = np.sqrt(m) if root else m
        top = np.abs(problem.A.T @ problem.y).max() / (np.linalg.norm(problem.y) if root else 1)
        path = np.geomspace(top, problem.level, steps + 1)[1:] / scale

        def make(tol):
            return Solver(problem.A, problem.y, lambdas=path, useintercept=False, standardize=False, prec=tol,
                          family="sqrtlasso" if root else "gaussian", max_ite=1000 if root else 10**4)

        held = {}  # the solver last made: it keeps two copies of the matrix

        def solve(tol):
            if tol not in held:
                held.clear()
                held[tol] = make(tol)
            held[tol].train()
            return held[tol].result["beta"][-1]

        return solve

    return prepare


def spams(cholesky):
    """LARS, compiled. A constraint on the squared residual is one of its modes; bp has its least radius."""
    def prepare(problem):
        import spams

        D, Y = problem.fortran, np.asfortranarray(problem.y[:, None])
        mode, price = (2, problem.level) if problem.form == "lasso" else (1, problem.level**2)
        return lambda floor: spams.lasso(Y, D=D, lambda1=max(price, floor), mode=mode, numThreads=1,
                                         cholesky=cholesky, max_length_path=20 * D.shape[1]
                                         ).toarray().ravel()

    return prepare


def spgl1(subspace):
    """Root finding on the Pareto curve by projected gradients."""
    def prepare(problem):
        import spgl1

        def solve(tol):
            return spgl1.spg_bpdn(problem.A, problem.y, problem.level, opt_tol=tol, bp_tol=tol, ls_tol=tol,
                                  dec_tol=tol, subspace_min=subspace, iscomplex=np.iscomplexobj(problem.A),
                                  iter_lim=10**6)[0]

        return solve

    return prepare


def sporco_lasso(factor):
    """ADMM with a cached factorisation; ``factor`` scales its penalty."""
    def prepare(problem):
        from sporco.admm import bpdn

        def solve(iterations):
            options = bpdn.BPDN.Options({"MaxMainIter": int(iterations), "RelStopTol": 0.0, "FastSolve": True,
                                         "rho": factor * problem.level, "AutoRho": {"Enabled": False}})
            return bpdn.BPDN(problem.A, problem.y[:, None], problem.level, options).solve().ravel()

        return solve

    return prepare


def sporco_ball(rho):
    """ADMM for an l1 norm and a ball."""
    def prepare(problem):
        from sporco.admm import bpdn

        def solve(iterations):
            options = bpdn.MinL1InL2Ball.Options({
                "MaxMainIter": int(iterations), "RelStopTol": 0.0, "FastSolve": True, "rho": rho,
                "AutoRho": {"Enabled": False}})
            return bpdn.MinL1InL2Ball(problem.A, problem.y[:, None], problem.level, options).solve().ravel()

        return solve

    return prepare


def pylops_fista(problem):
    """Accelerated proximal gradients; its threshold is half of eps."""
    import pylops

    operator = pylops.MatrixMult(problem.A, dtype=problem.A.dtype)
    step = 0.99 / problem.norm**2
    return lambda iterations: pylops.optimization.sparsity.fista(
        operator, problem.y, x0=np.zeros(problem.A.shape[1], problem.A.dtype), niter=int(iterations),
        eps=2 * problem.level, alpha=step, tol=0.0)[0]


def pyproximal_pair(ratio):
    """Primal-dual method of Chambolle and Pock; ``ratio`` is primal over dual step."""
    def prepare(problem):
        import pylops
        import pyproximal

        operator = pylops.MatrixMult(problem.A, dtype=problem.A.dtype)
        ball = pyproximal.EuclideanBall(problem.y, max(problem.level, 1e-12))
        zero = np.zeros(problem.A.shape[1], problem.A.dtype)
        step = 0.99 / problem.norm
        return lambda iterations: pyproximal.optimization.primaldual.PrimalDual(
            pyproximal.L1(), ball, operator, x0=zero, tau=step * ratio, mu=step / ratio,
            niter=int(iterations))

    return prepare


def sigpy_pair(ratio):
    """Its application for norms under a constraint on the residual: a primal-dual method."""
    def prepare(problem):
        import sigpy

        n = problem.A.shape[1]
        operator = sigpy.linop.MatMul((n, 1), problem.A)
        step = 0.99 / problem.norm

        def solve(iterations):
            app = sigpy.app.L2ConstrainedMinimization(
                operator, problem.y[:, None].copy(), sigpy.prox.L1Reg((n, 1), 1), problem.level,
                max_iter=int(iterations), tau=step * ratio, sigma=step / ratio, show_pbar=False)
            app.alg.tol = 0
            return app.run().ravel()

        return solve

    return prepare


LASSO = (
    Rival("scikit-learn", "coordinate descent", TOLERANCES, sklearn_descent(False)),
    Rival("scikit-learn", "coordinate descent, Gram", TOLERANCES, sklearn_descent(True), SMALL),
    Rival("scikit-learn", "path", ONCE, sklearn_path, 10**7),
    Rival("celer", "prune", TOLERANCES, celer(True)),
    Rival("celer", "no prune", TOLERANCES, celer(False)),
    Rival("skglm", "p0 = 10", TOLERANCES, skglm_lasso(10)),
    Rival("skglm", "p0 = 100", TOLERANCES, skglm_lasso(100)),
    Rival("adelie", "one price", TOLERANCES, adelie(1)),
    Rival("adelie", "path of 10", TOLERANCES, adelie(10)),
    Rival("pycasso", "one price", TOLERANCES, pycasso(1)),
    Rival("pycasso", "path of 10", TOLERANCES, pycasso(10)),
    Rival("glmnet", "", TOLERANCES, glmnet),
    Rival("SPAMS", "LARS", (0.0,), spams(False), 10**7),
    Rival("SPAMS", "LARS, Cholesky", (0.0,), spams(True)),
    Rival("sporco", "ADMM, penalty 10", ITERATIONS, sporco_lasso(10), SMALL),
    Rival("sporco", "ADMM, penalty 100", ITERATIONS, sporco_lasso(100), SMALL),
    Rival("pylops", "FISTA", ITERATIONS, pylops_fista, SMALL),
)
ROOT = (
    Rival("pycasso", "one price", TOLERANCES, pycasso(1)),
    Rival("pycasso", "path of 10", TOLERANCES, pycasso(10)),
    Rival("skglm", "proximal Newton", TOLERANCES, skglm_root),
)
FIRST_ORDER = tuple(
    Rival(peer, f"primal-dual, steps {ratio:g}", ITERATIONS, prepare(ratio), SMALL)
    for peer, prepare in (("pyproximal", pyproximal_pair), ("sigpy", sigpy_pair)) for ratio in (0.1, 0.01))
CONSTRAINED = (
    Rival("spgl1", "", TOLERANCES, spgl1(False)),
    Rival("spgl1", "subspace", TOLERANCES, spgl1(True)),
    *FIRST_ORDER,
)
REAL_CONSTRAINED = (
    Rival("scikit-learn", "path", (1.0, 0.9), sklearn_path),
    Rival("SPAMS", "LARS", (1e-6, 1e-10, 1e-14, 1e-18, 0.0), spams(False), 10**7),
    Rival("SPAMS", "LARS, Cholesky", (1e-6, 1e-10, 1e-14, 1e-18, 0.0), spams(True)),
    Rival("sporco", "ADMM, penalty 10", ITERATIONS, sporco_ball(10.0), SMALL),
    Rival("sporco", "ADMM, penalty 100", ITERATIONS, sporco_ball(100.0), SMALL),
    *CONSTRAINED,
)
