r"""Points of the plane against a line or a ball that no map can cross or improve."""

import numpy as np

from kernelstab.plot import style


def mirror_scatter(errors, mirror_errors, kernel_norms):
    r"""Scatter :math:`\mathrm{err}(x)` against :math:`\mathrm{err}(\bar x)`, both over :math:`\|P_N x\|`.

    An image :math:`x` and its mirror image :math:`\bar x = x - 2P_N x` have the same
    measurements, so the two errors sum to at least :math:`2\|P_N x\|` for every map. In
    these units no point lies below the line :math:`s + t = 2`; the pseudo-inverse sits
    at (1, 1).

    Parameters
    ----------
    errors, mirror_errors : dict of str to ndarray, shape (n,)
        Euclidean errors of each map on the images and on their mirror images.
    kernel_norms : ndarray, shape (n,)
        :math:`\|P_N x\|`, positive, signal units.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a kernel norm is not positive: then the image has no mirror image but itself.

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

    For the points of one fibre the smallest such ball is the answer to how well any map can do:
    its centre is the best answer, its radius the smallest worst error.

    Parameters
    ----------
    points : array_like, shape (n, 2)
    centre : array_like, shape (2,)
    radius : float
    title : str
    names : sequence of str, optional
        One for each point.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the points are not in the plane.

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
