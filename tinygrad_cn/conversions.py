"""A Tensor as something else: an array, numbers, another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.graph import Handle
from tinygrad_cn.op import cast
from tinygrad_cn.size import as_device, device

__all__ = ["Conversions"]


class Conversions:
    """Conversions of a tensor."""

    __slots__ = ()

    _array: np.ndarray
    clone: Any
    _refuse_tracked: Any

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The NumPy array, sharing memory. ``force`` detaches first.

        Raises:
            RuntimeError: the tensor requires grad and ``force`` is not set.
        """
        if not force:
            self._refuse_tracked("numpy()")
        return self._array

    def tolist(self) -> Any:
        """The elements as (nested lists of) Python numbers."""
        return self._array.tolist()

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """The tensor in another dtype (given as such, or by another tensor); devices are accepted and are the CPU."""
        kwargs.pop("non_blocking", None)
        copy_it = kwargs.pop("copy", False)
        kwargs.pop("memory_format", None)
        target = kwargs.pop("dtype", None)
        as_device(kwargs.pop("device", None))
        other = kwargs.pop("other", None)
        if kwargs:
            raise TypeError(f"to(): unexpected arguments {', '.join(kwargs)}")
        for argument in (*args, other):
            if isinstance(argument, Handle):
                target = argument._array.dtype
            elif isinstance(argument, str | device) and not _names_dtype(argument):
                as_device(argument)
            elif isinstance(argument, bool):
                copy_it = copy_it or (argument and argument is args[-1] and len(args) > 2)
            elif argument is not None:
                target = argument
        if target is None or self._array.dtype == dtypes.to_numpy(target):
            return self.clone() if copy_it else self
        return cast(self, dtype=dtypes.to_numpy(target))

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """PyTorch's name of its legacy type, or the tensor in another dtype."""
        if dtype is None:
            return f"torch.{_LEGACY[self._array.dtype.name]}Tensor"  # the string that programs compare with
        if isinstance(dtype, str):
            dtype = _LEGACY_NAMES.get(dtype.rpartition(".")[2], dtype)
        legacy = getattr(dtype, "_legacy_dtype", None)
        return self.to(legacy if legacy is not None else dtype)

    def type_as(self, other: Any) -> Any:
        """The tensor in ``other``'s dtype."""
        return self.to(other)

    def float(self, **_: Any) -> Any:
        """The tensor in float32."""
        return self.to(dtypes.float32)

    def double(self, **_: Any) -> Any:
        """The tensor in float64."""
        return self.to(dtypes.float64)

    def half(self, **_: Any) -> Any:
        """The tensor in float16."""
        return self.to(dtypes.float16)

    def long(self, **_: Any) -> Any:
        """The tensor in int64."""
        return self.to(dtypes.int64)

    def int(self, **_: Any) -> Any:
        """The tensor in int32."""
        return self.to(dtypes.int32)

    def short(self, **_: Any) -> Any:
        """The tensor in int16."""
        return self.to(dtypes.int16)

    def char(self, **_: Any) -> Any:
        """The tensor in int8."""
        return self.to(dtypes.int8)

    def byte(self, **_: Any) -> Any:
        """The tensor in uint8."""
        return self.to(dtypes.uint8)

    def bool(self, **_: Any) -> Any:
        """The tensor in bool."""
        return self.to(dtypes.bool_)

    def cpu(self, **_: Any) -> Any:
        """The tensor itself: it lives on the CPU."""
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: there is no GPU here.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "cuda(): tinygrad_cn computes on the CPU; remove .cuda(), or use .to(device) with device('cpu')"
        )

    def pin_memory(self, device: Any = None) -> Any:
        """The tensor itself."""
        return self

    def share_memory_(self) -> Any:
        """The tensor itself."""
        return self

    def contiguous(self, *, memory_format: Any = None) -> Any:
        """The tensor, copied if its elements do not stand in row-major order."""
        return self if self._array.flags.c_contiguous else self.clone()


def _names_dtype(value: Any) -> bool:
    return isinstance(value, str) and value in {d.name for d in dtypes.ALL}


_LEGACY = {
    "float32": "Float",
    "float64": "Double",
    "float16": "Half",
    "int64": "Long",
    "int32": "Int",
    "int16": "Short",
    "int8": "Char",
    "uint8": "Byte",
    "bool": "Bool",
}
_LEGACY_NAMES = {f"{short}Tensor": name for name, short in _LEGACY.items()}
