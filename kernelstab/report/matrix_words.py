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
    lines.append("bounds are computed with their rounding errors; --certificate FILE makes them proofs")
    return "\n".join(lines)


def _facts(card):
    m, n = card.matrix.shape
    low, high = card.lengths
    kind = "complex" if card.matrix.dtype.kind == "c" else "real"
    unit = "of length 1" if max(abs(low - 1), abs(high - 1)) < 1e-12 else f"of length {low:.4g} to {high:.4g}"
    yield "matrix", f"{m} x {n}, {kind}, columns {unit}"
    above, below = card.null.gap
    unclear = "".join(f" or {other.rank}" for other in card.null.alternatives)
    yield "rank", (f"{card.null.rank}{unclear}, kernel of dimension {card.null.dimension}; singular values "
                   f"{above:.3g} and {below:.3g} beside the tolerance {card.null.tol:.1e}")
    if card.coherence is not None:
        pair = _columns(card.coherence.pair)
        yield "coherence", (f"{card.coherence.mu:.6g} at columns {pair}; no matrix of "
                            f"this shape is below {card.coherence.welch_lower:.6g}")
    if card.spark is not None:
        yield "spark", _spark_text(card.spark)


def _spark_text(spark):
    if isinf(spark.lower):
        return "infinite: all columns together are independent"
    value = f"{spark.lower}" if spark.exact else f"between {spark.lower} and {spark.upper}"
    return f"{value}; dependent columns {_columns(spark.support)}"


def _columns(support):
    return ", ".join(map(str, support[:12])) + (", ..." if len(support) > 12 else "")


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
        return "not decided"
    if constant.holds:
        return f"recovers every {s}-sparse vector"
    return f"fails on columns {_columns([int(i) for i in constant.support])}"


def _consequences(card):
    if card.null.dimension == 0:
        yield "the kernel is trivial: without noise every vector is determined by its data"
    elif card.spark is not None and card.spark.lower > 2:
        sparsity = int((card.spark.lower - 1) // 2)
        yield f"every {sparsity}-sparse vector is the only one of its kind with its data (2s < spark)"
    if card.coherence is not None and card.coherence.sparsity:
        yield f"coherence alone promises recovery up to s = {card.coherence.sparsity}"
    if card.promised:
        yield f"the isometry constant of order {2 * card.promised} alone promises it to s = {card.promised}"
    if card.recovered:
        rho = card.alpha[card.recovered - 1].rho_upper
        yield f"basis pursuit recovers every vector up to s = {card.recovered} (stable constant {rho:.6g})"
    if card.robust is not None:
        factor = readable(card.robust.upper, 4)
        yield (f"with noise eta, constrained basis pursuit errs by at most {factor} eta in the 1-norm on "
               f"{card.robust.s}-sparse vectors")
