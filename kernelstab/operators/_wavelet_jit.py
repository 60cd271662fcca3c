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
                p[t] = 0
                q[t] = 0
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
def _take(data, step, width, cells, count):
    """Copy ``count`` cells of ``width`` reals, ``step`` reals apart, side by side."""
    if width == STRIP:
        for i in range(count):
            a, b = cells[i * STRIP:(i + 1) * STRIP], data[i * step:i * step + STRIP]
            for c in range(STRIP):
                a[c] = b[c]
    elif width == 1 and step == 2:
        for i in range(count):
            cells[i] = data[2 * i]
    elif width == step:
        for i in range(count * width):
            cells[i] = data[i]
    elif width == 2 and step == 4:
        for i in range(count):
            cells[2 * i] = data[4 * i]
            cells[2 * i + 1] = data[4 * i + 1]
    else:
        for i in range(count):
            for c in range(width):
                cells[i * width + c] = data[i * step + c]


@njit(cache=True, nogil=True)
def _give(data, step, width, cells, count):
    """Undo ``_take``."""
    if width == STRIP:
        for i in range(count):
            a, b = cells[i * STRIP:(i + 1) * STRIP], data[i * step:i * step + STRIP]
            for c in range(STRIP):
                b[c] = a[c]
    elif width == 1 and step == 2:
        for i in range(count):
            data[2 * i] = cells[i]
    elif width == step:
        for i in range(count * width):
            data[i] = cells[i]
    elif width == 2 and step == 4:
        for i in range(count):
            data[4 * i] = cells[2 * i]
            data[4 * i + 1] = cells[2 * i + 1]
    else:
        for i in range(count):
            for c in range(width):
                data[i * step + c] = cells[i * width + c]


@njit(cache=True, nogil=True)
def _load(data, place, step, half, shift, width, padded):
    """Copy cells ``shift, shift + 1, ...`` modulo ``half`` until ``padded`` is full."""
    shift %= half
    split, period = (half - shift) * width, half * width
    _take(data[place + shift * step:], step, width, padded[:split], half - shift)
    _take(data[place:], step, width, padded[split:], shift)
    for i in range(period, padded.size):
        padded[i] = padded[i - period]


@njit(cache=True, nogil=True)
def _store(data, place, step, half, shift, width, cells):
    """Write ``half`` cells to ``shift, shift + 1, ...`` modulo ``half``."""
    shift %= half
    split = (half - shift) * width
    _give(data[place + shift * step:], step, width, cells[:split], half - shift)
    _give(data[place:], step, width, cells[split:], shift)


@njit(cache=True, nogil=True)
def _lines(source, target, base, hop, lines, width, stride, n, table, shifts, forward, scratch):
    """Transform ``lines`` lines of ``n`` cells, which begin ``hop`` reals apart, in batches.

    The padded lines of one batch stand behind each other, so one call filters them all; between two
    lines it computes some sums that nobody reads.
    """
    half, taps = n // 2, table.shape[0]
    # samples interleave, channels stand one half after the other
    if forward:
        read, second, write, other = 2 * stride, stride, stride, half * stride
    else:
        read, second, write, other = stride, half * stride, 2 * stride, stride
    long, size, batch = (half + taps - 1) * width, half * width, max(STRIP // width, 1)
    for c in range(0, lines, batch):
        count = min(batch, lines - c)
        for k in range(count):
            place, span = base + (c + k) * hop, slice(k * long, (k + 1) * long)
            _load(source, place, read, half, shifts[0], width, scratch[0, span])
            _load(source, place + second, read, half, shifts[1], width, scratch[1, span])
        total = (count - 1) * long + size
        _mix(scratch[0, :count * long], scratch[1, :count * long], table, width, total,
             scratch[2, :total], scratch[3, :total])
        for k in range(count):
            place, span = base + (c + k) * hop, slice(k * long, k * long + size)
            _store(target, place, write, half, 0, width, scratch[2, span])
            _store(target, place + other, write, half, shifts[2], width, scratch[3, span])


@njit(cache=True, nogil=True)
def _axis(source, target, axis, sizes, shape, parts, table, shifts, forward):
    """Transform one axis of the corner of the given sizes; a sample is ``parts`` reals.

    Along the last axis the lines are rows. Along another one, neighbouring lines are taken
    together as one line of wider cells.
    """
    strides = (shape[1] * shape[2] * parts, shape[2] * parts, parts)
    n, stride = sizes[axis], strides[axis]
    scratch = np.empty((4, (n // 2 + table.shape[0] - 1) * STRIP), target.dtype)
    if axis == 2:
        for i in range(sizes[0]):
            _lines(source, target, i * strides[0], strides[1], sizes[1], parts, stride, n,
                   table, shifts, forward, scratch)
        return
    inner = sizes[2] * parts
    full = inner // STRIP
    for i in range(sizes[1 - axis]):
        base = i * strides[1 - axis]
        _lines(source, target, base, STRIP, full, STRIP, stride, n, table, shifts, forward, scratch)
        if inner > full * STRIP:
            _lines(source, target, base + full * STRIP, 0, 1, inner - full * STRIP, stride, n,
                   table, shifts, forward, scratch)


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
