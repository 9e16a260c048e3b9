"""einops' layers as modules: what ``einops.layers.torch`` is for PyTorch, under ``einops.layers.tinygrad_cn``."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.creation import zeros
from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.functions.products import einsum
from tinygrad_cn.nn import Module, Parameter

try:
    from einops.layers import RearrangeMixin, ReduceMixin
    from einops.layers._einmix import _EinmixMixin
except ImportError as error:
    raise MissingExtraError("tinygrad_cn.utils.einops_layers needs einops: pip install einops") from error

__all__ = ["EinMix", "Rearrange", "Reduce"]


class Rearrange(RearrangeMixin, Module):  # type: ignore[misc]
    """`einops.rearrange` as a module.

    Args:
        pattern: as in ``rearrange``.
        axes_lengths: the lengths of axes that the pattern names.
    """

    def forward(self, input: Any) -> Any:
        """The rearranged tensor."""
        return self._apply_recipe(input)


class Reduce(ReduceMixin, Module):  # type: ignore[misc]
    """`einops.reduce` as a module.

    Args:
        pattern, reduction: as in ``reduce``.
        axes_lengths: the lengths of axes that the pattern names.
    """

    def forward(self, input: Any) -> Any:
        """The reduced tensor."""
        return self._apply_recipe(input)


class EinMix(_EinmixMixin, Module):  # type: ignore[misc]
    """A product with a trained weight whose axes are mixed by name.

    Args:
        pattern: of the input and of the output.
        weight_shape, bias_shape: the axes of the parameters.
        axes_lengths: the lengths of axes that the patterns name.
    """

    def _create_parameters(self, weight_shape: Any, weight_bound: float, bias_shape: Any, bias_bound: float) -> None:
        self.weight = Parameter(zeros(weight_shape).uniform_(-weight_bound, weight_bound))
        self.bias = None if bias_shape is None else Parameter(zeros(bias_shape).uniform_(-bias_bound, bias_bound))

    def _create_rearrange_layers(
        self, pre_reshape_pattern: Any, pre_reshape_lengths: Any, post_reshape_pattern: Any, post_reshape_lengths: Any
    ) -> None:
        before, after = pre_reshape_pattern, post_reshape_pattern
        layer: Any = Rearrange  # einops' class takes the pattern; mypy may not know einops
        self.pre_rearrange = None if before is None else layer(before, **pre_reshape_lengths)
        self.post_rearrange = None if after is None else layer(after, **post_reshape_lengths)

    def forward(self, input: Any) -> Any:
        """The mixed tensor."""
        if self.pre_rearrange is not None:
            input = self.pre_rearrange(input)
        result = einsum(self.einsum_pattern, input, self.weight)
        if self.bias is not None:
            result = result + self.bias
        return result if self.post_rearrange is None else self.post_rearrange(result)
