"""Draws of Poisson variables: how many events come, that come independently at a rate.

Source: Knuth, TAOCP 2, 3.4.1 (small rates); Hörmann, "The Transformed Rejection Method for Generating Poisson Random
Variables", 1993 (rates from 10 on). Random numbers are used up as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn import random
from tinygrad_cn.functions._arguments import tensor

__all__ = ["poisson"]


def poisson(input: Any, generator: Any = None) -> Any:
    """A draw for each rate in ``input``, in its dtype and without a gradient.

    Args:
        input (Tensor): the rates, none negative.
        generator (Generator, optional): the stream to draw from; the default one otherwise.

    Raises:
        ValueError: a rate is negative or NaN.

    >>> import tinygrad_cn as tg
    >>> bool(tg.poisson(tg.full((1000,), 4.0)).mean().sub(4).abs() < 0.5)
    True
    """
    rates = tensor("poisson", input)._array
    source = random.default_generator if generator is None else generator

    def uniform() -> float:
        return float(source.uniform((), dtype=np.float64))

    drawn = np.array([_one_count(float(rate), uniform) for rate in rates.reshape(-1)], rates.dtype)
    return input._wrap(drawn.reshape(rates.shape))


def _one_count(rate: float, uniform: Callable[[], float]) -> float:
    """A Poisson draw."""
    if not rate >= 0:
        raise ValueError(f"poisson: the rate must not be negative, got {rate}")
    if rate == 0:
        return 0.0
    if rate < 10:
        limit, product, count = math.exp(-rate), 1.0, 0
        while True:
            product *= uniform()
            if product <= limit:
                return float(count)
            count += 1
    root, logarithm = math.sqrt(rate), math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    bound = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = uniform() - 0.5
        v = uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= bound:
            return float(k)
        if k < 0 or (us < 0.013 and v > us):
            continue
        if math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b) <= -rate + k * logarithm - math.lgamma(
            k + 1
        ):
            return float(k)
