"""Functions of JAX, in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.testing.adapters.arguments import Arguments, flat, imported
from tinygrad_cn.testing.target import Arrays, Cotangents, Target

__all__ = ["JaxTarget"]


class JaxTarget(Target):
    """A function of JAX arrays, differentiated in reverse mode by its floating inputs.

    Args:
        fn (callable): what to check; a function with ``custom_vjp``, for one.
        inputs (sequence): its arguments: arrays, and anything else.

    Attributes:
        arrays: where the inputs stand, for `check_target`.

    Raises:
        MissingExtraError: JAX is not installed.
        ValueError: there is no floating input.
    """

    def __init__(self, fn: Callable[..., Any], inputs: Sequence[Any]) -> None:
        self.jax: Any = imported("jax", "jax")
        held = [np.asarray(a) if isinstance(a, np.ndarray | self.jax.Array) else None for a in inputs]
        self.fn = fn
        self.name = getattr(fn, "__name__", type(fn).__name__)
        self.arguments = Arguments(inputs, held)
        self.arrays = self.arguments.arrays
        self.input_names: Sequence[str] = [f"input {i}" for i in self.arguments.places]

    def _double(self) -> Any:
        """JAX computes in float32 unless told otherwise."""
        enable = getattr(self.jax, "enable_x64", None)
        return enable(True) if callable(enable) else imported("jax.experimental", "jax").enable_x64()

    def _of_arrays(self, *arrays: Any) -> tuple[Any, ...]:
        found = [self.jax.numpy.asarray(out) for out in flat(self.fn(*self.arguments.filled(arrays)))]
        return tuple(out for out in found if out.dtype.kind in "fc")

    def value(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """The floating outputs."""
        with self._double():
            return tuple(np.asarray(out) for out in self._of_arrays(*map(self.jax.numpy.asarray, arrays)))

    def pullback(self, arrays: Sequence[np.ndarray], cotangents: Cotangents) -> tuple[np.ndarray | None, ...]:
        """By ``jax.vjp``."""
        with self._double():
            outputs, pull = self.jax.vjp(self._of_arrays, *map(self.jax.numpy.asarray, arrays))
            full = tuple(
                self.jax.numpy.zeros_like(out) if g is None else self.jax.numpy.asarray(g)
                for out, g in zip(outputs, cotangents, strict=True)
            )
            return tuple(np.asarray(g) for g in pull(full))
