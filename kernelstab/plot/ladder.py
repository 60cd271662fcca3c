r"""How fast a map can be made to move, rung by rung of perturbation size."""

from kernelstab.plot import style


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
    style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig
