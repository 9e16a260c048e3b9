"""Derivatives by numbers alone: the oracles that gradients are held against. Plain NumPy, no graph.

Both take a function of arrays and a cotangent, and give the gradient of the sum of cotangent * result with respect
to one of the arrays, element by element. So every column of the Jacobian is looked at, weighted by the cotangent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["complex_step", "four_point"]


def _weighed(result: Any, cotangent: Any) -> Any:
    """The sum of cotangent * result, over all results of a function that has several."""
    results = result if isinstance(result, tuple) else (result,)
    cotangents = cotangent if isinstance(cotangent, tuple) else (cotangent,)
    return sum(np.sum(g * r) for g, r in zip(cotangents, results, strict=True) if g is not None)


def complex_step(
    function: Callable[..., Any], arrays: Sequence[Any], cotangent: Any, which: int, step: float = 1e-30
) -> np.ndarray:
    """The gradient with respect to ``arrays[which]`` as Im f(x + ih) / h, exact to rounding: nothing is subtracted.

    The function must be analytic and take complex arrays.

    Args:
        function (callable): arrays to an array, or to a tuple of arrays.
        arrays (sequence of arrays): its arguments.
        cotangent (array, or tuple of arrays or None): the weight of each element of the result.
        which (int): the argument to differentiate.
        step (float): h; its square must vanish beside 1.

    Source: Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40,
    1998.

    >>> import numpy as np
    >>> complex_step(np.exp, [np.zeros(2)], np.array([1., 3.]), 0)
    array([1., 3.])
    """
    # all of them, so that arrays that a function makes like one input can hold what comes from another
    moved = [a.astype(np.complex128) if getattr(a, "dtype", None) == np.float64 else a for a in arrays]
    x = np.asarray(arrays[which])
    gradient = np.zeros(x.shape, dtype=np.float64)
    for index in np.ndindex(x.shape):
        z = x.astype(np.complex128)
        z[index] += 1j * step
        moved[which] = z
        gradient[index] = np.imag(_weighed(function(*moved), cotangent)) / step
    return gradient


def four_point(
    function: Callable[..., Any], arrays: Sequence[Any], cotangent: Any, which: int, step: float = 2.0**-12
) -> np.ndarray:
    """The gradient with respect to ``arrays[which]`` by the central difference of four points, of error O(h^4).

    The function must be smooth within 2 ``step`` of the arrays.

    Args:
        function (callable): arrays to an array, or to a tuple of arrays.
        arrays (sequence of arrays): its arguments, in float64.
        cotangent (array, or tuple of arrays or None): the weight of each element of the result.
        which (int): the argument to differentiate.
        step (float): h; a power of two keeps x + h exact.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, table 25.2 (n = 4).

    >>> import numpy as np
    >>> four_point(np.abs, [np.array([-0.5, 0.5])], np.array([1., 3.]), 0).round(9)
    array([-1.,  3.])
    """
    moved = list(arrays)
    x = np.asarray(arrays[which])
    gradient = np.zeros(x.shape, dtype=np.float64)
    for index in np.ndindex(x.shape):
        total = 0.0
        for offset, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            z = x.astype(np.float64)
            z[index] += offset * step
            moved[which] = z
            total += weight * float(_weighed(function(*moved), cotangent))
        gradient[index] = total / (12 * step)
    return gradient
