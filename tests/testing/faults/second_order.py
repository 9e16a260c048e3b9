"""Functions of Tensors whose gradient is right and whose gradient's gradient is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from testing.faults.record import numbers

from tinygrad_cn import Tensor, from_numpy
from tinygrad_cn.autograd import Function


@dataclass(frozen=True)
class SecondOrder:
    """A Function with a second-order fault.

    Attributes:
        name: of the function.
        mistake: what is wrong.
        wrong: the Function with the mistake.
        right: the same without it.
        inputs: the point.
    """

    name: str
    mistake: str
    wrong: type[Function]
    right: type[Function]
    inputs: tuple[np.ndarray, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.mistake}"

    def tensors(self) -> list[Tensor]:
        """The inputs as leaves."""
        return [from_numpy(a.copy()).requires_grad_() for a in self.inputs]


Rule = Callable[..., tuple[Any, ...]]


def _function(name: str, forward: Callable[..., Any], rule: Rule, seen: Callable[[Any], Any]) -> type[Function]:
    """A Function whose rule sees its saved inputs through ``seen``."""

    class Made(Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.save_for_backward(*inputs)
            return forward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return rule(g, *(seen(x) for x in ctx.saved_tensors))

    Made.__name__ = name
    return Made


def _constant(x: Any) -> Any:
    """The value without the way back: what is saved passes for a constant."""
    return x.detach()


def _times(factor: float) -> Callable[[Any], Any]:
    """The value, with a derivative of ``factor`` in place of 1."""
    return lambda x: x.detach() + factor * (x - x.detach())


FUNCTIONS: dict[str, tuple[Callable[..., Any], Rule, tuple[np.ndarray, ...]]] = {
    "tanh": (lambda x: x.tanh(), lambda g, x: (g * (1 - x.tanh() ** 2),), (numbers(3, 2),)),
    "cube": (lambda x: x**3, lambda g, x: (3 * g * x * x,), (numbers(4),)),
    "product": (lambda x, y: x * y, lambda g, x, y: (g * y, g * x), (numbers(3), numbers(3, seed=1))),
    "matrix product": (
        lambda x, w: x @ w,
        lambda g, x, w: (g @ w.mT, x.mT @ g),
        (numbers(1, 2), numbers(2, 2, seed=1)),
    ),
    "sum of exponentials": (lambda x: x.exp().sum(), lambda g, x: (g * x.exp(),), (numbers(5),)),
    "softmax": (
        lambda x: x.softmax(-1),
        lambda g, x: (x.softmax(-1) * (g - (g * x.softmax(-1)).sum(-1, keepdim=True)),),
        (numbers(2, 3),),
    ),
}

MISTAKES = {
    "saved values pass for constants": _constant,
    "sign flipped": _times(-1.0),
    "twice too large": _times(2.0),
    "times 1.0005": _times(1.0005),
    "times 1 + 1e-6": _times(1 + 1e-6),
}

FAULTS = [
    SecondOrder(
        name,
        mistake,
        _function(f"Wrong{name.title().replace(' ', '')}", forward, rule, seen),
        _function(f"Right{name.title().replace(' ', '')}", forward, rule, lambda x: x),
        inputs,
    )
    for name, (forward, rule, inputs) in FUNCTIONS.items()
    for mistake, seen in MISTAKES.items()
    if name in ("tanh", "matrix product") or mistake in ("saved values pass for constants", "times 1.0005")
]
