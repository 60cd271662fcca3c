"""Searches over all supports of one size, depth first: supports that begin alike share their eliminations.

``dependent_sets`` serves the spark, ``extreme_support`` the isometry constants and the priors of sparse
signals. A search is cut into pieces, one prefix of a support each, which threads go through in order.
Ten nanoseconds a support; two seconds of compilation for each of the two, and for each arithmetic.
"""

from math import comb


def pieces(n, size, most, prefix=()):
    """Yield ``(prefix, count)`` such that every support of ``size`` out of ``n`` begins with one prefix.

    A prefix stands for the ``count`` supports that continue it with larger indices; it is
    lengthened until ``count`` is at most ``most``, or two free places are left.

    >>> list(pieces(4, 3, 2))
    [((0,), 3), ((1,), 1)]
    """
    free = size - len(prefix)
    start = prefix[-1] + 1 if prefix else 0
    count = comb(n - start, free)
    if count == 0:
        return
    if count <= most or free <= 2:
        yield prefix, count
        return
    for first in range(start, n):
        yield from pieces(n, size, most, (*prefix, first))


def orders_to_search(n, sizes, budget, many):
    """Return the largest size whose supports the budget allows, after cheap smaller ones if there are many.

    Where there are more than ``many`` supports, each size costs at least eight times the one before.

    >>> orders_to_search(30, range(2, 10), 10**7, 10**6)
    [6, 8]
    """
    affordable = [k for k in sizes if comb(n, k) <= budget]
    chain = affordable[-1:]
    for k in reversed(affordable[:-1]):
        if comb(n, chain[0]) > many and 8 * comb(n, k) <= comb(n, chain[0]):
            chain.insert(0, k)
    return chain
