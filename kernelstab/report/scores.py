"""Accuracy and stability of every map, side by side."""

import numpy as np

from kernelstab.report.numbers import at_least, at_most, percent, readable


def score_table(report) -> dict:
    """Return one row per measure and one column per map; rows of unfinished stages are left out.

    Parameters
    ----------
    report : AuditReport

    Returns
    -------
    dict
        ``head`` and ``rows``, texts.
    """
    names = list(report.problem.maps)
    rows = [*_accuracy(report.accuracy, names), *_stability(report.searches, names),
            *_mirror(report.mirrors, names), *_detail(report.details, names)]
    return {"head": ["", *names], "rows": rows}


def _accuracy(accuracy, names):
    if accuracy is None:
        return []
    count = len(accuracy.psnr[names[0]])
    rows = [
        [f"PSNR in dB, mean of {count} images"] + [f"{np.mean(accuracy.psnr[n]):.1f}" for n in names],
        ["PSNR in dB, worst image"] + [f"{np.min(accuracy.psnr[n]):.1f}" for n in names],
        ["relative error, mean"] + [percent(float(np.mean(accuracy.relative[n]))) for n in names],
        ["largest pixel error (sup), mean"] + [readable(float(np.mean(accuracy.sup[n])), 2) for n in names],
    ]
    if accuracy.gaps:
        rows.append(["relative duality gap, largest"] + [
            at_most(float(np.max(accuracy.gaps[n])), 2) if n in accuracy.gaps else "" for n in names])
    return rows


def _stability(searches, names):
    if searches is None:
        return []
    size = f"{100 * searches.eps[-1]:g} %"
    last = {n: searches.worst[n][-1] for n in names}
    rows = [
        [f"gain of the worst perturbation found ({size}, one image)"]
        + [at_least(float(searches.gains(n)[-1])) for n in names],
        ["gain of random noise of the same norm (same image)"]
        + [f"~\u00a0{readable(float(searches.noise_gains(n)[-1]))}" for n in names],
        ["Lipschitz constant (=) or upper bound (≤)"] + [_bound(searches.bounds.get(n)) for n in names],
        ["largest pixel change (sup) in these searches and transfers"]
        + [at_least(searches.sup_change(n), 2) for n in names],
        ["relative error there, clean → perturbed data"] + [_errors(searches, last[n]) for n in names],
    ]
    if len(names) > 1:
        rows.append([f"gain of the perturbation found for {names[0]}"]
                    + [f"~\u00a0{readable(searches.transfer[n][0] / searches.size(-1))}" for n in names])
    return rows


def _errors(searches, worst):
    size = np.linalg.norm(searches.image)
    before, after = (float(np.linalg.norm(output - searches.image) / size)
                     for output in (worst.clean, worst.reconstruction))
    return f"{percent(before)} → {percent(after)}"


def _bound(quantity):
    if quantity is None:
        return ""
    if quantity.kind == "exact":
        return f"=\u00a0{readable(quantity.value)}"
    return at_most(quantity.value) + ("" if quantity.rigorous else " (in floats)")


def _mirror(mirrors, names):
    if mirrors is None:
        return []
    return [
        ["error / unseen part, mean"]
        + [readable(float(np.mean(mirrors.errors[n] / mirrors.kernel_norms))) for n in names],
        ["the same on mirror images, mean"]
        + [readable(float(np.mean(mirrors.mirror_errors[n] / mirrors.kernel_norms))) for n in names],
    ]


def _detail(details, names):
    if details is None:
        return []
    ends = {"a visible": int(np.argmin(details.hidden)), "an invisible": int(np.argmax(details.hidden))}
    return [[f"part shown of {word} detail"] + [percent(float(details.kept[n][i])) for n in names]
            for word, i in ends.items()]
