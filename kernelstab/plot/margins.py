"""By how much each hypothesis and each conclusion of a theorem holds."""

from kernelstab.plot import style


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
