"""Every pattern: its budget, its formula, its symmetry, its nesting, its seed."""

from itertools import pairwise

import numpy as np
import pytest

from kernelstab.operators import masks
from kernelstab.operators.masks import as_mask, frequencies, mirror, sample_count, smallest, symmetrise

SHAPE = (32, 24)
RANDOM = {
    "uniform": (masks.uniform, {}),
    "variable density": (masks.variable_density, {"centre": 3.0}),
    "multilevel": (masks.multilevel, {"levels": 10, "full": 1}),
    "cartesian": (masks.cartesian_lines, {}),
    "cartesian columns": (masks.cartesian_lines, {"axis": 1, "power": 1.0}),
}


@pytest.fixture(params=RANDOM, name="pattern")
def _pattern(request):
    function, options = RANDOM[request.param]
    return lambda rate, rng, **more: function(SHAPE, rate, rng=rng, **options, **more)


def test_budget_seed_and_nesting(pattern):
    small, large = pattern(0.25, 1), pattern(0.5, 1)
    assert small.shape == SHAPE
    assert small.dtype == bool
    assert small.sum() == 0.25 * 32 * 24                # 192 samples, 8 whole rows, 6 whole columns
    np.testing.assert_array_equal(small, pattern(0.25, np.random.default_rng(1)))
    assert not np.array_equal(small, pattern(0.25, 2))
    assert (small <= large).all()
    assert pattern(1.0, 1).all()


def test_symmetric_masks(pattern):
    for rate in (0.2, 0.25, 0.3, 0.35):
        mask = pattern(rate, 1, symmetric=True)
        np.testing.assert_array_equal(mask, masks.symmetrise(mask))
        budget = round(rate * mask.size)
        line = 32 if mask.all(axis=0).any() or mask.all(axis=1).any() else 1
        assert budget - 2 * line <= mask.sum() <= budget + line


def test_nested_gives_growing_masks():
    rates = [0.1, 0.2, 0.4]
    chain = masks.nested(masks.variable_density, SHAPE, rates, rng=3, centre=1.0, symmetric=True)
    assert len(chain) == 3
    assert all((a <= b).all() and a.sum() < b.sum() for a, b in pairwise(chain))
    with pytest.raises(ValueError, match=r"rates must increase, got \[0.4, 0.2\]"):
        masks.nested(masks.uniform, SHAPE, [0.4, 0.2], rng=0)


def test_nested_refuses_a_pattern_that_is_not():
    def fickle(shape, rate, *, rng):
        return masks.uniform(shape, rate, rng=round(1000 * rate))

    with pytest.raises(ValueError, match=r"nested masks, but the one of rate 0\.3 "):
        masks.nested(fickle, SHAPE, [0.3, 0.6], rng=0)


def test_uniform_takes_every_frequency_equally_often():
    # 400 masks of a quarter: each frequency is taken Binomial(400, 1/4) = 100 +- 8.7 times; 5 sigma is 43
    counts = sum(masks.uniform((8, 8), 0.25, rng=seed).astype(int) for seed in range(400))
    assert np.abs(counts - 100).max() < 43


def test_variable_density_draws_with_the_stated_odds():
    # the mean, then one of 1, -2, -1 with weights 1, 2^-2, 1: chances 4/9, 1/9, 4/9
    counts = sum(masks.variable_density((4,), 0.5, power=2.0, rng=seed).astype(int) for seed in range(900))
    # standard deviations 15 and 9.4
    assert counts[0] == 900
    np.testing.assert_allclose(counts[[1, 3]], 400, atol=60)
    assert abs(counts[2] - 100) < 38


def test_variable_density_starts_with_the_centre():
    mask = masks.variable_density((16, 16), 21 / 256, centre=2.5, rng=0)
    k = np.fft.fftfreq(16, 1 / 16)
    # 21 integer points with k1^2 + k2^2 <= 6.25: 1 + 4 (1) + 4 (2) + 4 (4) + 8 (5)
    np.testing.assert_array_equal(mask, k[:, None] ** 2 + k**2 <= 6.25)


def test_multilevel_densities_follow_the_exponential():
    a, full, r = 1.5, 2, 8
    mask = masks.multilevel((128, 128), 0.3, levels=r, full=full, decay=a, rng=0)
    k = np.abs(np.fft.fftfreq(128, 1 / 128)) / 64
    radius = np.hypot(k[:, None], k) / np.sqrt(2)
    level = np.maximum(1, np.ceil(r * radius - 1e-12)).astype(int)
    density = np.array([mask[level == l].mean() for l in range(1, r + 1)])
    assert (density[:full] == 1).all()
    # every level yields the same b from p = exp(-(b (l - r0) / (r - r0))^a), up to one sample
    steps = np.arange(1, r - full + 1) / (r - full)
    b = (-np.log(density[full:])) ** (1 / a) / steps
    sizes = np.array([(level == l).sum() for l in range(full + 1, r + 1)])
    predicted = np.exp(-(np.median(b) * steps) ** a)
    assert np.abs(predicted - density[full:]).max() < 2 / sizes.min() + 2e-3
    assert mask.sum() == round(0.3 * 128**2)


def test_multilevel_shapes():
    k = np.abs(np.fft.fftfreq(16, 1 / 16))
    square = masks.multilevel((16, 16), 0.2, levels=4, full=1, norm=np.inf, rng=0)
    assert square[np.maximum(k[:, None], k) <= 2].all()
    diamond = masks.multilevel((16, 16), 0.2, levels=4, full=1, norm=1, rng=0)
    assert diamond[k[:, None] + k <= 4].all()
    with pytest.raises(ValueError, match=r"rate must hold the 3 full levels \(\d+ samples\), got 0.05"):
        masks.multilevel((16, 16), 0.05, levels=4, full=3, rng=0)
    with pytest.raises(ValueError, match=r"norm must be at least 1, got 0\.5"):
        masks.multilevel((16, 16), 0.2, norm=0.5, rng=0)


def test_sequency_layout_starts_in_the_corner():
    mask = masks.variable_density((16, 16), 6 / 256, centre=2.0, layout="sequency", rng=0)
    expected = np.zeros((16, 16), dtype=bool)
    expected[[0, 0, 0, 1, 1, 2], [0, 1, 2, 0, 1, 0]] = True      # s^2 + t^2 <= 4
    np.testing.assert_array_equal(mask, expected)


def test_radial_lines_by_hand():
    # angles 0, 45, 90, 135 on a 5 x 5 grid: a full cross and both diagonals
    mask = np.fft.fftshift(masks.radial((5, 5), lines=4))
    k = np.arange(-2, 3)
    np.testing.assert_array_equal(mask, (k[:, None] == 0) | (k == 0) | (abs(k[:, None]) == abs(k)))


def test_radial_rates_are_nested_symmetric_and_within_budget():
    small, large = masks.radial((32, 32), 0.2), masks.radial((32, 32), 0.4)
    assert (small <= large).all()
    for mask, rate in ((small, 0.2), (large, 0.4)):
        assert rate - 0.06 < mask.mean() <= rate            # less than one line, 1/16, is missing
        np.testing.assert_array_equal(mask, masks.symmetrise(mask))
        assert mask[0, 0]
    with pytest.raises(ValueError, match="rate or lines must be given"):
        masks.radial((8, 8))
    with pytest.raises(ValueError, match="below one line"):
        masks.radial((32, 32), 0.01)


def test_cartesian_centre_is_full():
    mask = masks.cartesian_lines((25, 10), 0.4, centre=0.2, rng=0)
    lines = np.flatnonzero(mask.all(axis=1))
    assert len(lines) == 10
    assert {0, 1, 2, 23, 24} <= set(lines.tolist())         # |k| <= 2
    assert mask.sum() == 100
    columns = masks.cartesian_lines((10, 25), 0.4, centre=0.2, axis=1, rng=0)
    np.testing.assert_array_equal(columns, mask.T)


@pytest.mark.parametrize("n", [32, 64, 128])
def test_standard_mask(n):
    mask = masks.standard(n)
    assert mask.shape == (n, n)
    assert abs(mask.mean() - 0.30) < 1e-3
    np.testing.assert_array_equal(mask, masks.symmetrise(mask))
    np.testing.assert_array_equal(mask, masks.standard(n))
    k = np.fft.fftfreq(n, 1 / n)
    assert mask[np.hypot(k[:, None], k) <= n / 16].all()


def test_standard_mask_never_changes():
    # trained networks and certificates depend on every bit
    mask = masks.standard(64)
    assert int(mask.sum()) == 1229
    weights = np.arange(4096, dtype=np.int64)
    assert int((weights[mask.ravel()] ** 2).sum()) == 7498674134


def test_bad_parameters():
    for call, message in [
        (lambda: masks.uniform((8, 8), 0.5, rng=None), "rng must be"),
        (lambda: masks.uniform((8, 8), -0.5, rng=0), "rate must lie in"),
        (lambda: masks.uniform((8, -8), 0.5, rng=0), "shape must be at least 1, got -8"),
        (lambda: masks.variable_density((8, 8), 0.5, power=-1, rng=0), "power must lie in"),
        (lambda: masks.cartesian_lines((8, 8, 8), 0.5, rng=0), "shape must have 2"),
        (lambda: masks.cartesian_lines((8, 8), 0.5, axis=2, rng=0), "axis must be between 0 and 1, got 2"),
        (lambda: masks.standard(4), "n must be at least 8, got 4"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


def test_smallest_keys_win_and_ties_go_in_flat_order():
    np.testing.assert_array_equal(smallest(np.array([3.0, 1.0, 1.0, 1.0, 0.0]), 0.6, False), [0, 1, 1, 0, 1])


def test_a_pair_is_taken_together_or_not_at_all():
    # length 5: pairs {1, 4} and {2, 3}, and 0 alone; budget 2 holds 0 and no pair
    keys = np.array([0.0, 1.0, 2.0, 2.0, 1.0])
    np.testing.assert_array_equal(smallest(keys, 0.4, True), [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(smallest(keys, 0.6, True), [1, 1, 0, 0, 1])
    with pytest.raises(ValueError, match="too small"):
        smallest(np.array([9.0, 1.0, 2.0, 2.0, 1.0]), 0.2, True)


def test_mirror_and_symmetrise():
    np.testing.assert_array_equal(mirror((2, 3)), [0, 2, 1, 3, 5, 4])
    np.testing.assert_array_equal(symmetrise([[0, 1, 0], [0, 0, 1]]), [[0, 1, 1], [0, 1, 1]])


def test_frequencies_of_both_layouts():
    np.testing.assert_array_equal(frequencies((4,), "fft")[0], [0, 1, -2, -1])
    np.testing.assert_array_equal(frequencies((4,), "sequency")[0], [0, 1, 2, 3])
    with pytest.raises(ValueError, match="layout must be"):
        frequencies((4,), "natural")


def test_sample_count():
    assert sample_count((10, 10), 0.333) == 33
    with pytest.raises(ValueError, match="rate must give at least one sample"):
        sample_count((2, 2), 0.1)
    with pytest.raises(ValueError, match=r"rate must lie in \[0.0, 1.0\], got 30"):
        sample_count((2, 2), 30)


def test_as_mask_copies_zeros_and_ones():
    source = np.array([0, 1])
    mask = as_mask(source, "mask")
    assert mask.dtype == bool
    mask[0] = True
    assert source[0] == 0
    with pytest.raises(ValueError, match="pattern must hold bool values"):
        as_mask([0, 2], "pattern")
