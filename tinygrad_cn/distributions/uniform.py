"""The uniform distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_cn.randomness import rand

from .constraints import Constraint, dependent, interval
from .distribution import Constraints, Distribution, require, together

__all__ = ["Uniform"]


class Uniform(Distribution):
    """The uniform distribution on [low, high).

    Raises:
        ValueError: ``low`` is not below ``high``.
    """

    has_rsample = True
    arg_constraints: ClassVar[Constraints] = {"low": dependent, "high": dependent}

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = together(low, high)
        if validate_args is not False:
            require(self.low._array < self.high._array, "Uniform", "low", "below high", self.low)
        super().__init__(self.low.shape, (), validate_args)

    @property
    def support(self) -> Constraint:
        """From ``low`` to ``high``."""
        return interval(self.low, self.high)

    @property
    def mean(self) -> Any:
        """The mean."""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Any:
        """NaN: no value is likelier than another."""
        return self.high * math.nan

    @property
    def variance(self) -> Any:
        """The variance."""
        return (self.high - self.low) ** 2 / 12

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.variance.sqrt()

    def rsample(self, sample_shape: Any = ()) -> Any:
        """low + (high - low) * noise. Shape: sample_shape + batch_shape."""
        noise = rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + noise * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at ``value``; -inf at ``high``."""
        self._check_value(value)
        inside = self.low.le(value).type_as(self.low) * self.high.gt(value).type_as(self.low)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value: Any) -> Any:
        """The probability of at most ``value``."""
        return ((value - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Any) -> Any:
        """The inverse of `cdf`."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        """log(high - low)."""
        return (self.high - self.low).log()

    def _parameters(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}
