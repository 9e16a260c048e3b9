"""Parameter and Buffer: tensors that a Module registers when they are assigned to it."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.tensor import Tensor

__all__ = ["Buffer", "Parameter"]


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
