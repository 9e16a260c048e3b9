"""Dropout: units left out at random in training, the rest scaled up so that expectations stay the same.

Srivastava et al., 2014, JMLR 15. The masks are drawn as PyTorch draws them, so that a seed gives the same ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import random
from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.inplace import assign


def _check(name: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}(): the probability must lie between 0 and 1, got {p}")


def _masked(name: str, input: Any, shape: tuple[int, ...], p: float, training: bool, inplace: bool) -> Any:
    _check(name, p)
    x = tensor(name, input)._array
    if not training or p == 0 or not x.size:
        return input
    if p == 1:
        mask = np.zeros(shape, dtype=x.dtype)
    else:
        mask = random.default_generator.bernoulli(1 - p, shape, x.dtype)
        mask /= x.dtype.type(1 - p)
    result = arithmetic.mul(input, input._wrap(mask))
    return assign(input, result, f"{name}_") if inplace else result


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Each element set to 0 with probability ``p`` in training, the others divided by 1 - p.

    Raises:
        ValueError: ``p`` lies outside [0, 1].
    """
    return _masked("dropout", input, tensor("dropout", input)._array.shape, p, training, inplace)


def _channels(name: str, input: Any, batched: int, p: float, training: bool, inplace: bool) -> Any:
    """Whole channels left out; only an input of ``batched`` dimensions is a batch, as in PyTorch."""
    shape = tensor(name, input)._array.shape
    kept = shape[:2] if len(shape) == batched else shape[:1]
    return _masked(name, input, kept + (1,) * (len(shape) - len(kept)), p, training, inplace)


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """`dropout` of whole channels of (N, C, L) or (C, L).

    Raises:
        ShapeError: another number of dimensions.
    """
    if tensor("dropout1d", input)._array.ndim not in (2, 3):
        raise ShapeError(
            f"dropout1d(): expected an input of 2 or 3 dimensions, got shape {list(input._array.shape)}; dropout2d and "
            "dropout3d are for images and volumes"
        )
    return _channels("dropout1d", input, 3, p, training, inplace)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """`dropout` of whole channels of (N, C, H, W)."""
    shape = tensor("dropout2d", input)._array.shape
    return _masked("dropout2d", input, shape[:2] + (1,) * (len(shape) - 2), p, training, inplace)


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """`dropout` of whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    return _channels("dropout3d", input, 5, p, training, inplace)


_ALPHA = -1.7580993408473766  # the limit of SELU towards minus infinity


def _alpha(name: str, input: Any, shape: tuple[int, ...], p: float, training: bool, inplace: bool) -> Any:
    """Klambauer et al., 2017, arXiv:1706.02515: left out means set to SELU's limit; mean and variance are kept."""
    _check(name, p)
    x = tensor(name, input)._array
    if not training or p == 0 or not x.size:
        return input
    if p == 1:
        result = arithmetic.mul(input, 0)
        return assign(input, result, f"{name}_") if inplace else result
    mask = random.default_generator.bernoulli(1 - p, shape, x.dtype)
    a = (_ALPHA**2 * p + 1) ** -0.5 * (1 - p) ** -0.5
    b = -a * _ALPHA * p
    shift = ((1 - mask) * (_ALPHA * a) + b).astype(x.dtype)
    result = arithmetic.add(arithmetic.mul(input, input._wrap((mask * a).astype(x.dtype))), input._wrap(shift))
    return assign(input, result, f"{name}_") if inplace else result


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout for networks of SELUs: keeps mean and variance."""
    return _alpha("alpha_dropout", input, tensor("alpha_dropout", input)._array.shape, p, training, inplace)


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """`alpha_dropout` of whole channels."""
    shape = tensor("feature_alpha_dropout", input)._array.shape
    return _alpha("feature_alpha_dropout", input, shape[:2] + (1,) * (len(shape) - 2), p, training, inplace)
