"""From random words to random numbers: the arithmetic between a stream of 32-bit words and a distribution.

Every function here is pure: it takes an array of ``uint32`` words and returns samples; `tinygrad_cn.random` decides
how many words are drawn and in which order. The constants are those of PyTorch's CPU kernels, found by experiment, so
that the same words give the same numbers: a float32 uniform is the low 24 bits of one word, a float64 uniform the low
53 bits of two words (the first is the high half), and ``x * scale + shift`` is rounded once, as a fused multiply-add
does.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = [
    "box_muller",
    "box_muller_blocks",
    "fisher_yates",
    "fused_multiply_add",
    "integers_below",
    "less_than",
    "uniform24",
    "uniform53",
    "uniform_between",
    "words64",
]

_LOW24 = np.uint32(2**24 - 1)
_LOW21 = np.uint32(2**21 - 1)
_LOW32 = np.uint64(2**32 - 1)
_LOW53 = np.uint64(2**53 - 1)
_THIRTY_TWO = np.uint64(32)


def words64(words: np.ndarray) -> np.ndarray:
    """Pairs of 32-bit words as 64-bit words; the first of a pair is the high half.

    Args:
        words: ``uint32`` array.
    Shape:
        ``(2 * n,) -> (n,)``

    >>> import numpy as np
    >>> words64(np.array([1, 2], np.uint32))
    array([4294967298], dtype=uint64)
    """
    high = words[0::2].astype(np.uint64)
    high <<= _THIRTY_TWO
    high |= words[1::2]
    return high


def uniform24(words: np.ndarray) -> np.ndarray:
    """Float32 uniforms in [0, 1): 24 bits of each word.

    Args:
        words: ``uint32`` array.
    Shape:
        ``(n,) -> (n,)``

    >>> import numpy as np
    >>> uniform24(np.array([2**23, 2**24], np.uint32))
    array([0.5, 0. ], dtype=float32)
    """
    bits = words & _LOW24
    # int32 converts to float32 in one vector instruction, uint32 does not
    return np.multiply(bits.view(np.int32), np.float32(2.0**-24), dtype=np.float32, casting="unsafe")


def uniform53(words: np.ndarray) -> np.ndarray:
    """Float64 uniforms in [0, 1): 53 bits of each pair of words.

    Args:
        words: ``uint32`` array.
    Shape:
        ``(2 * n,) -> (n,)``

    >>> import numpy as np
    >>> uniform53(np.array([2**20, 0], np.uint32))
    array([0.5])
    """
    bits = words64(words)
    bits &= _LOW53
    return np.multiply(bits.view(np.int64), 2.0**-53, dtype=np.float64)


def uniform_between(uniforms: np.ndarray, low: float, high: float, dtype: np.dtype) -> np.ndarray:
    """Uniforms in [0, 1) moved to [low, high), in the precision of ``uniforms`` and then in ``dtype``.

    A result that rounds up to ``high`` becomes ``low``, so that the interval stays half open.

    Args:
        uniforms: ``float32`` or ``float64`` array.
        low, high: the bounds.
        dtype: the dtype of the result.

    >>> import numpy as np
    >>> uniform_between(np.array([0.0, 0.5]), -1.0, 1.0, np.dtype(np.float64))
    array([-1.,  0.])
    """
    kind = uniforms.dtype.type
    start, end = kind(low), kind(high)
    moved = uniforms if low == 0.0 and high == 1.0 else fused_multiply_add(uniforms, end - start, start)
    moved = moved.astype(dtype, copy=False)
    if dtype.itemsize == 2 or moved is not uniforms:
        moved[moved == dtype.type(end)] = dtype.type(start)
    return moved


def less_than(words: np.ndarray, p: float) -> np.ndarray:
    """Whether ``uniform53(words) < p``, without making the uniforms.

    Args:
        words: ``uint32`` array.
        p: a probability.
    Shape:
        ``(2 * n,) -> (n,)``, bool

    >>> import numpy as np
    >>> less_than(np.array([2**19, 0, 2**20, 0], np.uint32), 0.5)
    array([ True, False])
    """
    threshold = math.ceil(math.ldexp(p, 53))  # exact: u < p exactly when its 53 bits lie below this integer
    high, low = divmod(threshold, 2**32)
    leading = words[0::2] & _LOW21
    result = leading < np.uint32(high)
    undecided = np.flatnonzero(leading == np.uint32(high))  # about one in two million
    result[undecided] = words[2 * undecided + 1] < np.uint32(low)
    return result


def integers_below(words: np.ndarray, span: int) -> np.ndarray:
    """The words modulo ``span`` (any positive integer up to 2**64), as ``uint64``.

    The bias of the modulus is PyTorch's, at most one part in 16 (span just below 2**28 with 32-bit words).

    Args:
        words: ``uint32`` or ``uint64`` array.
        span: how many integers there are to choose from.

    >>> import numpy as np
    >>> integers_below(np.array([12, 5], np.uint32), 10)
    array([2, 5], dtype=uint64)
    """
    if span == 2**64:
        return words.astype(np.uint64)
    remainder: np.ndarray = words % words.dtype.type(span)
    return remainder.astype(np.uint64, copy=False)


def box_muller_blocks(uniforms: np.ndarray) -> np.ndarray:
    """Standard normals from uniforms, in blocks of sixteen: eight radii, eight angles give eight cosines, eight sines.

    Box and Muller, "A Note on the Generation of Random Normal Deviates" (1958).

    Args:
        uniforms: ``float32`` or ``float64`` array in [0, 1).
    Shape:
        ``(16 * n,) -> (16 * n,)``

    >>> import numpy as np
    >>> bool(np.all(box_muller_blocks(np.zeros(16)) == 0))
    True
    """
    kind = uniforms.dtype.type
    blocks = uniforms.reshape(-1, 2, 8)  # (blocks, radius | angle, 8)
    radius = kind(1) - blocks[:, 0]  # in (0, 1]: the logarithm is finite
    np.log(radius, out=radius)
    radius *= kind(-2)
    np.sqrt(radius, out=radius)
    angle = blocks[:, 1] * kind(2 * math.pi)
    normals = np.empty_like(blocks)
    np.multiply(radius, np.cos(angle), out=normals[:, 0])
    np.multiply(radius, np.sin(angle), out=normals[:, 1])
    return normals.reshape(-1)


def box_muller(uniforms: np.ndarray) -> np.ndarray:
    """Standard normals from pairs of uniforms (angle, radius), each pair giving a cosine and a sine.

    Args:
        uniforms: ``float64`` array in [0, 1).
    Shape:
        ``(2 * n,) -> (2 * n,)``

    >>> import numpy as np
    >>> box_muller(np.zeros(2))
    array([0., 0.])
    """
    angle = uniforms[0::2] * (2.0 * math.pi)
    radius = np.sqrt(-2.0 * np.log1p(-uniforms[1::2]))
    normals = np.empty_like(uniforms)
    np.multiply(radius, np.cos(angle), out=normals[0::2])
    np.multiply(radius, np.sin(angle), out=normals[1::2])
    return normals


def fisher_yates(targets: np.ndarray) -> np.ndarray:
    """The permutation that the swaps ``r[i], r[targets[i]] = r[targets[i]], r[i]`` for i = 0, 1, ... leave behind.

    Position i is read for good at step i, so what stands there was brought by the last earlier step that
    aimed at i: a chain of steps to follow back, which doubling the jump follows for all positions at once.

    Args:
        targets: ``int64`` array with ``targets[i] >= i``.
    Shape:
        ``(n,) -> (n,)``

    >>> import numpy as np
    >>> fisher_yates(np.array([2, 1, 2]))
    array([2, 1, 0])
    """
    n = targets.size
    steps = np.arange(n)
    moves = np.flatnonzero(targets != steps)  # a step that aims at itself moves nothing
    brought = steps.copy()  # brought[i]: the last step before i that aimed at i, or i itself
    brought[targets[moves]] = moves  # ascending steps: the last one stays
    while True:
        further = brought[brought]
        if np.array_equal(further, brought):
            break
        brought = further
    # brought[i] is now the number that step i moves away; what it takes was left by the last step with its target
    keys = targets * n + steps
    keys.sort()
    aims, order = np.divmod(keys, n)
    result = np.empty(n, np.int64)
    result[order] = aims
    again = np.flatnonzero(aims[1:] == aims[:-1])
    result[order[again + 1]] = brought[order[again]]
    return result


# ------------------------------------------------------------------------------------ one rounding


def fused_multiply_add(x: np.ndarray, factor: float, addend: float) -> np.ndarray:
    """``x * factor + addend`` rounded once, as the processor's fused multiply-add gives it.

    Float32 goes through float64, where the product is exact; the sum is then rounded twice, which shows once in
    about 2**29 numbers. Float64 follows Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved
    algorithms using rounding to odd" (2008), and is exact away from overflow and underflow.

    Args:
        x: ``float32`` or ``float64`` array.
        factor, addend: numbers of that precision.

    >>> import numpy as np
    >>> fused_multiply_add(np.array([1 + 2.0**-30]), 1 + 2.0**-30, -1.0)[0] == 2.0**-29 + 2.0**-60
    np.True_
    """
    factor, addend = float(factor), float(addend)
    if x.dtype == np.float32:
        return (x.astype(np.float64) * factor + addend).astype(np.float32)
    plain = factor * x
    if addend == 0.0 or not 1e-200 < abs(factor) < 1e200 or abs(addend) > 1e200:
        return plain + addend
    low = _product_error(x, factor, plain)
    sum_low, error_low = _two_sum(low, addend)
    sum_high, error_high = _two_sum(plain, sum_low)
    result: np.ndarray = sum_high + _add_rounding_to_odd(error_low, error_high)
    return result


def _product_error(x: np.ndarray, y: float, product: np.ndarray) -> np.ndarray:
    """``x * y - product`` exactly, by splitting the factors in halves of 26 bits (Dekker 1971)."""
    scaled = x * 134217729.0
    x_high = scaled - (scaled - x)
    x_low = x - x_high
    y_high = y * 134217729.0 - (y * 134217729.0 - y)
    y_low = y - y_high
    error: np.ndarray = x_low * y_low - (((product - x_high * y_high) - x_low * y_high) - x_high * y_low)
    return error


def _two_sum(a: np.ndarray, b: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """The rounded sum and its rounding error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _add_rounding_to_odd(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``a + b``; where inexact, the neighbour of the exact sum whose last bit is one."""
    total, error = _two_sum(a, b)
    bits = total.view(np.int64)
    even_and_inexact = ((bits & 1) == 0) & (error != 0)
    bits += np.where(even_and_inexact, np.where((error > 0) == (total > 0), 1, -1), 0)
    return total
