"""Normalisations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn import storage
from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic, pointwise, reduction
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.kernels.averaging import average_windows
from tinygrad_cn.op import cast
from tinygrad_cn.ops import normalization as ops
from tinygrad_cn.ops.pooling import avg_pool


def _along_channels(value: Any, ndim: int) -> Any:
    """A vector of one number for each channel, shaped to broadcast against (N, C, *S)."""
    return value.reshape((1, -1) + (1,) * (ndim - 2))


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        x = arithmetic.mul(x, weight)
    return x if bias is None else arithmetic.add(x, bias)


def _scaled_channels(x: Any, weight: Any, bias: Any) -> Any:
    """(N, C, *S) with each channel scaled and shifted."""
    return _affine(x, *(v if v is None else _along_channels(v, x._array.ndim) for v in (weight, bias)))


def _normal(x: Any, axes: int, eps: float, weight: Any, bias: Any) -> Any:
    """Brought to mean 0 and variance 1 over the last ``axes`` axes, to be scaled by ``weight`` and ``bias``.

    Where there are none, this is the result, which users may write in place: `standardize` saves what it gives,
    `layer_norm` does not.
    """
    if weight is None and bias is None:
        return ops.layer_norm(x, None, None, axes=axes, eps=eps)
    return ops.standardize(x, axis=tuple(range(x._array.ndim - axes, x._array.ndim)), eps=eps)


def _check_channels(name: str, channels: int, **vectors: Any) -> None:
    for what, vector in vectors.items():
        if vector is not None and vector._array.shape != (channels,):
            raise ShapeError(
                f"{name}(): {what} must have shape [{channels}], one for each channel, got {list(vector._array.shape)}"
            )


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel normalised by its mean and variance over the batch and all positions.

    Ioffe and Szegedy, 2015, arXiv:1502.03167. In training the batch's statistics are used, and the running ones move
    towards them by ``momentum`` (the variance with n - 1); otherwise the running ones are used.

    Shape:
        input (N, C) or (N, C, *S); the others (C,).

    Raises:
        ShapeError: a vector does not have one number for each channel.
        ValueError: training with a single value for each channel; an ``eps`` that is negative, or 0 in training.
    """
    x = tensor("batch_norm", input)._array
    if x.shape == (0,):
        return input.clone()
    if x.ndim < 2:
        raise ShapeError(f"batch_norm(): input must have at least 2 dimensions (N, C, ...), got shape {list(x.shape)}")
    channels = x.shape[1]
    _check_channels(
        "batch_norm", channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"batch_norm(): eps must be positive (or 0 outside training), got {eps}")
    if training and not x.size:  # nothing to take statistics of; gradients of weight and bias are zeros
        return _scaled_channels(input, weight, bias)
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("batch_norm(): outside training running_mean and running_var are needed")
        scale = pointwise.rsqrt(arithmetic.add(running_var, eps))
        if weight is not None:
            scale = arithmetic.mul(scale, weight)
        shift = arithmetic.mul(running_mean, scale)
        shift = pointwise.neg(shift) if bias is None else arithmetic.sub(bias, shift)
        return _affine(input, _along_channels(scale, x.ndim), _along_channels(shift, x.ndim))
    count = x.size // max(channels, 1)
    if count <= 1 and x.size:
        raise ValueError(
            "batch_norm(): expected more than 1 value per channel when training, got input of shape "
            f"{list(x.shape)}; use a "
            "larger batch, or eval()"
        )
    mean, variance, centred = ops.batch_statistics(x)
    if running_mean is not None:
        _move(running_mean, mean, momentum)
    if running_var is not None:
        _move(running_var, variance * (count / max(count - 1, 1)), momentum)
    return ops.batch_norm(input, weight, bias, centred=centred, variance=variance, eps=eps)


def _move(running: Any, value: Any, momentum: float) -> None:
    array = running._array
    array += (value - array) * array.dtype.type(momentum)
    storage.stamp(array, "batch_norm")


def layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Normalised over the last axes, each sample by itself (Ba et al., 2016, arXiv:1607.06450).

    Shape:
        input (*, *normalized_shape); weight and bias normalized_shape.

    Raises:
        ShapeError: the last axes are not ``normalized_shape``.
    """
    shape = tensor("layer_norm", input)._array.shape
    normalized = tuple(normalized_shape)
    count = len(normalized)
    if not count or shape[len(shape) - count :] != normalized or len(shape) < count:
        raise ShapeError(
            f"layer_norm(): normalized_shape {list(normalized)} must be the last axes of the input, got shape "
            f"{list(shape)}"
        )
    for what, value in (("weight", weight), ("bias", bias)):
        if value is not None and value._array.shape != normalized:
            raise ShapeError(f"layer_norm(): {what} must have shape {list(normalized)}, got {list(value._array.shape)}")
    if any(v is not None and v._array.dtype != input._array.dtype for v in (weight, bias)):
        kind = np.result_type(*(v._array for v in (input, weight, bias) if v is not None))
        input, weight, bias = (v if v is None else cast(v, dtype=kind) for v in (input, weight, bias))
    return ops.layer_norm(input, weight, bias, axes=count, eps=eps)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalised over groups of channels, each sample by itself (Wu and He, 2018, arXiv:1803.08494).

    Raises:
        ShapeError: the channels do not divide into the groups.
    """
    shape = tensor("group_norm", input)._array.shape
    if len(shape) < 2 or num_groups < 1 or shape[1] % num_groups:
        raise ShapeError(
            f"group_norm(): input of shape {list(shape)} needs channels divisible by num_groups {num_groups}"
        )
    _check_channels("group_norm", shape[1], weight=weight, bias=bias)
    if not input._array.size:
        return input.clone()
    groups = input.reshape((shape[0], num_groups, -1))
    return _scaled_channels(_normal(groups, 1, eps, weight, bias).reshape(shape), weight, bias)


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel of each sample normalised by itself (Ulyanov et al., 2016, arXiv:1607.08022).

    Raises:
        ShapeError: a vector does not have one number for each channel.
        ValueError: a single value for each channel.
    """
    x = tensor("instance_norm", input)._array
    if x.ndim < 3:
        raise ShapeError(
            f"instance_norm(): input must have at least 3 dimensions (N, C, ...), got shape {list(x.shape)}"
        )
    _check_channels(
        "instance_norm", x.shape[1], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    axes = tuple(range(2, x.ndim))
    count = x[0, 0].size if x.size else 0
    if count == 1:
        raise ValueError(f"instance_norm(): expected more than 1 value per channel, got input of shape {list(x.shape)}")
    if running_mean is not None:
        _move(running_mean, x.mean(axis=(0, *axes)), momentum)
    if running_var is not None:
        _move(running_var, x.var(axis=axes, ddof=1).mean(axis=0), momentum)
    return _scaled_channels(_normal(input, len(axes), eps, weight, bias), weight, bias)


def rms_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None) -> Any:
    """Divided by the root of the mean square over the last axes (Zhang and Sennrich, 2019, arXiv:1910.07467)."""
    shape = tensor("rms_norm", input)._array.shape
    normalized = tuple(normalized_shape)
    count = len(normalized)
    if not count or shape[len(shape) - count :] != normalized:
        raise ShapeError(
            f"rms_norm(): normalized_shape {list(normalized)} must be the last axes of the input, got shape "
            f"{list(shape)}"
        )
    if weight is not None and weight._array.shape != normalized:
        raise ShapeError(f"rms_norm(): weight must have shape {list(normalized)}, got {list(weight._array.shape)}")
    eps = float(np.finfo(input._array.dtype).eps) if eps is None else eps
    power = reduction.mean(pointwise.square(input), tuple(range(-count, 0)), True)
    return _affine(arithmetic.mul(input, pointwise.rsqrt(arithmetic.add(power, eps))), weight, None)


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """x / (k + alpha mean x^2)^beta, the mean over ``size`` neighbouring channels, 0 beyond the ends.

    Krizhevsky et al., 2012, section 3.3.

    Args:
        input (Tensor)
        size (int): how many channels, x's own in the middle.
        alpha, beta, k (float)

    Shape:
        (N, C, *S), at least one S.

    Raises:
        ShapeError: fewer than 3 dimensions.
        ValueError: ``size`` is less than 1.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.local_response_norm(tg.tensor([[[1.], [1.]]]), 2, alpha=2.0, beta=1.0)
    tensor([[[0.5000],
             [0.3333]]])
    """
    name = "local_response_norm"
    shape = tensor(name, input)._array.shape
    if len(shape) < 3:
        raise ShapeError(f"{name}(): input must have at least 3 dimensions (N, C, *S), got shape {list(shape)}")
    if size < 1:
        raise ValueError(f"{name}(): size must be at least 1, got {size}")
    if not input._array.size:
        return input.clone()
    pads = ((size // 2, (size - 1) // 2), (0, 0))
    planes = input.reshape(shape[0], 1, shape[1], math.prod(shape[2:]))
    windows = average_windows(name, planes._array.shape, (size, 1), (1, 1), pads)
    mean = avg_pool(pointwise.square(planes), windows=windows).reshape(shape)
    return arithmetic.div(input, arithmetic.pow(arithmetic.add(arithmetic.mul(mean, alpha), k), beta))
