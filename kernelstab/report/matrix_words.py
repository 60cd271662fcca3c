"""The card of a matrix in words and columns."""

from math import isinf

from kernelstab.report.numbers import readable


def card_text(card) -> str:
    """Return the card: what was measured, a row for each order, and what follows for recovery."""
    lines = [f"{name:<10} {text}" for name, text in _facts(card)]
    if card.isometry or card.alpha:
        lines += ["", f"{'s':>3}  {'delta_s':<26}{'alpha_s':<26}basis pursuit"]
        lines += [_row(card, s) for s in range(1, max(len(card.isometry), len(card.alpha)) + 1)]
    lines += ["", *_consequences(card)]
    if card.interrupted:
        lines.append("interrupted: what stands here is true, but the search was not finished")
    lines.append("computed in floating point, rounding errors included; certificates prove it")
    return "\n".join(lines)


def _facts(card):
    m, n = card.matrix.shape
    low, high = (f"{length:.4g}" for length in card.lengths)
    kind = "complex" if card.matrix.dtype.kind == "c" else "real"
    length = "1" if card.unit else low if low == high else f"{low} to {high}"
    yield "matrix", f"{m} x {n}, {kind}, columns of length {length}"
    above, below = card.null.gap
    unclear = "".join(f" or {other.rank}" for other in card.null.alternatives)
    beside = f" and {below:.3g}" if card.null.rank < min(m, n) else ""
    yield "rank", (f"{card.null.rank}{unclear}, kernel of dimension {card.null.dimension}; singular value"
                   f"{'s' if beside else ''} {above:.3g}{beside} beside the tolerance {card.null.tol:.1e}")
    if card.coherence is not None:
        pair = _columns(card.coherence.pair)
        yield "coherence", (f"{card.coherence.mu:.6g} at {pair}, of the columns divided by their lengths; no "
                            f"matrix of this shape is below {card.coherence.welch_lower:.6g}")
    if card.spark is not None:
        yield "spark", f"{_spark_text(card.spark)}{_other_reading(card)}"


def _spark_text(spark):
    if isinf(spark.lower):
        return "infinite: all columns together are independent"
    value = f"{spark.lower}" if spark.exact else f"between {spark.lower} and {spark.upper}"
    return f"{value}; dependent are {_columns(spark.support)}"


def _other_reading(card):
    """Say what floating point makes of the spark, if it is something else."""
    other = card.spark_float
    if other is None or other.upper >= card.spark.lower:
        return ""
    value = f"{other.lower}" if other.exact else f"between {other.lower} and {other.upper}"
    where = _columns(other.support)
    return f"\n{'':<10} that is the numbers as stored; up to rounding it is {value}: {where}"


def _columns(support):
    listed = ", ".join(map(str, support[:16])) + (", ..." if len(support) > 16 else "")
    return f"column{'' if len(support) == 1 else 's'} {listed}"


def _row(card, s):
    isometry = _two_sided(card.isometry[s - 1]) if s <= len(card.isometry) else "-"
    alpha = _two_sided(card.alpha[s - 1]) if s <= len(card.alpha) else "-"
    return f"{s:>3}  {isometry:<26}{alpha:<26}{_verdict(card, s)}".rstrip()


def _two_sided(result):
    if result.exact:
        return f"{result.upper:.8f}"
    return f"{result.lower:.6f} to {result.upper:.6f}"


def _verdict(card, s):
    if s > len(card.alpha):
        return "-"
    constant = card.alpha[s - 1]
    if constant.holds is None:
        return "1/2 up to rounding: a certificate can decide it" if constant.exact else "not decided"
    if constant.holds:
        return f"recovers every {s}-sparse vector"
    return f"fails on {_columns([int(i) for i in constant.support])}"


def _consequences(card):
    if card.null.dimension == 0:
        yield "the kernel is trivial: without noise every vector is determined by its data"
    elif card.unique:
        yield f"every {card.unique}-sparse vector is the only one of its kind with its data (2s < spark)"
    if not card.unit:
        yield "delta_s and alpha_s are about the columns as they stand (--normalise divides by their lengths)"
    if card.coherent:
        yield f"coherence alone promises recovery up to s = {card.coherent}"
    if card.promised:
        yield f"the isometry constant of order {2 * card.promised} alone promises it to s = {card.promised}"
    if card.recovered:
        rho = card.alpha[card.recovered - 1].rho_upper
        yield f"basis pursuit recovers every vector up to s = {card.recovered}; alpha/(1 - alpha) = {rho:.6g}"
    if card.robust is not None:
        factor = readable(card.robust.upper, 4)
        yield (f"with noise eta, constrained basis pursuit errs by at most {factor} eta in the 1-norm on "
               f"{card.robust.s}-sparse vectors")
