"""Batch normalisation over the batch and all axes after the channels.

Source: Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
Shift", ICML 2015, algorithm 1. Training normalises by the statistics of the batch and keeps running ones, with the
unbiased variance; evaluation normalises by the running ones.
"""

from __future__ import annotations

from typing import Any

from tinygrad_cn.creation import empty, ones, tensor, zeros
from tinygrad_cn.dtypes import int64
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]


class _NormBase(Module):
    """Scale, shift and running statistics of ``num_features`` channels: also what instance normalisation has."""

    _version = 2  # 2: num_batches_tracked was added

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        options = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(num_features, **options)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_features, **options)) if affine and bias else None)
        tracks = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, **options) if tracks else None)
        self.register_buffer("running_var", ones(num_features, **options) if tracks else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=int64) if tracks else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the running statistics: mean 0, variance 1, no batch seen."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Scale 1, shift 0, and no running statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _label(self) -> str:
        return f"{type(self).__name__} {self.num_features}"

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *args: Any
    ) -> None:
        version = local_metadata.get("version")
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.num_batches_tracked is not None and key not in state_dict:
            state_dict[key] = self.num_batches_tracked.detach().clone()
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class _BatchNorm(_NormBase):
    _dims: tuple[int, ...] = ()  # the numbers of axes that the input may have

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        average_factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean over all batches so far
                average_factor = 1.0 / self.num_batches_tracked.item()
        running_mean, running_var = self.running_mean, self.running_var
        by_batch = self.training or (running_mean is None and running_var is None)
        if self.training and not self.track_running_stats:
            running_mean = running_var = None
        return F.batch_norm(
            input, running_mean, running_var, self.weight, self.bias, by_batch, average_factor, self.eps
        )

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self._dims:
            expected = " or ".join(f"{dim}D" for dim in self._dims)
            raise ValueError(f"expected {expected} input (got {input.dim()}D input of shape {tuple(input.shape)})")


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of vectors or of sequences of them.

    Args:
        num_features: the number of channels C.
        eps: added to the variance.
        momentum: weight of the new batch in the running statistics; ``None``: the mean over all batches.
        affine: whether there are a scale and a shift to be learned.
        track_running_stats: keep running statistics; without them evaluation uses those of the batch too.
        device: the CPU.
        dtype: of the parameters and statistics; the default dtype if ``None``.
        bias: whether there is a shift, if ``affine``.

    Shape:
        - input: ``(N, C)`` or ``(N, C, L)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.BatchNorm1d(3)(tg.ones(4, 3)).shape
        Size([4, 3])
    """

    _dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images; one scale and shift for each feature map. Arguments as in `BatchNorm1d`.

    Shape:
        - input: ``(N, C, H, W)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.BatchNorm2d(3)(tg.ones(4, 3, 2, 2)).shape
        Size([4, 3, 2, 2])
    """

    _dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of volumes. Arguments as in `BatchNorm1d`.

    Shape:
        - input: ``(N, C, D, H, W)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.BatchNorm3d(3)(tg.ones(4, 3, 2, 2, 2)).shape
        Size([4, 3, 2, 2, 2])
    """

    _dims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation over all processes that train together: over the one process that there is.

    Args:
        num_features: the number of channels C.
        eps: added to the variance.
        momentum: weight of the new batch in the running statistics; ``None``: the mean over all batches.
        affine: whether there are a scale and a shift to be learned.
        track_running_stats: keep running statistics.
        process_group: accepted as in PyTorch.
        device: the CPU.
        dtype: of the parameters and statistics; the default dtype if ``None``.
        bias: whether there is a shift, if ``affine``.

    Shape:
        - input: ``(N, C, *)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.SyncBatchNorm(3)(tg.ones(4, 3, 2, 2)).shape
        Size([4, 3, 2, 2])
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input of shape {tuple(input.shape)})")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """``module`` with every batch normalisation in it replaced by this one, over the same parameters.

        Args:
            module: what to convert; a batch normalisation itself is not changed.
            process_group: accepted as in PyTorch.

        Example:
            >>> from tinygrad_cn import nn
            >>> nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm1d(2)))[0]._get_name()
            'SyncBatchNorm'
        """
        converted = module
        if isinstance(module, _BatchNorm):
            norm = cls(
                *(module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats),
                process_group,
                bias=module.bias is not None,
            )
            if module.affine:
                norm.weight, norm.bias = module.weight, module.bias
            norm.running_mean, norm.running_var = module.running_mean, module.running_var
            norm.num_batches_tracked = module.num_batches_tracked
            norm.training = module.training
            converted = norm
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted
