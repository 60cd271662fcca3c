r"""What a dual point says of every column: its products, and the limit they must respect."""

import numpy as np

from kernelstab.plot import style


def dual_products(products, support, *, limit=1.0, xlabel="column", ylabel="product with the dual point"):
    r"""Plot :math:`|a_j^*h|` for every column, those of a support apart.

    A dual point that proves a solution touches the limit on its support; if all other
    columns stay below, no other support can do as well.

    Parameters
    ----------
    products : array_like, shape (N,)
        Real or complex; moduli are drawn.
    support : sequence of int
        Columns drawn as squares.
    limit : float
        Where the line is drawn.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If an index of the support is none of a column.

    Examples
    --------
    >>> fig = dual_products([0.5, -1.0], [1])
    >>> [line.get_ydata().tolist() for line in fig.axes[0].lines[:2]]
    [[0.5], [1.0]]
    """
    sizes = np.abs(np.asarray(products))
    inside = np.zeros(sizes.size, dtype=bool)
    support = np.asarray(support, dtype=int)
    if support.size and (support.min() < 0 or support.max() >= sizes.size):
        raise ValueError(f"support must hold columns of {sizes.size}, got {support.tolist()}")
    inside[support] = True
    fig = style.figure(7.4, 2.8)
    ax = style.axes(fig, xlabel=xlabel, ylabel=ylabel)
    for name, chosen, order in (("off the support", ~inside, 0), ("on the support", inside, 1)):
        ax.plot(np.flatnonzero(chosen), sizes[chosen], linestyle="none", label=name, markersize=4,
                color=style.colour(order), marker=style.marker(order))
    ax.axhline(limit, color=style.INK, linewidth=0.8, linestyle="--")
    ax.set_ylim(0.0, 1.08 * max(limit, float(sizes.max(initial=0.0))))
    style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig
