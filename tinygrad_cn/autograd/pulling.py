"""Cotangents pulled back to inputs, by one backward sweep: what derivatives of functions are put together from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.backward import grad

__all__ = ["pulled", "zeros_for_none"]


def pulled(
    outs: Sequence[Any], ins: Sequence[Any], gs: Sequence[Any], create_graph: bool = True, keep: bool = True
) -> tuple[Any, ...]:
    """One gradient for each of ``ins``, or ``None`` where no output depends on it.

    Args:
        outs (Tensors): those that require no gradient take no part.
        ins (Tensors)
        gs (Tensors): a cotangent for each output; ``None`` means 1, for an output of a single element.
        create_graph: make the gradients differentiable.
        keep: leave the graph whole for another sweep.
    """
    live = [(out, g) for out, g in zip(outs, gs, strict=True) if out.requires_grad]
    if not live:
        return (None,) * len(ins)
    roots, cotangents = zip(*live, strict=True)
    return grad(roots, tuple(ins), cotangents, keep or create_graph, create_graph, allow_unused=True)


def zeros_for_none(gradients: Sequence[Any], like: Sequence[Any]) -> tuple[Any, ...]:
    """The gradients, with zeros in place of ``None``."""
    return tuple(x._wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(gradients, like, strict=True))
