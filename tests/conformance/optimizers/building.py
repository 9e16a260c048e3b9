"""What both libraries are given: options, random numbers, a problem to minimize."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import tinygrad_cn as tg

__all__ = ["closure_of", "numbers", "options_for"]


def options_for(lib: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options for one library; capturable, which PyTorch has on a GPU only, for ours alone."""

    def fresh(value: Any) -> Any:
        if torch.is_tensor(value):  # in float64, as everything that is compared
            return lib.tensor(value.double().numpy())
        return tuple(map(fresh, value)) if isinstance(value, tuple) else value

    return {name: fresh(value) for name, value in options.items() if lib is tg or name != "capturable"}


def numbers(draw: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Normal numbers; complex ones in both parts."""
    value = draw.standard_normal(shape)
    if dtype.startswith("complex"):
        value = value + 1j * draw.standard_normal(shape)
    return np.asarray(value, dtype)


def closure_of(optimizer: Any, params: list[Any]) -> Callable[[], Any]:
    """The closure of a function whose minimum is not at a round number."""

    def closure() -> Any:
        optimizer.zero_grad()
        loss = sum(((param - 0.5) ** 2).mean() + 0.1 * (param.sin() * param).mean() for param in params)
        loss.backward()
        return loss

    return closure
