"""Accuracy along a training run."""

from kernelstab.plot import style


def learning_curve(epochs, curves, *, ylabel: str = "PSNR (dB)", levels=None):
    """Plot quantities along the epochs, against levels that do not learn.

    Parameters
    ----------
    epochs : sequence of float
        Epoch of each point.
    curves : dict of str to sequence of float
        Values along the epochs, such as training and validation PSNR.
    ylabel : str
        Quantity and unit.
    levels : dict of str to float, optional
        Constant competitors, drawn as dashed lines.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> fig = learning_curve([1, 2], {"training": [20.0, 25.0]}, levels={"QCBP": 24.0})
    >>> len(fig.axes[0].lines)
    2
    """
    fig = style.figure(6.0, 3.4)
    ax = style.axes(fig, xlabel="epoch", ylabel=ylabel)
    for index, (name, values) in enumerate(curves.items()):
        ax.plot(epochs, values, color=style.colour(index), label=name)
    for index, (name, value) in enumerate((levels or {}).items(), start=len(curves)):
        ax.axhline(value, color=style.colour(index), linestyle="--", linewidth=1, label=name)
    style.legend(ax, loc="lower right")
    return fig
