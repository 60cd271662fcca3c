"""What the numbers of a report mean: the choices on which published numbers differ."""


def conventions(eps: float) -> dict[str, str]:
    """Return name and meaning, in Markdown, of every convention that a report follows.

    Parameters
    ----------
    eps : float
        Largest perturbation relative to the norm of the data.
    """
    return {
        "data": "$y = Ax$ for the image $x$, simulated in double precision by the operator under audit, "
                "without noise; an optimistic setting, as it has no model error",
        "perturbation": rf"$e$ is added to the data, $y+e$ with $\|e\| \le {eps:g}\|y\|$; pictures "
                        r"show $A^\dagger e$, the least image with the data $e$",
        "gain": r"$\|\Psi(y+e)-\Psi(y)\|/\|e\|$, signal per measurement; its supremum within a radius is the "
                r"local Lipschitz constant of $\Psi$",
        "reference": r"changes are measured from $\Psi(y)$, errors from the truth $x$; a search maximises "
                     "the change",
        "norms": "Euclidean; *sup* is the largest change of one pixel",
        "PSNR": "ten times the decimal logarithm of the largest pixel of the truth, squared, over the mean "
                "squared error, in dB; the peak is never taken from the reconstruction",
        "unseen part": "$P_N x$, the orthogonal projection of $x$ onto the kernel of $A$; the data determine "
                       "$x-P_N x$ and nothing else",
        "mirror image": r"$\bar x = x-2P_N x$, which has the data of $x$",
        "detail": "a small $d$ of fixed norm, turned between the complement of the kernel (hidden 0) and the "
                  r"kernel (hidden 1); the part shown is $\langle\Psi(A(x+d))-\Psi(Ax), d\rangle/\|d\|^2$",
        "signs": "= exact or enclosed; ≥ found by a search, the true value is at least this; ≤ an upper "
                 "bound; ~ computed in floating point, without guarantee",
    }
