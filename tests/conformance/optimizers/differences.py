"""How parameters and states of the two libraries differ, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import tinygrad_cn as tg

__all__ = ["array", "differ", "states_differ"]


def array(value: Any) -> np.ndarray:
    """A copy of a tensor of either library."""
    return np.array(value.detach().numpy())


def differ(ours: list[Any], theirs: list[Any], tolerance: float) -> str | None:
    """How the tensors of two lists differ: shapes, dtypes, values."""
    for i, (o, t) in enumerate(zip(ours, theirs, strict=True)):
        a, b = array(o), array(t)
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"number {i}: {a.shape} {a.dtype} instead of {b.shape} {b.dtype}"
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"number {i} of shape {a.shape} differs by up to {np.abs(a - b).max():.1e}"
    return None


def states_differ(ours: Any, theirs: Any, tolerance: float, path: str = "") -> str | None:
    """How two ``state_dict()`` differ: keys, kinds, dtypes, values."""
    if torch.is_tensor(theirs) and path.endswith("['t']"):  # LBFGS's step, with a rate that is a tensor
        theirs = theirs.item()
    if torch.is_tensor(theirs):
        if not isinstance(ours, tg.Tensor):
            return f"{path} is a {type(ours).__name__} instead of a tensor"
        return f"{path}: {problem}" if (problem := differ([ours], [theirs], tolerance)) else None
    if isinstance(theirs, dict):
        hidden = {"capturable"}
        if ours.keys() - hidden != theirs.keys() - hidden:
            return f"{path} has {sorted(map(str, ours))} instead of {sorted(map(str, theirs))}"
        pairs = [(f"{path}[{key!r}]", ours[key], theirs[key]) for key in theirs if key not in hidden]
    elif isinstance(theirs, list | tuple):
        if type(ours) is not type(theirs) or len(ours) != len(theirs):
            return f"{path} is {str(ours)[:60]} instead of {str(theirs)[:60]}"
        pairs = [(f"{path}[{i}]", o, t) for i, (o, t) in enumerate(zip(ours, theirs, strict=True))]
    elif isinstance(theirs, float | int) and not isinstance(theirs, bool):
        same = isinstance(ours, float | int) and np.isclose(ours, theirs, rtol=tolerance, atol=tolerance)
        return None if same else f"{path} is {ours!r} instead of {theirs!r}"
    else:
        return None if type(ours) is type(theirs) and ours == theirs else f"{path} is {ours!r} instead of {theirs!r}"
    return next((problem for where, o, t in pairs if (problem := states_differ(o, t, tolerance, where))), None)
