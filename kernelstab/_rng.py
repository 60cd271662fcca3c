"""One way to turn a seed into a random generator."""

import numpy as np


def as_generator(rng) -> np.random.Generator:
    """Return the generator that ``rng`` stands for.

    Parameters
    ----------
    rng : int, SeedSequence or Generator
        A generator is returned as it is, so that callers may share one.

    Raises
    ------
    ValueError
        If ``rng`` is None or anything else: unseeded runs cannot be repeated.

    >>> as_generator(7).integers(10) == as_generator(7).integers(10)
    np.True_
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer, np.random.SeedSequence)) and not isinstance(rng, bool):
        return np.random.default_rng(rng)
    raise ValueError(f"rng must be an integer seed or a numpy Generator, got {rng!r}")
