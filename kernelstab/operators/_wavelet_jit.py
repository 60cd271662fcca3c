"""Compiled periodic two-channel filter banks along the axes of a corner of an array.

Analysis and synthesis are one loop: from two sequences make two others, every output a sum over
``taps`` neighbours in both inputs. Analysis makes (low, high) from the (even, odd) samples,
synthesis the reverse with the transposed table.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER

STRIP = 16      # reals of neighbouring lines that are filtered together: two cache lines
CHUNK = 256     # outputs that stay in the first cache while all taps are added


@njit(**INNER)
def mix(first, second, table, width, size, out_first, out_second):
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


@njit(**INNER)
def copy(source, step, target, stride, width, count):
    """Copy ``count`` cells of ``width`` reals that begin ``step`` apart to places ``stride`` apart.

    Constant widths and steps are spelt out, which lets them run at vector speed.
    """
    if width == STRIP:
        for i in range(count):
            a, b = source[i * step:i * step + STRIP], target[i * stride:i * stride + STRIP]
            for c in range(STRIP):
                b[c] = a[c]
    elif width == step and width == stride:
        for i in range(count * width):
            target[i] = source[i]
    elif width == 1 and step == 2 and stride == 1:
        for i in range(count):
            target[i] = source[2 * i]
    elif width == 1 and step == 1 and stride == 2:
        for i in range(count):
            target[2 * i] = source[i]
    elif width == 2:
        for i in range(count):
            target[i * stride] = source[i * step]
            target[i * stride + 1] = source[i * step + 1]
    else:
        for i in range(count):
            for c in range(width):
                target[i * stride + c] = source[i * step + c]


@njit(**OUTER)
def transform(image, target, shape, parts, level, table, shifts, forward):
    """Analyse (``forward``) or synthesise an image into ``target``, which may be the image itself.

    A sample is ``parts`` reals. Each level is the corner of half the sides of the one before; analysis
    begins with the finest and the last axis, synthesis ends there. Along the last axis lines are rows,
    along another one neighbouring lines are taken together as one line of wider cells. Lines of a batch
    stand padded behind each other, so that one call filters them all; between two of them it computes
    some sums that nobody reads.
    """
    taps = table.shape[0]
    strides = (shape[1] * shape[2] * parts, shape[2] * parts, parts)
    length = (max(shape[0], shape[1], shape[2]) // 2 + taps - 1) * STRIP
    scratch, source = np.empty((4, length), target.dtype), image
    for k in range(3 * level):
        j, axis = k // 3, 2 - k % 3
        if not forward:
            j, axis = level - 1 - j, 2 - axis
        if shape[axis] == 1:
            continue
        half, stride = max(shape[axis] >> j, 1) // 2, strides[axis]
        # samples interleave, channels stand one half after the other
        if forward:
            read, second, write, other = 2 * stride, stride, stride, half * stride
        else:
            read, second, write, other = stride, half * stride, 2 * stride, stride
        rows, wide = max(shape[1] >> j, 1), max(shape[2] >> j, 1) * parts
        across, hop = 0 if axis == 2 else 1 - axis, strides[1]
        for i in range(max(shape[across] >> j, 1)):
            done = 0
            while done < (rows if axis == 2 else wide):
                if axis == 2:
                    width, count, base = parts, min(STRIP // parts, rows - done), done * hop
                    done += count
                else:
                    width, count, base = min(STRIP, wide - done), 1, done
                    done += width
                base += i * strides[across]
                padded, size = (half + taps - 1) * width, half * width
                for channel in range(2):
                    turn = shifts[channel] % half
                    split = (half - turn) * width
                    for b in range(count):
                        line = scratch[channel, b * padded:(b + 1) * padded]
                        place = base + b * hop + channel * second
                        copy(source[place + turn * read:], read, line, width, width, half - turn)
                        copy(source[place:], read, line[split:], width, width, turn)
                        for t in range(size, padded):
                            line[t] = line[t - size]
                total = (count - 1) * padded + size
                mix(scratch[0, :count * padded], scratch[1, :count * padded], table, width, total,
                    scratch[2, :total], scratch[3, :total])
                for channel in range(2):
                    turn = shifts[2] % half if channel == 1 else 0
                    split = (half - turn) * width
                    for b in range(count):
                        line = scratch[2 + channel, b * padded:b * padded + size]
                        place = base + b * hop + channel * other
                        copy(line, width, target[place + turn * write:], write, width, half - turn)
                        copy(line[split:], width, target[place:], write, width, turn)
        source = target
