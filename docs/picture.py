"""Draw the picture of the README: ``python docs/picture.py`` writes ``docs/picture.png``."""

from pathlib import Path

import numpy as np

from kernelstab import data, kernel, maps, plot, stability


def main():
    """Three maps on one slice, each with a perturbation of its data that is hard to see."""
    network = maps.load_network("mri64-fourier")
    A = network.A
    x = data.slices(64, "test")[20].ravel()
    y = A.matvec(x)
    spot = data.dial(lambda v: kernel.kernel_part(A, v),
                     data.blob(A.image_shape, (36, 26), 4.0, depth=0.5), np.deg2rad(3)).ravel()
    rows = [(maps.ClipDecoder(A, x, x + spot), A.matvec(spot))]
    for psi in (network, maps.TVMap(A, eta=0.01 * np.linalg.norm(y))):
        found = stability.worst_case(psi, y, 0.02 * np.linalg.norm(y), budget=100, rng=0)
        rows.append((psi, found.perturbation))
    labels = ("exact on two heads", "trained network", "total variation")
    pictures = []
    for psi, e in rows:
        before, after = psi(y), psi(y + e)
        size, gain = np.linalg.norm(e) / np.linalg.norm(y), np.linalg.norm(after - before) / np.linalg.norm(e)
        pictures.append([
            plot.Picture(A.image(before), "from clean data", (0, 1)),
            plot.Picture(A.image(A.rmatvec(e)), f"perturbation, {size:.1%}", (-0.5, 0.5)),
            plot.Picture(A.image(after), "from perturbed data", (0, 1)),
            plot.Picture(A.image(after - before), f"change, {gain:.1f} times as large", (-0.5, 0.5)),
        ])
    figure = plot.panel(pictures, labels, size=1.7)
    Path(__file__).with_name("picture.png").write_bytes(plot.png(figure, dpi=130))


if __name__ == "__main__":
    main()
