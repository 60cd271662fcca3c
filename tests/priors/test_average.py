r"""Average kernel sizes: fibres by hand, the weights, and the ball in space seen from above.

x uniform in the ball of radius R in R^3, y its first two coordinates. Given y, the hidden coordinate is
uniform in [-h, h], h^2 = R^2 - |y|^2: tr Cov(x | y) = h^2/3. The law of y has density 3h/(2 pi R^3), so
    E h^2 = 3/(2 pi R^3) int_0^R 2 pi r (R^2 - r^2)^{3/2} dr = (3/R^3) (R^5/5) = 3 R^2/5,
    c_opt,2^2 = E tr Cov = R^2/5,   kersize_2^2 = 2 R^2/5.
With y uniform on the disc E h^2 = R^2/2 and kersize_2^2 = R^2/3; with density squared
E h^2 = int r h^4 dr / int r h^2 dr = (R^6/6)/(R^4/4) = 2R^2/3 and kersize_2^2 = 4 R^2/9.
"""

import numpy as np
import pytest
from scipy.integrate import quad

from kernelstab.priors import average_kernel_size

R = 2.1
TOP = np.eye(2, 3)


def _ball(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 3))
    return x * (R * rng.random(n) ** (1 / 3) / np.linalg.norm(x, axis=1))[:, None]


def test_the_closed_forms_of_the_ball():
    def mean(power):
        """Mean of 2 tr Cov = 2 h^2/3 under the radial density h^power."""
        def density(t):                                   # r = R sin t, h = R cos t
            return np.sin(t) * np.cos(t) ** (power + 1)

        top = quad(lambda t: density(t) * 2 * (R * np.cos(t)) ** 2 / 3, 0, np.pi / 2)[0]
        return top / quad(density, 0, np.pi / 2)[0]

    np.testing.assert_allclose(np.sqrt([mean(1), mean(0), mean(2)]),
                               [R * np.sqrt(2 / 5), R / np.sqrt(3), 2 * R / 3], rtol=1e-8)
    np.testing.assert_allclose([R * np.sqrt(2 / 5), R / np.sqrt(3), 2 * R / 3, R / np.sqrt(5)],
                               [1.3282, 1.2124, 1.4000, 0.9391], atol=5e-5)


def test_the_estimate_of_the_ball_holds_the_limit_in_its_interval():
    # the width of a fibre adds at most eps^2 to the square: 0.0009 at 1.3282, inside the interval
    found = average_kernel_size(TOP, _ball(20_000, 0), 0.05, rng=1)
    assert found.lower < R * np.sqrt(2 / 5) < found.upper
    assert found.upper - found.lower < 0.04
    np.testing.assert_allclose(found.c_opt, R / np.sqrt(5), atol=0.015)
    assert found.c_opt[0] == found.c_opt[1] == found.value / np.sqrt(2)
    assert found.dropped / (found.dropped + found.fibres) < 0.1


def test_wrong_weights_have_other_limits():
    x = _ball(20_000, 2)
    law = average_kernel_size(TOP, x, 0.05, rng=1)
    density_squared = np.sqrt((law.counts * law.spreads).sum() / law.counts.sum())
    np.testing.assert_allclose(density_squared, 1.4000, atol=0.015)
    rng = np.random.default_rng(3)
    y = rng.standard_normal((4000, 2))
    y *= (R * rng.random(4000) ** 0.5 / np.linalg.norm(y, axis=1))[:, None]
    # uniform on the disc; thin fibres near the rim have few signals and are dropped, which adds about 1 %
    uniform = average_kernel_size(TOP, x, 0.1, measurements=y, rng=1)
    np.testing.assert_allclose(uniform.value, 1.2124, atol=0.03)
    # the same measurements with the density of the data as weights make up the law again
    again = average_kernel_size(TOP, x, 0.1, measurements=y, rng=1,
                                weights=np.sqrt(R**2 - (y**2).sum(axis=1)))
    np.testing.assert_allclose(again.value, 1.3282, atol=0.03)


# heights 0, 2 over 0 and 0, 2, 4 over 1 and 9 over 5
HAND = np.array([[0.0, 0.0], [0.0, 2.0], [1.0, 0.0], [1.0, 2.0], [1.0, 4.0], [5.0, 9.0]])
ACROSS = np.array([[1.0, 0.0]])


@pytest.mark.parametrize(("p", "first", "second"), [(1, 2.0, 8 / 3), (2, 4.0, 8.0), (3, 8.0, 80 / 3)])
def test_fibres_by_hand(p, first, second):
    # pairs over 0: 2^p; over 1: (2^p + 2^p + 4^p)/3; one fibre per signal weighs them 2 : 3
    law = average_kernel_size(ACROSS, HAND, 0.0, p=p, rng=0)
    np.testing.assert_allclose(law.value**p, (2 * first + 3 * second) / 5, rtol=1e-13)
    assert (law.fibres, law.dropped, law.counts.tolist()) == (5, 1, [2, 2, 3, 3, 3])
    np.testing.assert_allclose(law.dropped_weight, 1 / 6)           # one signal of six
    np.testing.assert_allclose(law.spreads, [first, first, second, second, second])
    # two given measurements weigh alike
    both = average_kernel_size(ACROSS, HAND, 0.1, p=p, measurements=[[1.05], [-0.05]], rng=0)
    np.testing.assert_allclose(both.value**p, (first + second) / 2, rtol=1e-13)
    given = average_kernel_size(ACROSS, HAND, 0.1, p=p, measurements=[[1.05], [-0.05]],
                                weights=[3.0, 1.0], rng=0)
    np.testing.assert_allclose(given.value**p, (first + 3 * second) / 4, rtol=1e-13)
    if p != 2:
        assert law.c_opt == (law.value / 2, law.value)


def test_it_is_the_definition_for_real_and_complex_signals():
    x = np.random.default_rng(4).standard_normal((700, 5))
    A = np.random.default_rng(5).standard_normal((3, 5))
    one = average_kernel_size(A, x, 0.8, p=1.5, rng=0)
    # against the definition, fibre by fibre
    seen = x @ A.T
    means = []
    for y in seen:
        members = x[np.linalg.norm(seen - y, axis=1) <= 0.8]
        if len(members) > 1:
            gaps = np.linalg.norm(members[:, None] - members, axis=2) ** 1.5
            means.append(gaps.sum() / (len(members) * (len(members) - 1)))
    np.testing.assert_allclose(one.value, np.mean(means) ** (1 / 1.5), rtol=1e-12)
    np.testing.assert_allclose(one.lower, average_kernel_size(A, x, 0.8, p=1.5, rng=1).lower, rtol=0.05)
    # a complex signal is a real one of twice the length
    z = x[:, :4:2] + 1j * x[:, 1:4:2]
    real = np.column_stack([z.real, z.imag])
    np.testing.assert_allclose(average_kernel_size(np.array([[1.0, 0.0]]), z, 0.5, rng=0).value,
                               average_kernel_size(np.eye(4)[[0, 2]], real, 0.5, rng=0).value, rtol=1e-12)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    # y uniform in {0, ..., 9}, hidden standard normal: kersize_2^2 = 2; of 60 data sets about 3 miss
    misses = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = np.column_stack([rng.integers(0, 10, 300), rng.standard_normal(300)])
        found = average_kernel_size(ACROSS, x, 0.0, resamples=200, rng=seed)
        misses += not found.lower <= np.sqrt(2) <= found.upper
    assert misses <= 8


def test_bad_input():
    for message, options in (("eps must lie in", {"eps": -1.0}), ("p must lie in", {"p": 0.5}),
                             ("rng must be an integer seed", {"rng": None}),
                             ("confidence must lie in", {"confidence": 1.0}),
                             ("resamples must be at least 1", {"resamples": 0}),
                             ("weights must have shape", {"weights": [1.0]}),
                             ("weights must be non-negative", {"weights": [-1.0, 1, 1, 1, 1, 1]}),
                             ("measurements must have 1 entries each", {"measurements": [[1.0, 2.0]]}),
                             ("measurements must be finite", {"measurements": [[np.nan]]}),
                             ("eps must leave a fibre with two signals", {"measurements": [[77.0]]}),
                             ("signals must not be empty", {"signals": np.zeros((0, 2))}),
                             ("signals must have 2 columns", {"signals": np.eye(3)})):
        arguments = {"signals": HAND, "eps": 0.1, "rng": 0} | options
        with pytest.raises(ValueError, match=message):
            average_kernel_size(ACROSS, **arguments)
