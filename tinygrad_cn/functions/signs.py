"""Signs, parts and neighbours of numbers; steps; common divisors; shifts of bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.errors import DTypeError
from tinygrad_cn.functions._arguments import both, raw, tensor
from tinygrad_cn.functions.arithmetic import float_power, mul
from tinygrad_cn.functions.pointwise import one_tensor, sign
from tinygrad_cn.graph import Handle
from tinygrad_cn.inplace import assign
from tinygrad_cn.op import Op
from tinygrad_cn.ops import comparison, exponential, floating


class MantissaExponent(NamedTuple):
    """The parts of floating numbers, of `frexp`."""

    mantissa: Any
    exponent: Any


def _of_kind(name: str, kinds: str, words: str, *tensors: Any) -> None:
    """Refuse tensors of other kinds of dtype.

    Raises:
        DTypeError: there is one.
    """
    for value in tensors:
        if value._array.dtype.kind not in kinds:
            raise DTypeError(f"{name}(): takes {words}, not {value._array.dtype}; convert it with .to(dtype)")


def _floating(name: str, *tensors: Any) -> None:
    _of_kind(name, "f", "floating tensors", *tensors)


def _integers(name: str, *tensors: Any) -> None:
    _of_kind(name, "iu", "tensors of integers", *tensors)


# -------------------------------------------------------------------------------------------- signs

angle = one_tensor("angle", floating.angle, "0 for numbers of the sign +, pi for negative ones (derivative 0)")
isneginf = one_tensor("isneginf", floating.isneginf, "Whether it is minus infinity")
isposinf = one_tensor("isposinf", floating.isposinf, "Whether it is plus infinity")
isreal = one_tensor("isreal", floating.isreal, "Whether it has no imaginary part: always, for real tensors")


def sgn(input: Any) -> Any:
    """-1, 0 or 1 (derivative 0), elementwise: `sign`, from which it differs for complex numbers only."""
    return sign(input)


def copysign(input: Any, other: Any) -> Any:
    """The size of ``input`` with the sign of ``other`` (a Tensor or a number); derivative 0 where ``input`` is 0."""
    return floating.copysign(*both("copysign", tensor("copysign", input), other))


def heaviside(input: Any, values: Any) -> Any:
    """0 below 0, 1 above, ``values`` at 0, elementwise.

    Raises:
        DTypeError: the tensors have different dtypes.
    """
    x, y = tensor("heaviside", input)._array, tensor("heaviside", values, "values")._array
    if x.dtype != y.dtype:
        raise DTypeError(f"heaviside(): the tensors have dtypes {x.dtype} and {y.dtype}; convert one with .to(dtype)")
    return floating.heaviside(input, values)


# ---------------------------------------------------------------------------- parts and neighbours


def frac(input: Any) -> Any:
    """What follows the point: x - trunc(x), with the sign of x (derivative 1), elementwise."""
    _floating("frac", tensor("frac", input))
    return floating.frac(input)


def frexp(input: Any) -> MantissaExponent:
    """The named pair (mantissa, exponent) with x = mantissa 2^exponent and 1/2 <= |mantissa| < 1, elementwise.

    >>> import tinygrad_cn as tg
    >>> mantissa, exponent = tg.frexp(tg.tensor([3., 8.]))
    >>> mantissa, exponent.tolist()
    (tensor([0.7500, 0.5000]), [2, 4])
    """
    _floating("frexp", tensor("frexp", input))
    return MantissaExponent(*floating.frexp(input))


def ldexp(input: Any, other: Any) -> Any:
    """input times 2 to the power of ``other``, elementwise."""
    exponent = tensor("ldexp", other, "other")
    if exponent._array.dtype.kind == "f":
        return mul(tensor("ldexp", input), exponential.exp2(exponent))
    one = dtypes.default_float.dtype.type(1)
    with np.errstate(over="ignore"):
        scale = np.asarray(np.ldexp(one, np.clip(exponent._array, -5000, 5000).astype(np.int32)))
    return mul(tensor("ldexp", input), exponent._wrap(scale))


def nextafter(input: Any, other: Any) -> Any:
    """The floating number next to ``input`` on the way to ``other``, elementwise."""
    _floating("nextafter", tensor("nextafter", input), tensor("nextafter", other, "other"))
    return floating.nextafter(input, other)


def float_power_(input: Any, exponent: Any) -> Any:
    """In-place form of `float_power`.

    Raises:
        DTypeError: the tensor is not float64, which the result is.
    """
    if tensor("float_power_", input)._array.dtype != np.float64:
        raise DTypeError(f"float_power_(): the result is float64, the tensor {input._array.dtype}; use .double() first")
    return assign(input, float_power(input, exponent), "float_power_")


# ---------------------------------------------------------------------- extremes, divisors, shifts


def fmax(input: Any, other: Any) -> Any:
    """The larger of two tensors, elementwise, passing over NaN; at a tie ``input`` has the gradient."""
    return floating.fmax(tensor("fmax", input), tensor("fmax", other, "other"))


def fmin(input: Any, other: Any) -> Any:
    """The smaller of two tensors, elementwise, passing over NaN; at a tie ``input`` has the gradient."""
    return floating.fmin(tensor("fmin", input), tensor("fmin", other, "other"))


def logaddexp2(input: Any, other: Any) -> Any:
    """log2(2^input + 2^other) without overflow, elementwise."""
    _floating("logaddexp2", tensor("logaddexp2", input), tensor("logaddexp2", other, "other"))
    return floating.logaddexp2(input, other)


def gcd(input: Any, other: Any) -> Any:
    """The greatest common divisor of two tensors of integers, elementwise; not negative, and gcd(0, 0) = 0."""
    _integers("gcd", tensor("gcd", input), tensor("gcd", other, "other"))
    return floating.gcd(input, other)


def lcm(input: Any, other: Any) -> Any:
    """The least common multiple of two tensors of integers, elementwise; not negative."""
    _integers("lcm", tensor("lcm", input), tensor("lcm", other, "other"))
    return floating.lcm(input, other)


def _shift(name: str, operation: Op, words: str) -> Callable[..., Any]:
    def function(input: Any, other: Any) -> Any:
        for value in (input, other):
            if isinstance(value, Handle) or not isinstance(value, int):
                _integers(name, tensor(name, value))
        if not isinstance(input, Handle):
            tensor(name, other, "other")
        if dtypes.result_dtype(raw(input), raw(other)).kind not in "iu":
            raise DTypeError(f"{name}(): takes integers")
        return operation(input, other)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The bits of ``input`` moved {words}; one of the two may be a number.

    Raises:
        DTypeError: there are other numbers than integers.
    """
    return function


bitwise_left_shift = _shift("bitwise_left_shift", comparison.left_shift, "left by ``other`` places")
bitwise_right_shift = _shift("bitwise_right_shift", comparison.right_shift, "right by ``other``, keeping the sign")
