"""Random numbers as Tensor methods: filling a tensor in place, and drawing with the probabilities that it holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import random
from tinygrad_cn.functions._arguments import raw, tensor
from tinygrad_cn.inplace import assign

__all__ = ["RandomFills", "bernoulli", "multinomial"]


def _source(generator: Any) -> random.Generator:
    return random.default_generator if generator is None else generator


def _written(target: Any, drawn: np.ndarray, name: str) -> Any:
    return assign(target, target._wrap(drawn.reshape(target._array.shape)), name)


def bernoulli(input: Any, p: float | None = None, *, generator: Any = None, **_: Any) -> Any:
    """Ones with the given probabilities, else zeros.

    Args:
        input (Tensor): the probabilities.
        p (float, optional): one probability for all, in their place.
        generator (Generator, optional): the stream to draw from.

    Raises:
        RuntimeError: a probability lies outside [0, 1].

    >>> import tinygrad_cn as tg
    >>> tg.bernoulli(tg.tensor([0., 1.]))
    tensor([0., 1.])
    """
    array = tensor("bernoulli", input)._array
    return input._wrap(_source(generator).bernoulli(array if p is None else p, array.shape, array.dtype))


def multinomial(input: Any, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Any:
    """Indices drawn with probabilities in proportion to the weights ``input``. Shape: (n,) or (m, n).

    >>> import tinygrad_cn as tg
    >>> tg.multinomial(tg.tensor([0., 3., 0.]), 1)
    tensor([1])
    """
    array = tensor("multinomial", input)._array
    return input._wrap(_source(generator).multinomial(array, num_samples, replacement))


class RandomFills:
    """Random fills; the numbers are those that PyTorch draws from the same seed."""

    __slots__ = ()

    _array: Any

    bernoulli = bernoulli
    multinomial = multinomial

    def uniform_(self, from_: float = 0.0, to: float = 1.0, *, generator: Any = None, **kwargs: Any) -> Any:
        """Fill with numbers drawn evenly from [from, to)."""
        low = kwargs.pop("from", from_)
        if low > to:
            raise RuntimeError(f"uniform_(): from must not be above to, got {low} and {to}")
        return _written(self, _source(generator).uniform(self._array.shape, low, to, self._array.dtype), "uniform_")

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with numbers drawn from a normal distribution."""
        if std < 0:
            raise RuntimeError(f"normal_(): std must not be negative, got {std}")
        return _written(self, _source(generator).normal(self._array.shape, mean, std, self._array.dtype), "normal_")

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Any:
        """Fill with ones drawn with probability ``p`` (a number or a Tensor), else zeros."""
        return _written(self, _source(generator).bernoulli(raw(p), self._array.shape, self._array.dtype), "bernoulli_")

    def random_(self, *bounds: Any, generator: Any = None) -> Any:
        """Fill with integers drawn evenly from [from, to), [0, to), or all that the dtype holds."""
        source = _source(generator)
        if not bounds:
            return _written(self, source.full_range(self._array.shape, self._array.dtype), "random_")
        low, high = bounds if len(bounds) == 2 else (0, bounds[0])
        return _written(self, source.integers(low, high, self._array.shape, self._array.dtype), "random_")

    def exponential_(self, lambd: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with numbers drawn from the exponential distribution of rate ``lambd``."""
        return _written(
            self, _source(generator).exponential(self._array.shape, lambd, self._array.dtype), "exponential_"
        )

    def cauchy_(self, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with numbers drawn from a Cauchy distribution."""
        return _written(self, _source(generator).cauchy(self._array.shape, median, sigma, self._array.dtype), "cauchy_")

    def log_normal_(self, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Any:
        """Fill with numbers whose logarithm is normally distributed."""
        return _written(
            self, _source(generator).log_normal(self._array.shape, mean, std, self._array.dtype), "log_normal_"
        )

    def geometric_(self, p: float, *, generator: Any = None) -> Any:
        """Fill with the number of trials up to the first success of probability ``p``."""
        return _written(self, _source(generator).geometric(p, self._array.shape, self._array.dtype), "geometric_")
