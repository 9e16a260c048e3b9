"""Buffers that a thread keeps from call to call.

A fresh buffer of a megabyte costs as much as filling it: the system hands out pages one fault at a time, and takes
them back when the buffer is freed. Results are never allocated here, and no value outlives the call that asked.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import numpy as np

from .windows import Ints

# A larger buffer is not kept.
_KEEP_BYTES = 1 << 23

_kept = threading.local()


def scratch(name: str, shape: Sequence[int] | Ints, dtype: np.dtype) -> np.ndarray:
    """An uninitialized array. The next request of the same name in the same thread may return the same memory."""
    size = math.prod(shape) * dtype.itemsize
    if size > _KEEP_BYTES:
        return np.empty(shape, dtype)
    buffers: dict[str, np.ndarray] = _kept.__dict__
    kept = buffers.get(name)
    if kept is None or kept.size < size:
        kept = buffers[name] = np.empty(size, np.uint8)
    return kept[:size].view(dtype).reshape(shape)
