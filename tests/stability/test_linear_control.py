"""Searches on linear maps whose worst case is known."""

import numpy as np
import pytest

from kernelstab.maps import AdjointMap, LinearMap, PseudoInverse
from kernelstab.operators import SubsampledFourier, gaussian, masks
from kernelstab.stability import PlantedLinear, linear_control


@pytest.mark.parametrize(("shape", "is_complex"), [((5, 8), False), ((8, 5), False), ((6, 6), True)])
def test_planted_map_has_the_singular_values_it_says(shape, is_complex):
    psi = PlantedLinear(shape, is_complex=is_complex)
    matrix = np.stack([psi(row) for row in np.eye(shape[0], dtype=complex if is_complex else float)], axis=1)
    kept = np.arange(1, min(shape) + 1)
    np.testing.assert_allclose(np.linalg.svd(matrix, compute_uv=False), 1 / np.sqrt(kept), rtol=1e-12)
    u = np.cos(np.arange(shape[1]))
    np.testing.assert_allclose(psi.vjp(np.zeros(shape[0]), u), matrix.conj().T @ u, atol=1e-14)


def test_control_knows_the_worst_case_of_the_pseudo_inverse():
    A = gaussian(10, 20, rng=0)
    control = linear_control(A, eps=0.5)
    smallest = np.linalg.svd(A.matrix, compute_uv=False)[-1]
    assert control.known == pytest.approx(0.5 / smallest, rel=1e-12)
    assert control.map == "pseudo-inverse"
    assert control.trusted
    assert 1 - 1e-3 < control.ratio < 1 + 1e-12


@pytest.mark.parametrize("real", [True, False])
def test_tight_operators_get_the_planted_map(real):
    A = SubsampledFourier(masks.standard(16), real=real)
    control = linear_control(A)
    assert control.map == "planted linear map"
    assert control.trusted


def test_a_search_without_the_means_is_not_trusted():
    # 400 directions and 30 evaluations without gradient: the hidden direction is missed
    A = SubsampledFourier(np.ones((20, 20), dtype=bool), real=True)
    control = linear_control(A, method="probing", budget=30)
    assert not control.trusted
    assert control.ratio < 0.7
    assert "NOT trusted" in repr(control)


def test_given_linear_map():
    control = linear_control(np.eye(3), linear=LinearMap(np.diag([1.0, 5.0, 2.0])))
    assert control.known == pytest.approx(5.0)
    assert control.trusted


def test_map_without_matrix_is_refused():
    fourier = SubsampledFourier(masks.standard(16), real=True)
    for A, psi in ((np.eye(3), AdjointMap(np.eye(3))), (fourier, PseudoInverse(fourier))):
        with pytest.raises(ValueError, match="linear must be a map with a matrix"):
            linear_control(A, linear=psi)
