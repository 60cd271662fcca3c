"""Random vectors with few non-zero entries."""

import numpy as np

from kernelstab._checks import as_count, as_generator


def sparse_vector(N: int, s: int, *, values: str = "normal", rng) -> np.ndarray:
    """Draw a vector of length ``N`` with exactly ``s`` non-zero entries.

    The support is uniform among all sets of ``s`` indices.

    Parameters
    ----------
    N, s : int
        Length and sparsity, ``0 <= s <= N``.
    values : {"normal", "signs"}
        Entries on the support: standard normal, or -1 and 1 with equal probability.
    rng : int or Generator

    Raises
    ------
    ValueError
        If ``s`` exceeds ``N``, or ``values`` is something else.

    Examples
    --------
    >>> x = sparse_vector(50, 3, values="signs", rng=0)
    >>> x.shape, float(np.abs(x).sum())
    ((50,), 3.0)
    """
    N = as_count(N, "N", low=1)
    s = as_count(s, "s", low=0, high=N)
    if values not in ("normal", "signs"):
        raise ValueError(f'values must be "normal" or "signs", got {values!r}')
    rng = as_generator(rng)
    x = np.zeros(N)
    support = rng.choice(N, s, replace=False)
    x[support] = rng.standard_normal(s) if values == "normal" else rng.choice([-1.0, 1.0], s)
    return x
