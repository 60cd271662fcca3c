"""The signals of a prior that explain the data, as an object that bounds linear functionals over them."""

import numpy as np

from kernelstab.priors._reach_discrete import FiniteFeasible, SparseFeasible
from kernelstab.priors._reach_program import ProgramSet
from kernelstab.priors._reach_quadratic import QuadraticSet, SubspaceSet
from kernelstab.priors._scales import check_scales
from kernelstab.priors.priors import (
    Ball,
    Ellipsoid,
    Everything,
    FiniteSet,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
)

_WIDTHS = {Subspace: ("basis", 0), Ellipsoid: ("T", 1), Polytope: ("W", 1), FiniteSet: ("signals", 1)}


def feasible_set(A, y, prior, eps, max_supports):
    """Return the feasible set of a checked real operator; its ``reach(d)`` bounds ``<d, x>``.

    Raises
    ------
    ValueError
        If the set is empty, the prior is unknown, complex or of another size, or a sparse one has too
        many supports.
    """
    _check_prior(prior, A.shape[1])
    check_scales(**prior.spec())
    if isinstance(prior, FiniteSet):
        return FiniteFeasible(A, y, eps, prior)
    matrix = A.to_dense()
    if not np.all(np.isfinite(matrix)):
        raise ValueError("A must have finite entries")
    if isinstance(prior, Sparse):
        return SparseFeasible(matrix, y, eps, prior, max_supports)
    if isinstance(prior, Subspace):
        return SubspaceSet(matrix, y, eps, prior)
    if isinstance(prior, L1Ball):
        return ProgramSet(matrix, y, eps, prior, radius=prior.radius)
    if isinstance(prior, Polytope):
        return ProgramSet(matrix, y, eps, prior, W=prior.W)
    options = {Ball: {"radius": getattr(prior, "radius", None)}, Ellipsoid: {"T": getattr(prior, "T", None)}}
    return QuadraticSet(matrix, y, eps, prior, **options.get(type(prior), {}))


def _check_prior(prior, n):
    known = (Ball, Subspace, Ellipsoid, Polytope, L1Ball, FiniteSet, Sparse, Everything)
    if not isinstance(prior, known):
        names = ", ".join(kind.__name__ for kind in known)
        raise ValueError(f"prior must be one of {names}, got {prior!r:.80}")
    name, axis = _WIDTHS.get(type(prior), (None, 0))
    if name is None:
        return
    array = getattr(prior, name)
    if array.shape[axis] != n:
        raise ValueError(f"{name} of the prior must have {n} {'columns' if axis else 'rows'}, "
                         f"got shape {array.shape}")
    if np.iscomplexobj(array):
        raise ValueError(f"{name} of the prior must be real, got dtype {array.dtype}")
