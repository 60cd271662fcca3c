"""Many small problems with one matrix, and matching pursuit: the instances and how the peers are called."""

import numpy as np

from kernelstab import solvers
from peers import ONCE, Rival

NOISE = 0.01


class Batch:
    """Many problems of one form with one matrix; the judge reports the worst of them.

    ``form`` is lasso, qcbp or bp, and a bound is known for each problem as for single ones. With ``own`` each
    problem has a matrix of its own.
    """

    def __init__(self, form, m=80, n=200, s=8, count=1000, *, own=False, seed=0):
        rng = np.random.default_rng(seed)
        self.form, self.own = form, own
        self.A = rng.standard_normal((count, m, n) if own else (1, m, n))
        self.A /= np.linalg.norm(self.A, axis=1, keepdims=True)
        x = np.zeros((count, n))
        for row in x:
            row[rng.choice(n, s, replace=False)] = rng.standard_normal(s)
        self.Y = self.forward(x)
        noise = rng.standard_normal(self.Y.shape)
        noise *= NOISE * np.linalg.norm(self.Y, axis=1).mean() / np.linalg.norm(noise, axis=1, keepdims=True)
        self.level = 0.0
        if form != "bp":
            self.Y = self.Y + noise
            self.level = float(np.linalg.norm(noise[0]))
        if form == "lasso":
            self.level = 0.1 * float(np.median(np.abs(self.back(self.Y)).max(1)))
        self._certify()

    def forward(self, x):
        """Apply each problem's matrix."""
        return np.einsum("bmn,bn->bm", self.A, x) if self.own else x @ self.A[0].T

    def back(self, h):
        """Apply each problem's transposed matrix."""
        return np.einsum("bmn,bm->bn", self.A, h) if self.own else h @ self.A[0]

    def solve(self, tol=1e-10, threads=1):
        """Solve with the package."""
        name = "basis-pursuit" if self.form == "bp" else self.form
        return solvers.solve_batch(name, self.A if self.own else self.A[0], self.Y, self.level, tol=tol,
                                   threads=threads)

    def _certify(self):
        """Bound every optimal value below."""
        answer = self.solve()
        h = answer.dual
        peak, size = np.abs(self.back(h)).max(1), np.linalg.norm(h, axis=1)
        product = (h * self.Y).sum(1)
        if self.form == "lasso":
            t = np.minimum(self.level / peak, product / size**2)
            self.bound, self.multiplier = t * product - 0.5 * (t * size) ** 2, t * size
        else:
            self.bound, self.multiplier = (product - self.level * size) / peak, size / peak
        self.certified = self.gap(answer.x)

    def gap(self, x):
        """Return the largest relative gap, infeasibility paid for."""
        mass, residual = np.abs(x).sum(1), np.linalg.norm(self.forward(x) - self.Y, axis=1)
        if self.form == "lasso":
            value = 0.5 * residual**2 + self.level * mass
        else:
            value = mass + 2 * self.multiplier * np.maximum(residual - self.level, 0)
        return float(((value - self.bound) / self.bound).max())

    def one_pass(self):
        """One product with the adjoint for each problem, one after the other."""
        for A, y in zip(self.A if self.own else [self.A[0]] * len(self.Y), self.Y):
            A.T @ y


def spams_batch(cholesky):
    """LARS, all problems in one call where they share the matrix."""
    def prepare(problem):
        import spams

        mode, price = (2, problem.level) if problem.form == "lasso" else (1, problem.level**2)

        def one(Y, D, floor):
            return spams.lasso(Y, D=D, lambda1=max(price, floor), mode=mode, numThreads=1, cholesky=cholesky,
                               max_length_path=20 * D.shape[1]).toarray().T

        if not problem.own:
            D, Y = np.asfortranarray(problem.A[0]), np.asfortranarray(problem.Y.T)
            return lambda floor: one(Y, D, floor)
        pairs = [(np.asfortranarray(y[:, None]), np.asfortranarray(A)) for A, y in zip(problem.A, problem.Y)]
        return lambda floor: np.concatenate([one(y, A, floor) for y, A in pairs])

    return prepare


class Pursuit:
    """Orthogonal matching pursuit with unit columns.

    The judge asks for a least squares fit on s columns, whatever the rule that chose them: SPAMS asks which
    column leaves the smallest residual after the refit, the others which one matches the residual best.
    """

    def __init__(self, m, n, s, count=1, seed=0):
        rng = np.random.default_rng(seed)
        self.s, self.many = s, count > 1
        self.A = rng.standard_normal((m, n))
        self.A /= np.linalg.norm(self.A, axis=0)
        self.norms = np.ones(n)
        x = np.zeros((count, n))
        for row in x:
            row[rng.choice(n, s, replace=False)] = rng.standard_normal(s)
        self.Y = x @ self.A.T
        noise = NOISE * np.linalg.norm(self.Y, axis=1, keepdims=True) / np.sqrt(m)
        self.Y += noise * rng.standard_normal(self.Y.shape)
        self.certified = self.gap(self.solve().x)

    def solve(self, tol=None):
        """Solve with the package, told as the peers are that columns have unit norm where it can be told."""
        if self.many:
            return solvers.omp_batch(self.A, self.Y, self.s, threads=1)
        return solvers.omp(self.A, self.Y[0], self.s, norms=self.norms)

    def gap(self, x):
        """Return the largest correlation left on the chosen columns, relative to the data's."""
        x = np.atleast_2d(x)
        chosen = x != 0
        if (chosen.sum(1) != self.s).any():
            return float("inf")
        left = np.where(chosen, (self.Y - x @ self.A.T) @ self.A, 0.0)
        return float((np.abs(left).max(1) / np.abs(self.Y @ self.A).max(1)).max())

    def one_pass(self):
        """One product with the adjoint for each problem, one after the other."""
        for y in self.Y:
            self.A.T @ y


def spams_omp(problem):
    """Compiled, all problems in one call."""
    import spams

    D, Y = np.asfortranarray(problem.A), np.asfortranarray(problem.Y.T)
    return lambda _: spams.omp(Y, D, L=problem.s, eps=0.0, numThreads=1).toarray().T


def sklearn_omp(precompute):
    """Cholesky updates; all problems in one call."""
    def prepare(problem):
        from sklearn.linear_model import orthogonal_mp

        X, Y = np.asfortranarray(problem.A), problem.Y.T
        return lambda _: orthogonal_mp(X, Y, n_nonzero_coefs=problem.s, precompute=precompute).T

    return prepare


FLOORS = (1e-6, 1e-10, 1e-14, 1e-18, 0.0)
BATCH = (Rival("SPAMS", "LARS", FLOORS, spams_batch(False)),
         Rival("SPAMS", "LARS, Cholesky", FLOORS, spams_batch(True)))
PURSUIT = (Rival("SPAMS", "", ONCE, spams_omp),
           Rival("scikit-learn", "", ONCE, sklearn_omp(False)),
           Rival("scikit-learn", "Gram", ONCE, sklearn_omp(True)))
