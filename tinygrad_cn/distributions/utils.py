"""What distributions in other programs are written with: parameters brought together, probabilities and logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tinygrad_cn.grad_mode import enable_grad
from tinygrad_cn.randomness import randn

from .distribution import sum_rightmost, together

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "euler_constant",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]

T = TypeVar("T")

euler_constant: float = float(np.euler_gamma)


def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """Tensors and numbers as tensors of one shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> import tinygrad_cn as tg
    >>> from tinygrad_cn.distributions.utils import broadcast_all
    >>> broadcast_all(tg.tensor([1., 2.]), 3)
    (tensor([1., 2.]), tensor([3., 3.]))
    """
    return tuple(together(*values))


def clamp_probs(probs: Any) -> Any:
    """Probabilities kept from 0 and 1 by the dtype's epsilon, so that their logits are finite."""
    eps = float(np.finfo(probs._array.dtype).eps)
    return probs.clamp(min=eps, max=1 - eps)


def logits_to_probs(logits: Any, is_binary: bool = False) -> Any:
    """Probabilities of logits: of each number alone, or of the classes along the last axis."""
    return logits.sigmoid() if is_binary else logits.softmax(-1)


def probs_to_logits(probs: Any, is_binary: bool = False) -> Any:
    """Logits of probabilities: of each number alone, or of the classes along the last axis."""
    inside = clamp_probs(probs)
    return inside.log() - (-inside).log1p() if is_binary else inside.log()


def vec_to_tril_matrix(vec: Any, diag: int = 0) -> Any:
    """Vectors as the lower triangles of square matrices, row after row. Shape: (..., n) -> (..., d, d)."""
    count = vec.shape[-1]
    size = round((-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * count + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2)
    matrix = vec.new_zeros((*vec.shape[:-1], size, size))
    rows, columns = np.tril_indices(size, diag)
    matrix[..., rows, columns] = vec
    return matrix


def tril_matrix_to_vec(mat: Any, diag: int = 0) -> Any:
    """The lower triangles of square matrices as vectors, row after row. Shape: (..., d, d) -> (..., n).

    Raises:
        ValueError: ``diag`` lies outside the matrix.
    """
    size = mat.shape[-1]
    if not -size <= diag < size:
        raise ValueError(f"tril_matrix_to_vec(): diag {diag} lies outside [{-size}, {size - 1}]")
    rows, columns = np.tril_indices(size, diag)
    return mat[..., rows, columns]


class lazy_property:
    """A property that is computed on first use and then kept as an attribute.

    Args:
        wrapped: the method that computes it, with gradients whatever the mode.
    """

    def __init__(self, wrapped: Callable[[Any], T]) -> None:
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


def _standard_normal(shape: Any, dtype: Any, device: Any = None) -> Any:
    """Draws of the standard normal distribution."""
    return randn(*shape, dtype=dtype)


_sum_rightmost = sum_rightmost  # by PyTorch's name, which flows in other programs import
