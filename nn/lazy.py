"""Layers that take their input size from the first input that they see, and then become the ordinary layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_cn.creation import tensor
from tinygrad_cn.dtypes import int64

from ._lazy import LazyConvolution, LazyModule
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .conv import Conv1d, Conv2d, Conv3d
from .conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .linear import Linear
from .parameter import UninitializedBuffer, UninitializedParameter

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]

_Sizes = int | Sequence[int]


class LazyLinear(LazyModule, Linear):
    """A `Linear` whose ``in_features`` is the size of the last axis of its first input.

    Args:
        out_features: size of the last axis of the output.
        bias: whether to add a bias.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.LazyLinear(2)
        >>> layer(tg.ones(3, 4)).shape, layer
        (Size([3, 2]), Linear(in_features=4, out_features=2, bias=True))
    """

    cls_to_become = Linear
    weight: Any
    bias: Any

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)
        self._watch()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once they have shapes."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        """Take the features of ``input``."""
        if not self.has_uninitialized_params():
            self.in_features = self.weight.shape[-1]  # they were loaded
            return
        self.in_features = input.shape[-1]
        self.weight.materialize((self.out_features, self.in_features))
        if self.bias is not None:
            self.bias.materialize((self.out_features,))
        self.reset_parameters()


class _LazyConvNd(LazyConvolution):
    def __init__(
        self,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes = 1,
        padding: int | str | Sequence[int] = 0,
        dilation: _Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)  # type: ignore[call-arg]
        self._make_lazy(out_channels, bias, device, dtype)


class _LazyConvTransposeNd(LazyConvolution):
    def __init__(
        self,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes = 1,
        padding: _Sizes = 0,
        output_padding: _Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(  # type: ignore[call-arg]
            0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        )
        self._make_lazy(out_channels, bias, device, dtype)


class _LazyNorm(LazyModule):
    """What lazy normalisations share. It stands before the normalisation among a class's bases."""

    num_features: int
    affine: bool
    weight: Any
    bias: Any
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, bias=False)  # type: ignore[call-arg]
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, dtype=int64)
        self._watch()

    def reset_parameters(self) -> None:
        """Scale 1, shift 0 and no running statistics, once they have shapes."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Any) -> None:
        """Take the channels of ``input``, its second axis."""
        loaded = not self.has_uninitialized_params()
        self.num_features = input.shape[1]
        if loaded:
            return
        for state in (self.weight, self.bias, self.running_mean, self.running_var):
            if state is not None:
                state.materialize((self.num_features,))
        self.reset_parameters()


class LazyConv1d(_LazyConvNd, Conv1d):
    """A `Conv1d` whose ``in_channels`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyConv1d(4, 3)(tg.ones(1, 2, 8)).shape
        Size([1, 4, 6])
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConvNd, Conv2d):
    """A `Conv2d` whose ``in_channels`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyConv2d(4, 3)(tg.ones(1, 2, 8, 8)).shape
        Size([1, 4, 6, 6])
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConvNd, Conv3d):
    """A `Conv3d` whose ``in_channels`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyConv3d(4, 3)(tg.ones(1, 2, 4, 4, 4)).shape
        Size([1, 4, 2, 2, 2])
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTransposeNd, ConvTranspose1d):
    """A `ConvTranspose1d` whose ``in_channels`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyConvTranspose1d(4, 3)(tg.ones(1, 2, 8)).shape
        Size([1, 4, 10])
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTransposeNd, ConvTranspose2d):
    """A `ConvTranspose2d` whose ``in_channels`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyConvTranspose2d(4, 3)(tg.ones(1, 2, 8, 8)).shape
        Size([1, 4, 10, 10])
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTransposeNd, ConvTranspose3d):
    """A `ConvTranspose3d` whose ``in_channels`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyConvTranspose3d(4, 3)(tg.ones(1, 2, 4, 4, 4)).shape
        Size([1, 4, 6, 6, 6])
    """

    cls_to_become = ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A `BatchNorm1d` whose ``num_features`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyBatchNorm1d()(tg.ones(4, 2, 8)).shape
        Size([4, 2, 8])
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A `BatchNorm2d` whose ``num_features`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyBatchNorm2d()(tg.ones(4, 2, 8, 8)).shape
        Size([4, 2, 8, 8])
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A `BatchNorm3d` whose ``num_features`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyBatchNorm3d()(tg.ones(4, 2, 4, 4, 4)).shape
        Size([4, 2, 4, 4, 4])
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """A `InstanceNorm1d` whose ``num_features`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyInstanceNorm1d()(tg.ones(4, 2, 8)).shape
        Size([4, 2, 8])
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """A `InstanceNorm2d` whose ``num_features`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyInstanceNorm2d()(tg.ones(4, 2, 8, 8)).shape
        Size([4, 2, 8, 8])
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """A `InstanceNorm3d` whose ``num_features`` is taken from its first input. The other arguments are the same.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LazyInstanceNorm3d()(tg.ones(4, 2, 4, 4, 4)).shape
        Size([4, 2, 4, 4, 4])
    """

    cls_to_become = InstanceNorm3d
