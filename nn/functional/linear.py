"""Affine maps and similarities."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions import arithmetic, norms, products, reduction, selecting
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.ops import linear_algebra


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight^T + bias, on the last axis.

    Args:
        input (Tensor)
        weight (Tensor)
        bias (Tensor, optional)

    Shape:
        input (..., in), weight (out, in) or (in,), bias (out,) or () -> (..., out) or (...).

    Raises:
        ShapeError: the input's last axis is not the weight's.
        DTypeError: the dtypes differ.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.linear(tg.tensor([[1., 2.]]), tg.tensor([[3., 4.]]), tg.tensor([0.5]))
    tensor([[11.5000]])
    """
    x, w = tensor("linear", input)._array, tensor("linear", weight, "weight")._array
    if w.ndim == 1:
        result = products.matmul(input, weight)
        return result if bias is None else arithmetic.add(result, bias)
    if w.ndim != 2:
        raise ShapeError(f"linear(): weight must have 1 or 2 dimensions, got shape {list(w.shape)}")
    if not x.ndim or x.shape[-1] != w.shape[1]:
        raise ShapeError(
            f"linear(): input of shape {list(x.shape)} has {x.shape[-1] if x.ndim else 'no'} features on its last "
            "axis, but "
            f"the weight of shape {list(w.shape)} expects {w.shape[1]}"
        )
    if x.dtype != w.dtype:
        raise DTypeError(f"linear(): input is {x.dtype} but weight is {w.dtype}; convert one with .to(dtype)")
    if bias is not None and bias._array.shape != (w.shape[0],):
        if bias._array.ndim > 1 or bias._array.size not in (1, w.shape[0]):
            raise ShapeError(f"linear(): bias must have shape [{w.shape[0]}], got {list(bias._array.shape)}")
        return arithmetic.add(linear_algebra.linear(input, weight, None), bias)
    if x.ndim == 1:
        return linear_algebra.linear(input.unsqueeze(0), weight, bias).squeeze(0)
    return linear_algebra.linear(input, weight, bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """x1^T W_k x2 + b_k for each output k. Shape: (..., i), (..., j), weight (o, i, j) -> (..., o)."""
    out = products.einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else arithmetic.add(out, bias)


def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """input / max(norm, eps) along ``dim``."""
    size = arithmetic.clamp_min(norms.norm(input, p, dim, True), eps)
    return arithmetic.div(input, size.expand_as(input))


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """<x1, x2> / (max(|x1|, eps) max(|x2|, eps)) along ``dim``."""
    shape = np.broadcast_shapes(
        tensor("cosine_similarity", x1)._array.shape, tensor("cosine_similarity", x2, "x2")._array.shape
    )
    x1, x2 = (x if x._array.shape == shape else x.expand(shape) for x in (x1, x2))
    along = reduction.sum(arithmetic.mul(x1, x2), dim)
    first = arithmetic.clamp_min(norms.norm(x1, 2, dim), eps)
    second = arithmetic.clamp_min(norms.norm(x2, 2, dim), eps)
    return arithmetic.div(along, arithmetic.mul(first, second))


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The ``p``-norm of x1 - x2 + eps along the last axis."""
    return norms.norm(arithmetic.add(arithmetic.sub(x1, x2), eps), p, -1, keepdim)


def pdist(input: Any, p: float = 2.0) -> Any:
    """The ``p``-norm distances of all pairs of different rows, the first row with the others first.

    Shape:
        (N, D) -> (N (N - 1) / 2,).

    Raises:
        ShapeError: the input is no matrix.
        RuntimeError: ``p`` is negative.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.pdist(tg.tensor([[0., 0.], [3., 4.], [0., 1.]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    x = tensor("pdist", input)._array
    if x.ndim != 2:
        raise ShapeError(f"pdist(): input must have 2 dimensions (N, D), got shape {list(x.shape)}")
    if x.dtype.kind not in "fc":
        raise DTypeError(f"pdist(): needs a floating input, got {x.dtype}; convert with .float()")
    if not p >= 0:
        raise RuntimeError(f"pdist(): p must not be negative, got {p}")
    first, second = np.triu_indices(len(x), 1)
    return norms.norm(arithmetic.sub(selecting.getitem(input, first), selecting.getitem(input, second)), p, -1)
