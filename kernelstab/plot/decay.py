r"""How an error falls, and what was promised."""

import numpy as np

from kernelstab.plot import style


def decay(curves, bounds=None, *, xlabel="iterations", ylabel="error", log_steps=False):
    r"""Plot positive quantities on a logarithmic axis against the steps taken.

    Solid lines with markers are what was measured, dashed lines of the same colour what
    was promised. A straight line is linear convergence; with ``log_steps`` a straight line is
    a power of the number of steps.

    Parameters
    ----------
    curves : dict of str to (sequence, sequence)
        Steps and values for each name. Values that are zero are left out.
    bounds : dict of str to (sequence, sequence), optional
        The same for upper bounds; a name that is also in ``curves`` shares its colour.
    xlabel, ylabel : str
    log_steps : bool
        Whether the steps are on a logarithmic axis as well.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is nothing to plot, or the lengths of a pair differ.

    Examples
    --------
    >>> fig = decay({"found": ([0, 1, 2], [1.0, 0.1, 0.0])}, {"found": ([0, 1, 2], [2.0, 0.5, 0.1])})
    >>> [(line.get_linestyle(), len(line.get_xdata())) for line in fig.axes[0].lines]
    [('-', 2), ('--', 3)]
    """
    if not curves:
        raise ValueError("curves must not be empty")
    bounds = bounds or {}
    fig = style.figure(7.4, 3.6)
    ax = style.axes(fig, xlabel=xlabel, ylabel=ylabel)
    order = {name: index for index, name in enumerate([*curves, *(b for b in bounds if b not in curves)])}
    for name, pair in curves.items():
        look = {"color": style.colour(order[name]), "marker": style.marker(order[name]), "markersize": 4}
        steps, values = _positive(name, pair)
        ax.plot(steps, values, label=name, markevery=max(1, len(steps) // 16), **look)
    for name, pair in bounds.items():
        ax.plot(*_positive(name, pair), linestyle="--", color=style.colour(order[name]), linewidth=1.2,
                label=f"{name}, bound")
    ax.set_yscale("log")
    if log_steps:
        ax.set_xscale("log")
    style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig


def _positive(name, pair):
    steps, values = (np.asarray(part, dtype=float) for part in pair)
    if steps.shape != values.shape:
        raise ValueError(f"{name!r} must have as many steps as values, got {steps.size} and {values.size}")
    return steps[values > 0], values[values > 0]
