"""New tensors like a given one: of its dtype unless another is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.size import Size

__all__ = ["Alike"]


class Alike:
    """Tensors made like this one."""

    __slots__ = ()

    _array: np.ndarray
    _wrap: Any

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        """A tensor from data, by default in this one's dtype."""
        array = np.array(getattr(data, "_array", data), dtype=dtypes.to_numpy(dtype) or self._array.dtype)
        return self._wrap(array).requires_grad_(requires_grad)

    def new(self, *args: Any) -> Any:
        """The legacy constructor of this one's type: an uninitialised tensor of the given sizes, or one of data."""
        if len(args) == 1 and not isinstance(args[0], int | Size):
            return self.new_tensor(args[0])
        return self.new_empty(*args)

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Any:
        """A tensor of one value, by default in this one's dtype."""
        kind = dtypes.to_numpy(dtype) or self._array.dtype
        array = np.full(tuple(size), np.asarray(getattr(fill_value, "_array", fill_value)).astype(kind))
        return self._wrap(array).requires_grad_(requires_grad)

    def new_zeros(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        """Zeros, by default in this one's dtype."""
        return self.new_full(_sizes(size), 0, dtype=dtype, requires_grad=requires_grad)

    def new_ones(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        """Ones, by default in this one's dtype."""
        return self.new_full(_sizes(size), 1, dtype=dtype, requires_grad=requires_grad)

    def new_empty(self, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        """An uninitialised tensor, by default in this one's dtype."""
        array = np.empty(_sizes(size), dtype=dtypes.to_numpy(dtype) or self._array.dtype)
        return self._wrap(array).requires_grad_(requires_grad)


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(size[0]) if len(size) == 1 and not hasattr(size[0], "__index__") else tuple(size)
