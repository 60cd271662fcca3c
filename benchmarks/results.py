"""Where results of the study of solvers are kept, and the tables and the plot made of them."""

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / ".bench"
STORE = FOLDER / "solvers.json"
PLOT = Path(__file__).resolve().parent / "solvers.png"
README = Path(__file__).resolve().parent / "README.md"
MARKS = ("<!-- results of the study of solvers, written by it -->", "<!-- end of the results -->")
FAMILIES = {
    "lasso": "LASSO", "qcbp": "QCBP", "bp": "Basis pursuit", "sqrt-lasso": "Square-root LASSO",
    "batch": "Batches", "omp": "Orthogonal matching pursuit",
    "tv": "Total variation QCBP, 2-D Fourier", "wavelet": "Wavelet QCBP, 2-D Fourier",
}


def load():
    """Return the stored results."""
    return json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}


def store(name, result):
    """Add one result to the store, at the place of an older one of the same cell."""
    results = load()
    results[name] = result
    STORE.parent.mkdir(exist_ok=True)
    STORE.write_text(json.dumps(results), encoding="utf-8")


def fastest(row):
    """Return (ratio, peer) of the fastest peer that reaches the gap, or None."""
    able = [(entry["ratio"], peer) for peer, entry in row["peers"].items() if entry["ratio"] is not None]
    return min(able, default=None)


def summary(name, result):
    """Describe one cell in a few lines."""
    lines = [f"{name}: reference certified to {result['certified']:.0e}"]
    for target, row in result["targets"].items():
        if row["ours"] is None:
            lines.append(f"  {target}: ours does not reach it ({result['reason']})")
            continue
        entries = (f"{peer} - ({entry['gap']:.0e}, {entry['reason']})" if entry["ratio"] is None else
                   f"{peer} {number(entry['ratio'])}" for peer, entry in row["peers"].items())
        lines.append(f"  {target}: ours {row['ours'] / result['unit']:.3g} passes; " + ", ".join(entries))
    return "\n".join(lines)


def number(ratio):
    """Print a ratio with as many digits as mean something."""
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def table():
    """Return all results as tables in markdown, one for each family of problems."""
    results, parts = load(), []
    for family, title in FAMILIES.items():
        cells = {name: cell for name, cell in results.items()
                 if name.split()[0] == family and "targets" in cell}
        if not cells:
            continue
        peers = list(dict.fromkeys(peer for cell in cells.values() for row in cell["targets"].values()
                                   for peer in row["peers"]))
        head = ["problem", "gap", "ours, passes", "fastest peer", *peers]
        parts += [f"**{title}**", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
        parts += [line for name, cell in cells.items() for line in lines(name, cell, peers)]
        parts.append("")
    notes = [f"- {cell['note']}" for cell in results.values() if "note" in cell]
    return "\n".join([*parts, *notes])


def lines(name, cell, peers):
    """Yield one line of a table for each gap."""
    for target, row in cell["targets"].items():
        best = fastest(row)
        ours = "-" if row["ours"] is None else f"{row['ours'] / cell['unit']:.3g}"
        entries = (row["peers"].get(peer) for peer in peers)
        columns = [" " if entry is None else "-" if entry["ratio"] is None else number(entry["ratio"])
                   for entry in entries]
        margin = f"**{number(best[0])}**" if best else "-"
        yield f"| {' | '.join([name.split(' ', 1)[1], target, ours, margin, *columns])} |"


def reasons():
    """List why peers did not reach the tightest gap, once for each peer, family and reason."""
    found = {}
    for name, cell in load().items():
        for row in list(cell.get("targets", {}).values())[-1:]:
            for peer, entry in row["peers"].items():
                if entry["ratio"] is None:
                    key = (peer, name.split()[0], entry["reason"])
                    found.setdefault(key, []).append(f"{name.split(' ', 1)[1]} ({entry['gap']:.0e})")
    return "\n".join(f"- {peer}, {family}: {reason}: {'; '.join(cells)}"
                     for (peer, family, reason), cells in found.items())


def write(path=README):
    """Put tables and reasons between the two marks of the README."""
    before, rest = path.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    middle = f"{table()}\n\nNot reached, with the smallest gap:\n\n{reasons()}"
    path.write_text(f"{before}{MARKS[0]}\n\n{middle}\n\n{MARKS[1]}{after}", encoding="utf-8")


def plot(path=PLOT):
    """Draw gap against time of each solver's best configuration, one panel for each cell."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    # pursuits and batches have one point each, which the table says better
    cells = {name: cell for name, cell in sorted(load().items())
             if cell.get("curves") and not name.startswith(("omp", "batch"))}
    columns = 4
    rows = -(-len(cells) // columns)
    figure, panels = pyplot.subplots(rows, columns, figsize=(3.0 * columns, 2.4 * rows), squeeze=False)
    peers = list(dict.fromkeys(label.split(",")[0] for cell in cells.values() for label in cell["curves"]))
    colours = dict(zip(peers, pyplot.get_cmap("tab20").colors))
    for panel, (name, cell) in zip(panels.flat, cells.items()):
        for label, steps in cell["curves"].items():
            steps = sorted((seconds / cell["unit"], max(gap, 1e-16)) for seconds, gap in steps if gap < 10)
            mine = label.startswith("kernelstab")
            panel.loglog([time for time, _ in steps], [gap for _, gap in steps],
                         color="black" if mine else colours[label.split(",")[0]],
                         lw=2 if mine else 0.8, marker=".", ms=9 if mine else 3, zorder=3 if mine else 2)
        panel.set_title(name, fontsize=7)
        panel.tick_params(labelsize=6, which="both")
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_locator(ticker.LogLocator(numticks=5))
            axis.set_minor_formatter(ticker.NullFormatter())
    for panel in list(panels.flat)[len(cells):]:
        panel.axis("off")
    handles = [pyplot.Line2D([], [], color="black" if peer == "kernelstab" else colours[peer], label=peer)
               for peer in peers]
    figure.legend(handles=handles, ncols=8, fontsize=7, loc="lower center")
    figure.supylabel("relative gap", fontsize=8)
    figure.suptitle("relative gap against time in products with the adjoint, processor time", fontsize=9)
    figure.tight_layout(rect=(0, 0.04, 1, 0.98))
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
