r"""Curves over an axis: what falls, grows or is shown as something else is turned."""

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
    style.legend_beside(ax)
    return fig


def _positive(name, pair):
    steps, values = (np.asarray(part, dtype=float) for part in pair)
    if steps.shape != values.shape:
        raise ValueError(f"{name!r} must have as many steps as values, got {steps.size} and {values.size}")
    return steps[values > 0], values[values > 0]


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
    style.legend_beside(ax)
    return fig


def quotient_ladder(eps, found, noise=None, known=None):
    r"""Plot the largest quotient found against the size of the perturbation.

    The quotient is :math:`\|\Psi(y+e) - \Psi(y)\|/\|e\|`. Solid lines: worst found by
    search (a lower bound of the truth); dashed lines: random noise of equal norm;
    dotted lines: the exact maximum where it is known, i.e. for linear maps.

    Parameters
    ----------
    eps : sequence of float, length n
        Sizes :math:`\|e\|/\|y\|`, increasing.
    found : dict of str to sequence of float
        Largest quotient found for each map, signal units per measurement unit.
    noise : dict of str to sequence of float, optional
        Quotient under equal-norm noise.
    known : dict of str to float, optional
        Exact largest quotient.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> fig = quotient_ladder([0.01, 0.1], {"net": [5.0, 4.0]}, {"net": [0.5, 0.5]}, {"net": 6.0})
    >>> [line.get_linestyle() for line in fig.axes[0].lines]
    ['-', '--', ':']
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    fig = style.figure(7.4, 3.6)
    ax = style.axes(fig, xlabel="size of the perturbation / norm of the data",
                    ylabel="change of the image / size of the perturbation")
    for index, (name, values) in enumerate(found.items()):
        look = {"color": style.colour(index), "marker": style.marker(index), "markersize": 5}
        ax.plot(eps, values, label=f"{name}, worst found", **look)
        if noise and name in noise:
            ax.plot(eps, noise[name], linestyle="--", linewidth=1, label=f"{name}, equal-norm noise",
                    **(look | {"markersize": 3}))
        if known and name in known:
            ax.axhline(known[name], color=style.colour(index), linestyle=":", label=f"{name}, exact maximum")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(eps, [f"{100 * value:g} %" for value in eps])
    ax.set_xticks([], minor=True)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    style.legend_beside(ax)
    return fig


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
    style.legend_beside(ax)
    return fig
