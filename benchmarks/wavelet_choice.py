"""Choose the wavelet of the sparse baseline on slices that no comparison uses.

Prints the mean signal-to-noise ratio of ``wavelet_qcbp`` (64 by 64, ``masks.standard``, noise-free
data) over training slices, and the same for zero filling: ``python benchmarks/wavelet_choice.py``.
"""

import numpy as np

from kernelstab import data, operators, solvers

ETA = 0.01  # times the norm of the data
LEVELS = (1, 2, 3)
WAVELETS = ("haar", "db2", "db4", "sym4", "coif2", "coif3")


def psnr(image, truth):
    """Return the signal-to-noise ratio at peak 1, in dB."""
    return -10 * np.log10(np.mean((image - truth) ** 2))


def main(step=5):
    """Print one row per level, one column per wavelet."""
    A = operators.SubsampledFourier(operators.masks.standard(64), real=True)
    slices = data.slices(64, "train")[::step]
    measured = [A.matvec(image.ravel()) for image in slices]
    zero_filled = np.mean([psnr(A.image(A.rmatvec(y)), x) for y, x in zip(measured, slices)])
    print(f"{len(slices)} training slices, eta = {ETA} |y|, zero filling {zero_filled:.2f} dB")
    print("level   " + "".join(f"{name:>7}" for name in WAVELETS))
    for level in LEVELS:
        row = []
        for wavelet in WAVELETS:
            found = [solvers.wavelet_qcbp(A, y, ETA * np.linalg.norm(y), wavelet, level=level, tol=1e-3).image
                     for y in measured]
            row.append(np.mean([psnr(image, x) for image, x in zip(found, slices)]))
        print(f"{level:5}   " + "".join(f"{value:7.2f}" for value in row), flush=True)


if __name__ == "__main__":
    main()
