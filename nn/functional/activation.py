"""Activations as functions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinygrad_cn import dtypes, random
from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions import arithmetic, joining, pointwise
from tinygrad_cn.functions._arguments import axis, tensor
from tinygrad_cn.inplace import assign
from tinygrad_cn.op import cast
from tinygrad_cn.ops import activation as ops
from tinygrad_cn.ops import softmax as softmax_ops


def _finish(input: Any, result: Any, inplace: bool, name: str) -> Any:
    return assign(input, result, name) if inplace else result


def sigmoid(input: Any) -> Any:
    """1 / (1 + e^-x)."""
    return pointwise.sigmoid(input)


def tanh(input: Any) -> Any:
    """The hyperbolic tangent."""
    return pointwise.tanh(input)


def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0); its derivative at 0 is 0."""
    result = ops.relu(tensor("relu", input))
    return assign(input, result, "relu_") if inplace else result


def relu6(input: Any, inplace: bool = False) -> Any:
    """min(max(x, 0), 6); its derivative at 0 and 6 is 0."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """x brought into [min_val, max_val]; its derivative at the bounds is 0.

    Raises:
        ValueError: the bounds cross.
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh(): min_val {min_val} is above max_val {max_val}")
    kind = tensor("hardtanh", input)._array.dtype
    if kind.kind in "biu":
        min_val, max_val = int(min_val), int(max_val)
        if kind.kind == "b" or (kind.kind == "u" and min_val < 0):
            raise DTypeError(
                f"hardtanh(): a tensor of dtype {kind} has no values in [{min_val}, {max_val}]; convert it"
            )
    return _finish(input, ops.hardtanh(input, low=min_val, high=max_val), inplace, "hardtanh_")


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """min(max(x + 3, 0), 6) / 6."""
    return _finish(input, arithmetic.div(relu6(arithmetic.add(input, 3)), 6), inplace, "hardsigmoid_")


def hardswish(input: Any, inplace: bool = False) -> Any:
    """x hardsigmoid(x)."""
    return _finish(input, ops.hardswish(tensor("hardswish", input)), inplace, "hardswish_")


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x above 0, negative_slope x below; its derivative at 0 is the slope."""
    result = ops.leaky_relu(tensor("leaky_relu", input), negative_slope=negative_slope)
    return _finish(input, result, inplace, "leaky_relu_")


def prelu(input: Any, weight: Any) -> Any:
    """`leaky_relu` with a learned slope, one for all or one for each channel (axis 1).

    Raises:
        ShapeError: as many slopes as neither 1 nor channels.
    """
    x, w = tensor("prelu", input)._array, tensor("prelu", weight, "weight")._array
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.ndim > 1 or w.size not in (1, channels):
        raise ShapeError(
            f"prelu(): weight has {w.size} slopes, but input of shape {list(x.shape)} has {channels} channels"
        )
    if w.size == 1:
        return ops.prelu(input, weight.reshape(()) if x.ndim == 0 else weight.reshape((1,) * x.ndim))
    return ops.prelu(input, weight.reshape((1, -1) + (1,) * (x.ndim - 2)))


def rrelu(
    input: Any, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Any:
    """`leaky_relu` with slopes drawn from [lower, upper] in training, their middle otherwise."""
    x = tensor("rrelu", input)._array
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slopes = np.ones(x.shape, dtype=x.dtype)
    below = x <= 0
    slopes[below] = random.default_generator.uniform(int(below.sum()), lower, upper, np.float64)
    return _finish(input, arithmetic.mul(input, input._wrap(slopes)), inplace, "rrelu_")


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, alpha (e^x - 1) below."""
    result = ops.elu(tensor("elu", input), alpha=alpha, scale=1.0, input_scale=1.0)
    return _finish(input, result, inplace, "elu_")


def selu(input: Any, inplace: bool = False) -> Any:
    """`elu` scaled so that activations keep mean 0 and variance 1 (Klambauer et al., 2017, arXiv:1706.02515)."""
    result = ops.elu(
        tensor("selu", input),
        alpha=1.6732632423543772848170429916717,
        scale=1.0507009873554804934193349852946,
        input_scale=1.0,
    )
    return _finish(input, result, inplace, "selu_")


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, alpha (e^(x / alpha) - 1) below.

    Raises:
        RuntimeError: alpha is 0.
    """
    if alpha == 0:
        raise RuntimeError("celu(): alpha must not be 0")
    result = ops.elu(tensor("celu", input), alpha=alpha, scale=1.0, input_scale=1.0 / alpha)
    return _finish(input, result, inplace, "celu_")


def gelu(input: Any, approximate: str = "none") -> Any:
    """x Phi(x), or its approximation by tanh (Hendrycks and Gimpel, 2016, arXiv:1606.08415).

    Raises:
        RuntimeError: ``approximate`` is neither "none" nor "tanh".
    """
    if approximate == "none":
        return ops.gelu(tensor("gelu", input))
    if approximate == "tanh":
        return ops.gelu_tanh(tensor("gelu", input))
    raise RuntimeError(f"gelu(): approximate must be 'none' or 'tanh', got {approximate!r}")


def silu(input: Any, inplace: bool = False) -> Any:
    """x sigmoid(x)."""
    return _finish(input, ops.silu(tensor("silu", input)), inplace, "silu_")


def mish(input: Any, inplace: bool = False) -> Any:
    """x tanh(log(1 + e^x))."""
    return _finish(input, ops.mish(tensor("mish", input)), inplace, "mish_")


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + e^(beta x)) / beta, and x itself where beta x is above ``threshold``."""
    return ops.softplus(tensor("softplus", input), beta=beta, threshold=threshold)


def logsigmoid(input: Any) -> Any:
    """log(1 / (1 + e^-x)) without overflow."""
    return ops.log_sigmoid(tensor("logsigmoid", input))


def softsign(input: Any) -> Any:
    """x / (1 + |x|)."""
    return arithmetic.div(input, arithmetic.add(pointwise.abs(input), 1))


def tanhshrink(input: Any) -> Any:
    """x - tanh x."""
    return arithmetic.sub(input, pointwise.tanh(input))


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """x outside [-lambd, lambd], 0 inside."""
    x = tensor("hardshrink", input)._array
    return arithmetic.where(input._wrap(np.abs(x) <= lambd), 0, input)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """x brought ``lambd`` nearer to 0, and 0 inside [-lambd, lambd].

    Raises:
        RuntimeError: lambd is negative.
    """
    if lambd < 0:
        raise RuntimeError(f"softshrink(): lambd must be at least 0, got {lambd}")
    x = tensor("softshrink", input)._array
    return arithmetic.where(
        input._wrap(np.abs(x) <= lambd), 0, arithmetic.sub(input, input._wrap(np.copysign(x.dtype.type(lambd), x)))
    )


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """x above ``threshold``, else ``value``."""
    x = tensor("threshold", input)._array
    return _finish(input, arithmetic.where(input._wrap(x > threshold), input, value), inplace, "threshold_")


def glu(input: Any, dim: int = -1) -> Any:
    """The first half along ``dim`` times the sigmoid of the second (Dauphin et al., 2017, arXiv:1612.08083).

    Raises:
        RuntimeError: the size along ``dim`` is odd.
    """
    shape = tensor("glu", input)._array.shape
    if not shape or shape[axis("glu", dim, len(shape))] % 2:
        raise RuntimeError(f"glu(): the size along dim {dim} must be even, got shape {list(shape)}")
    first, second = joining.chunk(input, 2, dim)
    return arithmetic.mul(first, pointwise.sigmoid(second))


def _softmax_axis(name: str, input: Any, dim: int | None) -> int:
    ndim = tensor(name, input)._array.ndim
    if dim is None:
        warnings.warn(f"{name}(): the implicit dim is deprecated; pass dim=", UserWarning, stacklevel=3)
        dim = 0 if ndim in (0, 1, 3) else 1
    return axis(name, dim, ndim)


def _prepared(input: Any, dtype: Any) -> Any:
    target = dtypes.to_numpy(dtype)
    if target is not None and input._array.dtype != target:
        input = cast(input, dtype=target)
    return input


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """e^x_i / sum_j e^x_j along ``dim``, without overflow.

    Args:
        input (Tensor)
        dim (int): the axis along which the results sum to 1.
        dtype (dtype, optional): convert to it first.
    """
    number = _softmax_axis("softmax", input, dim)
    a = _prepared(input, dtype)
    return softmax_ops.softmax(a, axis=number) if a._array.ndim else softmax(a.reshape(1), 0).reshape(())


def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """`softmax` of -x."""
    number = _softmax_axis("softmin", input, dim)
    return softmax(pointwise.neg(input), number, dtype=dtype)


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """log softmax(x) along ``dim``, finite also where the softmax underflows."""
    number = _softmax_axis("log_softmax", input, dim)
    a = _prepared(input, dtype)
    return softmax_ops.log_softmax(a, axis=number) if a._array.ndim else log_softmax(a.reshape(1), 0).reshape(())


def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Any:
    """A sample of the Gumbel-softmax distribution (Jang et al., 2016, arXiv:1611.01144).

    ``hard`` returns one-hot vectors, with the gradient of the soft sample.
    """
    x = tensor("gumbel_softmax", logits)._array
    noise = -np.log(random.default_generator.exponential(x.shape, 1.0, x.dtype))
    soft = softmax(arithmetic.div(arithmetic.add(logits, logits._wrap(noise)), tau), dim)
    if not hard:
        return soft
    onehot = np.zeros_like(x)
    np.put_along_axis(onehot, np.argmax(soft._array, axis=dim, keepdims=True), 1, axis=dim)
    return arithmetic.add(arithmetic.sub(logits._wrap(onehot), soft.detach()), soft)


def relu_(input: Any) -> Any:
    """`relu` in place."""
    return relu(input, True)


def leaky_relu_(input: Any, negative_slope: float = 0.01) -> Any:
    """`leaky_relu` in place."""
    return leaky_relu(input, negative_slope, True)


def elu_(input: Any, alpha: float = 1.0) -> Any:
    """`elu` in place."""
    return elu(input, alpha, True)


def hardtanh_(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """`hardtanh` in place."""
    return hardtanh(input, min_val, max_val, True)


def threshold_(input: Any, threshold_: float, value: float) -> Any:
    """`threshold` in place."""
    return threshold(input, threshold_, value, True)


def rrelu_(input: Any, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Any:
    """`rrelu` in place."""
    return rrelu(input, lower, upper, training, True)


def celu_(input: Any, alpha: float = 1.0) -> Any:
    """`celu` in place."""
    return celu(input, alpha, True)


def selu_(input: Any) -> Any:
    """`selu` in place."""
    return selu(input, True)
