"""Lazy modules: their input size is taken from the first input."""

from __future__ import annotations

from itertools import chain
from typing import Any

from ._sizes import per_axis
from .module import Module
from .parameter import UninitializedParameter, is_uninitialized

__all__ = ["LazyConvolution", "LazyModule"]


class LazyModule(Module):
    """The base of lazy modules: the first call gives the parameters their shapes, draws them, and turns the module
    into the ordinary one, ``cls_to_become``.
    """

    cls_to_become: type[Module]

    def _watch(self) -> None:
        """Have the first call look at its input; to be called at the end of ``__init__``."""
        self._initialize_hook = self.register_forward_pre_hook(_infer, with_kwargs=True)

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer has no shape yet."""
        return any(map(is_uninitialized, chain(self._parameters.values(), self._buffers.values())))

    def initialize_parameters(self, input: Any) -> None:
        """Give the parameters shapes that fit ``input``, and draw them."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")


def _infer(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    module.initialize_parameters(*args, **kwargs)
    module._initialize_hook.remove()
    del module._initialize_hook
    module.__class__ = module.cls_to_become


class LazyConvolution(LazyModule):
    """What lazy convolutions share. It stands before the convolution among a class's bases."""

    _axes: int
    _transposed: bool
    in_channels: int
    out_channels: int
    groups: int
    weight: Any
    bias: Any

    def _make_lazy(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        """Put uninitialized parameters in place of those of no channels at all."""
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)
        self._watch()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once they have shapes."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        """Take the channels of ``input``: ``(N, C, *S)`` or ``(C, *S)``."""
        if not self.has_uninitialized_params():  # they were loaded
            rows, columns = self.weight.shape[:2]
            self.in_channels = rows if self._transposed else columns * self.groups
            return
        axes = self._axes
        if input.dim() not in (axes + 1, axes + 2):
            raise RuntimeError(
                f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {type(self).__name__}, "
                f"but got input of size: {tuple(input.shape)}"
            )
        channels = input.shape[-axes - 1]
        if channels % self.groups:
            raise ValueError(f"in_channels must be divisible by groups: {channels} channels, {self.groups} groups")
        self.in_channels = channels
        self.weight.materialize(self._weight_shape())
        if self.bias is not None:
            self.bias.materialize(per_axis(self.out_channels, 1))
        self.reset_parameters()
