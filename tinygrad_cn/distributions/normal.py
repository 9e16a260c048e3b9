"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_cn.randomness import normal

from .constraints import positive, real
from .distribution import LOG_2_PI, Constraints, Distribution, require, together

__all__ = ["Normal"]


class Normal(Distribution):
    """The normal distribution of mean ``loc`` and standard deviation ``scale``.

    Raises:
        ValueError: a deviation is not positive.

    >>> import tinygrad_cn as tg
    >>> Normal(0.0, 1.0).log_prob(tg.tensor(0.0))
    tensor(-0.9189)
    """

    has_rsample = True
    arg_constraints: ClassVar[Constraints] = {"loc": real, "scale": positive}
    support = real

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = together(loc, scale)
        if validate_args is not False:
            require(self.scale._array > 0, "Normal", "scale", "positive", self.scale)
        super().__init__(self.loc.shape, (), validate_args)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.loc

    @property
    def mode(self) -> Any:
        """The mean."""
        return self.loc

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.scale

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.scale**2

    def rsample(self, sample_shape: Any = ()) -> Any:
        """loc + scale * noise, differentiable in both. Shape: sample_shape + batch_shape."""
        noise = self.loc.new_zeros(self._extended_shape(sample_shape))
        return self.loc + normal(noise, noise + 1) * self.scale

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at ``value``."""
        self._check_value(value)
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log() - LOG_2_PI / 2

    def cdf(self, value: Any) -> Any:
        """The probability of at most ``value``."""
        return 0.5 * (1 + ((value - self.loc) * self.scale.reciprocal() / math.sqrt(2)).erf())

    def icdf(self, value: Any) -> Any:
        """The inverse of `cdf`."""
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Any:
        """1/2 + log(2 pi)/2 + log scale."""
        return self.scale.log() + (0.5 + LOG_2_PI / 2)

    def _parameters(self) -> dict[str, Any]:
        return {"loc": self.loc, "scale": self.scale}
