"""Changing the dtype of everything a module holds, in place: the parameters stay the objects that optimizers know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from tinygrad_cn import dtypes
from tinygrad_cn.autograd import no_grad
from tinygrad_cn.size import as_device
from tinygrad_cn.tensor import Tensor

from ._registry import Registry
from .parameter import is_uninitialized

__all__ = ["Conversion"]


class Conversion(Registry):
    """``to``, ``double``, ``float``, ``half`` and the like."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the data of every parameter, gradient and buffer by ``fn`` of it."""
        if recurse:
            for module in self._modules.values():
                if module is not None:
                    module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    grad = parameter.grad
                    parameter.grad = None  # a gradient has the dtype of its parameter at every moment
                    parameter.data = fn(parameter.data)
                    if grad is not None:
                        parameter.grad = fn(grad)
            for name, buffer in self._buffers.items():
                if is_uninitialized(buffer):
                    buffer.data = fn(buffer.data)  # type: ignore[union-attr]
                elif buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def _convert_floating(self, dtype: Any) -> Self:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating parameters and buffers, in place: ``to(dtype)``, ``to(device, dtype)`` or ``to(tensor)``.

        The one device is the CPU; ``device``, ``non_blocking`` and ``memory_format`` are accepted as in PyTorch.

        Raises:
            TypeError: the dtype is not a floating one.
            RuntimeError: another device is asked for.

        Example:
            >>> import tinygrad_cn as tg
            >>> tg.nn.Linear(2, 2).to(tg.float64).weight.dtype
            float64
        """
        dtype = kwargs.get("dtype")
        device = kwargs.get("device")
        for arg in (*args, kwargs.get("tensor")):
            if isinstance(arg, Tensor):
                dtype, device = arg.dtype, arg.device
            elif isinstance(arg, dtypes.dtype):
                dtype = arg
            elif arg is not None and not isinstance(arg, bool):
                device = arg
        if dtype is not None and not (dtypes.as_dtype(dtype).is_floating_point or dtypes.as_dtype(dtype).is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}; "
                f"convert integer buffers one by one"
            )

        def convert(t: Tensor) -> Tensor:
            if device is not None:
                t = t.to(device)
            return t.to(dtype) if dtype is not None and (t.is_floating_point() or t.is_complex()) else t

        return self._apply(convert)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers, also integer ones, to a dtype, in place."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Self:
        """Convert floating parameters and buffers to float32, in place."""
        return self._convert_floating(dtypes.float32)

    def double(self) -> Self:
        """Convert floating parameters and buffers to float64, in place."""
        return self._convert_floating(dtypes.float64)

    def half(self) -> Self:
        """Convert floating parameters and buffers to float16, in place."""
        return self._convert_floating(dtypes.float16)

    def bfloat16(self) -> Self:
        """Refused.

        Raises:
            TypeError: always; NumPy has no such dtype.
        """
        return self._convert_floating(dtypes.bfloat16)

    def share_memory(self) -> Self:
        """Nothing: processes that are forked see what was there, and write copies."""
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the module is already what it would be compiled to."""

    def to_empty(self, *, device: Any = "cpu", recurse: bool = True) -> Self:
        """Put uninitialised memory in the place of parameters and buffers.

        Raises:
            RuntimeError: another device than the CPU.
        """
        as_device(device)
        return self._apply(lambda t: t.new_empty(t.shape), recurse)

    def cpu(self) -> Self:
        """Nothing: everything is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """There is no GPU here.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            'Module.cuda: tensors live on the CPU; leave the call out, or use .to("cpu"), or pick the device with '
            '"cuda" if tinygrad_cn.cuda.is_available() else "cpu"'
        )
