r"""How much of a planted detail survives as it turns from visible to invisible."""

import numpy as np

from kernelstab.plot import style


def detail_dial(hidden, kept):
    r"""Plot the surviving part of a detail against its hidden fraction.

    For a detail :math:`d` the abscissa is :math:`\|P_N d\|/\|d\|`, zero when the
    measurements see all of it, one when they see nothing. The ordinate is the detail
    coefficient :math:`t = \langle\Psi(A(x+d)) - \Psi(Ax), d\rangle/\|d\|^2`: one if the
    map shows the detail, zero if it does not. The gray curve :math:`1 - h^2` is the
    pseudo-inverse, which shows exactly the seen part.

    Parameters
    ----------
    hidden : ndarray, shape (n,)
        Hidden fractions in [0, 1], increasing.
    kept : dict of str to ndarray, shape (n,)
        Detail coefficients of each map.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> fig = detail_dial(np.array([0.0, 1.0]), {"net": np.array([1.0, 0.0])})
    >>> fig.axes[0].lines[-1].get_ydata().tolist()
    [1.0, 0.0]
    """
    hidden = np.asarray(hidden, dtype=float)
    fig = style.figure(7.6, 3.6)
    ax = style.axes(fig, xlabel="hidden fraction of the detail (0 visible, 1 invisible)",
                    ylabel="part of the detail shown")
    fine = np.linspace(0.0, 1.0, 101)
    ax.plot(fine, 1 - fine**2, color=style.MUTED, linewidth=4, alpha=0.35, label="seen part (pseudo-inverse)")
    ax.axhline(0, color=style.MUTED, linewidth=0.8)
    ax.axhline(1, color=style.MUTED, linewidth=0.8, linestyle=":")
    for index, (name, values) in enumerate(kept.items()):
        ax.plot(hidden, values, color=style.colour(index), marker=style.marker(index), markersize=5,
                label=name)
    style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig
