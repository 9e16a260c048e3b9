"""The database's samples, and the calls made of them, for PyTorch and for us."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from .convert import to_ours

__all__ = ["Call", "cotangents", "samples"]

_SEED = 20240601


class Call:
    """A sample's arguments for PyTorch and for us, made anew from its values so that runs do not meet."""

    def __init__(self, sample: Any, differentiate: bool) -> None:
        memo: dict[int, torch.Tensor] = {}
        self.leaves: list[torch.Tensor] = []

        def fresh(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                if id(value) not in memo:
                    copy = value.detach().clone()
                    if differentiate and value.requires_grad:
                        self.leaves.append(copy.requires_grad_())
                    memo[id(value)] = copy
                return memo[id(value)]
            if (isinstance(value, tuple) and hasattr(value, "_fields")) or isinstance(value, torch.Size):
                return value
            if isinstance(value, tuple | list):
                return type(value)(fresh(v) for v in value)
            if isinstance(value, dict):
                return {k: fresh(v) for k, v in value.items()}
            return value

        self.args = [fresh(sample.input), *(fresh(a) for a in sample.args)]
        self.kwargs = fresh(dict(sample.kwargs))
        ours: dict[int, Any] = {}
        self.our_args = to_ours(self.args, ours)
        self.our_kwargs = to_ours(self.kwargs, ours)
        self.our_leaves = [ours[id(leaf)] for leaf in self.leaves if id(leaf) in ours]


def samples(op: Any, dtype: torch.dtype, requires_grad: bool) -> Iterator[Any]:
    """The samples of an operator, the same ones each time."""
    torch.manual_seed(_SEED)
    random.seed(_SEED)
    np.random.seed(_SEED)  # noqa: NPY002 - PyTorch's samples draw from NumPy's global generator
    yield from op.sample_inputs("cpu", dtype, requires_grad=requires_grad)


def cotangents(outs: list[torch.Tensor]) -> list[torch.Tensor]:
    """A random cotangent for each output, the same one each time."""
    generator = torch.Generator().manual_seed(_SEED)
    return [torch.randn(o.shape, generator=generator, dtype=torch.float64).to(o.dtype) for o in outs]
