"""Losses that ask for a margin: between scores, between distances, between similarities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic, pointwise, reduction, selecting
from tinygrad_cn.functions._arguments import index_array, tensor
from tinygrad_cn.ops import activation

from ._reduction import check_sizes, legacy, reduced
from .linear import pairwise_distance


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """max(0, -y (x1 - x2) + margin): x1 is to be above x2 where y is 1, and below where y is -1.

    Args:
        input1, input2 (Tensor): scores.
        target (Tensor): 1 or -1.
        margin (float): by how much.
        reduction (str): "mean", "sum" or "none".

    Shape:
        any, the same number of dimensions for all three.

    Raises:
        ShapeError: the numbers of dimensions differ.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.margin_ranking_loss(tg.tensor([1.]), tg.tensor([3.]), tg.tensor([1.]))
    tensor(2.)
    """
    shapes = [tensor("margin_ranking_loss", v)._array.shape for v in (input1, input2, target)]
    if len({len(s) for s in shapes}) > 1:
        raise ShapeError(
            "margin_ranking_loss(): input1, input2 and target must have the same number of dimensions, got shapes "
            f"{', '.join(str(list(s)) for s in shapes)}"
        )
    each = arithmetic.add(arithmetic.mul(pointwise.neg(target), arithmetic.sub(input1, input2)), margin)
    return reduced("margin_ranking_loss", arithmetic.clamp_min(each, 0), legacy(reduction, size_average, reduce))


def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """The distance x itself where y is 1, max(0, margin - x) where y is -1.

    Shape:
        input (*), target the same.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.hinge_embedding_loss(tg.tensor([0.25, 0.25]), tg.tensor([1., -1.]))
    tensor(0.5000)
    """
    x, y = tensor("hinge_embedding_loss", input)._array, tensor("hinge_embedding_loss", target, "target")._array
    check_sizes("hinge_embedding_loss", input, target)
    zero = np.zeros((), dtype=x.dtype)
    apart = arithmetic.where(input._wrap(y != 1), arithmetic.clamp_min(arithmetic.rsub(input, margin), 0), zero)
    near = arithmetic.where(input._wrap(y != -1), input, zero)
    return reduced("hinge_embedding_loss", arithmetic.add(apart, near), legacy(reduction, size_average, reduce))


def soft_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """log(1 + e^(-y x)), without overflow; y is 1 or -1.

    Shape:
        input (*), target the same.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.soft_margin_loss(tg.tensor([0.]), tg.tensor([1.]))
    tensor(0.6931)
    """
    tensor("soft_margin_loss", input), tensor("soft_margin_loss", target, "target")
    check_sizes("soft_margin_loss", input, target)
    each = pointwise.neg(activation.log_sigmoid(arithmetic.mul(target, input)))
    return reduced("soft_margin_loss", each, legacy(reduction, size_average, reduce))


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """1 - cos(x1, x2) where y is 1, max(0, cos(x1, x2) - margin) where y is -1.

    Shape:
        input1, input2 (N, D) and target (N,), or (D,) and ().

    Raises:
        ShapeError: the shapes do not fit.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.cosine_embedding_loss(tg.tensor([1., 0.]), tg.tensor([0., 1.]), tg.tensor(1.))
    tensor(1.)
    """
    a, b = (tensor("cosine_embedding_loss", v)._array.shape for v in (input1, input2))
    y = tensor("cosine_embedding_loss", target, "target")._array
    if y.ndim > 1 or len(a) != y.ndim + 1 or len(b) != y.ndim + 1:
        raise ShapeError(
            "cosine_embedding_loss(): expected inputs (N, D) with target (N,), or inputs (D,) with target (), got "
            f"shapes {list(a)}, {list(b)} and {list(y.shape)}"
        )
    tiny = 1e-12
    along = _sum(arithmetic.mul(input1, input2))
    sizes = [arithmetic.add(_sum(arithmetic.mul(v, v)), tiny) for v in (input1, input2)]
    cosine = arithmetic.div(along, pointwise.sqrt(arithmetic.mul(*sizes)))
    zero = np.zeros((), dtype=cosine._array.dtype)
    alike = arithmetic.where(cosine._wrap(y == 1), arithmetic.rsub(cosine, 1), zero)
    apart = arithmetic.clamp_min(arithmetic.sub(cosine, margin), 0)
    apart = arithmetic.where(cosine._wrap(y == -1), apart, zero)
    return reduced("cosine_embedding_loss", arithmetic.add(alike, apart), legacy(reduction, size_average, reduce))


def _sum(x: Any) -> Any:
    return reduction.sum(x, -1)


# ------------------------------------------------------------------------------------------ triplets


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) with the ``p``-norm as distance.

    Args:
        anchor, positive, negative (Tensor)
        margin (float): above 0.
        p (float): of the norm.
        eps (float): added to each difference.
        swap (bool): take d(positive, negative) where that is smaller (Balntas et al., 2016, doi:10.5244/C.30.119).
        reduction (str): "mean", "sum" or "none".

    Shape:
        (N, D) or (D,) -> (N,) or () with "none".

    Raises:
        ShapeError: the numbers of dimensions differ.
        ValueError: the margin is not positive.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.triplet_margin_loss(tg.tensor([0.]), tg.tensor([1.]), tg.tensor([1.]))
    tensor(1.)
    """
    kind = legacy(reduction, size_average, reduce)

    def distance(x: Any, y: Any) -> Any:
        return pairwise_distance(x, y, p, eps)

    return _triplets("triplet_margin_loss", anchor, positive, negative, distance, margin, swap, kind)


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """`triplet_margin_loss` with any ``distance_function`` of two tensors; `pairwise_distance` by default."""
    return _triplets(
        "triplet_margin_with_distance_loss",
        anchor,
        positive,
        negative,
        pairwise_distance if distance_function is None else distance_function,
        margin,
        swap,
        reduction,
    )


def _triplets(
    name: str, anchor: Any, positive: Any, negative: Any, distance: Any, margin: float, swap: bool, kind: str
) -> Any:
    if margin <= 0:
        raise ValueError(f"{name}(): margin must be above 0, got {margin}")
    shapes = [tensor(name, v)._array.shape for v in (anchor, positive, negative)]
    if len({len(s) for s in shapes}) > 1:
        raise ShapeError(
            f"{name}(): anchor, positive and negative must have the same number of dimensions, got shapes "
            f"{', '.join(str(list(s)) for s in shapes)}"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = arithmetic.minimum(far, distance(positive, negative))
    return reduced(name, arithmetic.clamp_min(arithmetic.add(arithmetic.sub(near, far), margin), 0), kind)


# ------------------------------------------------------------------------------------------- classes


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """sum over j of max(0, margin - x_y + x_j)^p / C, the classes j other than the target y.

    Args:
        input (Tensor): scores.
        target (Tensor): int64 class indices.
        p (int): 1 or 2.
        margin (float)
        weight (Tensor, optional): of each class.
        reduction (str): "mean", "sum" or "none".

    Shape:
        input (N, C) and target (N,), or (C,) and ().

    Raises:
        ShapeError: the shapes do not fit.
        IndexError: a class is out of range.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.multi_margin_loss(tg.tensor([[1., 1., 0.]]), tg.tensor([0]))
    tensor(0.3333)
    """
    name = "multi_margin_loss"
    kind = legacy(reduction, size_average, reduce)
    x, y = tensor(name, input)._array, index_array(name, tensor(name, target, "target"))
    if p not in (1, 2):
        raise ValueError(f"{name}(): p must be 1 or 2, got {p}")
    count = x.shape[0] if x.ndim == 2 else 1
    if x.ndim > 2 or 0 in x.shape[-1:] or y.ndim > 1 or y.size != count:
        raise ShapeError(
            f"{name}(): expected input (N, C) with target (N,), or input (C,) with target (), got shapes "
            f"{list(x.shape)} and {list(y.shape)}"
        )
    rows = input.reshape(count, -1)
    classes = rows._array.shape[1]
    if weight is not None and weight._array.shape != (classes,):
        raise ShapeError(f"{name}(): weight must have shape [{classes}], got {list(weight._array.shape)}")
    y = y.reshape(-1)
    _check_classes(name, y, 0, classes)
    chosen = selecting.gather(rows, 1, input._wrap(y[:, None]))
    each = activation.relu(arithmetic.add(arithmetic.sub(rows, chosen), margin))
    if p == 2:
        each = pointwise.square(each)
    if weight is not None:
        each = arithmetic.mul(each, selecting.getitem(weight, y[:, None]))
    others = input._wrap(np.arange(classes) != y[:, None])
    each = arithmetic.where(others, each, np.zeros((), dtype=x.dtype))
    losses = arithmetic.div(_sum(each), classes)
    return reduced(name, losses.reshape(target._array.shape) if x.ndim < 2 else losses, kind)


def _check_classes(name: str, y: np.ndarray, low: int, classes: int) -> None:
    if y.size and (y.min() < low or y.max() >= classes):
        worst = y.min() if y.min() < low else y.max()
        raise IndexError(f"{name}(): target {worst} is out of bounds: there are {classes} classes, from 0")


def multilabel_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """sum over targets t and other classes j of max(0, 1 - x_t + x_j) / C.

    Args:
        input (Tensor): scores.
        target (Tensor): int64 class indices; a row ends at its first -1.
        reduction (str): "mean", "sum" or "none".

    Shape:
        input and target (N, C) or (C,) -> (N,) or () with "none".

    Raises:
        ShapeError: the shapes differ.
        IndexError: a class is out of range.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.multilabel_margin_loss(tg.tensor([1., 1., 0.]), tg.tensor([0, -1, -1]))
    tensor(0.3333)
    """
    name = "multilabel_margin_loss"
    x, y = tensor(name, input)._array, index_array(name, tensor(name, target, "target"))
    if x.ndim > 2 or x.shape != y.shape or 0 in x.shape[-1:]:
        raise ShapeError(
            f"{name}(): input and target must have the same shape (N, C) or (C,), got {list(x.shape)} and "
            f"{list(y.shape)}"
        )
    rows = input.reshape(-1, x.shape[-1] if x.ndim else 1)
    count, classes = rows._array.shape
    y = y.reshape(count, classes)
    _check_classes(name, y, -1, classes)
    named = np.minimum.accumulate(y >= 0, axis=1)  # (N, C): before the first -1
    safe = np.where(named, y, 0)
    is_target = np.zeros((count, classes), dtype=bool)
    np.logical_or.at(is_target, (np.arange(count)[:, None], safe), named)
    chosen = selecting.gather(rows, 1, input._wrap(safe))
    gaps = arithmetic.sub(rows.unsqueeze(1), chosen.unsqueeze(2))  # (N, targets, classes)
    counted = input._wrap(named[:, :, None] & ~is_target[:, None, :])
    each = arithmetic.where(counted, activation.relu(arithmetic.add(gaps, 1)), np.zeros((), dtype=x.dtype))
    losses = arithmetic.div(_sum(_sum(each)), classes)
    return reduced(name, losses if x.ndim == 2 else losses.reshape(()), legacy(reduction, size_average, reduce))


def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """The binary cross-entropy of sigmoid(input), averaged over the classes.

    Shape:
        input and target (*, C), weight (C,) -> (*) with "none".

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.multilabel_soft_margin_loss(tg.tensor([[0., 0.]]), tg.tensor([[1., 0.]]))
    tensor(0.6931)
    """
    name = "multilabel_soft_margin_loss"
    if not tensor(name, input)._array.ndim:
        raise ShapeError(f"{name}(): input needs a class axis (*, C), got a 0-d tensor")
    yes = arithmetic.mul(target, activation.log_sigmoid(input))
    no = arithmetic.mul(arithmetic.rsub(target, 1), activation.log_sigmoid(pointwise.neg(input)))
    each = pointwise.neg(arithmetic.add(yes, no))
    if weight is not None:
        each = arithmetic.mul(each, weight)
    losses = arithmetic.div(_sum(each), input._array.shape[-1])
    return reduced(name, losses, legacy(reduction, size_average, reduce))
