"""Functions, modules and `autograd.Function`s of PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.testing.adapters.arguments import Arguments, flat, imported
from tinygrad_cn.testing.target import Arrays, Cotangents, Target

__all__ = ["TorchTarget"]


class TorchTarget(Target):
    """A function of PyTorch tensors, differentiated by its floating inputs and, for a module, by its parameters.

    Args:
        fn (callable, torch.nn.Module, or subclass of torch.autograd.Function): what to check. A module is copied, and
            taken in float64.
        inputs (sequence): its arguments: tensors or NumPy arrays, and anything else.

    Attributes:
        arrays: where the inputs and parameters stand, for `check_target`.

    Raises:
        MissingExtraError: PyTorch is not installed.
        ValueError: there is no floating input.
    """

    takes_complex = True

    def __init__(self, fn: Callable[..., Any], inputs: Sequence[Any]) -> None:
        self.torch: Any = imported("torch", "torch")
        tensor = self.torch.Tensor
        held = [a.detach().cpu().numpy() if isinstance(a, tensor) else a if isinstance(a, np.ndarray) else None
                for a in inputs]  # fmt: skip
        values = [self.torch.as_tensor(a) if isinstance(a, np.ndarray) else a for a in inputs]
        self.parameters: list[str] = []
        self.name = getattr(fn, "__name__", type(fn).__name__)
        if isinstance(fn, self.torch.nn.Module):
            self.module: Any = imported("copy", "").deepcopy(fn).double()
            named = dict(self.module.named_parameters())
            self.parameters = list(named)
            values += list(named.values())
            held += [p.detach().numpy() for p in named.values()]
            self.fn = self._of_module
        else:
            self.fn = getattr(fn, "apply", fn) if isinstance(fn, type) else fn
        self.arguments = Arguments(values, held)
        self.arrays = self.arguments.arrays
        count = len(inputs)
        names = [f"input {i}" for i in range(count)] + self.parameters
        self.input_names: Sequence[str] = [names[i] for i in self.arguments.places]
        self.state = self.torch.get_rng_state()

    def _of_module(self, *arguments: Any) -> Any:
        count = len(arguments) - len(self.parameters)
        buffers = {name: b.clone() for name, b in self.module.named_buffers()}
        given = dict(zip(self.parameters, arguments[count:], strict=True)) | buffers
        return self.torch.func.functional_call(self.module, given, tuple(arguments[:count]))

    def _tensors(self, arrays: Sequence[np.ndarray], requires_grad: bool) -> list[Any]:
        # PyTorch has no negative strides
        usable = [a if all(s >= 0 for s in a.strides) and a.flags.writeable else a.copy() for a in arrays]
        return [self.torch.from_numpy(a).requires_grad_(requires_grad) for a in usable]

    def _called(self, tensors: list[Any]) -> list[Any]:
        with self.torch.random.fork_rng(devices=[]):
            self.torch.set_rng_state(self.state)
            result = self.fn(*self.arguments.filled(tensors))
        found = [t for t in flat(result) if isinstance(t, self.torch.Tensor)]
        return [t for t in found if t.is_floating_point() or t.is_complex()]

    def value(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """The floating outputs."""
        with self.torch.no_grad():
            return tuple(t.numpy() for t in self._called(self._tensors(arrays, False)))

    def pullback(self, arrays: Sequence[np.ndarray], cotangents: Cotangents) -> tuple[np.ndarray | None, ...]:
        """By ``torch.autograd.grad``."""
        tensors = self._tensors(arrays, True)
        outputs = self._called(tensors)
        pairs = [
            (t, self.torch.from_numpy(np.array(g)))
            for t, g in zip(outputs, cotangents, strict=True)
            if t.requires_grad and g is not None
        ]
        if not pairs:
            return (None,) * len(tensors)
        found = self.torch.autograd.grad([t for t, _ in pairs], tensors, [g for _, g in pairs], allow_unused=True)
        return tuple(None if g is None else g.numpy() for g in found)
