"""Distributions on the line that are moved and stretched: Laplace, Cauchy, Gumbel, Student's t."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_cn.functions.special import lgamma

from .constraints import positive, real
from .distribution import Constraints, Distribution, together
from .gamma import Chi2

__all__ = ["Cauchy", "Gumbel", "Laplace", "StudentT"]

EULER = 0.57721566490153286060


class _LocationScale(Distribution):
    """What they share: the parameters ``loc`` and ``scale``."""

    has_rsample = True
    arg_constraints: ClassVar[Constraints] = {"loc": real, "scale": positive}
    support = real

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = together(loc, scale)
        super().__init__(self.loc.shape, (), validate_args)

    @property
    def mode(self) -> Any:
        """The place of the peak, ``loc``."""
        return self.loc


class Laplace(_LocationScale):
    """The Laplace distribution: density exp(-|x - loc| / scale) / (2 scale).

    Args:
        loc: the mean.
        scale: the mean distance from it, positive.

    >>> import tinygrad_cn as tg
    >>> Laplace(0.0, 1.0).log_prob(tg.tensor(0.0))
    tensor(-0.6931)
    """

    @property
    def mean(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Any:
        """2 scale^2."""
        return 2 * self.scale**2

    @property
    def stddev(self) -> Any:
        """sqrt(2) scale."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Any = ()) -> Any:
        """loc - scale sign(u) log(1 - |u|) of a uniform u in (-1, 1)."""
        eps = float(np.finfo(self.loc._array.dtype).eps)
        u = self.loc.new_empty(self._extended_shape(sample_shape)).uniform_(eps - 1, 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Any) -> Any:
        """The probability of at most ``value``."""
        distance = value - self.loc
        return 0.5 - 0.5 * distance.sign() * (-distance.abs() / self.scale).expm1()

    def icdf(self, value: Any) -> Any:
        """The inverse of `cdf`."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * (-2 * term.abs()).log1p()

    def entropy(self) -> Any:
        """1 + log(2 scale)."""
        return 1 + (2 * self.scale).log()


class Cauchy(_LocationScale):
    """The Cauchy distribution, which has no mean.

    Args:
        loc: the median.
        scale: half the distance between the quartiles, positive.
    """

    @property
    def mean(self) -> Any:
        """NaN: the integral does not exist."""
        return self.loc * math.nan

    @property
    def variance(self) -> Any:
        """Infinity."""
        return self.scale * 0 + math.inf

    def rsample(self, sample_shape: Any = ()) -> Any:
        """loc + scale times a standard draw."""
        return self.loc + self.loc.new_empty(self._extended_shape(sample_shape)).cauchy_() * self.scale

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        return -math.log(math.pi) - self.scale.log() - (((value - self.loc) / self.scale) ** 2).log1p()

    def cdf(self, value: Any) -> Any:
        """The probability of at most ``value``."""
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value: Any) -> Any:
        """The inverse of `cdf`."""
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Any:
        """log(4 pi scale)."""
        return math.log(4 * math.pi) + self.scale.log()


class Gumbel(_LocationScale):
    """The Gumbel distribution: of the largest of many draws.

    Args:
        loc: the mode.
        scale: positive.
    """

    @property
    def mean(self) -> Any:
        """loc + scale times Euler's constant."""
        return self.loc + self.scale * EULER

    @property
    def variance(self) -> Any:
        """(pi scale)^2 / 6."""
        return self.stddev**2

    @property
    def stddev(self) -> Any:
        """pi scale / sqrt(6)."""
        return math.pi / math.sqrt(6) * self.scale

    def rsample(self, sample_shape: Any = ()) -> Any:
        """loc - scale log(-log u) of a uniform u."""
        info = np.finfo(self.loc._array.dtype)
        low, high = float(info.tiny), 1 - float(info.eps)
        u = low + self.loc.new_empty(self._extended_shape(sample_shape)).uniform_() * (high - low)
        return self.loc - self.scale * (-u.log()).log()

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        y = (self.loc - value) / self.scale
        return y - y.exp() - self.scale.log()

    def cdf(self, value: Any) -> Any:
        """The probability of at most ``value``."""
        return (-((self.loc - value) / self.scale).exp()).exp()

    def icdf(self, value: Any) -> Any:
        """The inverse of `cdf`."""
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self) -> Any:
        """log scale + 1 + Euler's constant."""
        return self.scale.log() + (1 + EULER)


class StudentT(Distribution):
    """Student's t distribution.

    Args:
        df: the degrees of freedom, positive.
        loc: the median.
        scale: positive.
    """

    has_rsample = True
    arg_constraints: ClassVar[Constraints] = {"df": positive, "loc": real, "scale": positive}
    support = real

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = together(df, loc, scale)
        self._chi2 = Chi2(self.df, validate_args)
        super().__init__(self.df.shape, (), validate_args)

    @property
    def mean(self) -> Any:
        """``loc``; NaN for one degree of freedom and fewer."""
        return self.loc.masked_fill(self.df.le(1), math.nan)

    @property
    def mode(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Any:
        """scale^2 df / (df - 2); infinite up to 2 degrees of freedom, NaN up to 1."""
        inside = (self.df - 2).masked_fill(self.df.le(2), 1)
        found = (self.scale**2 * self.df / inside).masked_fill(self.df.le(2), math.inf)
        return found.masked_fill(self.df.le(1), math.nan)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A normal draw over the root of a scaled chi-squared one."""
        normal = self.loc.new_empty(self._extended_shape(sample_shape)).normal_()
        z = self._chi2.rsample(sample_shape)
        return self.loc + self.scale * (normal * (z / self.df).rsqrt())

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        y = (value - self.loc) / self.scale
        z = self.scale.log() + 0.5 * self.df.log() + 0.5 * math.log(math.pi)
        z = z + lgamma(0.5 * self.df) - lgamma(0.5 * (self.df + 1))
        return -0.5 * (self.df + 1) * (y**2 / self.df).log1p() - z

    def entropy(self) -> Any:
        """The entropy, in nats."""
        half = 0.5 * self.df
        beta = lgamma(half) + math.lgamma(0.5) - lgamma(half + 0.5)
        return self.scale.log() + (half + 0.5) * ((half + 0.5).digamma() - half.digamma()) + 0.5 * self.df.log() + beta
