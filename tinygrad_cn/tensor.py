"""The Tensor: a handle on an array, the node that made it, and its gradient."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn import backward, dtypes, storage
from tinygrad_cn.fills import RandomFills
from tinygrad_cn.graph import Handle, Keeper, Leaf
from tinygrad_cn.hooks import HookHandle, add_hook, add_leaf_hook
from tinygrad_cn.inplace import assign, check_writable
from tinygrad_cn.methods import Methods
from tinygrad_cn.op import cast
from tinygrad_cn.operators import Operators
from tinygrad_cn.printing import dtype_suffix, format_tensor
from tinygrad_cn.size import CPU, Size, as_device, device

__all__ = ["Tensor"]


class Tensor(Operators, Methods, RandomFills, Handle):
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

    _legacy_dtype: dtypes.dtype | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        tensor = object.__new__(cls)
        tensor._node = tensor._view = tensor._grad = None
        return tensor

    def __init__(self, *args: Any, device: Any = None) -> None:
        as_device(device)
        kind = (self._legacy_dtype or dtypes.get_default_dtype()).dtype
        if not args:
            self._array = np.empty(0, dtype=kind)
        elif all(isinstance(a, int) and not isinstance(a, bool) for a in args):
            self._array = np.empty(args, dtype=kind)
        elif len(args) == 1 and isinstance(args[0], Size):
            self._array = np.empty(args[0], dtype=kind)
        elif len(args) == 1 and isinstance(args[0], Handle):
            self._array = args[0]._array
        elif len(args) == 1:
            self._array = np.array(args[0], dtype=kind)
        else:
            raise TypeError(f"Tensor(): expected sizes or one sequence of data, got {len(args)} arguments")

    # ------------------------------------------------------------------------------------- what it is

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

    is_cuda = is_sparse = is_quantized = is_meta = is_mps = False
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

    def is_floating_point(self) -> bool:
        """Whether its elements are floating numbers."""
        return self._array.dtype.kind == "f"

    def is_complex(self) -> bool:
        """Whether its elements are complex numbers."""
        return self._array.dtype.kind == "c"

    def is_signed(self) -> bool:
        """Whether its elements can be negative."""
        return self._array.dtype.kind in "fci"

    def is_same_size(self, other: Any) -> bool:
        """Whether ``other`` has the same shape."""
        return self._array.shape == other._array.shape

    def is_set_to(self, other: Any) -> bool:
        """Whether both are the same view of the same memory."""
        mine, theirs = self._array.__array_interface__, other._array.__array_interface__
        return (mine["data"], mine["shape"], self._array.strides) == (
            theirs["data"],
            theirs["shape"],
            other._array.strides,
        )

    @property
    def T(self) -> Any:
        """A view with the axes reversed."""
        return self.permute(tuple(range(self._array.ndim))[::-1])

    @property
    def mT(self) -> Any:
        """A view with the last two axes swapped.

        Raises:
            RuntimeError: there are fewer than two.
        """
        if self._array.ndim < 2:
            raise RuntimeError(f"mT: needs at least 2 dimensions, got shape {list(self._array.shape)}")
        return self.transpose(-2, -1)

    # -------------------------------------------------------------------------------------- gradients

    def _current(self) -> Any:
        """The node, brought up to date if this is a view of memory that was written in place."""
        if self._view is not None:
            self._view.refresh(self)
        return self._node

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to it."""
        return self._current() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Say whether a gradient is wanted for this leaf.

        Raises:
            RuntimeError: it holds integers, or is no leaf and gradients are to be switched off.
        """
        node = self._current()
        if requires_grad and node is None:
            if self._array.dtype.kind not in "fc":
                raise RuntimeError(
                    f"only floating tensors can require gradients, this one has dtype {self._array.dtype}; convert "
                    "it with "
                    ".float() first"
                )
            self._node = Leaf(self._array.shape, Tensor._wrap, self._grad)
            self._grad = None
        elif not requires_grad and node is not None:
            if not isinstance(node, Leaf):
                raise RuntimeError("requires_grad can be switched off for leaf tensors only; use .detach()")
            self._grad = node.place.grad
            self._node = None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it."""
        node = self._current()
        return node is None or isinstance(node, Leaf)

    @property
    def grad_fn(self) -> Any:
        """The node of the operation that made it; ``None`` for a leaf."""
        node = self._current()
        return None if isinstance(node, Leaf) else node

    @property
    def grad(self) -> Any:
        """The gradient that backward passes have added up; ``None`` before the first."""
        node = self._node
        if node is None:
            return self._grad
        if isinstance(node, Leaf):
            return node.place.grad
        if node.kept is None:
            warnings.warn(
                "the .grad of a tensor that is no leaf is not filled by backward(); call .retain_grad() on it first",
                UserWarning,
                stacklevel=2,
            )
            return None
        return node.kept.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"grad must be a Tensor or None, not {type(value).__name__}")
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"a gradient has the shape of its tensor: {list(self._array.shape)}, not {list(value._array.shape)}"
                )
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"a gradient has the dtype of its tensor: {self._array.dtype}, not {value._array.dtype}"
                )
        node = self._node
        if node is None:
            self._grad = value
        elif isinstance(node, Leaf):
            node.place.grad = value
        else:
            node.kept = Keeper(Tensor._wrap, value)

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor to the ``.grad`` of the leaves it was computed from.

        Args:
            gradient (Tensor, optional): the gradient with respect to this tensor; 1 for a single element.
            retain_graph (bool): keep what the graph saved, for another pass.
            create_graph (bool): record the pass itself, for gradients of gradients.
            inputs (sequence of Tensors, optional): only these get their ``.grad``.

        Raises:
            RuntimeError: no gradient is given for several elements; nothing requires grad; the graph was freed.
        """
        backward.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def retain_grad(self) -> None:
        """Have backward passes fill ``.grad`` although this is no leaf."""
        node = self._current()
        if node is None:
            raise RuntimeError("retain_grad(): the tensor does not require grad, so no gradient will reach it")
        if not isinstance(node, Leaf) and node.kept is None:
            node.kept = Keeper(Tensor._wrap)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on a tensor that is no leaf."""
        node = self._current()
        return node is not None and not isinstance(node, Leaf) and node.kept is not None

    def register_hook(self, hook: Callable[[Any], Any]) -> HookHandle:
        """Call ``hook(gradient)`` when the gradient is known; what it returns, if anything, takes its place.

        Raises:
            RuntimeError: the tensor does not require grad.
        """
        return add_hook(self._current(), hook, Tensor._wrap)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], None]) -> HookHandle:
        """Call ``hook(tensor)`` after a gradient was added to this leaf's ``.grad``.

        Raises:
            RuntimeError: it is no leaf that requires grad.
        """
        return add_leaf_hook(self, hook)

    def detach(self) -> Any:
        """A constant tensor over the same memory."""
        return self._wrap(self._array)

    def detach_(self) -> Any:
        """Forget how it was made."""
        if self._view is not None:
            raise RuntimeError("detach_(): a view cannot be detached in place; use .detach()")
        self._node = None
        return self

    @property
    def data(self) -> Any:
        """A constant tensor over the same memory; assigning replaces the memory and no gradient is told."""
        return self._wrap(self._array)

    @data.setter
    def data(self, value: Any) -> None:
        node = self._node
        self._array = value._array
        if isinstance(node, Leaf):
            node.shape = value._array.shape

    @property
    def _version(self) -> int:
        return storage.version(self._array)

    # ------------------------------------------------------------------------------------- conversions

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
        """The name of its legacy type, or the tensor in another dtype."""
        if dtype is None:
            return f"{_LEGACY[self._array.dtype.name]}Tensor"
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

    # ------------------------------------------------------------------------------- new ones like it

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        """A tensor from data, by default in this one's dtype."""
        array = np.array(getattr(data, "_array", data), dtype=dtypes.to_numpy(dtype) or self._array.dtype)
        return self._wrap(array).requires_grad_(requires_grad)

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Any:
        """A tensor of one value, by default in this one's dtype."""
        array = np.full(tuple(size), fill_value, dtype=dtypes.to_numpy(dtype) or self._array.dtype)
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

    # ------------------------------------------------------------------------------ written in place

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Write the elements of ``src``, broadcast and converted, into this tensor."""
        if isinstance(src, Handle) and src._array.dtype != self._array.dtype:
            src = cast(src, dtype=self._array.dtype)
        elif isinstance(src, Handle):
            src = src.clone() if src._node is not None else src  # type: ignore[attr-defined]
        else:
            src = self._wrap(np.asarray(src, dtype=self._array.dtype))
        return assign(self, src.expand(self._array.shape) if src._array.shape != self._array.shape else src, "copy_")

    def fill_(self, value: Any) -> Any:
        """Write one value into all elements."""
        if not isinstance(value, Handle):
            value = self._wrap(np.asarray(value).astype(self._array.dtype))
        elif value._array.ndim:
            raise RuntimeError(
                f"fill_(): the value must be a number or a 0-d tensor, got shape {list(value._array.shape)}"
            )
        return self.copy_(value)

    def zero_(self) -> Any:
        """Write zeros into all elements."""
        if self._node is None and self._view is None:
            check_writable(self, False, "zero_")
            self._array.fill(0)
            storage.stamp(self._array, "zero_")
            return self
        return self.fill_(0)

    # --------------------------------------------------------------------------------- being copied

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
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

    def __copy__(self) -> Any:
        new = object.__new__(type(self))
        new._array, new._node, new._view, new._grad = self._array, self._node, self._view, self._grad
        new.__dict__.update(self.__dict__)
        return new

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.is_leaf:
            raise RuntimeError("only leaf tensors can be pickled; detach() this one first")
        return _rebuilt, (type(self), self._array, self._node is not None, dict(self.__dict__))

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        suffixes = dtype_suffix(self._array, dtypes.get_default_dtype())
        node = self._current()
        if isinstance(node, Leaf):
            suffixes.append("requires_grad=True")
        elif node is not None:
            suffixes.append(f"grad_fn=<{node.name}>")
        return format_tensor(self._array, prefix=self._prefix(), suffixes=suffixes)

    def _prefix(self) -> str:
        return "tensor("


def _names_dtype(value: Any) -> bool:
    return isinstance(value, str) and value in {d.name for d in dtypes.ALL}


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(size[0]) if len(size) == 1 and not hasattr(size[0], "__index__") else tuple(size)


def _rebuilt(cls: Any, array: np.ndarray, requires_grad: bool, attributes: dict[str, Any]) -> Any:
    tensor = object.__new__(cls)
    tensor._array = array
    tensor._node = tensor._view = tensor._grad = None
    tensor.__dict__.update(attributes)
    return tensor.requires_grad_(requires_grad)


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
