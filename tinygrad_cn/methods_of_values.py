"""The functions that are Tensor methods too, of the families that compute with values."""

from __future__ import annotations

from tinygrad_cn.functions import fused, histograms, ordering, running, searching, signs, special, statistics
from tinygrad_cn.inplace import in_place

__all__ = ["ValueMethods"]


class ValueMethods:
    """Functions of a tensor's values, as its methods; names ending in ``_`` write in place."""

    __slots__ = ()

    # special functions
    digamma = special.digamma
    erfc = special.erfc
    erfinv = special.erfinv
    i0 = special.i0
    igamma = special.igamma
    igammac = special.igammac
    lgamma = special.lgamma
    logit = special.logit
    mvlgamma = special.mvlgamma
    polygamma = special.polygamma_method
    xlogy = special.xlogy

    digamma_ = in_place(special.digamma)
    erfc_ = in_place(special.erfc)
    erfinv_ = in_place(special.erfinv)
    i0_ = in_place(special.i0)
    igamma_ = in_place(special.igamma)
    igammac_ = in_place(special.igammac)
    lgamma_ = in_place(special.lgamma)
    logit_ = in_place(special.logit)
    mvlgamma_ = in_place(special.mvlgamma)
    polygamma_ = in_place(special.polygamma_method)
    xlogy_ = in_place(special.xlogy)

    # signs, parts, neighbours, products and quotients added
    addcdiv = fused.addcdiv
    addcmul = fused.addcmul
    angle = signs.angle
    bitwise_left_shift = signs.bitwise_left_shift
    bitwise_right_shift = signs.bitwise_right_shift
    copysign = signs.copysign
    fmax = signs.fmax
    fmin = signs.fmin
    frac = signs.frac
    frexp = signs.frexp
    gcd = signs.gcd
    heaviside = signs.heaviside
    isneginf = signs.isneginf
    isposinf = signs.isposinf
    isreal = signs.isreal
    lcm = signs.lcm
    ldexp = signs.ldexp
    logaddexp2 = signs.logaddexp2
    nextafter = signs.nextafter
    sgn = signs.sgn

    addcdiv_ = in_place(fused.addcdiv)
    addcmul_ = in_place(fused.addcmul)
    bitwise_left_shift_ = in_place(signs.bitwise_left_shift)
    bitwise_right_shift_ = in_place(signs.bitwise_right_shift)
    copysign_ = in_place(signs.copysign)
    float_power_ = signs.float_power_
    frac_ = in_place(signs.frac)
    gcd_ = in_place(signs.gcd)
    heaviside_ = in_place(signs.heaviside)
    lcm_ = in_place(signs.lcm)
    ldexp_ = in_place(signs.ldexp)
    nextafter_ = in_place(signs.nextafter)
    sgn_ = in_place(signs.sgn)

    # counting, searching, ordering
    bincount = histograms.bincount
    histc = histograms.histc
    histogram = histograms.histogram
    kthvalue = ordering.kthvalue
    median = ordering.median
    mode = ordering.mode
    msort = ordering.msort
    nanmedian = ordering.nanmedian
    nanquantile = ordering.nanquantile
    quantile = ordering.quantile
    unique = searching.unique
    unique_consecutive = searching.unique_consecutive

    # statistics and running ones
    corrcoef = statistics.corrcoef
    cov = statistics.cov
    cummax = running.cummax
    cummin = running.cummin
    diff = running.diff
    dist = statistics.dist
    logcumsumexp = running.logcumsumexp
    nanmean = statistics.nanmean
    renorm = statistics.renorm

    renorm_ = in_place(statistics.renorm)
