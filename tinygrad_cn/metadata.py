"""What a Tensor tells about itself: shape, dtype, place, layout in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import dtypes, storage
from tinygrad_cn.size import CPU, Size, device

__all__ = ["Metadata"]


class Metadata:
    """Questions about a tensor that cost nothing to answer."""

    __slots__ = ()

    _array: np.ndarray

    @property
    def shape(self) -> Size:
        """The sizes of its axes."""
        return Size(self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def dtype(self) -> dtypes.dtype:
        """The type of its elements."""
        return dtypes.from_numpy(self._array.dtype)

    @property
    def device(self) -> device:
        """Where it lives: the CPU."""
        return CPU

    @property
    def nbytes(self) -> int:
        """The bytes of its elements."""
        return self._array.nbytes

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self._array.itemsize

    is_cpu = True
    is_cuda = is_sparse = is_quantized = is_meta = is_mps = is_nested = is_xpu = False
    layout = "strided"
    names = property(lambda self: (None,) * self._array.ndim)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one axis."""
        return self.shape if dim is None else self._array.shape[dim]

    def dim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """The bytes of one element."""
        return self._array.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """How many elements apart neighbours along each axis (or ``dim``) are in memory."""
        strides = tuple(s // self._array.itemsize for s in self._array.strides)
        return strides if dim is None else strides[dim]

    def get_device(self) -> int:
        """-1: the CPU has no number."""
        return -1

    def is_pinned(self, device: Any = None) -> bool:
        """False: memory is never pinned for a GPU."""
        return False

    def is_inference(self) -> bool:
        """False: tensors made in inference mode are like others."""
        return False

    def storage_offset(self) -> int:
        """How many elements into its memory the first one stands."""
        base = storage.owner(self._array)
        return (self._array.ctypes.data - base.ctypes.data) // self._array.itemsize if base is not self._array else 0

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self._array.ctypes.data

    def is_contiguous(self, *, memory_format: Any = None) -> bool:
        """Whether the elements stand in memory in row-major order without gaps."""
        return self._array.flags.c_contiguous

    def is_signed(self) -> bool:
        """Whether its elements can be negative."""
        return self._array.dtype.kind in "fci"

    def is_set_to(self, other: Any) -> bool:
        """Whether both are the same view of the same memory."""
        mine, theirs = self._array.__array_interface__, other._array.__array_interface__
        return (mine["data"], mine["shape"], self._array.strides) == (
            theirs["data"],
            theirs["shape"],
            other._array.strides,
        )
