"""Distributions of mapped draws: any of one, and those that are usually met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from .constraints import Constraint, nonnegative, positive, real, simplex, unit_interval
from .distribution import Distribution, sum_rightmost, together
from .gamma import Exponential
from .location_scale import Cauchy
from .normal import Normal
from .relaxed import ExpRelaxedCategorical, LogitRelaxedBernoulli
from .transforms import (
    AbsTransform,
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    PowerTransform,
    SigmoidTransform,
    Transform,
)

__all__ = [
    "HalfCauchy",
    "HalfNormal",
    "LogNormal",
    "Pareto",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "TransformedDistribution",
    "Weibull",
]


class TransformedDistribution(Distribution):
    """The distribution of f(x) for draws x of another.

    Args:
        base_distribution: of x.
        transforms (Transform or list of them): f, the first one first.

    >>> import tinygrad_cn as tg
    >>> base = Normal(0.0, 1.0)
    >>> TransformedDistribution(base, [ExpTransform()]).log_prob(tg.tensor(1.0))
    tensor(-0.9189)
    """

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | Sequence[Transform],
        validate_args: bool | None = None,
    ) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        self.base_dist = base_distribution
        whole = ComposeTransform(self.transforms)
        shape = (*base_distribution.batch_shape, *base_distribution.event_shape)
        events = max(len(base_distribution.event_shape), whole.event_dim)
        if events > len(shape):
            raise ValueError(
                f"TransformedDistribution: the transforms map {events} axes together, but a draw has shape {shape}"
            )
        cut = len(shape) - events
        super().__init__(shape[:cut], shape[cut:], validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base distribution has differentiable draws."""
        return self.base_dist.has_rsample

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """The same over the base distribution expanded."""
        new = super().expand(batch_shape, _instance)
        events = len(self.event_shape) - len(self.base_dist.event_shape)
        new.base_dist = self.base_dist.expand((*batch_shape, *self.event_shape[:events]))
        return new

    def sample(self, sample_shape: Any = ()) -> Any:
        """Mapped draws, without gradients."""
        return self._mapped(self.base_dist.sample(sample_shape)).detach()

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Mapped draws."""
        return self._mapped(self.base_dist.rsample(sample_shape))

    def _mapped(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Any) -> Any:
        """The base distribution's at the original of ``value``, less the volume change."""
        self._check_value(value)
        events, total, y = len(self.event_shape), 0.0, value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            total = total - sum_rightmost(transform.log_abs_det_jacobian(x, y), events - transform.event_dim)
            y = x
        return total + sum_rightmost(self.base_dist.log_prob(y), events - len(self.base_dist.event_shape))

    def cdf(self, value: Any) -> Any:
        """The base distribution's at the original of ``value``, from the other side where the map falls."""
        sign: Any = 1
        for transform in reversed(self.transforms):
            value, sign = transform.inv(value), sign * transform.sign
        return sign * (self.base_dist.cdf(value) - 0.5) + 0.5

    def icdf(self, value: Any) -> Any:
        """The image of the base distribution's."""
        sign: Any = math.prod([transform.sign for transform in self.transforms])
        return self._mapped(self.base_dist.icdf(sign * (value - 0.5) + 0.5))

    @property
    def support(self) -> Constraint:
        """All numbers, as far as is known."""
        return real if not self.event_shape else super().support


class LogNormal(TransformedDistribution):
    """The distribution of exp(x) for a normal x.

    Args:
        loc, scale: mean and standard deviation of x.
    """

    support = positive
    base_dist: Normal

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Any:
        """The mean of x."""
        return self.base_dist.loc

    @property
    def scale(self) -> Any:
        """The standard deviation of x."""
        return self.base_dist.scale

    @property
    def mean(self) -> Any:
        """exp(loc + scale^2 / 2)."""
        return (self.loc + self.scale**2 / 2).exp()

    @property
    def mode(self) -> Any:
        """exp(loc - scale^2)."""
        return (self.loc - self.scale**2).exp()

    @property
    def variance(self) -> Any:
        """(exp(scale^2) - 1) exp(2 loc + scale^2)."""
        square = self.scale**2
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Any:
        """The entropy of x, plus its mean."""
        return self.base_dist.entropy() + self.loc


class _Half(TransformedDistribution):
    """The distribution of |x| where x is symmetric about 0."""

    support = nonnegative
    base_dist: Any

    @property
    def scale(self) -> Any:
        """The scale of x."""
        return self.base_dist.scale

    @property
    def mode(self) -> Any:
        """0."""
        return self.scale * 0

    def log_prob(self, value: Any) -> Any:
        """log 2 more than that of x; -inf below 0."""
        self._check_value(value)
        found = self.base_dist.log_prob(value) + math.log(2)
        return found.masked_fill(value.lt(0).expand(found.shape), -math.inf)

    def cdf(self, value: Any) -> Any:
        """2 F(value) - 1."""
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Any) -> Any:
        """The inverse of `cdf`."""
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Any:
        """That of x, less log 2."""
        return self.base_dist.entropy() - math.log(2)


class HalfNormal(_Half):
    """The distribution of |x| for a normal x of mean 0.

    Args:
        scale: the standard deviation of x.
    """

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args), AbsTransform(), validate_args)

    @property
    def mean(self) -> Any:
        """scale sqrt(2 / pi)."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Any:
        """scale^2 (1 - 2 / pi)."""
        return self.scale**2 * (1 - 2 / math.pi)


class HalfCauchy(_Half):
    """The distribution of |x| for a Cauchy x about 0.

    Args:
        scale: of x.
    """

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args), AbsTransform(), validate_args)

    @property
    def mean(self) -> Any:
        """Infinity."""
        return self.scale * 0 + math.inf

    @property
    def variance(self) -> Any:
        """Infinity."""
        return self.scale * 0 + math.inf


class Pareto(TransformedDistribution):
    """The Pareto distribution: density alpha scale^alpha / x^(alpha + 1) from ``scale`` on.

    Args:
        scale: the least value.
        alpha: how fast it falls.
    """

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = together(scale, alpha)
        maps = [ExpTransform(), AffineTransform(0, self.scale)]
        super().__init__(Exponential(self.alpha, validate_args), maps, validate_args)

    @property
    def mean(self) -> Any:
        """alpha scale / (alpha - 1); infinite for alpha up to 1."""
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def variance(self) -> Any:
        """Infinite for alpha up to 2."""
        a = self.alpha.clamp(min=2)
        return self.scale**2 * a / ((a - 1) ** 2 * (a - 2))

    def entropy(self) -> Any:
        """log(scale / alpha) + 1 + 1 / alpha."""
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())


class Weibull(TransformedDistribution):
    """The Weibull distribution.

    Args:
        scale, concentration: lambda and k, positive.
    """

    support = positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = together(scale, concentration)
        maps = [PowerTransform(self.concentration.reciprocal()), AffineTransform(0, self.scale)]
        super().__init__(Exponential(self.scale * 0 + 1, validate_args), maps, validate_args)

    @property
    def mean(self) -> Any:
        """scale Gamma(1 + 1 / concentration)."""
        return self.scale * (1 + self.concentration.reciprocal()).lgamma().exp()

    @property
    def variance(self) -> Any:
        """The variance."""
        inverse = self.concentration.reciprocal()
        return self.scale**2 * ((1 + 2 * inverse).lgamma().exp() - (2 * (1 + inverse).lgamma()).exp())

    def entropy(self) -> Any:
        """The entropy, in nats."""
        inverse = self.concentration.reciprocal()
        return float(np.euler_gamma) * (1 - inverse) + (self.scale * inverse).log() + 1


class RelaxedBernoulli(TransformedDistribution):
    """A Bernoulli variable made continuous, so that its draws have gradients: near 0 and 1 at a low temperature.

    Source: Maddison, Mnih and Teh, "The Concrete Distribution", ICLR 2017; Jang, Gu and Poole, "Categorical
    Reparameterization with Gumbel-Softmax", ICLR 2017.

    Args:
        temperature (Tensor): positive.
        probs, logits: one of them.
    """

    support = unit_interval
    _shared = ("temperature",)

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        self.temperature = temperature
        super().__init__(base, SigmoidTransform(), validate_args)


class RelaxedOneHotCategorical(TransformedDistribution):
    """A one-hot class made continuous, as `RelaxedBernoulli`: Gumbel-softmax.

    Args:
        temperature (Tensor): positive.
        probs, logits: one of them, classes on the last axis.
    """

    support = simplex
    _shared = ("temperature",)

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        self.temperature = temperature
        super().__init__(base, ExpTransform(), validate_args)
