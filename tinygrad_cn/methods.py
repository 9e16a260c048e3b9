"""The functions that are Tensor methods too: an explicit list, one line each. A method is the function itself."""

from __future__ import annotations

from tinygrad_cn.functions import (
    arithmetic,
    comparison,
    pointwise,
    reduction,
    softmax,
)
from tinygrad_cn.inplace import in_place
from tinygrad_cn.methods_of_matrices import MatrixMethods
from tinygrad_cn.methods_of_shape import ShapeMethods
from tinygrad_cn.methods_of_values import ValueMethods

__all__ = ["Methods"]


class Methods(ShapeMethods, MatrixMethods, ValueMethods):
    """Functions of a tensor, as its methods; names ending in ``_`` write in place."""

    __slots__ = ()

    # functions of each element
    abs = absolute = pointwise.abs
    acos = arccos = pointwise.acos
    acosh = arccosh = pointwise.acosh
    asin = arcsin = pointwise.asin
    asinh = arcsinh = pointwise.asinh
    atan = arctan = pointwise.atan
    atanh = arctanh = pointwise.atanh
    bitwise_not = pointwise.bitwise_not
    ceil = pointwise.ceil
    cos = pointwise.cos
    cosh = pointwise.cosh
    deg2rad = pointwise.deg2rad
    erf = pointwise.erf
    exp = pointwise.exp
    exp2 = pointwise.exp2
    expm1 = pointwise.expm1
    floor = pointwise.floor
    isfinite = pointwise.isfinite
    isinf = pointwise.isinf
    isnan = pointwise.isnan
    log = pointwise.log
    log10 = pointwise.log10
    log1p = pointwise.log1p
    log2 = pointwise.log2
    logical_not = pointwise.logical_not
    nan_to_num = arithmetic.nan_to_num
    neg = negative = pointwise.neg
    positive = pointwise.positive
    rad2deg = pointwise.rad2deg
    reciprocal = pointwise.reciprocal
    relu = pointwise.relu
    round = pointwise.round
    rsqrt = pointwise.rsqrt
    sigmoid = pointwise.sigmoid
    sign = pointwise.sign
    signbit = pointwise.signbit
    sin = pointwise.sin
    sinc = pointwise.sinc
    sinh = pointwise.sinh
    sqrt = pointwise.sqrt
    square = pointwise.square
    tan = pointwise.tan
    tanh = pointwise.tanh
    trunc = fix = pointwise.trunc

    abs_ = absolute_ = in_place(pointwise.abs)
    acos_ = arccos_ = in_place(pointwise.acos)
    acosh_ = arccosh_ = in_place(pointwise.acosh)
    asin_ = arcsin_ = in_place(pointwise.asin)
    asinh_ = arcsinh_ = in_place(pointwise.asinh)
    atan_ = arctan_ = in_place(pointwise.atan)
    atanh_ = arctanh_ = in_place(pointwise.atanh)
    bitwise_not_ = in_place(pointwise.bitwise_not)
    ceil_ = in_place(pointwise.ceil)
    cos_ = in_place(pointwise.cos)
    cosh_ = in_place(pointwise.cosh)
    deg2rad_ = in_place(pointwise.deg2rad)
    erf_ = in_place(pointwise.erf)
    exp_ = in_place(pointwise.exp)
    exp2_ = in_place(pointwise.exp2)
    expm1_ = in_place(pointwise.expm1)
    floor_ = in_place(pointwise.floor)
    log_ = in_place(pointwise.log)
    log10_ = in_place(pointwise.log10)
    log1p_ = in_place(pointwise.log1p)
    log2_ = in_place(pointwise.log2)
    logical_not_ = in_place(pointwise.logical_not)
    nan_to_num_ = in_place(arithmetic.nan_to_num)
    neg_ = negative_ = in_place(pointwise.neg)
    rad2deg_ = in_place(pointwise.rad2deg)
    reciprocal_ = in_place(pointwise.reciprocal)
    relu_ = in_place(pointwise.relu)
    round_ = in_place(pointwise.round)
    rsqrt_ = in_place(pointwise.rsqrt)
    sigmoid_ = in_place(pointwise.sigmoid)
    sign_ = in_place(pointwise.sign)
    sin_ = in_place(pointwise.sin)
    sinc_ = in_place(pointwise.sinc)
    sinh_ = in_place(pointwise.sinh)
    sqrt_ = in_place(pointwise.sqrt)
    square_ = in_place(pointwise.square)
    tan_ = in_place(pointwise.tan)
    tanh_ = in_place(pointwise.tanh)
    trunc_ = fix_ = in_place(pointwise.trunc)

    # arithmetic
    add = arithmetic.add
    atan2 = arctan2 = arithmetic.atan2
    clamp = clip = arithmetic.clamp
    clamp_max = arithmetic.clamp_max
    clamp_min = arithmetic.clamp_min
    div = divide = true_divide = arithmetic.div
    float_power = arithmetic.float_power
    floor_divide = arithmetic.floor_divide
    fmod = arithmetic.fmod
    hypot = arithmetic.hypot
    lerp = arithmetic.lerp
    logaddexp = arithmetic.logaddexp
    maximum = arithmetic.maximum
    minimum = arithmetic.minimum
    mul = multiply = arithmetic.mul
    pow = arithmetic.pow
    remainder = arithmetic.remainder
    sub = subtract = arithmetic.sub
    where = arithmetic.where_self

    add_ = in_place(arithmetic.add)
    atan2_ = arctan2_ = in_place(arithmetic.atan2)
    clamp_ = clip_ = in_place(arithmetic.clamp)
    clamp_max_ = in_place(arithmetic.clamp_max)
    clamp_min_ = in_place(arithmetic.clamp_min)
    div_ = divide_ = true_divide_ = in_place(arithmetic.div)
    float_power_ = in_place(arithmetic.float_power)
    floor_divide_ = in_place(arithmetic.floor_divide)
    fmod_ = in_place(arithmetic.fmod)
    hypot_ = in_place(arithmetic.hypot)
    lerp_ = in_place(arithmetic.lerp)
    mul_ = multiply_ = in_place(arithmetic.mul)
    pow_ = in_place(arithmetic.pow)
    remainder_ = in_place(arithmetic.remainder)
    sub_ = subtract_ = in_place(arithmetic.sub)

    # comparisons, logic, bits
    all = comparison.all
    allclose = comparison.allclose
    any = comparison.any
    argmax = comparison.argmax
    argmin = comparison.argmin
    bitwise_and = comparison.bitwise_and
    bitwise_or = comparison.bitwise_or
    bitwise_xor = comparison.bitwise_xor
    count_nonzero = comparison.count_nonzero
    eq = comparison.eq
    equal = comparison.equal
    ge = greater_equal = comparison.ge
    gt = greater = comparison.gt
    isclose = comparison.isclose
    le = less_equal = comparison.le
    logical_and = comparison.logical_and
    logical_or = comparison.logical_or
    logical_xor = comparison.logical_xor
    lt = less = comparison.lt
    ne = not_equal = comparison.ne

    bitwise_and_ = in_place(comparison.bitwise_and)
    bitwise_or_ = in_place(comparison.bitwise_or)
    bitwise_xor_ = in_place(comparison.bitwise_xor)
    eq_ = in_place(comparison.eq)
    ge_ = greater_equal_ = in_place(comparison.ge)
    gt_ = greater_ = in_place(comparison.gt)
    le_ = less_equal_ = in_place(comparison.le)
    logical_and_ = in_place(comparison.logical_and)
    logical_or_ = in_place(comparison.logical_or)
    logical_xor_ = in_place(comparison.logical_xor)
    lt_ = less_ = in_place(comparison.lt)
    ne_ = not_equal_ = in_place(comparison.ne)

    # reductions, running and sorted
    amax = reduction.amax
    amin = reduction.amin
    aminmax = reduction.aminmax
    argsort = reduction.argsort
    cumprod = reduction.cumprod
    cumsum = reduction.cumsum
    log_softmax = softmax.log_softmax
    logsumexp = reduction.logsumexp
    max = reduction.max
    mean = reduction.mean
    min = reduction.min
    nansum = reduction.nansum
    prod = reduction.prod
    softmax = softmax.softmax
    sort = reduction.sort
    std = reduction.std
    sum = reduction.sum
    topk = reduction.topk
    var = reduction.var

    cumprod_ = in_place(reduction.cumprod)
    cumsum_ = in_place(reduction.cumsum)
