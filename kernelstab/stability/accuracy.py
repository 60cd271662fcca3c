"""How far a reconstruction is from the truth, in the units people compare."""

from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array


@dataclass(frozen=True)
class Accuracy:
    """Errors of one reconstruction.

    Attributes
    ----------
    error : float
        Euclidean norm of the difference, in signal units.
    relative_error : float
        The same divided by the norm of the reference.
    sup_error : float
        Largest absolute difference in one entry, in signal units.
    psnr : float
        Peak signal-to-noise ratio in decibels; infinite without error.
    """

    error: float
    relative_error: float
    sup_error: float
    psnr: float

    def __repr__(self):
        return (f"<Accuracy {self.psnr:.2f} dB, l2 {self.error:.4g} ({100 * self.relative_error:.3g} %), "
                f"sup {self.sup_error:.4g}>")


def accuracy(reconstruction, reference) -> Accuracy:
    r"""Compare a reconstruction with the truth.

    .. math:: \mathrm{PSNR} = 10\log_{10}\frac{\|x\|_\infty^2}{\|\hat x-x\|_2^2/N}

    The peak is that of the *reference* ``x``. Taken from the reconstruction, one bright
    spurious pixel would raise the number.

    Parameters
    ----------
    reconstruction, reference : ndarray, same shape
        Real or complex.

    Raises
    ------
    ValueError
        If the shapes differ, a value is not finite, or the reference is zero, for which
        no relative error exists.

    Examples
    --------
    Peak 2, squared error 1 spread over four entries: ``10 log10(4 / (1/4)) = 12.04``.

    >>> accuracy([2.0, 0.0, 1.0, 0.0], [2.0, 0.0, 0.0, 0.0])
    <Accuracy 12.04 dB, l2 1 (50 %), sup 1>
    """
    reference = as_array(reference, "reference")
    reconstruction = as_array(reconstruction, "reconstruction", shape=reference.shape)
    peak = float(np.abs(reference).max())
    if peak == 0:
        raise ValueError("reference must not be zero: no relative error exists")
    difference = np.abs(reconstruction - reference)
    error = float(np.linalg.norm(difference))
    with np.errstate(divide="ignore"):
        psnr = float(20 * np.log10(np.divide(peak * np.sqrt(reference.size), error)))
    return Accuracy(error, error / float(np.linalg.norm(reference)), float(difference.max()), psnr)
