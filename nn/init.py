"""Initialisation of parameters, in place and outside the graph. Every function returns the tensor it was given.

Fans: the weight of a layer has shape ``(out, in, *kernel)``; ``fan_in = in * prod(kernel)`` and
``fan_out = out * prod(kernel)``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.autograd import no_grad
from tinygrad_cn.creation import from_numpy
from tinygrad_cn.random import Generator, default_generator
from tinygrad_cn.tensor import Tensor

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

_GAINS: dict[str, float] = {
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv_transpose1d": 1,
    "conv_transpose2d": 1,
    "conv_transpose3d": 1,
    "sigmoid": 1,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights are scaled to keep the variance of signals through a nonlinearity.

    Args:
        nonlinearity: its name in ``nn.functional``, as ``"relu"``.
        param: the negative slope of ``"leaky_relu"``, 0.01 if not given.

    Raises:
        ValueError: the nonlinearity is not known, or the slope is no number.

    Example:
        >>> from tinygrad_cn import nn
        >>> round(nn.init.calculate_gain("leaky_relu", 0.2), 4)
        1.3868
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ValueError(f"negative_slope {slope} not a valid number")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        known = ", ".join([*_GAINS, "leaky_relu"])
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}; the known ones are {known}")
    return _GAINS[nonlinearity]


# ------------------------------------------------------------------------------------ plain filling


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the uniform distribution U(a, b)."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the normal distribution N(mean, std^2)."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    with no_grad():
        return tensor.zero_()


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity, cut or padded with zeros to its shape.

    Raises:
        ValueError: the tensor has not two dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _write(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the kernel of a convolution so that it passes on as many input channels as it can.

    Args:
        tensor: ``(out, in / groups, *kernel)`` with one to three kernel axes.
        groups: each group of output channels gets its own identity.

    Raises:
        ValueError: the number of dimensions, or ``groups``, does not fit.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    values = np.zeros(tensor.shape)
    centre = tuple(size // 2 for size in kernel)
    per_group = out_channels // groups
    for group in range(groups):
        for channel in range(min(per_group, in_channels)):
            values[(group * per_group + channel, channel, *centre)] = 1
    return _write(tensor, values)


# ---------------------------------------------------------------------------- truncated and sparse


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with draws from N(mean, std^2), of which those outside [a, b] are drawn again.

    Args:
        tensor: what to fill.
        mean, std: of the normal distribution before it is cut.
        a, b: the bounds, in the units of the values (not of ``std``).
        generator: the source of randomness; the default one if ``None``.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    draw = _Draw(tensor, generator)
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    if inside > 0.3:
        low, high = np.asarray([a, b], dtype=draw.dtype)
        values = draw.until(
            lambda: draw.normal(mean, std),
            lambda candidates: (candidates < low) | (candidates > high),
        )
    else:  # too few would be kept: draw uniformly and keep each in proportion to its density (rejection sampling)
        peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2

        def refused(candidates: np.ndarray) -> np.ndarray:
            with np.errstate(divide="ignore"):
                return np.log(draw.uniform(0, 1)) > -0.5 * ((candidates - mean) / std) ** 2 - peak

        values = draw.until(lambda: draw.uniform(a, b), refused)
    return _write(tensor, values)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with draws from N(0, std^2), then set a fraction of each column to zero.

    Source: Martens, "Deep learning via Hessian-free optimization", ICML 2010.

    Args:
        tensor: the matrix.
        sparsity: the fraction of each column that is zero.
        std: of the others.
        generator: the source of the values; which of them become zero is drawn from the default one, as in PyTorch.

    Raises:
        ValueError: the tensor has not two dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    values = _Draw(tensor, generator).normal(0, std)
    zeros = math.ceil(sparsity * rows)
    for column in range(columns):
        values[default_generator.permutation(rows)[:zeros], column] = 0
    return _write(tensor, values)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a matrix whose rows or columns, whichever are fewer, are orthonormal.

    Sources: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks", ICLR 2014; the signs that make it uniform over all such matrices: Mezzadri, arXiv:math-ph/0609050.

    Args:
        tensor: two or more dimensions; those after the first count as one.
        gain: a factor on the result.
        generator: the source of randomness; the default one if ``None``.

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    matrix = _Draw(tensor, generator).normal(0, 1).reshape(rows, -1)
    tall = matrix if rows >= matrix.shape[1] else matrix.T
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diagonal(r))
    q = q if tall is matrix else q.T
    return _write(tensor, gain * q.reshape(tensor.shape))


# -------------------------------------------------------------------------------- scaled by the fans


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions; "
            f"this one has shape {tuple(tensor.shape)}"
        )
    out_features, in_features, *kernel = tensor.shape
    area = math.prod(kernel)
    return in_features * area, out_features * area


def _fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from U(-a, a), ``a = gain * sqrt(6 / (fan_in + fan_out))``.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.

    Example:
        >>> import tinygrad_cn as tg
        >>> w = tg.nn.init.xavier_uniform_(tg.empty(3, 5), gain=tg.nn.init.calculate_gain("relu"))
        >>> bool((w.abs() <= 2 ** 0.5 * (6 / 8) ** 0.5).all())
        True
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / (fan_in + fan_out))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from N(0, std^2), ``std = gain * sqrt(2 / (fan_in + fan_out))``. Source: as `xavier_uniform_`."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with draws from U(-bound, bound), ``bound = gain * sqrt(3 / fan)``.

    Source: He et al., "Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet Classification",
    ICCV 2015.

    Args:
        tensor: the weight of a layer, ``(out, in, *kernel)``.
        a: the negative slope of the rectifier that follows.
        mode: ``"fan_in"`` keeps the variance of signals on the way forward, ``"fan_out"`` on the way back.
        nonlinearity: what follows the layer; sets the gain.
        generator: the source of randomness; the default one if ``None``.

    Raises:
        ValueError: fewer than two dimensions; an unknown mode or nonlinearity.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with draws from N(0, std^2), ``std = gain / sqrt(fan)``. Source and arguments: as `kaiming_uniform_`."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    fan = _fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


# ------------------------------------------------------------------------------------------- helpers


class _Draw:
    """Draws of the shape and dtype of a tensor, as raw arrays."""

    def __init__(self, tensor: Tensor, generator: Generator | None) -> None:
        self.shape = tuple(tensor.shape)
        self.dtype: Any = tensor.dtype.dtype
        self.generator = generator or default_generator

    def normal(self, mean: float, std: float) -> np.ndarray:
        return self.generator.normal(self.shape, mean, std, dtype=self.dtype)

    def uniform(self, low: float, high: float) -> np.ndarray:
        return self.generator.uniform(self.shape, low, high, dtype=self.dtype)

    @staticmethod
    def until(draw: Callable[[], np.ndarray], refused: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Draw; draw again what is refused, until nothing is."""
        values = draw()
        waiting = refused(values)
        while waiting.any():
            candidates = draw()
            values = np.where(waiting, candidates, values)
            waiting &= refused(candidates)
        return values


def _normal_cdf(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def _write(tensor: Tensor, values: np.ndarray) -> Tensor:
    with no_grad():
        return tensor.copy_(from_numpy(values))


# The names of PyTorch's first years
constant, dirac, eye, kaiming_normal, kaiming_uniform = constant_, dirac_, eye_, kaiming_normal_, kaiming_uniform_
normal, orthogonal, sparse, uniform = normal_, orthogonal_, sparse_, uniform_
xavier_normal, xavier_uniform = xavier_normal_, xavier_uniform_
