import numpy as np
import pytest

from kernelstab.data import blob, block, dial, text


def test_blob_is_local_and_smooth():
    image = blob((21, 31), (10, 12), 4.0, depth=-0.5)
    assert image.shape == (21, 31)
    assert image[10, 12] == -0.5
    assert image[10, 16] == 0            # at the radius
    assert image[12, 12] == pytest.approx(-0.5 * 0.75**2)      # (1 - (2/4)^2)^2
    assert np.count_nonzero(image[:, 17:]) == 0


def test_block_has_its_area():
    image = block((8, 9), (2, 3), (4, 5), depth=0.25)
    assert image.sum() == 0.25 * 20
    assert image[2, 3] == image[5, 7] == 0.25
    assert image[1, 3] == image[6, 3] == image[2, 2] == image[2, 8] == 0


def test_text_scales_and_advances():
    small = text((5, 11), "L1-", (0, 0))
    # L: 4+... rows 100 100 100 100 111 = 7 dots; 1: 010 110 010 010 111 = 8; "-": 3
    assert small.sum() == 18
    large = text((20, 30), "L1-", (1, 2), scale=2, depth=0.5)
    assert large.sum() == 0.5 * 18 * 4
    np.testing.assert_array_equal(large[1:11:2, 2:24:2], 0.5 * small)
    np.testing.assert_array_equal(text((5, 11), "l1-", (0, 0)), small)


@pytest.mark.parametrize("theta", [0.0, 0.3, np.pi / 4, 1.2, np.pi / 2])
def test_dial_turns_and_keeps_the_length(theta):
    rng = np.random.default_rng(5)
    basis = np.linalg.qr(rng.standard_normal((12, 4)))[0]      # null space of dimension 4
    detail = rng.standard_normal((3, 4))
    turned = dial(lambda x: basis @ (basis.T @ x), detail, theta)
    assert turned.shape == (3, 4)
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(detail))
    hidden = np.linalg.norm(basis.T @ turned.ravel())
    assert hidden == pytest.approx(np.cos(theta) * np.linalg.norm(detail), abs=1e-12)


@pytest.mark.parametrize("theta", [0.0, 0.3, 1.2, np.pi / 2])
@pytest.mark.parametrize("is_complex", [False, True])
def test_dial_for_a_complex_projector(theta, is_complex):
    rng = np.random.default_rng(6)
    draw = lambda *shape: rng.standard_normal(shape) + 1j * rng.standard_normal(shape)   # noqa: E731
    basis = np.linalg.qr(draw(12, 4))[0]
    detail = draw(3, 4) if is_complex else rng.standard_normal((3, 4))
    project = lambda x: basis @ (basis.conj().T @ x)           # noqa: E731
    turned = dial(project, detail, theta)
    # both parts are orthogonal for the complex inner product, so lengths add as for real ones
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(detail))
    hidden = np.linalg.norm(basis.conj().T @ turned.ravel())
    assert hidden == pytest.approx(np.cos(theta) * np.linalg.norm(detail), abs=1e-12)
    own = np.arccos(np.linalg.norm(project(detail.ravel())) / np.linalg.norm(detail))
    np.testing.assert_allclose(dial(project, detail, own), detail, atol=1e-12)


def test_dial_passes_through_the_detail():
    project = lambda x: np.array([x[0], 0.0])                  # noqa: E731
    np.testing.assert_allclose(dial(project, [3.0, 4.0], np.arccos(0.6)), [3.0, 4.0])


def test_bad_input():
    with pytest.raises(ValueError, match="radius must lie in"):
        blob((4, 4), (1, 1), 0.0)
    with pytest.raises(ValueError, match=r"the blob of radius 1.0 about .* is zero"):
        blob((4, 4), (9, 9), 1.0)
    with pytest.raises(ValueError, match="size must be between 1 and 2, got 3"):
        block((4, 4), (2, 0), (3, 1))
    with pytest.raises(ValueError, match="words must be made of"):
        text((9, 9), "é", (0, 0))
    with pytest.raises(ValueError, match="need"):
        text((5, 6), "AB", (0, 0))
    with pytest.raises(ValueError, match="detail must not be zero"):
        dial(lambda x: x, [0.0, 0.0], 0.1)
    with pytest.raises(ValueError, match="theta must lie in"):
        dial(lambda x: x, [1.0], 2.0)
    with pytest.raises(ValueError, match="inside the null space"):
        dial(lambda x: 0 * x, [1.0], 0.0)
    with pytest.raises(ValueError, match="outside the null space"):
        dial(lambda x: x, [1.0], 0.5)
    with pytest.raises(ValueError, match="shape must have 2 dimension"):
        blob((4,), (1, 1), 1.0)
