"""Activations that are x times a gate between 0 and 1, each with its slope: GELU, its tanh form, SiLU.

Value and slope share nearly all of their work, so one pass gives both, in blocks that stay in the cache: a dozen small
operations on arrays in memory would cost several times as much as the arithmetic.

float64 GELU takes the error function to full precision. float32 has an approximation of its own, which shares its
exponential with the slope and, unlike x (1 + erf(x / sqrt 2)) / 2, does not cancel for negative x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from .arrays import Array
from .error_functions import erf
from .scratch import scratch
from .threads import share, team

__all__ = ["gelu", "gelu_tanh", "silu"]

# Elements of one block. Its half dozen arrays go through the shared cache; smaller blocks gain less by the nearer cache
# than they lose to the cost of more calls (measured from 4,096 on).
_BLOCK = 1 << 16

#: Writes value and slope of a block: ``(x, value, slope)``, all 1-d.
Pass = Callable[[Array, Array, Array], None]


def _in_blocks(one: Pass, x: Array) -> tuple[Array, Array]:
    """``one`` over an array of any shape; float16 is computed in float32."""
    flat = np.ascontiguousarray(x).reshape(-1)
    wide = flat.astype(np.float32) if flat.dtype == np.float16 else flat
    value, slope = np.empty_like(wide), np.empty_like(wide)

    def job(starts: Sequence[int]) -> None:
        for start in starts:
            part = slice(start, start + _BLOCK)
            one(wide[part], value[part], slope[part])

    share(job, range(0, wide.size, _BLOCK), team(40 * wide.size))
    value, slope = (a.astype(x.dtype, copy=False).reshape(x.shape) for a in (value, slope))
    return value, slope


# ------------------------------------------------------------------------------------------- GELU

# The normal distribution's upper tail at a >= 0 is exp(-a^2 / 2) t P(t) with t = 1 / (1 + _RATE a): the form of
# Abramowitz and Stegun, 7.1.26. P was fitted for this file so that a times the tail is off by 1.5e-8 at most.
_RATE = 0.28
_TAIL = (0.1167945805, 0.06580284796, 0.2730730998, -0.2420750174, 0.3929557448, -0.1065512705)
_DENSITY = 1 / math.sqrt(2 * math.pi)


def _gelu32(x: Array, value: Array, slope: Array) -> None:
    a, t, ratio, e = (scratch(name, x.shape, x.dtype) for name in ("a", "t", "ratio", "e"))
    np.abs(x, out=a)
    if not np.maximum.reduce(a, initial=0) < math.inf:
        np.minimum(a, 1e10, out=a)  # infinity times an exponential that is 0
    np.multiply(a, a, out=e)
    e *= -0.5
    np.exp(e, out=e)
    np.multiply(a, _RATE, out=t)
    t += 1
    np.reciprocal(t, out=t)
    np.multiply(t, _TAIL[-1], out=ratio)  # of the tail to the exponential, by Horner's rule
    for c in _TAIL[-2::-1]:
        ratio += c
        ratio *= t
    # x Phi(x) is x less x times the tail for positive x, and x times the tail for negative x.
    np.maximum(x, 0, out=value)
    np.multiply(a, e, out=t)
    np.multiply(t, ratio, out=slope)
    value -= slope
    # Phi(x) + x phi(x), of which a tail is e ratio - _DENSITY a e
    ratio *= e
    t *= _DENSITY
    ratio -= t
    np.subtract(0.5, ratio, out=ratio)
    np.copysign(ratio, x, out=slope)
    slope += 0.5


def _gelu64(x: Array, value: Array, slope: Array) -> None:
    np.multiply(0.5, 1 + erf(x * math.sqrt(0.5)), out=slope)
    np.multiply(x, slope, out=value)
    slope += x * (np.exp(x * x * -0.5) * _DENSITY)


def gelu(x: Array) -> tuple[Array, Array]:
    """x Phi(x) and Phi(x) + x phi(x), Phi the normal distribution function and phi its density.

    Shape: x (...); value and slope the same

    >>> gelu(np.array([0.0, 1e9]))
    (array([0.e+00, 1.e+09]), array([0.5, 1. ]))
    """
    return _in_blocks(_gelu64 if x.dtype == np.float64 else _gelu32, x)


# ----------------------------------------------------------------------------- gates that are sigmoids

_SCALE = 2 * math.sqrt(2 / math.pi)
_CUBIC = 0.044715


def _gelu_tanh(x: Array, value: Array, slope: Array) -> None:
    inner, gate = (scratch(name, x.shape, x.dtype) for name in ("a", "t"))
    np.multiply(x, x, out=inner)
    np.multiply(inner, -_SCALE * _CUBIC, out=gate)
    gate -= _SCALE
    gate *= x
    _gate_of_exponent(gate, x, value)
    inner *= 3 * _SCALE * _CUBIC
    inner += _SCALE  # the derivative of the sigmoid's argument
    inner *= value
    _slope_of_gate(gate, inner, slope)


def _silu(x: Array, value: Array, slope: Array) -> None:
    gate = scratch("t", x.shape, x.dtype)
    np.negative(x, out=gate)
    _gate_of_exponent(gate, x, value)
    _slope_of_gate(gate, value, slope)


def _gate_of_exponent(gate: Array, x: Array, value: Array) -> None:
    """Make 1 / (1 + e^z) of z in ``gate``, and x times it ``value``."""
    np.exp(gate, out=gate)
    gate += 1
    np.reciprocal(gate, out=gate)
    np.multiply(x, gate, out=value)


def _slope_of_gate(gate: Array, inner: Array, slope: Array) -> None:
    """``gate + inner (1 - gate)``, where ``inner`` is x times the gate times the derivative of its argument."""
    np.subtract(1, gate, out=slope)
    slope *= inner
    slope += gate


def gelu_tanh(x: Array) -> tuple[Array, Array]:
    """x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), and its slope.

    It is computed as x times the sigmoid of 2 u. Shape: x (...); value and slope the same

    >>> gelu_tanh(np.array([0.0]))
    (array([0.]), array([0.5]))
    """
    return _in_blocks(_gelu_tanh, x)


def silu(x: Array) -> tuple[Array, Array]:
    """x times the sigmoid of x, and its slope. Shape: x (...); value and slope the same

    >>> silu(np.array([0.0]))
    (array([0.]), array([0.5]))
    """
    return _in_blocks(_silu, x)
