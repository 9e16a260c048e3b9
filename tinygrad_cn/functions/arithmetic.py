"""Arithmetic of two tensors or a tensor and a number: sums, products, quotients, powers, extremes, choice."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.functions._arguments import accepts_factors_between, raw, tensor
from tinygrad_cn.graph import Handle
from tinygrad_cn.op import cast
from tinygrad_cn.ops import arithmetic, exponential, trigonometric

Number = bool | int | float


def _like(*values: Any) -> Any:
    """The first Tensor among ``values``."""
    for value in values:
        if isinstance(value, Handle):
            return value
    raise TypeError(f"expected at least one Tensor, got {', '.join(type(v).__name__ for v in values)}")


def _scaled(other: Any, alpha: Number, input: Any, name: str) -> Any:
    if alpha == 1 and not isinstance(alpha, bool):
        return other
    array = raw(other)
    kinds = [getattr(raw(v), "dtype", np.dtype(type(v))).kind for v in (input, array)]
    if isinstance(alpha, float) and all(kind in "biu" for kind in kinds):
        raise RuntimeError(f"{name}(): alpha is {alpha}, but for integer tensors it must be an integer")
    if isinstance(alpha, bool) and not all(kind == "b" for kind in kinds):
        raise RuntimeError(f"{name}(): alpha is a bool, but only bool tensors take that")
    return arithmetic.multiply(other, alpha) if isinstance(other, Handle) else other * alpha


@accepts_factors_between("alpha", tensors=2)
def add(input: Any, other: Any, *, alpha: Number = 1) -> Any:
    """input + alpha * other, broadcast.

    Args:
        input (Tensor or number)
        other (Tensor or number)
        alpha (number): the factor of ``other``.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> import tinygrad_cn as tg
    >>> tg.add(tg.tensor([1., 2.]), 10, alpha=2)
    tensor([21., 22.])
    """
    _like(input, other)
    return arithmetic.add(input, _scaled(other, alpha, input, "add"))


@accepts_factors_between("alpha", tensors=2)
def sub(input: Any, other: Any, *, alpha: Number = 1) -> Any:
    """input - alpha * other, broadcast.

    Raises:
        ShapeError: the shapes do not broadcast.
    """
    _like(input, other)
    return arithmetic.subtract(input, _scaled(other, alpha, input, "sub"))


def rsub(input: Any, other: Any, *, alpha: Number = 1) -> Any:
    """other - alpha * input, broadcast."""
    tensor("rsub", input)
    return arithmetic.subtract(other, _scaled(input, alpha, other, "rsub"))


def mul(input: Any, other: Any) -> Any:
    """input * other, broadcast."""
    _like(input, other)
    return arithmetic.multiply(input, other)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """input / other, broadcast; integers are divided as floating numbers.

    Args:
        input (Tensor or number)
        other (Tensor or number)
        rounding_mode (str, optional): ``"trunc"`` rounds the quotient towards 0, ``"floor"`` down; both keep integers
            integer and have derivative 0.

    Raises:
        RuntimeError: an unknown rounding mode; integers divided by 0 with rounding.
    """
    _like(input, other)
    if rounding_mode is None:
        return arithmetic.divide(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(f"div(): rounding_mode must be None, 'trunc' or 'floor', got {rounding_mode!r}")
    integer = dtypes.result_dtype(raw(input), raw(other)).kind in "biu"
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if not integer:  # trunc's rule makes the gradient 0
        return arithmetic.trunc(arithmetic.divide(input, other))
    _no_zero("div", other)
    a, b = np.broadcast_arrays(raw(input), raw(other))
    quotient = np.abs(a) // np.abs(b) * np.sign(a) * np.sign(b)
    return _like(input, other)._wrap(np.asarray(quotient, dtype=dtypes.result_dtype(raw(input), raw(other))))


def _no_zero(name: str, other: Any) -> None:
    if np.any(np.equal(raw(other), 0)):
        raise RuntimeError(f"{name}(): integer division by zero; divide as floating numbers, or mask the zeros first")


def floor_divide(input: Any, other: Any) -> Any:
    """The quotient rounded down (derivative 0).

    Raises:
        RuntimeError: integers divided by 0.
    """
    if dtypes.result_dtype(raw(_like(input, other)), raw(input), raw(other)).kind in "biu":
        _no_zero("floor_divide", other)
    return arithmetic.floor_divide(input, other)


def remainder(input: Any, other: Any) -> Any:
    """The rest of the floored division: it has the sign of ``other``."""
    if dtypes.result_dtype(raw(_like(input, other)), raw(input), raw(other)).kind in "biu":
        _no_zero("remainder", other)
    return arithmetic.remainder(input, other)


def fmod(input: Any, other: Any) -> Any:
    """The rest of the truncated division: it has the sign of ``input``."""
    if dtypes.result_dtype(raw(tensor("fmod", input)), raw(other)).kind in "biu":
        _no_zero("fmod", other)
    return arithmetic.fmod(input, other)


def pow(input: Any, exponent: Any) -> Any:
    """input to the power of exponent, broadcast.

    Raises:
        RuntimeError: integers to a negative integer power.
    """
    if not isinstance(exponent, Handle):
        kind = tensor("pow", input)._array.dtype.kind
        if kind in "biu" and isinstance(exponent, int) and exponent < 0:
            raise RuntimeError(f"pow(): integers to the negative power {exponent} are no integers; use .float() first")
    return arithmetic.power(input, exponent)


def float_power(input: Any, exponent: Any) -> Any:
    """input to the power of exponent, computed in float64."""
    _like(input, exponent)
    base, exponent = (cast(v, dtype=dtypes.float64.dtype) if isinstance(v, Handle) else v for v in (input, exponent))
    return arithmetic.power(base, exponent)


def maximum(input: Any, other: Any) -> Any:
    """The larger of two tensors, elementwise; a tie gives each half of the gradient."""
    return arithmetic.maximum(tensor("maximum", input), tensor("maximum", other, "other"))


def minimum(input: Any, other: Any) -> Any:
    """The smaller of two tensors, elementwise; a tie gives each half of the gradient."""
    return arithmetic.minimum(tensor("minimum", input), tensor("minimum", other, "other"))


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """Bring every element into [min, max]; the gradient passes inside and at both bounds.

    Args:
        input (Tensor)
        min (number or Tensor, optional): the lower bound.
        max (number or Tensor, optional): the upper bound; it wins where the bounds cross.

    Raises:
        RuntimeError: no bound is given.
    """
    if min is None and max is None:
        raise RuntimeError("clamp(): at least one of min and max must be given")
    dtype = dtypes.result_dtype(*(raw(v) for v in (input, min, max) if v is not None))
    input, min, max = (
        cast(v, dtype=dtype) if isinstance(v, Handle) and v._array.dtype != dtype else v for v in (input, min, max)
    )
    return arithmetic.clip(tensor("clamp", input), min, max)


def clamp_min(input: Any, min: Any) -> Any:
    """The larger of ``input`` and ``min``."""
    return clamp(input, min=min)


def clamp_max(input: Any, max: Any) -> Any:
    """The smaller of ``input`` and ``max``."""
    return clamp(input, max=max)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """``input`` where ``condition`` holds, else ``other``; the branch that is not taken gets the gradient 0.

    Args:
        condition (Tensor): bool.
        input (Tensor or number)
        other (Tensor or number)

    Raises:
        TypeError: ``condition`` is not a bool tensor.
    """
    array = tensor("where", condition, "condition")._array
    if input is None and other is None:
        return tuple(condition._wrap(i) for i in np.nonzero(array))
    if array.dtype.kind != "b" and array.dtype != np.uint8:
        raise TypeError(f"where(): condition must be a bool tensor, got {array.dtype}; compare it with something")
    if not isinstance(input, Handle) and not isinstance(other, Handle):
        dtype = dtypes.result_dtype(input, other)
        input = condition._wrap(np.asarray(input, dtype=dtype))
    return arithmetic.where(condition, input, other)


def where_self(input: Any, condition: Any, other: Any) -> Any:
    """`where` as a method: ``input`` where ``condition`` holds, else ``other``."""
    return where(condition, input, other)


def atan2(input: Any, other: Any) -> Any:
    """The angle, in radians, of the point (other, input); its gradient at the origin is 0."""
    return trigonometric.arctan2(tensor("atan2", input), tensor("atan2", other, "other"))


def hypot(input: Any, other: Any) -> Any:
    """sqrt(input^2 + other^2); its gradient at the origin is 0."""
    return trigonometric.hypot(tensor("hypot", input), tensor("hypot", other, "other"))


def logaddexp(input: Any, other: Any) -> Any:
    """log(exp(input) + exp(other)) without overflow."""
    return exponential.logaddexp(tensor("logaddexp", input), tensor("logaddexp", other, "other"))


def lerp(input: Any, end: Any, weight: Any) -> Any:
    """input + weight * (end - input)."""
    return add(input, mul(weight, sub(end, input)) if isinstance(weight, Handle) else mul(sub(end, input), weight))


def nan_to_num(input: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """NaN and the infinities replaced by numbers (the infinities, by default, by the largest ones)."""
    if tensor("nan_to_num", input)._array.dtype.kind != "f":
        return input.clone()
    return arithmetic.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)


arctan2 = atan2
clip = clamp
divide = true_divide = div
multiply = mul
subtract = sub
