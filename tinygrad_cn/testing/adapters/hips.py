"""Functions of HIPS autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.testing.adapters.arguments import Arguments, imported
from tinygrad_cn.testing.target import Arrays, Cotangents, Target

__all__ = ["HipsTarget"]


class HipsTarget(Target):
    """A function written with ``autograd.numpy``, of one output, differentiated by its floating inputs.

    Args:
        fn (callable): what to check.
        inputs (sequence): its arguments: NumPy arrays, and anything else.

    Attributes:
        arrays: where the inputs stand, for `check_target`.

    Raises:
        MissingExtraError: autograd is not installed.
        ValueError: there is no floating input.
    """

    def __init__(self, fn: Callable[..., Any], inputs: Sequence[Any]) -> None:
        self.make_vjp: Any = imported("autograd", "autograd").make_vjp
        self.fn = fn
        self.name = getattr(fn, "__name__", type(fn).__name__)
        self.arguments = Arguments(inputs, [a if isinstance(a, np.ndarray) else None for a in inputs])
        self.arrays = self.arguments.arrays
        self.input_names: Sequence[str] = [f"input {i}" for i in self.arguments.places]

    def _of_arrays(self, *arrays: Any) -> Any:
        return self.fn(*self.arguments.filled(arrays))

    def value(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """The output."""
        return (np.asarray(self._of_arrays(*arrays)),)

    def pullback(self, arrays: Sequence[np.ndarray], cotangents: Cotangents) -> tuple[np.ndarray | None, ...]:
        """By ``autograd.make_vjp``, for each input."""
        (g,) = cotangents
        found = []
        for i in range(len(arrays)):
            pull, out = self.make_vjp(self._of_arrays, i)(*arrays)
            found.append(np.asarray(pull(np.zeros_like(out) if g is None else g)))
        return tuple(found)
