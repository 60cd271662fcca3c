"""Compiled periodic two-channel filter banks along the axes of a corner of an array.

Both directions are one kernel: from two sequences make two others, every output a sum over
``taps`` neighbours in both inputs. Analysis makes (low, high) from the (even, odd) samples,
synthesis the reverse with the transposed table.
"""

import numpy as np
from numba import njit

STRIP = 16      # reals of neighbouring lines that are filtered together: two cache lines
CHUNK = 256     # outputs that stay in the first cache while all taps are added


@njit(cache=True, nogil=True)
def _mix(first, second, table, width, size, out_first, out_second):
    """Filter padded sequences of cells of ``width`` reals; ``table[i]`` has the four weights of tap i."""
    taps = table.shape[0]
    for start in range(0, size, CHUNK):
        stop = min(start + CHUNK, size)
        count = stop - start
        p, q = out_first[start:stop], out_second[start:stop]
        i = 0
        if taps % 2 == 1:
            a, b = first[start:stop], second[start:stop]
            w0, w1, w2, w3 = table[0, 0], table[0, 1], table[0, 2], table[0, 3]
            for t in range(count):
                p[t] = w0 * a[t] + w1 * b[t]
                q[t] = w2 * a[t] + w3 * b[t]
            i = 1
        else:
            for t in range(count):
                p[t] = 0.0
                q[t] = 0.0
        while i < taps:
            shift = start + i * width
            a, b = first[shift:shift + count], second[shift:shift + count]
            shift += width
            c, d = first[shift:shift + count], second[shift:shift + count]
            w0, w1, w2, w3 = table[i, 0], table[i, 1], table[i, 2], table[i, 3]
            v0, v1, v2, v3 = table[i + 1, 0], table[i + 1, 1], table[i + 1, 2], table[i + 1, 3]
            for t in range(count):
                p[t] += (w0 * a[t] + w1 * b[t]) + (v0 * c[t] + v1 * d[t])
                q[t] += (w2 * a[t] + w3 * b[t]) + (v2 * c[t] + v3 * d[t])
            i += 2


@njit(cache=True, nogil=True)
def _gather(data, places, step, cells, count):
    """Copy ``count`` samples of each line, ``step`` reals apart, so that lines stand side by side."""
    width = places.size
    if width == STRIP and places[STRIP - 1] - places[0] == STRIP - 1:
        place = places[0]
        for i in range(count):
            a, b = cells[i * STRIP:(i + 1) * STRIP], data[place + i * step:place + i * step + STRIP]
            for c in range(STRIP):
                a[c] = b[c]
        return
    for c in range(width):
        a, b = cells[c:], data[places[c]:]
        for i in range(count):
            a[i * width] = b[i * step]


@njit(cache=True, nogil=True)
def _scatter(data, places, step, cells, count):
    """Undo ``_gather``."""
    width = places.size
    if width == STRIP and places[STRIP - 1] - places[0] == STRIP - 1:
        place = places[0]
        for i in range(count):
            a, b = cells[i * STRIP:(i + 1) * STRIP], data[place + i * step:place + i * step + STRIP]
            for c in range(STRIP):
                b[c] = a[c]
        return
    for c in range(width):
        a, b = cells[c:], data[places[c]:]
        for i in range(count):
            b[i * step] = a[i * width]


@njit(cache=True, nogil=True)
def _load(data, places, step, half, shift, padded):
    """Copy samples ``shift, shift + 1, ...`` modulo ``half`` of every line."""
    shift %= half
    split, period = (half - shift) * places.size, half * places.size
    _gather(data, places + shift * step, step, padded[:split], half - shift)
    _gather(data, places, step, padded[split:], shift)
    for i in range(period, padded.size):
        padded[i] = padded[i - period]


@njit(cache=True, nogil=True)
def _store(data, places, step, half, shift, cells):
    shift %= half
    split = (half - shift) * places.size
    _scatter(data, places + shift * step, step, cells[:split], half - shift)
    _scatter(data, places, step, cells[split:], shift)


@njit(cache=True, nogil=True)
def _lines(source, target, starts, stride, n, table, shifts, forward, scratch):
    """Transform the lines of ``n`` samples that begin at ``starts``, a strip at a time."""
    half, taps = n // 2, table.shape[0]
    # samples interleave, channels stand one half after the other
    if forward:
        read, second, write, other = 2 * stride, stride, stride, half * stride
    else:
        read, second, write, other = stride, half * stride, 2 * stride, stride
    for c in range(0, starts.size, STRIP):
        places = starts[c:c + STRIP]
        long, size = (half + taps - 1) * places.size, half * places.size
        a, b, p, q = scratch[0, :long], scratch[1, :long], scratch[2, :size], scratch[3, :size]
        _load(source, places, read, half, shifts[0], a)
        _load(source, places + second, read, half, shifts[1], b)
        _mix(a, b, table, places.size, size, p, q)
        _store(target, places, write, half, 0, p)
        _store(target, places + other, write, half, shifts[2], q)


@njit(cache=True, nogil=True)
def _axis(source, target, axis, sizes, shape, parts, table, shifts, forward):
    """Transform one axis of the corner of the given sizes; a sample is ``parts`` reals."""
    strides = (shape[1] * shape[2] * parts, shape[2] * parts, parts)
    n = sizes[axis]
    scratch = np.empty((4, (n // 2 + table.shape[0] - 1) * STRIP))
    outer, lines, group = (0, 1, parts) if axis == 2 else (1 - axis, 2, sizes[2] * parts)
    hop = strides[lines] if axis == 2 else 0
    starts = np.empty(sizes[lines] * parts, dtype=np.int64)
    for i in range(starts.size):
        starts[i] = i // group * hop + i % group
    for i in range(sizes[outer]):
        _lines(source, target, starts + i * strides[outer], strides[axis], n, table, shifts, forward, scratch)


@njit(cache=True, nogil=True)
def analyse(image, coefficients, shape, parts, level, table, shifts):
    """Fill ``coefficients`` level by level, each the top left corner of the one before."""
    for j in range(level):
        sizes = (max(shape[0] >> j, 1), max(shape[1] >> j, 1), max(shape[2] >> j, 1))
        source = image if j == 0 else coefficients
        for axis in range(2, -1, -1):
            if shape[axis] > 1:
                _axis(source, coefficients, axis, sizes, shape, parts, table, shifts, True)
                source = coefficients


@njit(cache=True, nogil=True)
def synthesise(image, shape, parts, level, table, shifts):
    """Undo ``analyse`` in place, the coarsest corner first."""
    for j in range(level - 1, -1, -1):
        sizes = (max(shape[0] >> j, 1), max(shape[1] >> j, 1), max(shape[2] >> j, 1))
        for axis in range(3):
            if shape[axis] > 1:
                _axis(image, image, axis, sizes, shape, parts, table, shifts, False)
