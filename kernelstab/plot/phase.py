r"""Where a method succeeds: shares of successes over two parameters."""

import numpy as np

from kernelstab.plot import style


def phase_diagram(shares, x, y, *, xlabel="", ylabel=""):
    r"""Show shares between 0 and 1 on a grid, one diagram next to another on one scale.

    Dark is always, white is never.

    Parameters
    ----------
    shares : dict of str to array_like, shape (len(y), len(x))
        One diagram for each name; rows belong to ``y`` and go upwards. NaN is left blank.
    x, y : array_like
        Rising positions of columns and rows.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is nothing to show, a shape does not fit, or a share lies outside [0, 1].

    Examples
    --------
    >>> fig = phase_diagram({"found": [[1.0, 1.0], [0.0, 0.5]]}, [1, 2], [1, 2])
    >>> [ax.get_title(loc="left") for ax in fig.axes]
    ['found', '']
    """
    if not shares:
        raise ValueError("shares must not be empty")
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    grids = {name: _checked(name, grid, (y.size, x.size)) for name, grid in shares.items()}
    fig = style.figure(3.3 * len(grids) + 0.9, 3.1)
    axes = []
    for place, (name, grid) in enumerate(grids.items(), 1):
        ax = style.axes(fig, (1, len(grids), place), xlabel=xlabel, title=name,
                        ylabel=ylabel if place == 1 else "")
        ax.grid(False)
        shown = ax.pcolormesh(x, y, grid, cmap="Blues", vmin=0.0, vmax=1.0, shading="nearest")
        axes.append(ax)
    bar = fig.colorbar(shown, ax=axes, pad=0.02)
    bar.ax.tick_params(labelsize=style.SMALL, colors=style.MUTED)
    bar.outline.set_visible(False)
    return fig


def _checked(name, grid, shape):
    grid = np.asarray(grid, dtype=float)
    if grid.shape != shape:
        raise ValueError(f"{name!r} must have shape {shape}, got {grid.shape}")
    if np.nanmin(grid) < 0 or np.nanmax(grid) > 1:
        raise ValueError(f"{name!r} must lie in [0, 1], got [{np.nanmin(grid)}, {np.nanmax(grid)}]")
    return grid
