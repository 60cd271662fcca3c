"""Points that the data cannot tell apart, and the smallest ball that holds them."""

import numpy as np

from kernelstab.plot import style


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
