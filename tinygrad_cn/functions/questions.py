"""Questions about tensors and dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.functions._arguments import raw, tensor

__all__ = ["can_cast", "is_complex", "is_floating_point", "is_nonzero", "is_same_size", "result_type"]


def is_floating_point(input: Any) -> bool:
    """Whether its elements are floating numbers."""
    return bool(tensor("is_floating_point", input)._array.dtype.kind == "f")


def is_complex(input: Any) -> bool:
    """Whether its elements are complex numbers."""
    return bool(tensor("is_complex", input)._array.dtype.kind == "c")


def is_nonzero(input: Any) -> bool:
    """Whether the only element is not zero.

    Raises:
        RuntimeError: there is not exactly one.
    """
    array = tensor("is_nonzero", input)._array
    if array.size != 1:
        raise RuntimeError(f"is_nonzero(): expects one element, got shape {list(array.shape)}; use .any() or .all()")
    return bool(array.item())


def is_same_size(input: Any, other: Any) -> bool:
    """Whether both have one shape."""
    same = tensor("is_same_size", input)._array.shape == tensor("is_same_size", other, "other")._array.shape
    return bool(same)


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype of the result of arithmetic on two tensors or numbers.

    >>> import tinygrad_cn as tg
    >>> tg.result_type(tg.tensor([1, 2]), 1.0)
    float32
    """
    return dtypes.from_numpy(dtypes.result_dtype(raw(tensor1), raw(tensor2)))


#: Kinds of dtypes, each of which may be converted to itself and the later ones.
_KINDS = "bifc"


def can_cast(from_: Any, to: Any) -> bool:
    """Whether PyTorch converts ``from_`` to ``to`` in place without a word: never to a lower kind of number.

    >>> import tinygrad_cn as tg
    >>> tg.can_cast(tg.float64, tg.float32), tg.can_cast(tg.float32, tg.int64)
    (True, False)
    """
    first, second = (np.dtype(dtypes.to_numpy(d)).kind.replace("u", "i") for d in (from_, to))
    return _KINDS.index(first) <= _KINDS.index(second)
