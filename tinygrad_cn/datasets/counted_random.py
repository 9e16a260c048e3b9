"""Random numbers without a state: a function of a key and a counter, so that each sample has its own.

The generator is Philox 4x32 with ten rounds: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel random
numbers: as easy as 1, 2, 3*, SC 2011.
"""

from __future__ import annotations

import numpy as np

__all__ = ["philox", "uniforms"]

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)  # added to the key from round to round
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_CHUNK = 1 << 13  # counters worked on at once: they stay in the cache


def philox(counter: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], key: tuple[int, int]) -> list[np.ndarray]:
    """Four words of 32 bits, in uint64, for each counter of four words.

    Args:
        counter: words of 32 bits, in uint64 arrays that broadcast.
        key: two words of 32 bits.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros(1, np.uint64)
        >>> [hex(word[0]) for word in philox((zero, zero, zero, zero), (0, 0))]
        ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    for number in range(10):
        k0, k1 = (np.uint64((k + number * w) & 0xFFFFFFFF) for k, w in zip(key, _WEYL, strict=True))
        first, second = c0 * np.uint64(_MULTIPLIERS[0]), c2 * np.uint64(_MULTIPLIERS[1])
        c0, c1 = (second >> _HALF) ^ c1 ^ k0, second & _LOW
        c2, c3 = (first >> _HALF) ^ c3 ^ k1, first & _LOW
    return [c0, c1, c2, c3]


def uniforms(seed: int, epoch: int, indices: np.ndarray, count: int) -> np.ndarray:
    """Numbers in [0, 1) that depend on the seed, the epoch and the sample's index, and on nothing else.

    Args:
        seed (int): its low 64 bits count.
        epoch (int): its low 32 bits count.
        indices: of samples.
        count (int): how many for each.

    Shape:
        ``(N,) -> (N, count)``, float32: multiples of 2**-24
    """
    index = np.asarray(indices, np.int64).astype(np.uint64)[:, None]
    block = np.arange(-(-count // 4), dtype=np.uint64)
    numbers = np.empty((len(index), len(block), 4), np.float32)
    at_once = max(1, _CHUNK // max(1, len(block)))
    for start in range(0, len(index), at_once):
        part = index[start : start + at_once]
        counter = (block, np.full(1, epoch & 0xFFFFFFFF, np.uint64), part & _LOW, part >> _HALF)
        for i, word in enumerate(philox(counter, (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))):
            np.multiply(word >> np.uint64(8), 2.0**-24, out=numbers[start : start + at_once, :, i], casting="unsafe")
    return numbers.reshape(len(index), -1)[:, :count]
