"""Instance normalisation: each channel of each sample by itself.

Source: Ulyanov, Vedaldi and Lempitsky, "Instance Normalization: The Missing Ingredient for Fast Stylization", 2016,
arXiv:1607.08022.
"""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .batchnorm import _NormBase

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(_NormBase):
    _unbatched: int  # the number of axes of an input without batch axis

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        axis = input.dim() - self._unbatched
        if input.shape[axis] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={axis} to match num_features ({self.num_features}), "
                    f"but got: {input.shape[axis]} (input of shape {tuple(input.shape)})"
                )
            warnings.warn(
                f"input's size at dim={axis} does not match num_features. You can silence this warning by not passing "
                "in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        return self._normalised(input.unsqueeze(0)).squeeze(0) if axis == 0 else self._normalised(input)

    def _normalised(self, input: Tensor) -> Tensor:
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )

    def _check_input_dim(self, input: Tensor) -> None:
        least = self._unbatched
        if input.dim() not in (least, least + 1):
            raise ValueError(
                f"expected {least}D or {least + 1}D input (got {input.dim()}D input of shape {tuple(input.shape)})"
            )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *args: Any
    ) -> None:
        if local_metadata.get("version") is None and not self.track_running_stats:
            found = [name for name in ("running_mean", "running_var") if prefix + name in state_dict]
            if found:  # very old files have statistics although none are kept
                args[-1].append(
                    f"Unexpected running stats buffer(s) {' and '.join(found)} for {type(self).__name__} with "
                    "track_running_stats=False: remove them from the state_dict, or track them"
                )
                for name in found:
                    del state_dict[prefix + name]
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of sequences.

    Args:
        num_features: the number of channels C.
        eps: added to the variance.
        momentum: weight of the new batch in the running statistics, if they are kept.
        affine: whether there are a scale and a shift to be learned.
        track_running_stats: keep running statistics and normalise by them in evaluation.
        device: the CPU.
        dtype: of the parameters and statistics; the default dtype if ``None``.
        bias: whether there is a shift, if ``affine``.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: the same

    Raises:
        ValueError: the input has another number of axes, or of channels while ``affine``.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.InstanceNorm1d(1, eps=0)(tg.tensor([[[1.0, 3.0]]])).tolist()
        [[[-1.0, 1.0]]]
    """

    _unbatched = 2


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation of images. Arguments as in `InstanceNorm1d`.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.InstanceNorm2d(3)(tg.ones(4, 3, 2, 2)).shape
        Size([4, 3, 2, 2])
    """

    _unbatched = 3


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of volumes. Arguments as in `InstanceNorm1d`.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.InstanceNorm3d(3)(tg.ones(4, 3, 2, 2, 2)).shape
        Size([4, 3, 2, 2, 2])
    """

    _unbatched = 4
