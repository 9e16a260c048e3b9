"""What the public functions share: checking arguments, axes in PyTorch's words, NumPy's names beside PyTorch's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from operator import index
from typing import Any, TypeVar

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.graph import Handle

__all__ = [
    "accepts_axis",
    "accepts_factors_between",
    "axes",
    "axis",
    "both",
    "given_shape",
    "index_array",
    "listed",
    "raw",
    "tensor",
]

F = TypeVar("F", bound=Callable[..., Any])


def accepts_axis(function: F) -> F:
    """Let ``function`` be called with NumPy's ``axis`` / ``keepdims`` beside ``dim`` / ``keepdim``, as in PyTorch."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            if "axis" in kwargs:
                kwargs["dim"] = kwargs.pop("axis")
            if "keepdims" in kwargs:
                kwargs["keepdim"] = kwargs.pop("keepdims")
            if "x" in kwargs:
                kwargs["input"] = kwargs.pop("x")
        return function(*args, **kwargs)

    return wrapper  # type: ignore[return-value]


def accepts_factors_between(*factors: str, tensors: int) -> Callable[[F], F]:
    """Let a function of ``tensors`` tensors be called in the order of PyTorch's first years, numbers between them.

    So ``add_(-rate, grad)`` is ``add_(grad, alpha=-rate)``, and the numbers of ``addmm(beta, input, alpha, a, b)`` are
    ``beta`` and ``alpha``. PyTorch still takes these calls, and optimizers in many programs are written with them.

    Args:
        factors: the keywords that the numbers stand for, in their order.
        tensors: how many arguments the function has without them.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if len(args) > tensors:
                # add(input, alpha, other): the second is the number even where it is a 0-d tensor
                places = [1] if len(factors) == 1 else [i for i, a in enumerate(args) if not isinstance(a, Handle)]
                kwargs.update(zip(factors, (args[i] for i in places), strict=False))
                args = tuple(a for i, a in enumerate(args) if i not in places)
            return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate


def tensor(name: str, value: Any, argument: str = "input") -> Any:
    """``value``, if it is a Tensor.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, Handle):
        raise TypeError(
            f"{name}(): argument {argument!r} must be a Tensor, not {type(value).__name__}; wrap it in "
            "tinygrad_cn.tensor()"
        )
    return value


def axis(name: str, dim: Any, ndim: int) -> int:
    """The axis that ``dim`` means, counted from the front.

    Raises:
        IndexError: there is no such axis.
    """
    count = max(ndim, 1)
    try:
        number = dim.__index__()
    except AttributeError:
        raise TypeError(f"{name}(): dim must be an int, not {type(dim).__name__}") from None
    if not -count <= number < count:
        raise IndexError(
            f"{name}(): dimension out of range: expected dim in [{-count}, {count - 1}] for a tensor with {ndim} "
            f"dimensions, got {number}"
        )
    return number % count


def axes(name: str, dim: Any, ndim: int) -> int | tuple[int, ...] | None:
    """The axes that ``dim`` means: ``None`` and ``()`` mean all.

    Raises:
        IndexError: there is no such axis.
        RuntimeError: an axis is named twice.
    """
    if dim is None:
        return None
    if isinstance(dim, Sequence):
        found = tuple(axis(name, d, ndim) for d in dim)
        if len(set(found)) != len(found):
            raise RuntimeError(f"{name}(): dim {tuple(dim)} names an axis more than once")
        if ndim == 0:
            return None
        return found or None
    number = axis(name, dim, ndim)
    return number if ndim else None


def given_shape(sizes: Sequence[Any]) -> tuple[int, ...]:
    """The shape given either as one sequence or as separate integers."""
    if len(sizes) == 1 and not hasattr(sizes[0], "__index__"):
        sizes = sizes[0]
    return tuple(map(index, sizes))


def listed(name: str, given: Sequence[Any], keywords: dict[str, Any], key: str) -> tuple[Any, ...]:
    """Integers given separately, as one sequence, or by the keyword ``key``.

    Raises:
        TypeError: other keywords.
    """
    if keywords:
        found = keywords.pop(key, None)
        if keywords or found is None or given:
            raise TypeError(f"{name}(): unexpected arguments {', '.join(keywords) or key}; it takes {key}")
        given = (found,)
    return given_shape(given)


def raw(value: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return value._array if isinstance(value, Handle) else value


def index_array(name: str, value: Any) -> np.ndarray:
    """The array of a Tensor of integers.

    Raises:
        TypeError: ``value`` holds no integers.
    """
    array = np.asarray(raw(value))
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}(): the index must hold integers, got {array.dtype}; convert it with .long()")
    return array


def both(name: str, input: Any, other: Any) -> tuple[Any, Any]:
    """Two operands as Tensors: a Python number becomes a 0-d one, in the dtype that the two promote to.

    Raises:
        TypeError: neither is a Tensor, or one is neither a Tensor nor a number.
    """
    if isinstance(input, Handle) and isinstance(other, Handle):
        return input, other
    if not isinstance(input, Handle):
        tensor(name, other, "other")
    like = input if isinstance(input, Handle) else other
    number = other if isinstance(input, Handle) else input
    if not isinstance(number, bool | int | float | np.generic):
        raise TypeError(
            f"{name}(): expected a Tensor or a number, not {type(number).__name__}; wrap it in tinygrad_cn.tensor()"
        )
    made = like._wrap(np.asarray(number, dtype=dtypes.result_dtype(like._array, number)))
    return (input, made) if isinstance(input, Handle) else (made, other)
