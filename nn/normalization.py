"""Normalisation of each sample by itself: over its last axes, over groups of channels, over neighbouring channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_cn.creation import empty
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class LayerNorm(Module):
    """Normalises each sample over its last axes to mean 0 and variance 1, then scales and shifts each element.

    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016, arXiv:1607.06450.

    Args:
        normalized_shape: the sizes of the last axes, or one number for the last axis alone.
        eps: added to the variance.
        elementwise_affine: whether there are a scale and a shift to be learned.
        bias: whether there is a shift, if ``elementwise_affine``.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(*, *normalized_shape)``
        - output: the same

    Attributes:
        weight: ``normalized_shape``, at first 1
        bias: ``normalized_shape``, at first 0

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LayerNorm(2, eps=0)(tg.tensor([[1.0, 3.0]])).tolist()
        [[-1.0, 1.0]]
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        shape, affine = self.normalized_shape, elementwise_affine
        options = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(shape, **options)) if affine else None)
        self.register_parameter("bias", Parameter(empty(shape, **options)) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale 1, shift 0."""
        _reset(self)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )

    def _label(self) -> str:
        return f"{type(self).__name__} {self.normalized_shape}"


class RMSNorm(Module):
    """Divides each sample by the root of its mean square over the last axes, then scales each element.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.

    Args:
        normalized_shape: the sizes of the last axes, or one number for the last axis alone.
        eps: added to the mean square; the dtype's machine epsilon if ``None``.
        elementwise_affine: whether there is a scale to be learned.
        device: the CPU.
        dtype: of the scale; the default dtype if ``None``.

    Shape:
        - input: ``(*, *normalized_shape)``
        - output: the same

    Attributes:
        weight: ``normalized_shape``, at first 1

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.RMSNorm(2)(tg.tensor([[3.0, -3.0]])).tolist()
        [[1.0, -1.0]]
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        scale = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", scale)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"

    def _label(self) -> str:
        return f"{type(self).__name__} {self.normalized_shape}"


class GroupNorm(Module):
    """Normalises groups of channels of each sample to mean 0 and variance 1, then scales and shifts each channel.

    Source: Wu and He, "Group Normalization", ECCV 2018.

    Args:
        num_groups: into how many groups the channels are split.
        num_channels: the number of channels, a multiple of ``num_groups``.
        eps: added to the variance.
        affine: whether there are a scale and a shift to be learned.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.
        bias: whether there is a shift, if ``affine``.

    Shape:
        - input: ``(N, C, *)``
        - output: the same

    Attributes:
        weight: ``(num_channels,)``, at first 1
        bias: ``(num_channels,)``, at first 0

    Raises:
        ValueError: the channels do not divide into the groups.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.GroupNorm(2, 4)(tg.ones(3, 4, 5)).shape
        Size([3, 4, 5])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_groups <= 0:
            raise ValueError(f"num_groups must be a positive integer, got {num_groups}")
        if num_channels % num_groups != 0:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        options = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(num_channels, **options)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_channels, **options)) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale 1, shift 0."""
        _reset(self)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )

    def _label(self) -> str:
        return f"{type(self).__name__} {self.num_groups}, {self.num_channels}"


class LocalResponseNorm(Module):
    """Divides each channel by a power of the mean square of the channels next to it: ``(k + alpha * mean) ** beta``.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks",
    NIPS 2012, section 3.3.

    Args:
        size: how many neighbouring channels are averaged.
        alpha: the factor of the mean square.
        beta: the exponent.
        k: the constant added.

    Shape:
        - input: ``(N, C, *)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LocalResponseNorm(1, alpha=1.0, beta=1.0)(tg.ones(1, 1, 1)).tolist()
        [[[0.5]]]
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """`LocalResponseNorm` of images under its older name.

    PyTorch's module of this name never drops the first channel from its running sums; this one does.

    Args:
        size: how many neighbouring channels are averaged.
        alpha: the factor of the mean square.
        beta: the exponent.
        k: the constant added.

    Shape:
        - input: ``(N, C, H, W)``
        - output: the same

    Raises:
        ValueError: the input does not have four axes.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.CrossMapLRN2d(1, alpha=1.0, beta=1.0)(tg.ones(1, 1, 1, 1)).tolist()
        [[[[0.5]]]]
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() != 4:
            raise ValueError(
                f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead (shape {tuple(input.shape)})"
            )
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


def _reset(module: LayerNorm | GroupNorm) -> None:
    if module.weight is not None:
        init.ones_(module.weight)
    if module.bias is not None:
        init.zeros_(module.bias)
