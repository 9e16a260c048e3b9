"""Comparing our results with PyTorch's: kinds, names of fields, shapes, dtypes, values."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tinygrad_cn import Tensor

from .convert import to_torch

__all__ = [
    "compared",
    "difference",
    "differentiable",
    "leaves",
    "pairs",
    "same_gradients",
    "sharing",
    "structure",
    "within",
]


def leaves(value: Any) -> list[Any]:
    """The tensors and numbers in a result."""
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def _fields(value: Any) -> tuple[str, ...]:
    """The names of a named result's fields."""
    if hasattr(value, "_fields"):
        return tuple(value._fields)
    return tuple(getattr(value, "__match_args__", ())) if isinstance(value, tuple) else ()


def structure(ours: Any, theirs: Any) -> str | None:
    """How the kinds of two results (number, tensor, tuple of so many, names of fields) differ."""
    if isinstance(theirs, torch.Tensor):
        return None if isinstance(ours, Tensor) else f"a {type(ours).__name__} instead of a tensor"
    if isinstance(theirs, tuple | list):
        if not isinstance(ours, tuple | list):
            return f"a {type(ours).__name__} instead of a {type(theirs).__name__}"
        if len(ours) != len(theirs):
            return f"{len(ours)} results instead of {len(theirs)}"
        if _fields(theirs) and _fields(ours) != _fields(theirs):
            return f"fields {_fields(ours)} instead of {_fields(theirs)}"
        return next((d for o, t in zip(ours, theirs, strict=True) if (d := structure(o, t))), None)
    if isinstance(theirs, bool | int | float):
        same = type(ours) is type(theirs)
        return None if same else f"a {type(ours).__name__} instead of a {type(theirs).__name__}"
    return None


def within(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float, mend_nan: bool = False) -> bool:
    """Whether values agree to ``tolerance``, relative where they are above 1.

    With ``mend_nan`` a NaN of PyTorch's may be anything here: some of its gradients are NaN where one is defined.
    """
    a, b = ours.to(torch.float64), theirs.to(torch.float64)
    if mend_nan and bool(b.isnan().any()):
        a, b = a[~b.isnan()], b[~b.isnan()]
    if torch.equal(a, b):
        return True
    finite = b.isfinite()
    if not torch.equal(finite, a.isfinite()):
        return False
    odd = ~finite
    if bool(odd.any()):
        x, y = a[odd], b[odd]
        if not bool(((x == y) | (x.isnan() & y.isnan())).all()):
            return False
        a, b = a[finite], b[finite]
    return bool(((a - b).abs() <= tolerance * b.abs().clamp(min=1)).all())


def difference(ours: Any, theirs: Any, tolerance: float) -> str | None:
    """How one leaf of a result differs from PyTorch's, in words; ``None`` if it does not."""
    if not isinstance(theirs, torch.Tensor):
        if isinstance(theirs, float | int) and isinstance(ours, float | int):
            same = within(torch.tensor(float(ours)), torch.tensor(float(theirs)), tolerance)
            return None if same else f"{ours} instead of {theirs}"
        if isinstance(theirs, torch.dtype):
            return None if str(theirs) == f"torch.{ours}" else f"{ours} instead of {theirs}"
        return None if ours == theirs else f"{ours} instead of {theirs}"
    if tuple(ours.shape) != tuple(theirs.shape):
        return f"shape {list(ours.shape)} instead of {list(theirs.shape)}"
    if f"torch.{ours.dtype}" != str(theirs.dtype):
        return f"dtype {ours.dtype} instead of {theirs.dtype}"
    mine, other = to_torch(ours), theirs.detach().resolve_neg()
    if within(mine, other, tolerance):
        return None
    return f"values\n  ours  {_short(mine)}\n  torch {_short(other)}"


def _short(value: torch.Tensor) -> str:
    text = " ".join(str(value.reshape(-1)[:12].tolist()).split())
    return text + (f" ... of shape {list(value.shape)}" if value.numel() > 12 else f" shape {list(value.shape)}")


def compared(ours: Any, theirs: Any, tolerance: float) -> str | None:
    """How two results differ, in words."""
    problem = structure(ours, theirs)
    if problem:
        return problem
    return next(
        (f"result {i}: {d}" for i, (o, t) in enumerate(pairs(ours, theirs)) if (d := difference(o, t, tolerance))),
        None,
    )


def pairs(ours: Any, theirs: Any) -> list[tuple[Any, Any]]:
    """The leaves of two results, side by side."""
    return list(zip(leaves(ours), leaves(theirs), strict=True))


def sharing(call: Any, ours: Any, theirs: Any) -> str | None:
    """How results differ in sharing memory with the first argument: views write through, copies do not."""
    source, our_source = call.args[0], call.our_args[0]
    if not isinstance(source, torch.Tensor) or "memory_format" in call.kwargs:  # which has no meaning here
        return None
    for i, (o, t) in enumerate(pairs(ours, theirs)):
        if isinstance(t, torch.Tensor) and t.numel():
            shared = t.untyped_storage().data_ptr() == source.untyped_storage().data_ptr()
            if shared != np.may_share_memory(o._array, our_source._array):
                return (
                    f"result {i} is {'a copy' if shared else 'a view'}, PyTorch's is {'a view' if shared else 'a copy'}"
                )
    return None


def differentiable(ours: Any, theirs: Any) -> tuple[list[Any], list[torch.Tensor], str | None]:
    """The results that carry gradients, pairwise, and what is wrong with their requires_grad."""
    mine, other = [], []
    for i, (o, t) in enumerate(pairs(ours, theirs)):
        if not isinstance(t, torch.Tensor):
            continue
        if t.requires_grad:
            if not o.requires_grad:
                return [], [], f"result {i} does not require grad"
            mine.append(o)
            other.append(t)
        elif o.requires_grad:
            return [], [], f"result {i} requires grad, PyTorch's does not"
    return mine, other, None


def same_gradients(ours: Any, theirs: Any, tolerance: float) -> str | None:
    """Compare gradients; none at all is the same as zeros. A float32 input among float64 ones coarsens them all."""
    if any(t is not None and t.dtype == torch.float32 for t in theirs):
        tolerance = max(tolerance, 1e-4)
    for i, (o, t) in enumerate(zip(ours, theirs, strict=True)):
        if o is None and t is None:
            continue
        if t is None:
            t = torch.zeros(tuple(o.shape), dtype=getattr(torch, str(o.dtype)))
        t = t.detach()
        if o is None:
            if bool((t != 0).any()):
                return f"gradient {i} is missing"
            continue
        if tuple(o.shape) != tuple(t.shape) or f"torch.{o.dtype}" != str(t.dtype):
            return f"gradient {i}: {list(o.shape)} {o.dtype} instead of {list(t.shape)} {t.dtype}"
        if not within(to_torch(o), t, tolerance, mend_nan=True):
            return f"gradient {i}: {difference(o, t, 0.0)}"
    return None
