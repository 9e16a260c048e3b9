"""Distributions of counts and of one-hot classes."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_cn.creation import eye
from tinygrad_cn.functions.special import lgamma, xlogy
from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.ops.activation import log_sigmoid
from tinygrad_cn.poisson_draws import poisson
from tinygrad_cn.random import default_generator

from .constraints import Constraint, integer_interval, nonnegative, nonnegative_integer, one_hot
from .discrete import Bernoulli, Categorical
from .distribution import Constraints, Distribution, together

__all__ = [
    "Binomial",
    "Geometric",
    "Multinomial",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Poisson",
]


class _OverClasses(Distribution):
    """What has the probabilities of classes for its parameter, and a number for each class as its value."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self.probs.shape[-1:], validate_args)

    @property
    def probs(self) -> Any:
        """The probabilities of the classes."""
        return self._categorical.probs

    @property
    def logits(self) -> Any:
        """Their logarithms."""
        return self._categorical.logits

    def _one_hot(self, classes: Any) -> Any:
        return eye(self.probs.shape[-1], dtype=self.probs.dtype)[classes]

    def _parameters(self) -> dict[str, Any]:
        return {"probs": self.probs}


class OneHotCategorical(_OverClasses):
    """One-hot vectors of classes.

    Args:
        probs, logits: one of them, classes on the last axis.
    """

    support = one_hot
    has_enumerate_support = True

    @property
    def mean(self) -> Any:
        """``probs``."""
        return self.probs

    @property
    def mode(self) -> Any:
        """The likeliest class."""
        return self._one_hot(self.probs.argmax(-1))

    @property
    def variance(self) -> Any:
        """p (1 - p)."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """One-hot draws, without gradients."""
        return self._one_hot(self._categorical.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability of the class."""
        self._check_value(value)
        return self._categorical.log_prob(value.max(-1)[1])

    def entropy(self) -> Any:
        """-sum p log p."""
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        """All classes, along a new first axis."""
        n = self.probs.shape[-1]
        values = eye(n, dtype=self.probs.dtype).reshape(n, *(1,) * len(self.batch_shape), n)
        return values.expand((n, *self.batch_shape, n)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot draws whose gradient is taken to be that of ``probs``.

    Source: Bengio, Léonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013.
    """

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Any:
        """The draws, with the gradient of ``probs``."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class Multinomial(_OverClasses):
    """How often each class is met in ``total_count`` draws.

    Args:
        total_count: how many draws.
        probs, logits: one of them, classes on the last axis.
    """

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("Multinomial: total_count must be one int for all")
        self.total_count = total_count
        super().__init__(probs, logits, validate_args)

    @property
    def support(self) -> Constraint:
        """Counts whose sum is ``total_count``."""
        whole = self.total_count
        return Constraint("Multinomial()", lambda x: (x >= 0).all(-1) & (x.sum(-1) == whole), True, 1)

    @property
    def mean(self) -> Any:
        """probs times the number of draws."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        """n p (1 - p)."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Counts, without gradients."""
        drawn = self._categorical.sample((self.total_count, *sample_shape))
        return self._one_hot(drawn).sum(0)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability."""
        self._check_value(value)
        logits = self.logits.expand(np.broadcast_shapes(self.logits.shape, value.shape))
        logits = logits.masked_fill(value.eq(0) & logits.eq(-math.inf), 0)
        ways = lgamma(value.sum(-1) + 1) - lgamma(value + 1).sum(-1)
        return ways + (logits * value).sum(-1)


class Geometric(Distribution):
    """How many failures come before the first success.

    Args:
        probs, logits: of success in one try; one of them.
    """

    support = nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        chances = Bernoulli(probs, logits, validate_args)
        self.probs, self.logits = chances.probs, chances.logits
        super().__init__(self.probs.shape, (), validate_args)
        if self._validated and not bool((self.probs > 0).all()):
            raise ValueError(f"Geometric: parameter probs must be positive, but got {self.probs}")

    @property
    def mean(self) -> Any:
        """1 / probs - 1."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Any:
        """0."""
        return self.probs * 0

    @property
    def variance(self) -> Any:
        """(1 / probs - 1) / probs."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Any:
        """Counts, without gradients."""
        tiny = float(np.finfo(self.probs._array.dtype).tiny)
        with no_grad():
            u = self.probs.new_empty(self._extended_shape(sample_shape)).uniform_(tiny, 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Any) -> Any:
        """value log(1 - probs) + log probs."""
        self._check_value(value)
        return value * (-self.probs).log1p() + self.probs.log()

    def entropy(self) -> Any:
        """That of one try, over probs."""
        return Bernoulli(self.probs).entropy() / self.probs

    def _parameters(self) -> dict[str, Any]:
        return {"probs": self.probs}


class Binomial(Distribution):
    """How many of ``total_count`` tries succeed.

    Its draws are sums of single tries: of the right distribution, but not PyTorch's numbers for a seed.

    Args:
        total_count (int or Tensor): how many tries.
        probs, logits: of success in one; one of them.
    """

    has_enumerate_support = True

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        chances = Bernoulli(probs, logits, validate_args)
        self.total_count, self.probs = together(total_count, chances.probs)
        self.logits = chances.logits.expand(self.probs.shape)
        super().__init__(self.probs.shape, (), validate_args)

    @property
    def support(self) -> Constraint:
        """Whole numbers up to ``total_count``."""
        return integer_interval(0, self.total_count)

    @property
    def mean(self) -> Any:
        """n p."""
        return self.total_count * self.probs

    @property
    def variance(self) -> Any:
        """n p (1 - p)."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Counts, without gradients."""
        shape = self._extended_shape(sample_shape)
        probs, counts = (np.broadcast_to(x._array, shape) for x in (self.probs, self.total_count))
        drawn = np.zeros(shape, probs.dtype)
        for i in range(int(counts.max(initial=0))):
            drawn += (i < counts) & (default_generator.uniform(shape, dtype=probs.dtype) < probs)
        return self.probs._wrap(drawn)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability."""
        self._check_value(value)
        n = self.total_count
        ways = lgamma(n + 1) - lgamma(value + 1) - lgamma(n - value + 1)
        return ways + value * log_sigmoid(self.logits) + (n - value) * log_sigmoid(-self.logits)

    def _parameters(self) -> dict[str, Any]:
        return {"total_count": self.total_count, "probs": self.probs}


class Poisson(Distribution):
    """The number of events that come independently at a rate.

    Args:
        rate: the mean, not negative.
    """

    arg_constraints: ClassVar[Constraints] = {"rate": nonnegative}
    support = nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = together(rate)
        super().__init__(self.rate.shape, (), validate_args)

    @property
    def mean(self) -> Any:
        """``rate``."""
        return self.rate

    @property
    def mode(self) -> Any:
        """The rate, rounded down."""
        return self.rate.floor()

    @property
    def variance(self) -> Any:
        """``rate``."""
        return self.rate

    def sample(self, sample_shape: Any = ()) -> Any:
        """Counts, without gradients."""
        return poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        """value log rate - rate - log value!."""
        self._check_value(value)
        return xlogy(value, self.rate) - self.rate - lgamma(value + 1)
