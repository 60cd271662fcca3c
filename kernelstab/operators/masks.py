r"""Sampling patterns: which transform coefficients are measured.

A mask is an array of bool with the shape of the image, of any number of dimensions but for
:func:`radial` and :func:`cartesian_lines`; a plane mask whose samples are read out along lines of a
volume is ``np.repeat(mask[..., None], n, axis=2)``. In every random pattern
each frequency gets a key, and the mask of budget :math:`M=\mathrm{round}(r\,n_1\cdots n_d)` holds the
:math:`M` smallest keys. So the budget is met exactly, a seed fixes the mask, and masks of
growing rate from one seed contain each other (:func:`nested`).

Two layouts of the frequencies are known. ``"fft"``: index ``j`` stands for the signed
frequency ``j`` or ``j - n``, as in ``numpy.fft.fftfreq``. ``"sequency"``: index ``j`` is the
number of sign changes, for Walsh-Hadamard. :math:`|k|` is the Euclidean norm of the frequency.

With ``symmetric=True`` (layout ``"fft"``) the pair :math:`\{k,-k\}` has one key and is taken or
left together, as real images need; the choice stops before the pair that would exceed the
budget, so one frequency may be missing.
"""

from itertools import pairwise

import numpy as np

from kernelstab._checks import as_count, as_generator, as_number, as_shape

__all__ = [
    "as_mask", "cartesian_lines", "looks_centred", "multilevel", "nested", "radial", "standard", "symmetrise",
    "uniform", "variable_density",
]


def as_mask(mask, name, *, ndim=None) -> np.ndarray:
    """Return ``mask`` as a fresh array of bool with at least one true entry.

    Raises
    ------
    ValueError
        If the entries are neither bool nor 0 and 1, or if none is true.

    >>> as_mask([[0, 0]], "mask")
    Traceback (most recent call last):
        ...
    ValueError: mask must hold at least one sample, got none in shape (1, 2)
    """
    array = np.array(mask)
    if array.dtype != bool:
        if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
            raise ValueError(f"{name} must hold bool values, got dtype {array.dtype}")
        array = array.astype(bool)
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimension(s), got shape {array.shape}")
    if not array.any():
        raise ValueError(f"{name} must hold at least one sample, got none in shape {array.shape}")
    return array


def looks_centred(mask) -> bool:
    """Say whether a mask was probably drawn with the zero frequency in the middle of the array.

    Then it holds the middle, and its samples lie nearer to the middle than to the corners, where the low
    frequencies of the FFT layout are. What counts is the mean difference of the two squared distances, in
    units of what uniform sampling would give: 4 of them, and 6 if the mean of the image is measured.

    >>> mask = standard(64)
    >>> looks_centred(mask), looks_centred(np.fft.fftshift(mask))
    (False, True)
    """
    mask = as_mask(mask, "mask")
    count, size, total, variance = int(mask.sum()), mask.size, 0.0, 0.0
    for axis, n in enumerate(mask.shape):
        squares = np.fft.fftfreq(n) ** 2
        nearer = squares - np.fft.fftshift(squares)
        total += float(nearer @ mask.sum(axis=tuple(k for k in range(mask.ndim) if k != axis)))
        variance += float(nearer.var())
    if count == size or variance == 0 or not mask[tuple(n // 2 for n in mask.shape)]:
        return False
    deviation = np.sqrt(variance * count * (size - count) / (size - 1))
    return bool(total >= (6.0 if mask.flat[0] else 4.0) * deviation)


def symmetrise(mask) -> np.ndarray:
    """Return the smallest mask in FFT layout that contains ``mask`` and its mirror ``-k``.

    >>> symmetrise([[1, 1, 0, 0]]).astype(int)         # frequencies 0, 1, -2, -1
    array([[1, 1, 0, 1]])
    """
    mask = as_mask(mask, "mask")
    return mask | mask.ravel()[mirror(mask.shape)].reshape(mask.shape)


def uniform(shape, rate, *, symmetric=False, rng) -> np.ndarray:
    """Choose frequencies uniformly at random, without replacement.

    >>> uniform((8, 8), 0.25, rng=0).sum()
    np.int64(16)
    """
    shape = as_shape(shape)
    return smallest(uniform_draws(shape, symmetric, rng), rate, symmetric)


def variable_density(shape, rate, *, power=2.0, centre=0.0, layout="fft", symmetric=False, rng) -> np.ndarray:
    r"""Choose frequencies one after another with odds :math:`w_k=\max(1,|k|)^{-power}`.

    First come all :math:`|k|\le` ``centre``, nearest first (by default the mean); then each
    further frequency is drawn without replacement with probability proportional to :math:`w_k`
    among those that are left.
    The key is :math:`-\log U_k/w_k` with :math:`U_k` uniform in (0, 1): the first of independent
    exponential clocks of rates :math:`w_k` is clock :math:`k` with probability
    :math:`w_k/\sum w`. The literature's exponent of :math:`(k_1^2+k_2^2)` is half of ``power``.

    >>> variable_density((16, 16), 0.25, centre=2.0, rng=0)[0, :3]
    array([ True,  True,  True])
    """
    shape = as_shape(shape)
    distance = np.sqrt(sum(k**2 for k in frequencies(shape, layout)))
    power = as_number(power, "power", low=0.0)
    centre = as_number(centre, "centre", low=0.0)
    keys = -np.log(uniform_draws(shape, symmetric, rng)) * np.maximum(1.0, distance) ** power
    keys = np.where(distance <= centre, distance - centre - 1.0, keys)
    return smallest(keys, rate, symmetric)


def multilevel(shape, rate, *, levels=50, full=2, decay=1.75, norm=2.0, layout="fft", symmetric=False,
               rng) -> np.ndarray:
    r"""Choose frequencies at random within nested shapes, with a density that falls outwards.

    Let :math:`R_k` be the :math:`\ell^p` norm (``norm``: 1 diamond, 2 circle, inf square) of
    :math:`(k_i/\max|k_i|)_i` divided by its maximum, so the grid is :math:`R\le1`; frequency
    :math:`k` lies in level :math:`l=\max(1,\lceil rR_k\rceil)` of :math:`r` ``= levels``. The first
    :math:`r_0` ``= full`` levels are sampled fully, level :math:`l` beyond at the fraction

    .. math:: p_l=\exp\Bigl(-\bigl(b\,\tfrac{l-r_0}{r-r_0}\bigr)^{a}\Bigr),\qquad a=\mathrm{decay},

    rounded to whole samples chosen uniformly in the level, where :math:`b\ge0` is the number
    that meets the budget. (The sample of rank ``i`` in a level of ``n`` is taken while
    :math:`(i+1/2)/n\le p_l`; solved for :math:`b`, that is its key.)

    Raises
    ------
    ValueError
        If the budget does not hold the fully sampled levels, and for parameters out of range.

    >>> mask = multilevel((32, 32), 0.25, levels=8, full=1, rng=0)
    >>> int(mask.sum()), bool(mask[:2, :2].all())
    (256, True)
    """
    shape = as_shape(shape)
    levels = as_count(levels, "levels", low=1)
    full = as_count(full, "full", low=0, high=levels - 1)
    decay = as_number(decay, "decay", low=0.0, strict=True)
    if not norm >= 1:
        raise ValueError(f"norm must be at least 1, got {norm!r}")
    grid = np.stack([np.abs(k) / max(1.0, np.abs(k).max()) for k in frequencies(shape, layout)])
    radius = np.linalg.norm(grid.reshape(len(shape), -1), ord=norm, axis=0).reshape(shape)
    level = np.maximum(1, np.ceil(levels * radius / radius.max() - 1e-12)).astype(int)
    draws, keys = uniform_draws(shape, symmetric, rng), np.empty(shape)
    for l in range(1, levels + 1):
        inside = level == l
        if l <= full:
            keys[inside] = -np.inf
        elif inside.any():
            order = np.unique(draws[inside], return_inverse=True)[1]
            quantile = (order + 0.5) / (order.max() + 1)
            keys[inside] = -((-np.log(quantile)) ** (1 / decay)) * (levels - full) / (l - full)
    needed, budget = int((level <= full).sum()), sample_count(shape, rate)
    if needed > budget:
        raise ValueError(f"rate must hold the {full} full levels ({needed} samples), got {rate!r}")
    return smallest(keys, rate, symmetric)


def radial(shape, rate=None, *, lines=None) -> np.ndarray:
    r"""Sample straight lines through the zero frequency of a 2-D grid (FFT layout).

    With ``lines``: that many lines at the equal angles :math:`\pi j/lines`. With ``rate``: lines
    at the golden angles :math:`\pi j(\sqrt5-1)/2`, as many as fit into the budget, so that larger
    rates contain smaller ones. A line of angle :math:`\theta` steps along its longer axis and
    takes the nearest grid point of the other. No randomness; the mask is symmetric.

    Raises
    ------
    ValueError
        Unless exactly one of ``rate`` and ``lines`` is given.

    >>> np.fft.fftshift(radial((5, 5), lines=2)).astype(int)
    array([[0, 0, 1, 0, 0],
           [0, 0, 1, 0, 0],
           [1, 1, 1, 1, 1],
           [0, 0, 1, 0, 0],
           [0, 0, 1, 0, 0]])
    """
    shape = as_shape(shape, ndim=2)
    if (rate is None) == (lines is None):
        raise ValueError(f"rate or lines must be given, not both, got rate={rate!r}, lines={lines!r}")
    mask = np.zeros(shape, dtype=bool)
    if lines is not None:
        for j in range(as_count(lines, "lines", low=1)):
            mask |= _line(shape, np.pi * j / lines)
        return mask
    budget = sample_count(shape, rate)
    for j in range(4 * sum(shape)):
        grown = mask | _line(shape, np.pi * ((j * (np.sqrt(5.0) - 1) / 2) % 1.0))
        if grown.sum() > budget:
            break
        mask = grown
    return as_mask(mask, f"rate {rate!r} is below one line; the mask")


def cartesian_lines(shape, rate, *, centre=0.08, power=0.0, axis=0, symmetric=False, rng) -> np.ndarray:
    r"""Sample whole lines of a 2-D grid (FFT layout), as a scanner with Cartesian trajectories does.

    Of the :math:`n` lines along ``axis`` the ``round(centre * n)`` of lowest frequency are taken,
    then others without replacement with odds :math:`\max(1,|k|)^{-power}` (0: uniform), until
    ``round(rate * n)`` lines are taken; ``centre`` counts towards ``rate``.

    >>> mask = cartesian_lines((8, 8), 0.5, centre=0.25, rng=0)
    >>> mask.all(axis=1).sum(), mask.any(axis=1).sum()
    (np.int64(4), np.int64(4))
    """
    shape = as_shape(shape, ndim=2)
    axis = as_count(axis, "axis", low=0, high=1)
    centre = as_number(centre, "centre", low=0.0, high=1.0)
    power = as_number(power, "power", low=0.0)
    count = shape[axis]
    distance = np.abs(frequencies((count,), "fft")[0])
    keys = -np.log(uniform_draws((count,), symmetric, rng)) * np.maximum(1.0, distance) ** power
    first = np.argsort(distance, kind="stable")[:round(centre * count)]
    keys[first] = distance[first] - count
    if symmetric:
        keys = np.minimum(keys, keys[mirror((count,))])
    lines = smallest(keys, rate, symmetric)
    return np.repeat(np.expand_dims(lines, 1 - axis), shape[1 - axis], axis=1 - axis)


def nested(pattern, shape, rates, *, rng, **options) -> list[np.ndarray]:
    """Return masks of increasing rate, each containing the one before.

    Parameters
    ----------
    pattern : callable
        One of the random patterns of this module; :func:`radial` takes no seed and is nested by itself.
    shape : tuple of int
    rates : sequence of float
        Increasing sampling rates.
    rng : int or Generator
        One seed for all masks (a Generator is asked for it).
    **options
        Passed to ``pattern``.

    Raises
    ------
    ValueError
        If the rates do not increase, or the masks of ``pattern`` do not contain each other.

    >>> small, large = nested(uniform, (8, 8), [0.25, 0.5], rng=0)
    >>> bool((small <= large).all()), int(small.sum()), int(large.sum())
    (True, 16, 32)
    """
    rates = [as_number(rate, "rates", low=0.0, high=1.0) for rate in rates]
    if any(a >= b for a, b in pairwise(rates)):
        raise ValueError(f"rates must increase, got {rates}")
    seed = int(as_generator(rng).integers(2**62))
    masks = [pattern(shape, rate, rng=seed, **options) for rate in rates]
    for rate, (small, large) in zip(rates, pairwise(masks)):
        if not (small <= large).all():
            raise ValueError(f"pattern must give nested masks, but the one of rate {rate} is not contained")
    return masks


def standard(n) -> np.ndarray:
    """Return the mask of the audits: ``n`` by ``n``, rate 0.30, variable density, symmetric.

    It is ``variable_density((n, n), 0.30, power=2, centre=n / 16, symmetric=True, rng=2024)``.

    >>> mask = standard(64)
    >>> mask.shape, round(float(mask.mean()), 3)
    ((64, 64), 0.3)
    """
    n = as_count(n, "n", low=8)
    return variable_density((n, n), 0.30, power=2.0, centre=n / 16, symmetric=True, rng=2024)


def _line(shape, angle):
    """Rasterise one line through the zero frequency, together with its mirror."""
    n1, n2 = shape
    along, across = np.cos(angle), np.sin(angle)
    if abs(along) >= abs(across):
        steps = np.arange(-(n2 // 2), n2 // 2 + 1)
        k1, k2 = np.rint(steps * across / along).astype(int), steps
    else:
        steps = np.arange(-(n1 // 2), n1 // 2 + 1)
        k1, k2 = steps, np.rint(steps * along / across).astype(int)
    inside = (np.abs(k1) <= n1 // 2) & (np.abs(k2) <= n2 // 2)
    mask = np.zeros(shape, dtype=bool)
    mask[k1[inside] % n1, k2[inside] % n2] = True
    return symmetrise(mask)


def frequencies(shape, layout):
    """Return one array of frequencies per axis, of the full shape."""
    if layout not in ("fft", "sequency"):
        raise ValueError(f'layout must be "fft" or "sequency", got {layout!r}')
    axes = [np.fft.fftfreq(n, 1 / n) if layout == "fft" else np.arange(float(n)) for n in shape]
    return np.meshgrid(*axes, indexing="ij")


def mirror(shape):
    """Return the flat index of ``-k`` for every flat index ``k``."""
    axes = np.meshgrid(*[-np.arange(n) % n for n in shape], indexing="ij")
    return np.ravel_multi_index(axes, shape).ravel()


def uniform_draws(shape, symmetric, rng):
    """Draw one uniform number in (0, 1) per frequency, or per pair ``{k, -k}``."""
    draws = 1.0 - as_generator(rng).random(shape)
    if symmetric:
        draws = draws.ravel()[np.minimum(np.arange(draws.size), mirror(shape))].reshape(shape)
    return draws


def sample_count(shape, rate):
    """Return the number of samples that ``rate`` stands for, at least one."""
    rate = as_number(rate, "rate", low=0.0, high=1.0)
    budget = round(rate * int(np.prod(shape)))
    if budget == 0:
        raise ValueError(f"rate must give at least one sample in shape {tuple(shape)}, got {rate!r}")
    return budget


def smallest(keys, rate, symmetric):
    """Take the smallest keys; ties in flat order, a pair together or not at all."""
    budget, flat = sample_count(keys.shape, rate), keys.ravel()
    index = np.arange(flat.size)
    first = np.minimum(index, mirror(keys.shape)) if symmetric else index
    order = np.lexsort((index, first, flat))
    if symmetric and budget < flat.size and first[order[budget - 1]] == first[order[budget]]:
        budget -= 1
    mask = np.zeros(flat.size, dtype=bool)
    mask[order[:budget]] = True
    return as_mask(mask.reshape(keys.shape), f"rate {rate!r} is too small; the mask")
