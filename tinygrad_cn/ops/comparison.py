"""Comparisons, logic and bits: results that carry no gradient."""

from __future__ import annotations

import numpy as np

from tinygrad_cn.op import elementwise, op

equal = elementwise("equal", np.equal)
not_equal = elementwise("not_equal", np.not_equal)
less = elementwise("less", np.less)
less_equal = elementwise("less_equal", np.less_equal)
greater = elementwise("greater", np.greater)
greater_equal = elementwise("greater_equal", np.greater_equal)

logical_and = elementwise("logical_and", np.logical_and)
logical_or = elementwise("logical_or", np.logical_or)
logical_xor = elementwise("logical_xor", np.logical_xor)
logical_not = elementwise("logical_not", np.logical_not)

bitwise_and = elementwise("bitwise_and", np.bitwise_and)
bitwise_or = elementwise("bitwise_or", np.bitwise_or)
bitwise_xor = elementwise("bitwise_xor", np.bitwise_xor)
bitwise_not = elementwise("bitwise_not", np.invert)
left_shift = elementwise("left_shift", np.left_shift)
right_shift = elementwise("right_shift", np.right_shift)

isfinite = elementwise("isfinite", np.isfinite)
isinf = elementwise("isinf", np.isinf)
isnan = elementwise("isnan", np.isnan)
signbit = elementwise("signbit", np.signbit)

all_ = op("all", lambda x, *, axis=None, keepdims=False: np.all(x, axis=axis, keepdims=keepdims))
any_ = op("any", lambda x, *, axis=None, keepdims=False: np.any(x, axis=axis, keepdims=keepdims))
argmax = op("argmax", lambda x, *, axis=None, keepdims=False: np.argmax(x, axis=axis, keepdims=keepdims))
argmin = op("argmin", lambda x, *, axis=None, keepdims=False: np.argmin(x, axis=axis, keepdims=keepdims))
argsort = op("argsort", lambda x, *, axis=-1: np.argsort(x, axis=axis, kind="stable"))
count_nonzero = op("count_nonzero", lambda x, *, axis=None: np.asarray(np.count_nonzero(x, axis=axis)))
