"""``torch._foreach_*``: one operation on each tensor of a list, as programs write averages of weights and optimizers.

Every argument beside the list is a list of the same length, or one number (or Tensor of a single number) for all. A
name without a final underscore gives a tuple of results; one with it writes into the tensors and gives the list back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_cn.functions import arithmetic, fused, norms, pointwise
from tinygrad_cn.graph import Handle
from tinygrad_cn.inplace import in_place

Each = Callable[..., Any]


def _listed(name: str, tensors: Any) -> Sequence[Any]:
    """The list of tensors.

    Raises:
        TypeError: it is none, or holds something else.
        RuntimeError: it is empty.
    """
    if not isinstance(tensors, list | tuple):
        raise TypeError(f"{name}(): expected a list or tuple of Tensors, got {type(tensors).__name__}; write [tensor]")
    for i, item in enumerate(tensors):
        if not isinstance(item, Handle):
            raise TypeError(f"{name}(): item {i} of the list must be a Tensor, not {type(item).__name__}")
    if not tensors:
        raise RuntimeError(f"{name}(): the list must have at least one tensor")
    return tensors


def _spread(name: str, value: Any, count: int) -> Sequence[Any]:
    """One item of an argument for each tensor.

    Raises:
        RuntimeError: a list of another length, or a Tensor of several numbers.
    """
    if isinstance(value, list | tuple):
        if len(value) != count:
            raise RuntimeError(
                f"{name}(): lists must have the same number of items, got {count} tensors and {len(value)}; give one "
                "for each, or one number for all"
            )
        return value
    if isinstance(value, Handle) and value._array.ndim:
        raise RuntimeError(
            f"{name}(): a Tensor for all must hold a single number, got shape {list(value._array.shape)}; give a list "
            "with one for each"
        )
    return (value,) * count


def _rows(name: str, tensors: Any, args: tuple[Any, ...], options: dict[str, Any]) -> list[tuple[Any, ...]]:
    """For each tensor: it, its arguments and its options. All is checked before anything is computed or written."""
    count = len(_listed(name, tensors))
    columns = [_spread(name, value, count) for value in args]
    named = [_spread(name, value, count) for value in options.values()]
    return [
        (x, [column[i] for column in columns], dict(zip(options, (column[i] for column in named), strict=True)))
        for i, x in enumerate(tensors)
    ]


def _apart(name: str, function: Each) -> Each:
    """``function`` of each tensor."""
    name = f"_foreach_{name}"

    def each(self: Any, *args: Any, **options: Any) -> tuple[Any, ...]:
        return tuple(function(x, *own, **named) for x, own, named in _rows(name, self, args, options))

    each.__name__ = each.__qualname__ = name
    each.__doc__ = f"`{function.__name__}` of each tensor of a list, as a tuple."
    return each


def _within(name: str, method: Each) -> Each:
    """``method``, which writes into its tensor, on each tensor."""
    name = f"_foreach_{name}_"

    def each(self: Any, *args: Any, **options: Any) -> Any:
        for x, own, named in _rows(name, self, args, options):
            method(x, *own, **named)
        return self

    each.__name__ = each.__qualname__ = name
    each.__doc__ = f"`{method.__name__}` on each tensor of a list, which is returned."
    return each


def _both(name: str, function: Each) -> tuple[Each, Each]:
    """``_foreach_<name>`` and ``_foreach_<name>_``."""
    return _apart(name, function), _within(name, in_place(function))


# PyTorch's functions of one tensor take some of these by keyword, or no numbers at all.


def addcmul(x: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    """x + value * tensor1 * tensor2."""
    return fused.addcmul(x, tensor1, tensor2, value=value)


def addcdiv(x: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    """x + value * tensor1 / tensor2."""
    return fused.addcdiv(x, tensor1, tensor2, value=value)


def maximum(x: Any, other: Any) -> Any:
    """The larger of a tensor and another, or a number."""
    return arithmetic.maximum(x, other) if isinstance(other, Handle) else arithmetic.clamp_min(x, other)


def minimum(x: Any, other: Any) -> Any:
    """The smaller of a tensor and another, or a number."""
    return arithmetic.minimum(x, other) if isinstance(other, Handle) else arithmetic.clamp_max(x, other)


def norm(x: Any, ord: Any = 2, dtype: Any = None) -> Any:
    """The norm of all elements as one vector."""
    return norms.vector_norm(x, ord, dtype=dtype)


def copy_(x: Any, src: Any, non_blocking: bool = False) -> Any:
    """``x.copy_(src)``"""
    return x.copy_(src)


def zero_(x: Any) -> Any:
    """``x.zero_()``"""
    return x.zero_()


_foreach_abs, _foreach_abs_ = _both("abs", pointwise.abs)
_foreach_exp, _foreach_exp_ = _both("exp", pointwise.exp)
_foreach_log, _foreach_log_ = _both("log", pointwise.log)
_foreach_neg, _foreach_neg_ = _both("neg", pointwise.neg)
_foreach_reciprocal, _foreach_reciprocal_ = _both("reciprocal", pointwise.reciprocal)
_foreach_rsqrt, _foreach_rsqrt_ = _both("rsqrt", pointwise.rsqrt)
_foreach_sign, _foreach_sign_ = _both("sign", pointwise.sign)
_foreach_sqrt, _foreach_sqrt_ = _both("sqrt", pointwise.sqrt)

_foreach_add, _foreach_add_ = _both("add", arithmetic.add)
_foreach_sub, _foreach_sub_ = _both("sub", arithmetic.sub)
_foreach_mul, _foreach_mul_ = _both("mul", arithmetic.mul)
_foreach_div, _foreach_div_ = _both("div", arithmetic.div)
_foreach_lerp, _foreach_lerp_ = _both("lerp", arithmetic.lerp)
_foreach_addcmul, _foreach_addcmul_ = _both("addcmul", addcmul)
_foreach_addcdiv, _foreach_addcdiv_ = _both("addcdiv", addcdiv)
_foreach_maximum, _foreach_maximum_ = _both("maximum", maximum)
_foreach_minimum, _foreach_minimum_ = _both("minimum", minimum)
_foreach_clamp_min, _foreach_clamp_min_ = _both("clamp_min", maximum)
_foreach_clamp_max, _foreach_clamp_max_ = _both("clamp_max", minimum)

_foreach_norm = _apart("norm", norm)
_foreach_copy_ = _within("copy", copy_)
_foreach_zero_ = _within("zero", zero_)

_powers, _foreach_pow_ = _both("pow", arithmetic.pow)


def _foreach_pow(self: Any, exponent: Any) -> tuple[Any, ...]:
    """Each tensor of a list to a power; or a number to each power of a list.

    >>> import tinygrad_cn as tg
    >>> tg._foreach_pow([tg.tensor([1., 2.]), tg.tensor(3.)], 2)
    (tensor([1., 4.]), tensor(9.))
    >>> tg._foreach_pow(2, [tg.tensor([1., 2.])])
    (tensor([2., 4.]),)
    """
    if isinstance(self, int | float):
        return tuple(arithmetic.pow(self, power) for power in _listed("_foreach_pow", exponent))
    return _powers(self, exponent)
