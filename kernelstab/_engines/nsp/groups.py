"""The duals that prove the upper bound of a search, by support size."""

from itertools import combinations

import numpy as np

_MOST_NUMBERS = 2e7             # in the duals of one group


def dual_groups(search):
    """Collect supports, signs and duals of single columns, pairs, and the supports that pairs leave open.

    Whoever checks them takes for a pair the larger bound of its two sign patterns, which is weaker
    than what the search used; so the duals of supports that it leaves open are completed by those
    of sign patterns that the search settled without a program: the mean of their pairs' duals. Where
    these would fill more than 160 megabytes, or after Ctrl-C, they are left out and the rest proves less.
    """
    n, s = search.n, search.s
    groups = [_group(np.arange(n)[:, None], np.ones((n, 1)), search.single_duals)]
    if s == 1 or search.pairs is None:
        return groups
    singles = search.single_bounds
    table = np.add.outer(singles, singles)
    if s > 2:
        groups.append(_all_pairs(search))
        table = np.minimum(table, search.pairs.max(axis=2))
    keys = dict.fromkeys(_left_open(search, np.stack([table, table], axis=2)))
    solved = {}
    for supports, signs, duals in search.batches:
        solved |= {(tuple(a), tuple(b)): dual
                   for a, b, dual in zip(supports.tolist(), signs.tolist(), duals)}
    keys |= dict.fromkeys(solved)
    if keys:
        supports, signs = np.array([key[0] for key in keys]), np.array([key[1] for key in keys])
        duals = _mean_duals(search, supports, signs)
        for row, key in enumerate(keys):
            if key in solved:
                duals[row] = solved[key]
        groups.append(_group(supports, signs, duals))
    return groups


def _group(supports, signs, duals):
    return (np.array(supports, np.int64), np.array(signs, np.int8), np.array(duals))


def _all_pairs(search):
    """Return both sign patterns of every admissible pair."""
    levels, caps = search.programs.levels, search.programs.caps
    first, second = np.triu_indices(search.n, 1)
    admissible = np.where(levels[first] == levels[second], caps[levels[first]] > 1,
                          (caps[levels[first]] > 0) & (caps[levels[second]] > 0))
    pairs = np.column_stack([first, second])[admissible]
    supports = np.repeat(pairs, 2, axis=0)
    signs = np.tile([[1, 1], [1, -1]], (len(pairs), 1))
    return _group(supports, signs, search.pair_duals[pairs[:, 0], pairs[:, 1]].reshape(len(supports), -1))


def _left_open(search, table):
    """List the supports, with all signs, whose bound from a table without signs exceeds the upper bound."""
    keys, search.nodes = [], 0
    try:
        for supports, signs, _, _, last in search.supports_above(table, search.upper(), np.inf):
            keys += zip(map(tuple, supports.tolist()), map(tuple, signs.tolist()))
            if last:
                return keys
            if search.over_budget() or len(keys) * len(search.programs.matrix) > _MOST_NUMBERS:
                break
    except KeyboardInterrupt:           # the bounds are found already: less of them can be checked
        pass
    return []


def _mean_duals(search, supports, signs):
    """Return sums of duals of smaller supports, row by row for the signs asked for.

    For a pair those of its columns, else those of all pairs over ``s - 1``.
    """
    if search.s == 2:
        return (signs[:, :, None] * search.single_duals[supports]).sum(axis=1)
    total = np.zeros((len(supports), len(search.programs.matrix)))
    for a, b in combinations(range(search.s), 2):
        opposite = (signs[:, a] != signs[:, b]).astype(int)
        total += signs[:, a, None] * search.pair_duals[supports[:, a], supports[:, b], opposite]
    return total / (search.s - 1)
