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


def verdict_margins(decisions):
    """Plot the enclosure of left minus right for each inequality of a verdict.

    Right of zero the inequality holds, left of it it fails, across zero it is not
    decided. The axis is linear near zero and logarithmic beyond, because a hypothesis
    may hold by a hair and a conclusion by a mile.

    Parameters
    ----------
    decisions : sequence
        Objects with ``role``, ``label``, ``text``, ``lower`` and ``upper``, in the
        order in which they are to be read; see ``Verdict.decisions``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no decision.

    Examples
    --------
    >>> from types import SimpleNamespace as D
    >>> fig = verdict_margins([D(role="hypothesis", label="H1", text="g > 0", lower=2.0, upper=2.5)])
    >>> [t.get_text() for t in fig.axes[0].get_yticklabels()]
    ['H1']
    """
    decisions = list(decisions)
    if not decisions:
        raise ValueError("decisions must not be empty")
    fig = style.figure(6.0, 0.6 + 0.36 * len(decisions))
    ax = style.axes(fig, xlabel="left side minus right side (right of zero: holds)")
    for row, decision in enumerate(decisions):
        index = 0 if decision.role == "hypothesis" else 1
        middle = 0.5 * (decision.lower + decision.upper)
        ax.plot([0, middle], [row, row], color=style.colour(index), linewidth=1, alpha=0.5)
        ax.plot([decision.lower, decision.upper], [row, row], color=style.colour(index), linewidth=5,
                marker=style.marker(index), solid_capstyle="butt")
    values = [abs(v) for d in decisions for v in (d.lower, d.upper) if v != 0]
    ax.set_xscale("symlog", linthresh=min([1.0, *values]))
    ax.axvline(0, color=style.INK, linewidth=1.2)
    ax.set_yticks(range(len(decisions)), [d.label for d in decisions], fontsize=style.SMALL)
    ax.set_ylim(len(decisions) - 0.5, -0.5)
    return fig
