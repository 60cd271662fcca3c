"""What proofs about null space constants share: weights, levels, the best part, groups of duals."""

from math import lcm

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import Array
from kernelstab.certify.constants.reading import index_set, integers, matrix_rows, rationals


def read_levels(order, options, width) -> list[tuple[list[int], int]]:
    """Return the levels as lists of columns, each with the number of columns a support may hold.

    >>> read_levels(2, {}, 3)
    [([0, 1, 2], 2)]
    """
    if ("levels" in options) != ("sparsities" in options):
        raise CertificateError("levels and sparsities belong together")
    if order is None or not 1 <= order <= width:
        raise CertificateError(f"order must lie in [1, {width}], got {order!r:.60}")
    if "levels" not in options:
        return [(list(range(width)), order)]
    sparsities = integers(options["sparsities"], "sparsities", 0, width)
    labels = integers(options["levels"], "levels", 0, len(sparsities) - 1)
    if len(labels) != width or order != sum(sparsities):
        raise CertificateError(f"levels must label {width} columns and order be the sum of the sparsities, "
                               f"got {len(labels)} labels and order {order}")
    return [([j for j in range(width) if labels[j] == k], free) for k, free in enumerate(sparsities)]


def read_weights(options, width) -> tuple[list[int], int]:
    """Return the weights as integers over one denominator.

    >>> read_weights({"weights": [0.5, 2]}, 2), read_weights({}, 2)
    (([1, 4], 2), ([1, 1], 1))
    """
    if "weights" not in options:
        return [1] * width, 1
    weights = rationals(options["weights"], "weights", width)
    if min(weights) <= 0:
        raise CertificateError("weights must be positive")
    common = lcm(*{weight.denominator for weight in weights})
    return [weight.numerator * (common // weight.denominator) for weight in weights], common


def best_part(sizes, levels):
    """Return the largest sum of entries of an admissible support.

    >>> best_part([3, 1, 2, 5], [([0, 1, 2], 2), ([3], 0)])
    5
    """
    return sum(sum(sorted((sizes[j] for j in columns), reverse=True)[:free]) for columns, free in levels)


def read_groups(groups, width, order):
    """Return the supports, signs and duals of all groups.

    Signs are returned as they are written; only that the shapes fit is checked.
    """
    if not isinstance(groups, list) or not groups:
        raise CertificateError("groups must be a list of groups")
    supports, signs, duals = [], [], []
    for group in groups:
        if not isinstance(group, dict) or set(group) != {"supports", "signs", "duals"}:
            raise CertificateError("a group needs the fields duals, signs and supports")
        rows = matrix_rows(group["supports"], "supports", (None, None))
        if not 1 <= len(rows[0]) <= order:
            raise CertificateError(f"a support must have 1 to {order} columns, got {len(rows[0])}")
        supports += [index_set(Array((len(row),), row), "a support", width) for row in rows]
        signs += matrix_rows(group["signs"], "signs", (len(rows), len(rows[0])))
        duals.append(group["duals"])
    return supports, signs, duals
