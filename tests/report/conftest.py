"""One small audit, run once, for all tests that read a report."""

import numpy as np
import pytest

from kernelstab import plot
from kernelstab.maps import ReLUNetwork
from kernelstab.operators import gaussian
from kernelstab.report import audit


def small_inputs():
    """Return a 24 x 64 matrix, a network that solves least squares and bends it, and five 8 x 8 images."""
    A = gaussian(24, 64, image_shape=(8, 8), rng=0)
    inverse = np.linalg.pinv(A.to_dense())
    layers = [{"layer": "measurements"},
              {"layer": "dense", "weight": np.vstack([inverse, -inverse]), "bias": np.full(128, 0.05)},
              {"layer": "relu"},
              {"layer": "dense", "weight": np.hstack([np.eye(64), -0.5 * np.eye(64)]), "bias": np.zeros(64)}]
    rows, columns = np.mgrid[:8, :8]
    images = np.array([np.exp(-((rows - k - 1) ** 2 + (columns - 4) ** 2) / 6) for k in range(5)])
    return A, ReLUNetwork(A, layers, "small"), images


@pytest.fixture(scope="session")
def inputs():
    """Return operator, map and images."""
    return small_inputs()


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """Return a complete quick audit that was written to a folder."""
    return audit(*small_inputs(), quick=True, out=tmp_path_factory.mktemp("audit") / "deep" / "report",
                 progress=False, seed=3)


@pytest.fixture
def drawn(monkeypatch):
    """Return the list into which calls of ``plot.panel`` go, as (arguments, options)."""
    calls, real = [], plot.panel

    def recording(*arguments, **options):
        calls.append((arguments, options))
        return real(*arguments, **options)

    monkeypatch.setattr(plot, "panel", recording)
    return calls
