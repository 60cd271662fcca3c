"""Numbers that are known from two sides, one row each: bounds of constants, margins of inequalities."""

from math import isfinite

from kernelstab.plot import style


def intervals(rows, *, xlabel: str = "", threshold: float | None = None, inner=None):
    """Plot intervals below each other, with the value that decides.

    A thin bar spans what is proved: the number lies inside. A thick bar, where given, spans
    values that are attained. An end that is infinite is drawn as an arrow.

    Parameters
    ----------
    rows : dict of str to (float, float)
        Lower and upper end of each number, top row first; ends that are close give a point.
    xlabel : str
        What the numbers are, with unit.
    threshold : float, optional
        A vertical line.
    inner : dict of str to (float, float), optional
        Attained values for some of the rows.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no row, or a lower end exceeds its upper end.

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
