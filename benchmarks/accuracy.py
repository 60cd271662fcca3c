"""Compare the shipped networks with total variation and wavelet QCBP on every held-out slice.

Noise-free data at the trained sampling rate, peak the largest value of the true slice, mean and worst
slice, in dB. The sparse methods may choose their noise level on the validation slices; the networks have
no parameter left: ``python benchmarks/accuracy.py``.
"""

import numpy as np

from kernelstab import data, maps, stability

ETAS = (0.003, 0.01, 0.03, 0.1)  # times the norm of the data
SPARSE = {"total variation": maps.TVMap, "wavelet QCBP": maps.QCBPMap}


def scores(psi, A, slices):
    """Return the signal-to-noise ratios of a map over flat slices."""
    return np.array([stability.accuracy(psi(A.matvec(x)), x).psnr for x in slices])


def sparse(method, A, slices, eta):
    """Return the ratios of a sparse map with the noise level relative to each data vector."""
    return np.array([scores(method(A, eta=eta * np.linalg.norm(A.matvec(x)), tol=1e-3), A, [x])[0]
                     for x in slices])


def main():
    """Print one block per network."""
    for name in maps.shipped_networks():
        network = maps.load_network(name)
        A = network.A
        held_out, validation = (data.slices(A.image_shape[0], split).reshape(-1, A.shape[1])
                                for split in ("test", "validation"))
        rows = {f"network {name}": scores(network, A, held_out)}
        for words, method in SPARSE.items():
            eta = max(ETAS, key=lambda eta: sparse(method, A, validation[::3], eta).mean())
            rows[f"{words}, eta = {eta} |y|"] = sparse(method, A, held_out, eta)
        rows["pseudo-inverse"] = scores(maps.PseudoInverse(A), A, held_out)
        print(f"{A!r}, {len(held_out)} held-out slices")
        for label, values in rows.items():
            print(f"  {label:32} mean {values.mean():6.2f}   worst {values.min():6.2f}", flush=True)


if __name__ == "__main__":
    main()
