"""Random tensors and random in-place fills: PyTorch's functions over `tinygrad_cn.random`, with the same streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn import dtypes, random
from tinygrad_cn.creation import _sizes, made
from tinygrad_cn.fills import bernoulli, multinomial
from tinygrad_cn.functions._arguments import given_shape, raw
from tinygrad_cn.graph import Handle
from tinygrad_cn.random import Generator
from tinygrad_cn.tensor import Tensor

__all__ = [
    "bernoulli",
    "get_rng_state",
    "multinomial",
    "normal",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "set_rng_state",
]


def _source(generator: Generator | None) -> Generator:
    return random.default_generator if generator is None else generator


def _kind(dtype: Any, like: Any = None) -> Any:
    if dtype is not None:
        return dtypes.to_numpy(dtype)
    return dtypes.get_default_dtype().dtype if like is None else like._array.dtype


def rand(
    *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, **kwargs: Any
) -> Tensor:
    """Numbers drawn evenly from [0, 1).

    Args:
        size (ints or one sequence)
        generator (Generator, optional): the stream to draw from; the default one otherwise.
    """
    return made(_source(generator).uniform(given_shape(_sizes(size, kwargs)), dtype=_kind(dtype)), requires_grad)


def randn(
    *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, **kwargs: Any
) -> Tensor:
    """Numbers drawn from the normal distribution of mean 0 and deviation 1."""
    return made(_source(generator).normal(given_shape(_sizes(size, kwargs)), dtype=_kind(dtype)), requires_grad)


def rand_like(
    input: Any, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """`rand` of ``input``'s shape and dtype."""
    return made(_source(generator).uniform(input._array.shape, dtype=_kind(dtype, input)), requires_grad)


def randn_like(
    input: Any, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """`randn` of ``input``'s shape and dtype."""
    return made(_source(generator).normal(input._array.shape, dtype=_kind(dtype, input)), requires_grad)


def randint(
    low: Any = None,
    high: Any = None,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = dtypes.int64,
    device: Any = None,
    requires_grad: bool = False,
    **_: Any,
) -> Tensor:
    """Integers drawn evenly from [low, high); ``randint(high, size)`` and ``randint(high, size=size)`` start at 0.

    Raises:
        RuntimeError: the range is empty.
        TypeError: no bound is given, or no size, or one number for the size.
    """
    if size is None and low is not None:
        low, high, size = None, low, high
    if high is None:
        low, high = None, low
    missing = [what for what, value in (("the bound high", high), ("the size", size)) if value is None]
    if missing:
        raise TypeError(
            f"randint(): {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; write "
            "randint(high, size) or randint(low, high, size)"
        )
    if not isinstance(size, Iterable):
        raise TypeError(f"randint(): the size must be a tuple of ints, got {size!r}; write randint(low, high, (n,))")
    low, high = int(0 if low is None else low), int(high)
    if low >= high:
        raise RuntimeError(f"randint(): the range from {low} to {high} is empty; high must be above low")
    return made(
        _source(generator).integers(low, high, tuple(size), dtypes.as_dtype(dtype or dtypes.int64).dtype), requires_grad
    )


def randint_like(
    input: Any, low: Any, high: Any = None, *, generator: Any = None, dtype: Any = None, **_: Any
) -> Tensor:
    """`randint` of ``input``'s shape and dtype."""
    if high is None:
        low, high = 0, low
    return randint(low, high, input._array.shape, generator=generator, dtype=dtype or input.dtype)


def randperm(n: int, *, generator: Any = None, dtype: Any = dtypes.int64, device: Any = None, **_: Any) -> Tensor:
    """The integers from 0 to n - 1 in random order."""
    if n < 0:
        raise RuntimeError(f"randperm(): n must not be negative, got {n}")
    return made(_source(generator).permutation(n).astype(dtypes.to_numpy(dtype), copy=False))


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None, **_: Any
) -> Tensor:
    """Numbers drawn from normal distributions of the given means and deviations (numbers or Tensors)."""
    if size is not None:
        return made(_source(generator).normal(tuple(size), float(mean), float(std), _kind(dtype)))
    like = next((v for v in (mean, std) if isinstance(v, Handle)), None)
    m, s = raw(mean), raw(std)
    if np.any(np.less(s, 0)):
        raise RuntimeError("normal(): deviations must not be negative")
    shape = np.broadcast_shapes(np.shape(m), np.shape(s))
    drawn = _source(generator).normal(shape, dtype=_kind(dtype, like))
    return made((drawn * s + m).astype(drawn.dtype, copy=False))


def get_rng_state() -> Tensor:
    """The state of the default stream, as bytes."""
    return made(random.get_rng_state())


def set_rng_state(new_state: Any) -> None:
    """Continue the default stream from a state that `get_rng_state` gave."""
    random.set_rng_state(raw(new_state))
