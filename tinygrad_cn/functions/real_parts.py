"""The vocabulary of complex numbers, for tensors of real ones: the part that is real is all of it."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.functions._arguments import tensor

__all__ = ["conj", "conj_physical", "is_conj", "is_neg", "real", "resolve_conj", "resolve_neg"]


def real(input: Any) -> Any:
    """The real part of a real tensor: the tensor itself.

    >>> import tinygrad_cn as tg
    >>> tg.real(tg.tensor([1., 2.]))
    tensor([1., 2.])
    """
    return _itself("real", input)


def conj(input: Any) -> Any:
    """The conjugate of a real tensor: the tensor itself."""
    return _itself("conj", input)


def conj_physical(input: Any) -> Any:
    """The conjugate of a real tensor: the tensor itself."""
    return _itself("conj_physical", input)


def resolve_conj(input: Any) -> Any:
    """The tensor itself: conjugation is never put off."""
    return tensor("resolve_conj", input)


def resolve_neg(input: Any) -> Any:
    """The tensor itself: negation is never put off."""
    return tensor("resolve_neg", input)


def is_conj(input: Any) -> bool:
    """Whether conjugation was put off: never."""
    return False


def is_neg(input: Any) -> bool:
    """Whether negation was put off: never."""
    return False


def _itself(name: str, input: Any) -> Any:
    if tensor(name, input)._array.dtype.kind == "c":
        raise TypeError(f"{name}(): complex tensors are not supported, got dtype {input._array.dtype}")
    return input
