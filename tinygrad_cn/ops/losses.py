"""Losses that are one op each."""

from __future__ import annotations

import numpy as np

from tinygrad_cn.op import elementwise

#: -(y log x + (1 - y) log(1 - x)), logarithms not below -100. x: probabilities, y: targets.
binary_cross_entropy = elementwise(
    "binary_cross_entropy",
    lambda x, y: -(y * np.maximum(np.log(x), -100) + (1 - y) * np.maximum(np.log1p(-x), -100)),
    x=lambda g, x, y: g * (x - y) / np.maximum((1 - x) * x, 1e-12),
    y=lambda g, x: g * (np.maximum(np.log1p(-x), -100) - np.maximum(np.log(x), -100)),
)
