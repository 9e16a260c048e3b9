"""Connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions import arithmetic, pointwise, reduction
from tinygrad_cn.functions._arguments import index_array, raw, tensor
from tinygrad_cn.kernels.alignment import Paths, paths
from tinygrad_cn.ops.alignment import alignment

from ._reduction import reduced

_NAME = "ctc_loss"


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """The negative log-likelihood of label sequences, over all alignments (Graves et al., 2006).

    As in PyTorch, ``log_probs`` must be normalised (the result of `log_softmax`), and the gradient is the one that
    reaches the scores before it: e^log_probs less the expected emissions. Behind a `log_softmax` that is the true
    gradient.

    Args:
        log_probs (Tensor): logarithms of probabilities, floating.
        targets (Tensor): int64 classes, padded to (N, S), or all one after the other.
        input_lengths (Tensor or sequence of ints): how many steps of each input count.
        target_lengths (Tensor or sequence of ints): how many labels each target has.
        blank (int): the class that stands for no label.
        reduction (str): "mean" (of the losses, each divided by its target's length), "sum" or "none".
        zero_infinity (bool): count an impossible target (and its gradient) as 0.

    Shape:
        log_probs (T, N, C), targets (N, S) or (sum(target_lengths),), lengths (N,) -> (N,) with "none"; or
        log_probs (T, C), targets (S,), lengths () -> ().

    Raises:
        ShapeError: the shapes or lengths do not fit.
        ValueError: a class or ``blank`` is out of range.

    >>> import tinygrad_cn as tg
    >>> steps = tg.nn.functional.log_softmax(tg.zeros(2, 1, 3), -1)
    >>> tg.nn.functional.ctc_loss(steps, tg.tensor([[1]]), [2], [1])
    tensor(1.0986)
    """
    x = tensor(_NAME, log_probs)._array
    if x.ndim not in (2, 3) or x.dtype.kind != "f":
        raise DTypeError(f"{_NAME}(): log_probs must be floating, (T, N, C) or (T, C); got {x.dtype} {list(x.shape)}")
    single = x.ndim == 2
    batch = log_probs.unsqueeze(1) if single else log_probs
    ways = _paths(batch._array.shape, targets, input_lengths, target_lengths, blank)
    each = alignment(batch, paths=ways)
    steps = np.arange(batch._array.shape[0])[:, None] < ways.times  # (T, N)
    mass = arithmetic.where(batch._wrap(steps[:, :, None]), pointwise.exp(batch), np.zeros((), dtype=x.dtype))
    mass = _total(mass)
    each = arithmetic.add(each, arithmetic.sub(mass, mass.detach()))  # adds 0, of gradient e^log_probs
    if zero_infinity:
        each = arithmetic.where(each._wrap(np.isinf(each._array)), np.zeros((), dtype=x.dtype), each)
    if reduction == "mean":
        each = arithmetic.div(each, each._wrap(np.maximum(ways.labels, 1).astype(x.dtype)))
    return reduced(_NAME, each.squeeze(0) if single else each, reduction)


def _total(x: Any) -> Any:
    return reduction.sum(x, (0, 2))


def _paths(shape: tuple[int, ...], targets: Any, input_lengths: Any, target_lengths: Any, blank: int) -> Paths:
    """The states of the sequences.

    Raises:
        ShapeError, ValueError
    """
    steps, count, classes = shape
    if not 0 <= blank < classes:
        raise ValueError(f"{_NAME}(): blank {blank} is no class: there are {classes}, from 0")
    times, labels = _lengths("input_lengths", input_lengths, count), _lengths("target_lengths", target_lengths, count)
    wanted = index_array(_NAME, tensor(_NAME, targets, "targets"))
    if (times < 0).any() or (times > steps).any():
        raise ShapeError(f"{_NAME}(): input_lengths {times.tolist()} must lie between 0 and the {steps} steps")
    if (labels < 0).any():
        raise ShapeError(f"{_NAME}(): target_lengths must not be negative, got {labels.tolist()}")
    if wanted.ndim == 1:
        if labels.sum() != len(wanted):
            raise ShapeError(
                f"{_NAME}(): target_lengths {labels.tolist()} must add up to the {len(wanted)} targets given"
            )
        padded = np.zeros((count, int(labels.max(initial=0))), np.int64)
        padded[np.arange(padded.shape[1]) < labels[:, None]] = wanted
        wanted = padded
    elif wanted.ndim != 2 or wanted.shape[0] != count or (labels > wanted.shape[1]).any():
        raise ShapeError(
            f"{_NAME}(): targets of shape {list(wanted.shape)} do not hold {count} rows of lengths {labels.tolist()}"
        )
    wanted = wanted[:, : int(labels.max(initial=0))]
    used = wanted[np.arange(wanted.shape[1]) < labels[:, None]]
    if used.size and (used.min() < 0 or used.max() >= classes):
        raise ValueError(
            f"{_NAME}(): targets must be classes from 0 to {classes - 1}, got {used.min()} to {used.max()}"
        )
    return paths(wanted, times, labels, blank)


def _lengths(what: str, value: Any, count: int) -> np.ndarray:
    array = np.asarray(raw(value))
    if array.dtype.kind not in "iu":
        raise DTypeError(f"{_NAME}(): {what} must hold integers, got {array.dtype}")
    array = array.astype(np.int64).reshape(-1)
    if len(array) != count:
        raise ShapeError(f"{_NAME}(): {what} must have one number for each of the {count} sequences, got {len(array)}")
    return array
