"""The Tensor: a handle on an array, the node that made it, and its gradient.

What it can do stands in its bases, one file each; here are its making and its printing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.alike import Alike
from tinygrad_cn.conversions import Conversions
from tinygrad_cn.copying import Copying
from tinygrad_cn.fills import RandomFills
from tinygrad_cn.gradients import Gradients
from tinygrad_cn.graph import Handle, Leaf
from tinygrad_cn.metadata import Metadata
from tinygrad_cn.methods import Methods
from tinygrad_cn.operators import Operators
from tinygrad_cn.printing import dtype_suffix, format_tensor
from tinygrad_cn.size import Size, as_device

__all__ = ["Tensor", "array_of_sizes_or_data"]


def array_of_sizes_or_data(args: tuple[Any, ...], dtype: np.dtype) -> np.ndarray:
    """What the legacy constructors make: an uninitialised array of the given sizes, or one of the given data.

    Raises:
        TypeError: neither sizes nor one sequence of data.
    """
    if not args:
        return np.empty(0, dtype=dtype)
    if all(isinstance(a, int) and not isinstance(a, bool) for a in args):
        return np.empty(args, dtype=dtype)
    if len(args) > 1:
        raise TypeError(f"Tensor(): expected sizes or one sequence of data, got {len(args)} arguments")
    (data,) = args
    if isinstance(data, Size):
        return np.empty(data, dtype=dtype)
    if isinstance(data, Handle):
        array: np.ndarray = data._array
        return array
    return np.array(data, dtype=dtype)


class Tensor(Operators, Methods, Metadata, Gradients, Conversions, Alike, Copying, RandomFills, Handle):
    """An array of numbers that remembers how it was computed, so that gradients can flow back through it.

    Made by `tinygrad_cn.tensor`, the other creation functions, and by operations on tensors. The constructor takes
    what PyTorch's legacy one does: sizes (uninitialised) or data, in the default dtype.

    >>> import tinygrad_cn as tg
    >>> x = tg.tensor([1., 2., 3.], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = ("__dict__", "__weakref__")

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        tensor = object.__new__(cls)
        tensor._node = tensor._view = tensor._grad = None
        return tensor

    def __init__(self, *args: Any, device: Any = None) -> None:
        as_device(device)
        self._array = array_of_sizes_or_data(args, dtypes.get_default_dtype().dtype)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        suffixes = dtype_suffix(self._array, dtypes.get_default_dtype())
        node = self._current()
        if isinstance(node, Leaf):
            suffixes.append("requires_grad=True")
        elif node is not None:
            suffixes.append(f"grad_fn=<{node.name()}>")
        return format_tensor(self._array, prefix=self._prefix(), suffixes=suffixes)

    def _prefix(self) -> str:
        return "tensor("
