"""All supports of one size, cut into pieces that threads can work through."""

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
