"""A Tensor overwritten and a Tensor copied: copy_, fill_, zero_, deep copies, pickles."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from tinygrad_cn.functions._arguments import given_shape
from tinygrad_cn.graph import Handle, Leaf
from tinygrad_cn.inplace import assign, set_item
from tinygrad_cn.op import cast

__all__ = ["Copying"]


class Copying:
    """Copies into a tensor, and copies of it."""

    __slots__ = ()

    _array: np.ndarray
    _node: Any
    _view: Any
    _grad: Any
    _wrap: Any

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Write the elements of ``src``, broadcast and converted, into this tensor."""
        if isinstance(src, Handle) and src._array.dtype != self._array.dtype:
            src = cast(src, dtype=self._array.dtype)
        elif isinstance(src, Handle):
            src = src.clone() if src.requires_grad else src  # type: ignore[attr-defined]
        else:
            src = self._wrap(np.asarray(src, dtype=self._array.dtype))
        return assign(self, src.expand(self._array.shape) if src._array.shape != self._array.shape else src, "copy_")

    def fill_(self, value: Any) -> Any:
        """Write one value into all elements."""
        if not isinstance(value, Handle):
            value = np.asarray(value).astype(self._array.dtype)
        elif value._array.ndim:
            raise RuntimeError(
                f"fill_(): the value must be a number or a 0-d tensor, got shape {list(value._array.shape)}"
            )
        return set_item(self, ..., value, "fill_")

    def zero_(self) -> Any:
        """Write zeros into all elements."""
        return self.fill_(0)

    # ------------------------------------------------------------------------------ other memory

    def resize_(self: Any, *sizes: Any, memory_format: Any = None) -> Any:
        """Take another shape: the elements are read in their order, and where there are too few, zeros follow.

        Raises:
            RuntimeError: the tensor requires grad, or stands in a graph.

        >>> import tinygrad_cn as tg
        >>> tg.tensor([1, 2, 3]).resize_(2, 2)
        tensor([[1, 2],
                [3, 0]])
        """
        if self._node is not None:
            raise RuntimeError("resize_(): cannot resize a tensor that requires grad; use reshape(), or detach() first")
        shape, array = given_shape(sizes), self._array
        count = math.prod(shape)
        if count > array.size:
            array = np.concatenate((array.ravel(), np.zeros(count - array.size, dtype=array.dtype)))
        self._array = array.reshape(-1)[:count].reshape(shape)
        self._view = None
        return self

    def resize_as_(self, other: Any, memory_format: Any = None) -> Any:
        """`resize_` to the shape of ``other``."""
        return self.resize_(other._array.shape)

    def set_(self: Any, source: Any) -> Any:
        """Stand on the memory of ``source`` from now on, in its shape."""
        self.data = source.data
        return self

    # --------------------------------------------------------------------------------- being copied

    def __deepcopy__(self: Any, memo: dict[Any, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError("only leaf tensors can be deep-copied; detach() or clone() this one first")
        new = object.__new__(type(self))
        new._array = self._array.copy()
        new._node = new._view = new._grad = None
        memo[id(self)] = new
        new.__dict__.update(copy.deepcopy(self.__dict__, memo))
        grad = self.grad
        if self._node is not None:
            new.requires_grad_()
        if grad is not None:
            new.grad = copy.deepcopy(grad, memo)
        return new

    def __copy__(self: Any) -> Any:
        new = object.__new__(type(self))
        # a leaf's node never changes; anything else may be written in place, which only views learn of
        same = self if isinstance(self._current(), Leaf) else self.view_as(self)
        new._array, new._node, new._view, new._grad = same._array, same._node, same._view, self._grad
        new.__dict__.update(self.__dict__)
        return new

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        return _rebuilt, (type(self), self._array, self._current() is not None, dict(self.__dict__))


def _rebuilt(cls: Any, array: np.ndarray, requires_grad: bool, attributes: dict[str, Any]) -> Any:
    tensor = object.__new__(cls)
    tensor._array = array
    tensor._node = tensor._view = tensor._grad = None
    tensor.__dict__.update(attributes)
    return tensor.requires_grad_(requires_grad)
