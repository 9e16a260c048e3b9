"""Functions of each element: powers, exponentials, logarithms, trigonometry, rounding, activations."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.op import Op, cast
from tinygrad_cn.ops import activation as activations
from tinygrad_cn.ops import arithmetic, comparison, exponential, shape, special, trigonometric


def one_tensor(name: str, operation: Op, formula: str, bools: Any = None) -> Callable[..., Any]:
    """The public function of an op of one tensor; ``bools`` is the dtype that bools are brought to first."""

    def function(input: Any) -> Any:
        if bools is not None and tensor(name, input)._array.dtype.kind == "b":
            input = cast(input, dtype=np.dtype(bools))
        return operation(tensor(name, input))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{formula}, elementwise.

    Args:
        input (Tensor): any shape.

    Returns:
        Tensor: the shape of ``input``.
    """
    return function


abs = one_tensor("abs", arithmetic.absolute, "The absolute value (derivative 0 at 0)")
acos = one_tensor("acos", trigonometric.arccos, "The inverse cosine, in radians")
acosh = one_tensor("acosh", trigonometric.arccosh, "The inverse hyperbolic cosine")
asin = one_tensor("asin", trigonometric.arcsin, "The inverse sine, in radians")
asinh = one_tensor("asinh", trigonometric.arcsinh, "The inverse hyperbolic sine")
atan = one_tensor("atan", trigonometric.arctan, "The inverse tangent, in radians")
atanh = one_tensor("atanh", trigonometric.arctanh, "The inverse hyperbolic tangent")
bitwise_not = one_tensor("bitwise_not", comparison.bitwise_not, "The complement of the bits (of a bool: not)")
ceil = one_tensor("ceil", arithmetic.ceil, "The smallest integer not below (derivative 0)")
cos = one_tensor("cos", trigonometric.cos, "The cosine of an angle in radians")
cosh = one_tensor("cosh", trigonometric.cosh, "The hyperbolic cosine")
deg2rad = one_tensor("deg2rad", trigonometric.deg2rad, "Degrees to radians")
erf = one_tensor("erf", special.erf, "The error function 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x")
exp = one_tensor("exp", exponential.exp, "e to the power x")
exp2 = one_tensor("exp2", exponential.exp2, "2 to the power x")
expm1 = one_tensor("expm1", exponential.expm1, "exp(x) - 1, accurate near 0")
floor = one_tensor("floor", arithmetic.floor, "The largest integer not above (derivative 0)")
isfinite = one_tensor("isfinite", comparison.isfinite, "Whether it is neither infinite nor NaN")
isinf = one_tensor("isinf", comparison.isinf, "Whether it is infinite")
isnan = one_tensor("isnan", comparison.isnan, "Whether it is NaN")
log = one_tensor("log", exponential.log, "The natural logarithm")
log10 = one_tensor("log10", exponential.log10, "The logarithm to base 10")
log1p = one_tensor("log1p", exponential.log1p, "log(1 + x), accurate near 0")
log2 = one_tensor("log2", exponential.log2, "The logarithm to base 2")
logical_not = one_tensor("logical_not", comparison.logical_not, "Whether it is zero")
neg = one_tensor("neg", arithmetic.negative, "-x")
rad2deg = one_tensor("rad2deg", trigonometric.rad2deg, "Radians to degrees")
reciprocal = one_tensor("reciprocal", arithmetic.reciprocal, "1 / x")
relu = one_tensor("relu", activations.relu, "max(x, 0) (derivative 0 at 0)")
rsqrt = one_tensor("rsqrt", arithmetic.rsqrt, "1 / sqrt(x)")
sigmoid = one_tensor("sigmoid", exponential.sigmoid, "1 / (1 + exp(-x))")
signbit = one_tensor("signbit", comparison.signbit, "Whether the sign bit is set")
sin = one_tensor("sin", trigonometric.sin, "The sine of an angle in radians")
sinc = one_tensor("sinc", trigonometric.sinc, "sin(pi x) / (pi x), 1 at 0")
sinh = one_tensor("sinh", trigonometric.sinh, "The hyperbolic sine")
sqrt = one_tensor("sqrt", arithmetic.sqrt, "The square root")
square = one_tensor("square", arithmetic.square, "x^2", bools=np.int64)
tan = one_tensor("tan", trigonometric.tan, "The tangent of an angle in radians")
tanh = one_tensor("tanh", trigonometric.tanh, "The hyperbolic tangent")
trunc = one_tensor("trunc", arithmetic.trunc, "The integer part (derivative 0)")

absolute = abs
arccos, arccosh, arcsin, arcsinh, arctan, arctanh = acos, acosh, asin, asinh, atan, atanh
fix = trunc
negative = neg


def sign(input: Any) -> Any:
    """-1, 0 or 1 (derivative 0), elementwise; a bool stays what it is."""
    return (shape.copy if tensor("sign", input)._array.dtype.kind == "b" else arithmetic.sign)(input)


def positive(input: Any) -> Any:
    """The tensor itself.

    Raises:
        RuntimeError: it holds bools.
    """
    if tensor("positive", input)._array.dtype.kind == "b":
        raise RuntimeError("positive(): not defined for bool tensors; convert with .int()")
    return input


def round(input: Any, *, decimals: int = 0) -> Any:
    """Round to the nearest, halves to even, at ``decimals`` places after the point (derivative 0).

    Args:
        input (Tensor): any shape.
        decimals (int): negative numbers round to tens, hundreds, ...
    """
    floating = tensor("round", input)._array.dtype.kind in "fc"
    if decimals == 0:
        return arithmetic.rint(input) if floating else shape.copy(input)
    if not floating:
        raise RuntimeError(f"round(): decimals needs a floating tensor, got {input.dtype}; convert it first")
    scale = 10.0 ** builtins.abs(decimals)
    if decimals > 0:
        return arithmetic.divide(arithmetic.rint(arithmetic.multiply(input, scale)), scale)
    return arithmetic.multiply(arithmetic.rint(arithmetic.divide(input, scale)), scale)
