"""Activations that are one op each. At a kink the derivative is the sub-gradient of least norm, as in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.kernels import gates
from tinygrad_cn.op import Op, elementwise, op
from tinygrad_cn.ops.exponential import sigmoid
from tinygrad_cn.ops.special import erf

_SQRT_HALF = math.sqrt(0.5)
_GELU_SCALE = math.sqrt(2 / math.pi)
_GELU_CUBIC = 0.044715


def _relu(x: Any) -> Any:
    """Of many numbers by `np.clip`, which takes a third of the time; it takes longer to start."""
    return np.clip(x, 0, math.inf) if x.size > 8192 and x.dtype.kind == "f" else np.maximum(x, 0)


relu = elementwise("relu", _relu, x=lambda g, out: g * (out > 0))


def _leaky_relu(x: Any, *, negative_slope: float) -> Any:
    return np.where(x > 0, x, x * negative_slope)


leaky_relu = elementwise(
    "leaky_relu",
    _leaky_relu,
    x=lambda g, x, negative_slope: np.where(x > 0, g, g * negative_slope),
)


def _prelu(x: Any, y: Any) -> Any:
    return np.where(x > 0, x, x * y)


#: ``y`` is the slope for negative ``x``, of a shape that broadcasts against it.
prelu = elementwise(
    "prelu",
    _prelu,
    x=lambda g, x, y: np.where(x > 0, g, g * y),
    y=lambda g, x: np.where(x > 0, 0, g * x),
)


def _elu(x: Any, *, alpha: float, scale: float, input_scale: float) -> Any:
    positive = x.real > 0
    return scale * np.where(positive, x, alpha * np.expm1(np.where(positive, 0, x * input_scale)))


def _elu_x(g: Any, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    positive = x > 0
    slope = alpha * input_scale * np.exp(np.where(positive, 0, x * input_scale))
    return g * scale * np.where(positive, 1, slope)


#: ELU, SELU (with ``scale``) and CELU (with ``input_scale``).
elu = elementwise("elu", _elu, x=_elu_x)


def _softplus(x: Any, *, beta: float, threshold: float) -> Any:
    """log(1 + e^(beta x)) / beta; x itself above the threshold, where they agree in floating point."""
    linear = x.real * beta > threshold
    return np.where(linear, x, np.log1p(np.exp(np.where(linear, 0, x * beta))) / beta)


softplus = elementwise(
    "softplus",
    _softplus,
    x=lambda g, x, beta, threshold: np.where(x * beta > threshold, g, g * sigmoid(x * beta)),
)


def _log_sigmoid(x: Any) -> Any:
    return np.where(x.real > 0, 0, x) - np.log1p(np.exp(-np.where(x.real > 0, x, -x)))


log_sigmoid = elementwise("log_sigmoid", _log_sigmoid, x=lambda g, x: g * sigmoid(-x))


def _mish(x: Any) -> Any:
    return x * np.tanh(_softplus(x, beta=1.0, threshold=20.0))


def _mish_x(g: Any, x: Any) -> Any:
    t = np.tanh(softplus(x, beta=1.0, threshold=20.0))
    return g * (t + x * sigmoid(x) * (1 - t * t))


#: x tanh(log(1 + e^x)) (Misra, 2019, arXiv:1908.08681).
mish = elementwise("mish", _mish, x=_mish_x)


# ----------------------------------------------------------------------- x times a gate: fused with their slopes


def _gated(name: str, kernel: Callable[[Any], tuple[Any, Any]], spelled: Callable[[Any], Any], label: str) -> Op:
    """An op that finds its slope along with its value."""

    def back(g: Any, needs: Sequence[bool], aux: Any) -> tuple[Any]:
        return (g * aux,)

    return op(name, kernel, joint=back, composite=spelled, aux=True, label=label)


#: x Phi(x), Phi the normal distribution function (Hendrycks and Gimpel, 2016, arXiv:1606.08415).
gelu = _gated("gelu", gates.gelu, lambda x: x * (0.5 * (1 + erf(x * _SQRT_HALF))), "Gelu")

#: Its approximation by a tanh, from the same paper.
gelu_tanh = _gated(
    "gelu_tanh",
    gates.gelu_tanh,
    lambda x: 0.5 * x * (1 + np.tanh(_GELU_SCALE * (x + _GELU_CUBIC * x * x * x))),
    "Gelu",
)

#: x sigmoid(x), also called swish.
silu = _gated("silu", gates.silu, lambda x: x * sigmoid(x), "Silu")

#: x brought into [low, high]; unlike `clip` its derivative at the bounds is 0, as in PyTorch.
hardtanh = elementwise(
    "hardtanh",
    lambda x, *, low, high: np.minimum(np.maximum(x, low), high),
    x=lambda g, x, low, high: np.where((x > low) & (x < high), g, 0),
)
hardswish = elementwise(
    "hardswish",
    lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    x=lambda g, x: np.where(x <= -3, 0, np.where(x < 3, g * (x / 3 + 0.5), g)),
)
