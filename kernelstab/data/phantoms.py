"""Piecewise constant test images: the Shepp-Logan head and random ellipses."""

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
    for value, a, b, x, y, turn in _HEAD:
        image[_inside(n, a, b, x, y, turn)] += value
    return np.clip(image, 0.0, 1.0)


def ellipses(n: int, *, count: int = 8, rng) -> np.ndarray:
    """Return a random image of ``count`` overlapping ellipses, shape ``(n, n)``, in [0, 1].

    Half axes are uniform in [0.05, 0.5], centres in [-0.7, 0.7], values in [0.1, 0.5]; sums
    above 1 are cut.

    Parameters
    ----------
    n : int
        Side in pixels.
    count : int
        Number of ellipses.
    rng : int or Generator

    Raises
    ------
    ValueError
        If ``n`` or ``count`` is not a positive integer.

    >>> ellipses(16, rng=1).shape
    (16, 16)
    """
    n, count, rng = as_count(n, "n", low=1), as_count(count, "count", low=1), as_generator(rng)
    image = np.zeros((n, n))
    for _ in range(count):
        (a, b), (x, y) = rng.uniform(0.05, 0.5, 2), rng.uniform(-0.7, 0.7, 2)
        image[_inside(n, a, b, x, y, rng.uniform(0.0, 180.0))] += rng.uniform(0.1, 0.5)
    return np.minimum(image, 1.0)


def _inside(n, a, b, x0, y0, degrees) -> np.ndarray:
    """Mark the pixel centres inside one ellipse."""
    grid = (2 * np.arange(n) + 1 - n) / n
    x, y = grid[None, :] - x0, -grid[:, None] - y0
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return ((c * x + s * y) / a) ** 2 + ((c * y - s * x) / b) ** 2 <= 1
