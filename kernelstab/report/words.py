"""The verdict in plain sentences, made from the numbers and nothing else."""

from decimal import ROUND_CEILING, ROUND_FLOOR

import numpy as np

from kernelstab.report.numbers import percent, readable

_GUESSES = 0.95
"""Below this share of the unseen part, an error means that the map filled some of it in."""


def headline(report) -> str:
    """Return the verdict on the audited map in one sentence, from what was measured.

    Parameters
    ----------
    report : AuditReport
    """
    name = report.problem.audited
    parts = [_guess(report.mirrors, name), _reaction(report.searches, name)]
    said = [part for part in parts if part]
    if not said:
        return f"Too little of {name} was measured for a verdict."
    return f"{name} {'; it '.join(said)}."


def findings(report) -> dict[str, str]:
    """Return a short paragraph per finding; a stage that did not finish leaves its own out.

    Parameters
    ----------
    report : AuditReport
    """
    name = report.problem.audited
    texts = {
        "Unseen": _unseen(report.facts),
        "Accuracy": _accuracy(report.accuracy, name),
        "Guesswork": _guesswork(report.mirrors, name),
        "Worst case": _worst(report.searches, name),
        "Small details": _detail(report.details, name),
        "Proof": _theorems(report.verdicts),
        "Not applicable": _left_out(report.stages),
    }
    return {label: text for label, text in texts.items() if text}


def _guess(mirrors, name):
    if mirrors is None:
        return ""
    if _mean(mirrors.errors[name], mirrors) < _GUESSES:
        return "guesses what it cannot see, well on these images and hence badly on their mirror images"
    return "does not improve on leaving out what it cannot see"


def _reaction(searches, name):
    if searches is None:
        return ""
    size = f"a perturbation of {100 * searches.eps[-1]:g} % of the data, on the one image searched"
    change = _change(searches, name)
    if change == 0:
        return f"was not moved by {size}; nothing was found, which proves nothing"
    much = f"by at least {percent(change, rounding=ROUND_FLOOR)}" if np.isfinite(change) else "away from zero"
    return f"can be moved {much} by {size}"


def _unseen(facts):
    if facts is None:
        return ""
    m, n = facts.shape
    text = f"The data are {m} numbers for {n} unknowns ({percent(facts.rate)})."
    if facts.dimension.value == 0:
        return text + (" Every direction of the image leaves a trace in them, if perhaps a weak one." if
                       facts.dimension.kind != "lower" else "")
    at_least = "At least " if facts.dimension.kind == "lower" else ""
    return (f"{text} {at_least}{facts.dimension.value:.0f} directions of the image leave no trace in them; "
            f"they carry {span(facts.hidden.min(), facts.hidden.max())} of the norm of the images examined.")


def _accuracy(accuracy, name):
    if accuracy is None:
        return ""
    means = {key: f"{np.mean(values):.1f} dB" for key, values in accuracy.psnr.items()}
    others = ", ".join(f"{key} {means[key]}" for key in means if key != name)
    count = _count(len(accuracy.psnr[name]), "image")
    return (f"From clean data {name} reconstructs {count} with {means[name]} on average"
            + (f" ({others})." if others else "."))


def _guesswork(mirrors, name):
    if mirrors is None:
        return ""
    ratio, mirrored = _mean(mirrors.errors[name], mirrors), _mean(mirrors.mirror_errors[name], mirrors)
    source = (", so most of what it shows there comes from what it assumes or has learnt"
              if ratio < 0.5 else "")
    return (f"Its error is {readable(ratio)} times the unseen part{source}. Every image has a mirror image, "
            f"with the same data and the opposite unseen part; there its error is {readable(mirrored)} times "
            "that part. The two sum to at least 2 for every map there is.")


def _worst(searches, name):
    if searches is None:
        return ""
    gain, noise = searches.gains(name)[-1], searches.noise_gains(name)[-1]
    size = f"{100 * searches.eps[-1]:g} % of the data"
    text = (f"On the one image searched, the worst perturbation found, {size}, changes the image by "
            f"{_floor(gain)} times its own size; random noise of that size by {readable(noise)} times."
            if gain > 0 else f"No perturbation of {size} that was tried on one image changes it.")
    others = ", ".join(_gain(searches, key) for key in searches.worst if key != name)
    text += f" Attacked in the same way: {others}." if others else ""
    control = searches.control(name)
    doubt = "" if control.trusted else ", so it may miss much"
    return text + (f" On a linear map whose worst case is known, this search finds {percent(control.ratio)} "
                   f"of it{doubt}. No search shows that a map is stable.")


def _gain(searches, name):
    bound = searches.bounds.get(name)
    if bound is not None and bound.kind == "exact":
        return f"{name} {readable(bound.value, rounding=ROUND_CEILING)} and no more"
    return f"{name} at least {_floor(searches.gains(name)[-1])}"


def _detail(details, name):
    if details is None:
        return ""
    kept, hidden = details.kept[name], details.hidden
    seen, unseen = kept[np.argmin(hidden)], kept[np.argmax(hidden)]
    return (f"Of a small detail that the data see in full, {name} shows {_share(seen)}; of one of the same "
            f"norm that they do not see, {_share(unseen)}, as must every map.")


def _theorems(verdicts):
    if not verdicts:
        return ""
    proved = [c for c in verdicts if c.verdict.verified and c.verdict.rigorous]
    ideal = all(c.verdict.scope == "ideal" for c in proved)
    scope = ("The proofs are about the exact operator and map, not about floating-point copies of them."
             if ideal else "The proofs are about the images that the map returned.")
    text = f"{len(proved)} of {_count(len(verdicts), 'theorem')} are VERIFIED on this map with proof."
    rest = ", ".join(f"{c.theorem.slug} is {c.verdict.outcome}" for c in verdicts if c not in proved)
    text += f" {scope}" if proved else ""
    return text + (f" The rest: {rest}." if rest else "")


def _left_out(stages):
    reasons = [f"{stage.name}: {stage.reason}" for stage in stages if stage.state == "not applicable"]
    return f"{'; '.join(reasons)}." if reasons else ""


def _floor(value) -> str:
    return readable(value, rounding=ROUND_FLOOR)


def _mean(errors, mirrors) -> float:
    return float(np.mean(errors / mirrors.kernel_norms))


def _change(searches, name) -> float:
    """Return the largest change found, relative to the clean image; infinite only if it moves from zero."""
    clean = float(np.linalg.norm(searches.worst[name][-1].clean))
    change = float(searches.gains(name)[-1]) * searches.size(-1)
    if change == 0:
        return 0.0
    return change / clean if clean > 0 else float("inf")


def span(low, high) -> str:
    """Write a range of fractions, or one number if both ends read the same.

    >>> span(0.5, 0.501), span(0.25, 0.5)
    ('50\\xa0%', '25\\xa0% to 50\\xa0%')
    """
    return percent(low) if percent(low) == percent(high) else f"{percent(low)} to {percent(high)}"


def _share(value):
    return percent(value) if abs(value) >= 5e-4 else "nothing"


def _count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"
