"""Synthetic signals: the Shepp-Logan head and sparse vectors."""

import numpy as np

from kernelstab._checks import as_count, as_generator

# value added, half axes along x and y, centre x and y, turn in degrees; Toft's contrast
_HEAD = (
    (1.0, 0.69, 0.92, 0.0, 0.0, 0.0),
    (-0.8, 0.6624, 0.874, 0.0, -0.0184, 0.0),
    (-0.2, 0.11, 0.31, 0.22, 0.0, -18.0),
    (-0.2, 0.16, 0.41, -0.22, 0.0, 18.0),
    (0.1, 0.21, 0.25, 0.0, 0.35, 0.0),
    (0.1, 0.046, 0.046, 0.0, 0.1, 0.0),
    (0.1, 0.046, 0.046, 0.0, -0.1, 0.0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0.0),
    (0.1, 0.023, 0.023, 0.0, -0.606, 0.0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0.0),
)


def shepp_logan(n: int) -> np.ndarray:
    """Return the modified Shepp-Logan head, shape ``(n, n)``, values in [0, 1].

    Each pixel takes the value at its centre; the square is ``[-1, 1] x [-1, 1]`` with the
    vertical axis pointing up. The contrast is the enlarged one of Toft, in which the skull is
    1 and the brain 0.2.

    Raises
    ------
    ValueError
        If ``n`` is not a positive integer.

    Examples
    --------
    The centre lies in the outer ellipse and in the brain, and in nothing else:

    >>> round(float(shepp_logan(65)[32, 32]), 12)
    0.2
    """
    n = as_count(n, "n", low=1)
    image = np.zeros((n, n))
    grid = (2 * np.arange(n) + 1 - n) / n
    for value, a, b, x0, y0, degrees in _HEAD:
        x, y = grid[None, :] - x0, -grid[:, None] - y0
        c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        image[((c * x + s * y) / a) ** 2 + ((c * y - s * x) / b) ** 2 <= 1] += value
    return np.clip(image, 0.0, 1.0)


def sparse_vector(N: int, s: int, *, rng) -> np.ndarray:
    """Draw a vector of length ``N`` with exactly ``s`` standard normal entries, the others zero.

    The support is uniform among all sets of ``s`` indices.

    Parameters
    ----------
    N, s : int
        Length and sparsity, ``0 <= s <= N``.
    rng : int or Generator

    Raises
    ------
    ValueError
        If ``s`` exceeds ``N``.

    Examples
    --------
    >>> x = sparse_vector(50, 3, rng=0)
    >>> x.shape, int((x != 0).sum())
    ((50,), 3)
    """
    N = as_count(N, "N", low=1)
    s = as_count(s, "s", low=0, high=N)
    rng = as_generator(rng)
    x = np.zeros(N)
    support = rng.choice(N, s, replace=False)
    x[support] = rng.standard_normal(s)
    return x
