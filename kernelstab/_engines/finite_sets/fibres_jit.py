"""Compiled loops over pairs of signals and over the members of fibres.

Signals and measurements are sorted by ``key``, one coordinate of the measurements, so that everything
near in the measurements lies in a window of it.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER


@njit(**INNER)
def _square(a, i, b, j, limit):
    """Return the squared distance of two rows, or something above ``limit`` if it is above it."""
    total, k, width = 0.0, 0, a.shape[1]
    while k + 4 <= width:
        d0, d1 = a[i, k] - b[j, k], a[i, k + 1] - b[j, k + 1]
        d2, d3 = a[i, k + 2] - b[j, k + 2], a[i, k + 3] - b[j, k + 3]
        total += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
        if total > limit:
            return total
        k += 4
    while k < width:
        d = a[i, k] - b[j, k]
        total += d * d
        k += 1
    return total


@njit(**INNER)
def _length(a, i, j):
    """Return the squared distance of two rows, in four sums that do not wait for each other."""
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    k, width = 0, a.shape[1]
    while k + 4 <= width:
        d0, d1 = a[i, k] - a[j, k], a[i, k + 1] - a[j, k + 1]
        d2, d3 = a[i, k + 2] - a[j, k + 2], a[i, k + 3] - a[j, k + 3]
        s0 += d0 * d0
        s1 += d1 * d1
        s2 += d2 * d2
        s3 += d3 * d3
        k += 4
    while k < width:
        d = a[i, k] - a[j, k]
        s0 += d * d
        k += 1
    return (s0 + s1) + (s2 + s3)


@njit(**OUTER)
def farthest(rows, key, seen, signals, radii, window, near, sure, best):
    """Find the farthest of the pairs (i, j > i in key order) that are near in the measurements.

    ``near`` and ``sure`` are squared limits: what rounding could let in, and what is measured to be in.
    Pairs that cannot exceed ``best`` are skipped. Returns the largest squared distance of a sure pair, the
    pair, and the largest of a possible one.
    """
    found, first, second, possible = best, -1, -1, best
    length = np.sqrt(best)
    for i in rows:
        for j in range(i + 1, len(key)):
            if key[j] - key[i] > window:
                break
            if radii[i] + radii[j] <= length:
                continue
            gap = _square(seen, i, seen, j, near)
            if gap > near:
                continue
            size = _length(signals, i, j)
            possible = max(possible, size)
            if size > found and gap <= sure:
                found, first, second = size, i, j
                length = np.sqrt(found)
    return found, first, second, possible


@njit(**OUTER)
def measure_pairs(pairs, seen, signals, gaps, sizes):
    """Write the squared distances of pairs of rows, of their measurements and of the signals."""
    for k in range(len(pairs)):
        gaps[k] = _length(seen, pairs[k, 0], pairs[k, 1])
        sizes[k] = _length(signals, pairs[k, 0], pairs[k, 1])


@njit(**OUTER)
def long_pairs(rows, key, seen, signals, radii, window, near, least, pairs, sizes):
    """Write the pairs near in the measurements whose squared distance exceeds ``least``; return their number.

    Counting goes on when the arrays are full, so that the caller sees what is missing.
    """
    count, length = 0, np.sqrt(least)
    for i in rows:
        for j in range(i + 1, len(key)):
            if key[j] - key[i] > window:
                break
            if radii[i] + radii[j] <= length or _square(seen, i, seen, j, near) > near:
                continue
            size = _length(signals, i, j)
            if size > least:
                if count < len(sizes):
                    pairs[count, 0], pairs[count, 1], sizes[count] = i, j, size
                count += 1
    return count


@njit(**OUTER)
def shared_neighbours(i, j, low, high, seen, signals, near, longest, found):
    """Write the rows near both ends of a pair in the measurements and within ``longest``; count them."""
    count = 0
    for k in range(low, high):
        if k in (i, j) or _square(seen, i, seen, k, near) > near:
            continue
        if _square(seen, j, seen, k, near) > near:
            continue
        if _square(signals, i, signals, k, longest) > longest:
            continue
        if _square(signals, j, signals, k, longest) <= longest:
            found[count] = k
            count += 1
    return count


@njit(**INNER)
def spread(signals, members, count, p, mean, own):
    """Return the mean p-th power of the distance over pairs of members; ``own`` gets it for each member.

    ``mean`` holds one signal, used at ``p = 2`` where the pairs need not be formed.
    """
    width, total = signals.shape[1], 0.0
    if p == 2.0:
        for k in range(width):
            mean[k] = 0.0
        for a in range(count):
            for k in range(width):
                mean[k] += signals[members[a], k]
        for k in range(width):
            mean[k] /= count
        for a in range(count):
            square = 0.0
            for k in range(width):
                d = signals[members[a], k] - mean[k]
                square += d * d
            own[a] = square
            total += square
        for a in range(count):
            own[a] = (count * own[a] + total) / (count - 1)
        return 2.0 * total / (count - 1)
    for a in range(count):
        own[a] = 0.0
    for a in range(count):
        for b in range(a):
            power = _length(signals, members[a], members[b]) ** (0.5 * p)
            own[a] += power
            own[b] += power
    for a in range(count):
        total += own[a]
        own[a] /= count - 1
    return total / (count * (count - 1.0))


@njit(**OUTER)
def ball_fibres(query_key, query, products, low, key, seen, squares, signals, window, limit, margin, p,
                weights, counts, values, influence):
    """Fill in the sizes and spreads of the fibres within a squared radius of some measurements.

    ``products`` are the inner products with ``seen[low:]``: they sort out what is far, up to a ``margin``,
    before a distance is computed. ``influence`` gathers how much the sum of all weighted spreads changes
    with the weight of a signal inside its fibres.
    """
    members, own = np.empty(len(key), dtype=np.int64), np.empty(len(key))
    mean = np.empty(signals.shape[1])
    for k in range(len(query)):
        count, size = 0, 0.0
        for c in range(query.shape[1]):
            size += query[k, c] * query[k, c]
        bound = 0.5 * (size - limit - margin)
        for j in range(np.searchsorted(key, query_key[k] - window), len(key)):
            if key[j] > query_key[k] + window:
                break
            if products[k, j - low] - 0.5 * squares[j] < bound:
                continue
            if _square(query, k, seen, j, limit) <= limit:
                members[count] = j
                count += 1
        counts[k] = count
        if count > 1:
            values[k] = spread(signals, members, count, p, mean, own)
            for a in range(count):
                influence[members[a]] += weights[k] * 2.0 * (own[a] - values[k]) / count


@njit(**OUTER)
def group_fibres(start, stop, order, offsets, signals, p, values):
    """Fill in the spread of fibres given as stretches of a list of members."""
    own, mean = np.empty(len(order)), np.empty(signals.shape[1])
    for k in range(start, stop):
        members = order[offsets[k]:offsets[k + 1]]
        if len(members) > 1:
            values[k] = spread(signals, members, len(members), p, mean, own)
