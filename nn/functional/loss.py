"""Losses as functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions import arithmetic, pointwise, reduction, selecting
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.ops import activation, losses, softmax

from ._reduction import check_sizes, legacy, named, reduced
from .activation import log_softmax


def mse_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """The squared distance (input - target)^2, averaged, summed or as it is.

    Args:
        input (Tensor)
        target (Tensor): of the same shape (another one broadcasts, with a warning).
        reduction (str): "mean", "sum" or "none".
        weight (Tensor, optional): of each element.

    Raises:
        ValueError: an unknown reduction.
    """
    check_sizes("mse_loss", input, target)
    each = pointwise.square(arithmetic.sub(input, target))
    return _weighted("mse_loss", each, weight, legacy(reduction, size_average, reduce))


def _weighted(name: str, each: Any, weight: Any, kind: str) -> Any:
    if weight is None:
        return reduced(name, each, kind)
    each = arithmetic.mul(each, weight)
    if kind == "mean":
        return arithmetic.div(reduction.sum(each), reduction.sum(weight.expand_as(each)))
    return reduced(name, each, kind)


def l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """The distance |input - target|, averaged, summed or as it is."""
    check_sizes("l1_loss", input, target)
    each = pointwise.abs(arithmetic.sub(input, target))
    return _weighted("l1_loss", each, weight, legacy(reduction, size_average, reduce))


def smooth_l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
) -> Any:
    """d^2 / (2 beta) where d = |input - target| is below ``beta``, d - beta / 2 elsewhere.

    Raises:
        RuntimeError: beta is negative.
    """
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss(): beta must be at least 0, got {beta}")
    kind = legacy(reduction, size_average, reduce)
    check_sizes("smooth_l1_loss", input, target)
    d = arithmetic.sub(input, target)
    size = pointwise.abs(d)
    if beta == 0:
        return reduced("smooth_l1_loss", size, kind)
    near = arithmetic.mul(pointwise.square(d), 0.5 / beta)
    each = arithmetic.where(size._wrap(size._array < beta), near, arithmetic.sub(size, 0.5 * beta))
    return reduced("smooth_l1_loss", each, kind)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    """d^2 / 2 where d = |input - target| is at most ``delta``, delta (d - delta / 2) elsewhere.

    Raises:
        RuntimeError: delta is not positive.
    """
    if delta <= 0:
        raise RuntimeError(f"huber_loss(): delta must be above 0, got {delta}")
    check_sizes("huber_loss", input, target)
    d = arithmetic.sub(input, target)
    size = pointwise.abs(d)
    near = arithmetic.mul(pointwise.square(d), 0.5)
    far = arithmetic.mul(arithmetic.sub(size, 0.5 * delta), delta)
    each = arithmetic.where(size._wrap(size._array <= delta), near, far)
    return _weighted("huber_loss", each, weight, reduction)


# ------------------------------------------------------------------------------------ cross-entropy


def _classes(name: str, target: Any, classes: int, ignore_index: int) -> tuple[np.ndarray, np.ndarray | None]:
    """The target classes with ignored ones replaced by 0, and which are kept (``None``: all).

    Raises:
        IndexError: a class is out of range.
    """
    t = target._array
    if t.dtype != np.int64:
        t = t.astype(np.int64)
    if not t.size or (np.maximum.reduce(t.view(np.uint64), axis=None) < classes and not 0 <= ignore_index < classes):
        return t, None  # read without a sign, a negative class is a very large one
    kept = t != ignore_index
    bad = kept & ((t < 0) | (t >= classes))
    if bad.any():
        raise IndexError(
            f"{name}(): target {t[bad].flat[0]} is out of bounds: there are {classes} classes, 0 to {classes - 1} "
            f"(class {ignore_index} is ignored)"
        )
    return (t, None) if kept.all() else (np.where(kept, t, 0), kept)


def _scale(t: np.ndarray, kept: np.ndarray | None, weight: np.ndarray | None, dtype: np.dtype) -> np.ndarray:
    """How much each target counts: its class's weight, and 0 for an ignored one."""
    scale = np.ones(t.shape, dtype=dtype) if weight is None else weight[t]
    return scale if kept is None else scale * kept


def _check_target(name: str, input: Any, target: Any) -> tuple[int, int]:
    """The class axis and the number of classes.

    Raises:
        ShapeError: the target does not fit the input.
    """
    x, t = tensor(name, input)._array.shape, tensor(name, target, "target")._array.shape
    if not x:
        raise ShapeError(f"{name}(): input needs a class axis, got a 0-d tensor")
    axis = 0 if len(x) == 1 else 1
    expected = x[:axis] + x[axis + 1 :]
    if t != expected:
        raise ShapeError(
            f"{name}(): input of shape {list(x)} has its classes on axis {axis}, so a target of class indices must "
            "have shape "
            f"{list(expected)}, got {list(t)}"
        )
    return axis, x[axis]


def _weights(name: str, weight: Any, classes: int, dtype: np.dtype) -> Any:
    if weight is None:
        return None
    if weight._array.shape != (classes,):
        raise ShapeError(
            f"{name}(): weight must have shape [{classes}], one for each class, got {list(weight._array.shape)}"
        )
    if weight._array.dtype != dtype:
        raise DTypeError(f"{name}(): input is {dtype} but weight is {weight._array.dtype}; convert one with .to(dtype)")
    return weight._array


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """-input[target]: the negative log-likelihood of the target classes, given log-probabilities.

    Args:
        input (Tensor): log-probabilities.
        target (Tensor): int64 class indices.
        weight (Tensor, optional): of each class; "mean" divides by the sum of the targets' weights.
        ignore_index (int): a target that counts for nothing.
        reduction (str): "mean", "sum" or "none".

    Shape:
        input (C,), (N, C) or (N, C, *S); target (), (N,) or (N, *S).

    Raises:
        ShapeError: the shapes do not fit.
        IndexError: a class is out of range.
    """
    kind = legacy(reduction, size_average, reduce)
    axis, classes = _check_target("nll_loss", input, target)
    _integers("nll_loss", target)
    x = input._array
    t, kept = _classes("nll_loss", target, classes, ignore_index)
    w = _weights("nll_loss", weight, classes, x.dtype)
    scale = _scale(t, kept, w, x.dtype)
    index = np.expand_dims(t, axis)
    chosen = selecting.gather(input, axis, input._wrap(index)).squeeze(axis)
    each = arithmetic.mul(chosen, input._wrap(-scale))
    if kind == "mean":
        total = arithmetic.div(reduced("nll_loss", each, "sum"), float(scale.sum() or 1))
        return named("nll_loss", _mean_of_nothing_is_nan(total, scale))
    return reduced("nll_loss", each, kind)


def _integers(name: str, target: Any) -> None:
    if target._array.dtype.kind not in "iu":
        raise TypeError(
            f"{name}(): class indices must be integers, got {target._array.dtype}; convert with .long(), or pass class "
            "probabilities of the input's shape"
        )


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log softmax(input)[target]: the cross-entropy between logits and target classes, or class probabilities.

    Args:
        input (Tensor): logits, floating.
        target (Tensor): int64 class indices, or probabilities of the input's shape and dtype.
        weight (Tensor, optional): of each class.
        ignore_index (int): a target index that counts for nothing.
        reduction (str): "mean", "sum" or "none".
        label_smoothing (float): the part of each target that is spread evenly over all classes, in [0, 1].

    Shape:
        input (C,), (N, C) or (N, C, *S); target (), (N,) or (N, *S), or the input's for probabilities.

    Raises:
        ShapeError: the shapes do not fit.
        IndexError: a class is out of range.
        TypeError: class indices that are no integers.
        RuntimeError: label_smoothing outside [0, 1]; ``ignore_index`` together with probabilities.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.cross_entropy(tg.tensor([[2., 0.]]), tg.tensor([0]))
    tensor(0.1269)
    """
    kind = legacy(reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"cross_entropy(): label_smoothing must lie between 0 and 1, got {label_smoothing}")
    x = tensor("cross_entropy", input)._array
    t = tensor("cross_entropy", target, "target")._array
    if t.dtype.kind == "f" and t.shape == x.shape:
        if ignore_index >= 0:
            raise RuntimeError("cross_entropy(): ignore_index is for class indices, but target holds probabilities")
        return _soft_cross_entropy(input, target, weight, kind, label_smoothing)
    if t.dtype.kind == "f":
        _integers("cross_entropy", target)
    axis, classes = _check_target("cross_entropy", input, target)
    _integers("cross_entropy", target)
    if label_smoothing:
        return _smoothed(input, target, weight, ignore_index, kind, label_smoothing, axis)
    if x.ndim != 2:
        return nll_loss(log_softmax(input, axis), target, weight, None, ignore_index, None, kind)
    if kind not in ("mean", "sum", "none"):
        reduced("cross_entropy", input, kind)
    indices, kept = _classes("cross_entropy", target, classes, ignore_index)
    w = _weights("cross_entropy", weight, classes, x.dtype)
    scale: Any
    if kept is None and w is None and len(x):
        scale = x.dtype.type(1 / len(x) if kind == "mean" else 1)
    else:
        scale = _scale(indices, kept, w, x.dtype)
        if kind == "mean":
            return _mean_of_nothing_is_nan(
                softmax.cross_entropy(input, target=indices, scale=scale / (scale.sum() or 1), summed=True), scale
            )
    return softmax.cross_entropy(input, target=indices, scale=scale, summed=kind != "none")


def _mean_of_nothing_is_nan(loss: Any, scale: np.ndarray) -> Any:
    """``loss``, or NaN with the gradient 0 where no target counts."""
    return loss if scale.any() else arithmetic.add(loss, math.nan)


def _soft_cross_entropy(input: Any, target: Any, weight: Any, kind: str, smoothing: float) -> Any:
    axis = 0 if input._array.ndim == 1 else 1
    classes = input._array.shape[axis]
    if smoothing:
        target = arithmetic.add(arithmetic.mul(target, 1 - smoothing), smoothing / classes)
    each = arithmetic.mul(log_softmax(input, axis), target)
    if weight is not None:
        _weights("cross_entropy", weight, classes, input._array.dtype)
        each = arithmetic.mul(each, weight.reshape((-1,) + (1,) * (input._array.ndim - axis - 1)))
    each = pointwise.neg(reduction.sum(each, axis))
    if kind == "mean":
        count = max(each._array.size, 1) if axis else 1
        return arithmetic.div(reduction.sum(each), count)
    return reduced("cross_entropy", each, kind)


def _smoothed(input: Any, target: Any, weight: Any, ignore_index: int, kind: str, smoothing: float, axis: int) -> Any:
    """(1 - e) times the loss of the targets plus e / C times that of all classes."""
    x = input._array
    classes = x.shape[axis]
    logp = log_softmax(input, axis)
    sharp = nll_loss(logp, target, weight, None, ignore_index, None, kind)
    t, kept = _classes("cross_entropy", target, classes, ignore_index)
    w = _weights("cross_entropy", weight, classes, x.dtype)
    if w is not None:
        logp = arithmetic.mul(logp, weight.reshape((-1,) + (1,) * (x.ndim - axis - 1)))
    even = pointwise.neg(reduction.sum(logp, axis))
    if kept is not None:
        even = arithmetic.mul(even, input._wrap(kept.astype(x.dtype)))
    if kind == "mean":
        total = _scale(t, kept, w, x.dtype).sum() or 1  # of nothing: the sharp part is NaN already
        even = arithmetic.div(reduction.sum(even), float(total))
    else:
        even = reduced("cross_entropy", even, kind)
    return arithmetic.add(arithmetic.mul(sharp, 1 - smoothing), arithmetic.mul(even, smoothing / classes))


# ----------------------------------------------------------------------------- binary cross-entropy


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """-(y log x + (1 - y) log(1 - x)) of probabilities x and targets y; logarithms are kept above -100.

    Raises:
        ShapeError: the shapes differ.
        RuntimeError: a probability lies outside [0, 1].
    """
    kind = legacy(reduction, size_average, reduce)
    x, y = tensor("binary_cross_entropy", input)._array, tensor("binary_cross_entropy", target, "target")._array
    if x.shape != y.shape:
        raise ShapeError(
            f"binary_cross_entropy(): target of shape {list(y.shape)} for an input of shape {list(x.shape)}"
        )
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise RuntimeError(
            f"binary_cross_entropy(): all elements of input must lie between 0 and 1, got {x.min():.4g} to "
            f"{x.max():.4g}; use "
            "binary_cross_entropy_with_logits for values before the sigmoid"
        )
    each = losses.binary_cross_entropy(input, target)
    if weight is not None:
        each = arithmetic.mul(each, weight)
    return reduced("binary_cross_entropy", each, kind)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """`binary_cross_entropy` of sigmoid(input), computed without overflow; ``pos_weight`` weighs the targets 1.

    Raises:
        ShapeError: the shapes differ.
    """
    kind = legacy(reduction, size_average, reduce)
    name = "binary_cross_entropy_with_logits"
    x, y = tensor(name, input)._array.shape, tensor(name, target, "target")._array.shape
    if x != y:
        raise ShapeError(f"{name}(): target of shape {list(y)} for an input of shape {list(x)}")
    logs = activation.log_sigmoid(input)
    if pos_weight is not None:
        logs = arithmetic.mul(logs, arithmetic.add(arithmetic.mul(arithmetic.sub(pos_weight, 1), target), 1))
    each = arithmetic.sub(arithmetic.mul(arithmetic.rsub(target, 1), input), logs)
    if weight is not None:
        each = arithmetic.mul(each, weight)
    return reduced(name, each, kind)


def kl_div(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """target (log target - input), ``input`` being log-probabilities; "batchmean" divides by the batch size."""
    kind = legacy(reduction, size_average, reduce)
    if log_target:
        each = arithmetic.mul(pointwise.exp(target), arithmetic.sub(target, input))
    else:
        each = arithmetic.sub(xlogy(target, target), arithmetic.mul(target, input))
    if kind == "batchmean":
        batch = input._array.shape[0] if input._array.ndim else 1
        return arithmetic.div(reduced("kl_div", each, "sum"), batch)
    return reduced("kl_div", each, kind)


def xlogy(input: Any, other: Any) -> Any:
    """input log(other), and 0 where input is 0."""
    zero = input._wrap(input._array == 0)
    return arithmetic.where(zero, 0, arithmetic.mul(input, pointwise.log(arithmetic.where(zero, 1, other))))
