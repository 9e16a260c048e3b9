"""Small arrays: shapes, all memory layouts, dtypes, and values from lattices.

A lattice holds the odd multiples of a power of two. Odd sixteenths lie at least 1/16 from every kink at a round
number, and lattices of different ``bits`` never meet: no test has to reject an example because it sits on a kink or
ties with another.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.testing.strategies._hypothesis import hnp, st

__all__ = ["LAYOUTS", "arrays", "axes", "broadcastable", "dtypes", "laid_out", "lattice", "shapes"]

LAYOUTS = ("C", "F", "strided", "reversed")

Shape = tuple[int, ...]


def lattice(low: float = -4, high: float = 4, bits: int = 4) -> st.SearchStrategy[float]:
    """Odd multiples of 2 ** -``bits`` between ``low`` and ``high``."""
    scale = 2**bits
    first = math.ceil((low * scale - 1) / 2)
    last = math.floor((high * scale - 1) / 2)
    return st.integers(first, last).map(lambda k: (2 * k + 1) / scale)


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """The same values in another layout of memory: one of `LAYOUTS`.

    >>> import numpy as np
    >>> laid_out(np.arange(3.), "reversed").strides
    (-8,)
    """
    if layout == "F":
        return np.asfortranarray(array).reshape(array.shape, order="F")
    if layout == "strided" and array.ndim:
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if layout == "reversed" and array.ndim:
        return np.flip(np.flip(array).copy())
    return np.ascontiguousarray(array).reshape(array.shape)


@st.composite
def arrays(
    draw: Any,
    shape: Any,
    low: float = -4,
    high: float = 4,
    *,
    bits: int = 4,
    unique: bool = False,
    dtype: Any = np.float64,
) -> np.ndarray:
    """Arrays of `lattice` values in any layout; ``shape`` may be a strategy. ``unique``: no two elements equal."""
    if isinstance(shape, st.SearchStrategy):
        shape = draw(shape)
    count = math.prod(shape)
    values = draw(st.lists(lattice(low, high, bits), min_size=count, max_size=count, unique=unique))
    array = np.array(values, dtype=dtype).reshape(shape)
    return laid_out(array, draw(st.sampled_from(LAYOUTS)))


@st.composite
def shapes(draw: Any, min_dims: int = 0, max_dims: int = 3, max_side: int = 3, *, empty: bool = True) -> Shape:
    """Small shapes; with ``empty`` about one in ten has no elements."""
    shape: Shape = draw(hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=1, max_side=max_side))
    if empty and shape and draw(st.integers(0, 9)) == 9:
        axis = draw(st.integers(0, len(shape) - 1))
        shape = (*shape[:axis], 0, *shape[axis + 1 :])
    return shape


@st.composite
def broadcastable(draw: Any, count: int = 2, max_dims: int = 3, max_side: int = 3) -> tuple[Shape, ...]:
    """Shapes that broadcast together: 0-d ones, missing and stretched axes, and now and then a size of 0."""
    found: tuple[Shape, ...] = draw(
        hnp.mutually_broadcastable_shapes(
            num_shapes=count, min_dims=0, max_dims=max_dims, min_side=1, max_side=max_side
        )
    ).input_shapes
    if draw(st.integers(0, 9)) == 9:
        found = tuple((0, *shape[1:]) if len(shape) == max_dims else shape for shape in found)
    return found


def dtypes(kinds: str = "f", *, half: bool = False) -> st.SearchStrategy[np.dtype]:
    """Dtypes of the given ``kinds``, as NumPy abbreviates them; float16 only with ``half``.

    >>> dtypes("b").example()  # doctest: +SKIP
    dtype('bool')
    """
    of_kind: dict[str, list[Any]] = {
        "f": [*([np.float16] if half else []), np.float32, np.float64],
        "i": [np.int8, np.int16, np.int32, np.int64],
        "u": [np.uint8],
        "b": [np.bool_],
        "c": [np.complex64, np.complex128],
    }
    if not kinds or not set(kinds) <= set(of_kind):
        raise ValueError(f"dtypes: kinds are letters out of {''.join(of_kind)}, got {kinds!r}")
    return st.sampled_from([np.dtype(t) for kind in kinds for t in of_kind[kind]])


def axes(ndim: int, *, several: bool = True) -> st.SearchStrategy[Any]:
    """An axis, counted from either end, ``None``, or (``several``) a tuple of axes."""
    if not ndim:
        return st.none()
    one = st.integers(-ndim, ndim - 1)
    if not several:
        return st.one_of(st.none(), one)
    many = st.lists(st.integers(0, ndim - 1), min_size=1, max_size=ndim, unique=True).map(tuple)
    return st.one_of(st.none(), one, many)
