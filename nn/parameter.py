"""Parameter and Buffer: tensors that a Module registers when they are assigned to it."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.creation import empty
from tinygrad_cn.size import Size
from tinygrad_cn.tensor import Tensor

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "is_uninitialized"]


class _Registered(Tensor):
    """A tensor of a class of its own over the memory of another."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return Tensor.__new__(cls)

    def _take(self, data: Tensor | None) -> None:
        if data is None:
            super().__init__()
        elif isinstance(data, Tensor):
            self._array = data._array
        else:
            raise TypeError(
                f"{type(self).__name__}: expected a Tensor, got {type(data).__name__}; "
                f"wrap the data first: {type(self).__name__}(tinygrad_cn.tensor(data))"
            )


class Parameter(_Registered):
    """A tensor that is trained: assigned to a Module it becomes one of its parameters.

    Args:
        data: the values; the memory is shared. ``None``: an empty tensor.
        requires_grad: whether gradients are recorded for it.

    Raises:
        TypeError: ``data`` is no Tensor.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Parameter(tg.ones(2))
        Parameter containing:
        tensor([1., 1.], requires_grad=True)
    """

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        self._take(data)
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + super().__repr__()


class Buffer(_Registered):
    """A tensor that belongs to a module's state and is not trained: assigned to a Module it becomes one of its buffers.

    Args:
        data: the values; the memory is shared. ``None``: an empty tensor.
        persistent: whether ``state_dict`` saves it.

    Raises:
        TypeError: ``data`` is no Tensor.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Buffer(tg.ones(2), persistent=False).persistent
        False
    """

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        self._take(data)
        self.persistent = persistent


class _Uninitialized(Tensor):
    """What parameters and buffers share whose shape is not known yet; they hold an empty array of their dtype."""

    _becomes: type[Tensor]

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter or buffer of ``shape``, with values that are not set yet.

        Args:
            shape: the shape.
            device: the CPU.
            dtype: the dtype; that of the uninitialized tensor if ``None``.
        """
        self.data = empty(tuple(shape), device=device, dtype=self.dtype if dtype is None else dtype)
        self.__class__ = self._becomes  # type: ignore[assignment]

    @property
    def shape(self) -> Size:
        raise RuntimeError(
            "the shape of an uninitialized parameter or buffer is not known yet: call the lazy module once, with an "
            "input, before using its parameters"
        )

    def detach(self) -> Tensor:
        """Itself: there are no values yet."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        kind: Any = type(self)
        copy: Tensor = kind(requires_grad=self.requires_grad, dtype=self.dtype)
        memo[id(self)] = copy
        return copy

    def __repr__(self) -> str:  # type: ignore[override]
        return f"<{type(self).__name__}>"


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose shape is not known yet; a lazy module gives it one when it first sees an input.

    Args:
        requires_grad: whether gradients are recorded for it.
        device: the CPU.
        dtype: the default dtype if ``None``.

    Example:
        >>> import tinygrad_cn as tg
        >>> weight = tg.nn.UninitializedParameter()
        >>> weight.materialize((2, 3))
        >>> weight.shape
        Size([2, 3])
    """

    _becomes = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        Parameter.__init__(self, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(_Uninitialized, Buffer):
    """A buffer whose shape is not known yet; a lazy module gives it one when it first sees an input.

    Args:
        requires_grad: accepted as in PyTorch.
        device: the CPU.
        dtype: the default dtype if ``None``.
        persistent: whether ``state_dict`` saves it.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.UninitializedBuffer()
        <UninitializedBuffer>
    """

    _becomes = Buffer

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> None:
        Buffer.__init__(self, empty(0, device=device, dtype=dtype), persistent=persistent)
        self.requires_grad_(requires_grad)


def is_uninitialized(tensor: Any) -> bool:
    """Whether ``tensor`` is a parameter or buffer whose shape is not known yet."""
    return isinstance(tensor, _Uninitialized)
