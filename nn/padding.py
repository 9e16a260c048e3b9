"""Padding layers: values added around sequences, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_cn.tensor import Tensor

from . import functional as F
from ._sizes import per_axis
from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

_Padding = int | Sequence[int]


class _PadNd(Module):
    """Padding of the last ``_axes`` axes; ``padding`` goes before and after each, the last axis first."""

    _axes: int
    _mode: str

    def __init__(self, padding: _Padding) -> None:
        super().__init__()
        self.padding = per_axis(padding, 2 * self._axes)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPadNd(_PadNd):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (self._axes + 1, self._axes + 2):
            raise ValueError(
                f"expected {self._axes + 1}D or {self._axes + 2}D input "
                f"(got {input.dim()}D input of shape {tuple(input.shape)})"
            )
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """Pads sequences with their own other end.

    Args:
        padding: before and after, or one number for both; a negative number cuts off.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, before + L + after)`` or ``(C, before + L + after)``

    Raises:
        ValueError: the input has another number of axes.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.CircularPad1d(1)(tg.tensor([[1.0, 2.0, 3.0]])).tolist()
        [[3.0, 1.0, 2.0, 3.0, 1.0]]
    """

    _axes = 1


class CircularPad2d(_CircularPadNd):
    """Pads images with their own other side.

    Args:
        padding: ``(left, right, top, bottom)``, or one number for all; a negative number cuts off.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, top + H + bottom, left + W + right)`` or the same without ``N``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.CircularPad2d((1, 1, 2, 0))(tg.ones(1, 1, 3, 3)).shape
        Size([1, 1, 5, 5])
    """

    _axes = 2


class CircularPad3d(_CircularPadNd):
    """Pads volumes with their own other side.

    Args:
        padding: ``(left, right, top, bottom, front, back)``, or one number for all; a negative number cuts off.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: the last three axes longer by their padding

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.CircularPad3d(1)(tg.ones(1, 1, 3, 3, 3)).shape
        Size([1, 1, 5, 5, 5])
    """

    _axes = 3


class _ConstantPadNd(_PadNd):
    _mode = "constant"

    def __init__(self, padding: _Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Pads sequences with a value.

    Args:
        padding: before and after, or one number for both; a negative number cuts off.
        value: what is added.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, before + L + after)`` or ``(C, before + L + after)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ConstantPad1d((0, 2), 7.0)(tg.tensor([[1.0, 2.0]])).tolist()
        [[1.0, 2.0, 7.0, 7.0]]
    """

    _axes = 1


class ConstantPad2d(_ConstantPadNd):
    """Pads images with a value.

    Args:
        padding: ``(left, right, top, bottom)``, or one number for all; a negative number cuts off.
        value: what is added.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, top + H + bottom, left + W + right)`` or the same without ``N``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ConstantPad2d((1, 1, 2, 0), 7.0)(tg.ones(1, 1, 3, 3)).shape
        Size([1, 1, 5, 5])
    """

    _axes = 2


class ConstantPad3d(_ConstantPadNd):
    """Pads volumes with a value.

    Args:
        padding: ``(left, right, top, bottom, front, back)``, or one number for all; a negative number cuts off.
        value: what is added.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: the last three axes longer by their padding

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ConstantPad3d(1, 7.0)(tg.ones(1, 1, 3, 3, 3)).shape
        Size([1, 1, 5, 5, 5])
    """

    _axes = 3


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: _Padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPadNd, ConstantPad1d):
    """Pads sequences with zeros. Arguments and shapes as in `ConstantPad1d`.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ZeroPad1d(1)(tg.tensor([[1.0, 2.0]])).tolist()
        [[0.0, 1.0, 2.0, 0.0]]
    """


class ZeroPad2d(_ZeroPadNd, ConstantPad2d):
    """Pads images with zeros. Arguments and shapes as in `ConstantPad2d`.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ZeroPad2d(1)(tg.ones(1, 1, 3, 3)).shape
        Size([1, 1, 5, 5])
    """


class ZeroPad3d(_ZeroPadNd, ConstantPad3d):
    """Pads volumes with zeros. Arguments and shapes as in `ConstantPad3d`.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ZeroPad3d(1)(tg.ones(1, 1, 3, 3, 3)).shape
        Size([1, 1, 5, 5, 5])
    """


class _ReflectionPadNd(_PadNd):
    _mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """Pads sequences with their mirror image; the end itself is not repeated.

    Args:
        padding: before and after, or one number for both; less than the length.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, before + L + after)`` or ``(C, before + L + after)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ReflectionPad1d(2)(tg.tensor([[1.0, 2.0, 3.0]])).tolist()
        [[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]]
    """

    _axes = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Pads images with their mirror image. Arguments and shapes as in `CircularPad2d`; padding less than the size.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ReflectionPad2d(1)(tg.ones(1, 1, 3, 3)).shape
        Size([1, 1, 5, 5])
    """

    _axes = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Pads volumes with their mirror image. Arguments and shapes as in `CircularPad3d`; padding less than the size.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ReflectionPad3d(1)(tg.ones(1, 1, 3, 3, 3)).shape
        Size([1, 1, 5, 5, 5])
    """

    _axes = 3


class _ReplicationPadNd(_PadNd):
    _mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """Pads sequences with the values at their ends.

    Args:
        padding: before and after, or one number for both; a negative number cuts off.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, before + L + after)`` or ``(C, before + L + after)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ReplicationPad1d(2)(tg.tensor([[1.0, 2.0]])).tolist()
        [[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]]
    """

    _axes = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Pads images with the values at their edges. Arguments and shapes as in `CircularPad2d`.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ReplicationPad2d(1)(tg.ones(1, 1, 3, 3)).shape
        Size([1, 1, 5, 5])
    """

    _axes = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Pads volumes with the values at their edges. Arguments and shapes as in `CircularPad3d`.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ReplicationPad3d(1)(tg.ones(1, 1, 3, 3, 3)).shape
        Size([1, 1, 5, 5, 5])
    """

    _axes = 3
