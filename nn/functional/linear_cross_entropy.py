"""The cross-entropy of a linear classifier."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic
from tinygrad_cn.functions._arguments import tensor

from .linear import linear
from .loss import cross_entropy


def linear_cross_entropy(
    input: Any,
    linear_weight: Any,
    target: Any,
    *,
    linear_bias: Any = None,
    weight: Any = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Any:
    """`cross_entropy` of input @ linear_weight^T + linear_bias.

    Args:
        input (Tensor): features.
        linear_weight (Tensor): one row of weights for each class (and each position, with more axes).
        target (Tensor): int64 class indices, or probabilities.
        linear_bias (Tensor, optional): of the weight's shape without its last axis.
        weight (Tensor, optional): of each class.
        reduction (str): "mean", "sum" or "none".
        ignore_index (int, optional): a target index that counts for nothing; -100 by default.
        label_smoothing (float): as in `cross_entropy`.
        options (optional): accepted; how the work is cut up changes no result.

    Shape:
        input (in,) or (N, in); linear_weight (C, in) or (C, *S, in); target () or (N,) or (N, *S), or, as
        probabilities, (C,) or (N, C) or (N, C, *S).

    Raises:
        ShapeError: the shapes do not fit.
        RuntimeError: ``ignore_index`` together with probabilities.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.linear_cross_entropy(tg.tensor([2.]), tg.tensor([[1.], [0.]]), tg.tensor(0))
    tensor(0.1269)
    """
    name = "linear_cross_entropy"
    x, w = tensor(name, input)._array.shape, tensor(name, linear_weight, "linear_weight")._array.shape
    if len(x) not in (1, 2) or len(w) < 2 or x[-1] != w[-1] or (len(w) > 2 and len(x) == 1):
        raise ShapeError(
            f"{name}(): expected input (in,) or (N, in) and linear_weight (C, in), or input (N, in) and linear_weight "
            f"(C, *S, in), got shapes {list(x)} and {list(w)}"
        )
    if linear_bias is not None and linear_bias._array.shape != w[:-1]:
        raise ShapeError(f"{name}(): linear_bias must have shape {list(w[:-1])}, got {list(linear_bias._array.shape)}")
    if ignore_index is not None and tensor(name, target, "target")._array.dtype.kind == "f":
        raise RuntimeError(f"{name}(): ignore_index is for class indices, but target holds probabilities")
    scores = linear(input, linear_weight.reshape(math.prod(w[:-1]), w[-1]))
    scores = scores.reshape(*x[:-1], *w[:-1])
    if linear_bias is not None:
        scores = arithmetic.add(scores, linear_bias)
    return cross_entropy(
        scores,
        target,
        weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
