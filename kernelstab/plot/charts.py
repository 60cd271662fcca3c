"""Diagrams with axes: curves, intervals, shares of successes, points of the plane."""

from math import isfinite

import numpy as np

from kernelstab.plot import style


def decay(curves, bounds=None, *, xlabel="iterations", ylabel="error", log_steps=False):
    r"""Plot positive quantities on a logarithmic axis against the steps taken.

    Solid lines with markers are what was measured, dashed lines of the same colour what was promised. A
    straight line is linear convergence; with ``log_steps`` it is a power of the number of steps.

    Parameters
    ----------
    curves : dict of str to (sequence, sequence)
        Steps and values for each name. Values that are zero are left out.
    bounds : dict of str to (sequence, sequence), optional
        The same for upper bounds; a name that is also in ``curves`` shares its colour.
    xlabel, ylabel : str
    log_steps : bool

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
        steps, values = _positive(name, pair)
        ax.plot(steps, values, label=name, markevery=max(1, len(steps) // 16), **style.look(order[name], 4))
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

    The ordinate is :math:`\langle\Psi(A(x+d)) - \Psi(Ax), d\rangle/\|d\|^2`: one if the map shows the
    detail :math:`d`, zero if it does not. The gray curve :math:`1 - h^2` is the pseudo-inverse, which
    shows exactly the seen part.

    Parameters
    ----------
    hidden : ndarray, shape (n,)
        :math:`\|P_N d\|/\|d\|`, increasing from 0 (the data see all of it) to 1 (nothing).
    kept : dict of str to ndarray, shape (n,)
        The ordinate of each map.

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
        ax.plot(hidden, values, label=name, **style.look(index))
    style.legend_beside(ax)
    return fig


def quotient_ladder(eps, found, noise=None, known=None):
    r"""Plot the largest quotient found against the size of the perturbation.

    The quotient is :math:`\|\Psi(y+e) - \Psi(y)\|/\|e\|`, signal units per measurement unit.

    Parameters
    ----------
    eps : sequence of float, length n
        Sizes :math:`\|e\|/\|y\|`, increasing.
    found : dict of str to sequence of float
        Solid: the largest that a search found for each map, a lower bound of the truth.
    noise : dict of str to sequence of float, optional
        Dashed: under random noise of equal norm.
    known : dict of str to float, optional
        Dotted: the exact maximum, as for linear maps.

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
        ax.plot(eps, values, label=f"{name}, worst found", **style.look(index))
        if noise and name in noise:
            ax.plot(eps, noise[name], linestyle="--", linewidth=1, label=f"{name}, equal-norm noise",
                    **style.look(index, 3))
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


def dual_products(products, support, *, limit=1.0):
    r"""Plot :math:`|a_j^*h|` for every column, those of a support apart.

    A dual point that proves a solution touches the limit on its support; if all other columns stay
    below, no other support can do as well.

    Parameters
    ----------
    products : array_like, shape (N,)
        Real or complex; moduli are drawn.
    support : sequence of int
        Columns drawn as squares.
    limit : float
        Where the line is drawn.

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
    ax = style.axes(fig, xlabel="column", ylabel="product with the dual point")
    for name, chosen, order in (("off the support", ~inside, 0), ("on the support", inside, 1)):
        ax.plot(np.flatnonzero(chosen), sizes[chosen], linestyle="none", label=name, **style.look(order, 4))
    ax.axhline(limit, color=style.INK, linewidth=0.8, linestyle="--")
    ax.set_ylim(0.0, 1.08 * max(limit, float(sizes.max(initial=0.0))))
    style.legend_beside(ax)
    return fig


def intervals(rows, *, xlabel: str = "", threshold: float | None = None, inner=None):
    """Plot intervals below each other, with the value that decides.

    A thin bar spans what is proved: the number lies inside. A thick bar, where given, spans
    values that are attained. An end that is infinite is drawn as an arrow.

    Parameters
    ----------
    rows : dict of str to (float, float)
        Lower and upper end of each number, top row first; ends that are close give a point.
    xlabel : str
    threshold : float, optional
        A vertical line.
    inner : dict of str to (float, float), optional
        Attained values for some of the rows.

    Examples
    --------
    >>> fig = intervals({"coherence": (0.0, 0.69), "exact": (0.46, 0.46)}, threshold=0.5)
    >>> [t.get_text() for t in fig.axes[0].get_yticklabels()]
    ['coherence', 'exact']
    """
    if not rows:
        raise ValueError("rows must not be empty")
    for name, (low, high) in rows.items():
        if not low <= high:
            raise ValueError(f"row {name!r} must be (lower, upper), got ({low}, {high})")
    finite = [end for pair in rows.values() for end in pair if isfinite(end)]
    finite += [] if threshold is None else [threshold]
    left, right = (min(finite), max(finite)) if finite else (0.0, 1.0)
    spread = 0.08 * (right - left or 1.0)
    left, right = left - spread, right + spread
    fig = style.figure(6.4, 0.8 + 0.32 * len(rows))
    ax = style.axes(fig, xlabel=xlabel)
    for row, (name, (low, high)) in enumerate(rows.items()):
        ax.plot([max(low, left), min(high, right)], [row, row], color=style.colour(0), linewidth=1.5,
                solid_capstyle="butt")
        for end, shape, edge in ((low, "<", left), (high, ">", right)):
            ax.plot([end if isfinite(end) else edge], [row], color=style.colour(0), markersize=6,
                    linestyle="none", marker="|" if isfinite(end) else shape)
        if high - low < 0.005 * (right - left):      # too short to be seen as a bar
            ax.plot([low], [row], color=style.colour(0), marker="o", markersize=5, linestyle="none")
        if inner and name in inner:
            ax.plot(inner[name], [row, row], color=style.colour(1), linewidth=5, solid_capstyle="butt")
    if threshold is not None:
        ax.axvline(threshold, color=style.INK, linewidth=1.2)
    ax.set_xlim(left, right)
    ax.set_yticks(range(len(rows)), list(rows), fontsize=style.SMALL)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    return fig


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


def mirror_scatter(errors, mirror_errors, kernel_norms):
    r"""Scatter :math:`\mathrm{err}(x)` against :math:`\mathrm{err}(\bar x)`, both over :math:`\|P_N x\|`.

    An image :math:`x` and its mirror image :math:`\bar x = x - 2P_N x` have the same data, so no map has
    a point below the line :math:`s + t = 2`; the pseudo-inverse sits at (1, 1).

    Parameters
    ----------
    errors, mirror_errors : dict of str to ndarray, shape (n,)
        Euclidean errors of each map on the images and on their mirror images.
    kernel_norms : ndarray, shape (n,)
        :math:`\|P_N x\|`, positive, signal units.

    Examples
    --------
    >>> fig = mirror_scatter({"net": [0.5]}, {"net": [1.75]}, np.array([1.0]))
    >>> fig.axes[0].collections[-1].get_offsets().tolist()
    [[0.5, 1.75]]
    """
    kernel_norms = np.asarray(kernel_norms, dtype=float)
    if not np.all(kernel_norms > 0):
        raise ValueError(f"kernel_norms must be positive, got {kernel_norms.min()}")
    points = {name: (np.asarray(errors[name]) / kernel_norms, np.asarray(mirror_errors[name]) / kernel_norms)
              for name in errors}
    reach = 1.08 * max(2.0, *(float(np.max(v)) for pair in points.values() for v in pair))
    fig = style.figure(5.2, 4.4)
    ax = style.axes(fig, xlabel="error on the image / norm of its unseen part",
                    ylabel="error on its mirror image / same norm")
    ax.fill_between([0, 2], [2, 0], color=style.SHADE, linewidth=0, zorder=0)
    ax.plot([0, 2], [2, 0], color=style.INK, linewidth=1.2)
    ax.text(0.5, 0.5, "impossible\nfor any map", fontsize=style.SMALL, color=style.MUTED, ha="center")
    for index, (name, (s, t)) in enumerate(points.items()):
        ax.scatter(s, t, s=30, color=style.colour(index), marker=style.marker(index), label=name, zorder=3)
    ax.set_xlim(0, reach)
    ax.set_ylim(0, reach)
    ax.set_aspect("equal")
    style.legend(ax, loc="upper right")
    return fig


def enclosing_ball(points, centre, radius, *, title: str = "", names=None):
    """Plot points of the plane with a ball around them and its centre.

    Of the smallest ball around one fibre the centre is the best answer of any map, the radius its
    worst error.

    Parameters
    ----------
    points : array_like, shape (n, 2)
    centre : array_like, shape (2,)
    radius : float
    title : str
    names : sequence of str, optional
        One for each point.

    Examples
    --------
    >>> fig = enclosing_ball([[-1.0, 0.0], [1.0, 0.0]], [0.0, 0.0], 1.0, names=["x", "x'"])
    >>> [t.get_text() for t in fig.axes[0].texts]
    ['x', "x'"]
    """
    from matplotlib.patches import Circle

    points = np.asarray(points, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"points must have shape (n, 2), got {points.shape}")
    fig = style.figure(3.6, 3.4)
    ax = style.axes(fig, title=title)
    ax.add_patch(Circle((float(centre[0]), float(centre[1])), radius, fill=False, edgecolor=style.colour(0)))
    ax.plot(points[:, 0], points[:, 1], linestyle="none", marker="o", markersize=5, color=style.colour(1))
    ax.plot([centre[0]], [centre[1]], linestyle="none", marker="P", markersize=7, color=style.colour(0))
    for name, (x, y) in zip(names or (), points):
        ax.annotate(name, (x, y), textcoords="offset points", xytext=(5, 5), fontsize=style.SMALL)
    ax.set_aspect("equal")
    ax.locator_params(nbins=5)       # more would touch each other below so small a picture
    reach = 1.15 * radius
    ax.set_xlim(centre[0] - reach, centre[0] + reach)
    ax.set_ylim(centre[1] - reach, centre[1] + reach)
    return fig
