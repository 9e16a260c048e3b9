"""Distributions over classes: Bernoulli and Categorical, given by probabilities or by logits."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_cn.functions.softmax import log_softmax, softmax
from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.ops.activation import log_sigmoid
from tinygrad_cn.size import Size

from .constraints import Constraint, boolean, independent, integer_interval, real, simplex, unit_interval
from .distribution import Constraints, Distribution, require, together

__all__ = ["Bernoulli", "Categorical"]


def _one_of(name: str, probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise ValueError(f"{name}: either probs or logits must be specified, but not both")


class Bernoulli(Distribution):
    """1 with probability ``probs`` (or sigmoid(``logits``)), else 0.

    Raises:
        ValueError: neither or both are given; a probability outside [0, 1].
    """

    support = boolean
    arg_constraints: ClassVar[Constraints] = {"probs": unit_interval, "logits": real}
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        _one_of("Bernoulli", probs, logits)
        if logits is None:
            (self.probs,) = together(probs)
            if validate_args is not False:
                p = self.probs._array
                require((p >= 0) & (p <= 1), "Bernoulli", "probs", "between 0 and 1", self.probs)
            tiny = float(np.finfo(self.probs._array.dtype).eps)
            inside = self.probs.clamp(tiny, 1 - tiny)
            self.logits = inside.log() - (-inside).log1p()
        else:
            (self.logits,) = together(logits)
            self.probs = self.logits.sigmoid()
        super().__init__(self.probs.shape, (), validate_args)

    @property
    def mode(self) -> Any:
        """1 where it is likelier, NaN where both are as likely."""
        return self.probs.ge(0.5).type_as(self.probs).masked_fill(self.probs.eq(0.5), math.nan)

    def enumerate_support(self, expand: bool = True) -> Any:
        """0 and 1, along a new first axis."""
        values = self.probs._wrap(np.arange(2, dtype=self.probs._array.dtype)).reshape(
            (2, *(1,) * len(self.batch_shape))
        )
        return values.expand((2, *self.batch_shape)) if expand else values

    @property
    def mean(self) -> Any:
        """The mean, ``probs``."""
        return self.probs

    @property
    def variance(self) -> Any:
        """probs (1 - probs)."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draws, without gradients. Shape: sample_shape + batch_shape."""
        with no_grad():
            return self.probs.expand(self._extended_shape(sample_shape)).bernoulli()

    def log_prob(self, value: Any) -> Any:
        """log probs where ``value`` is 1, log(1 - probs) where it is 0."""
        self._check_value(value)
        return value * log_sigmoid(self.logits) + (1 - value) * log_sigmoid(-self.logits)

    def entropy(self) -> Any:
        """-p log p - (1 - p) log(1 - p)."""
        return -self.probs * log_sigmoid(self.logits) - (1 - self.probs) * log_sigmoid(-self.logits)

    def _parameters(self) -> dict[str, Any]:
        return {"probs": self.probs}


class Categorical(Distribution):
    """Class i with a probability in proportion to ``probs[..., i]`` (or to e^``logits[..., i]``).

    Raises:
        ValueError: neither or both are given; no class axis; negative weights, or weights that are all 0.
    """

    arg_constraints: ClassVar[Constraints] = {"probs": simplex, "logits": independent(real, 1)}
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        _one_of("Categorical", probs, logits)
        given = logits if probs is None else probs
        if given.dim() < 1:
            raise ValueError(
                "Categorical: the parameter must be at least one-dimensional: classes stand on the last axis"
            )
        if probs is not None:
            if validate_args is not False:
                weights = probs._array
                require((weights >= 0) & (weights.sum(-1, keepdims=True) > 0), "Categorical", "probs", "weights", probs)
            self.probs = probs / probs.sum(-1, True)
            tiny = float(np.finfo(self.probs._array.dtype).eps)
            self.logits = self.probs.clamp(tiny, 1 - tiny).log()
        else:
            self.logits = log_softmax(logits, -1)
            self.probs = softmax(self.logits, -1)
        self._classes = given.shape[-1]
        super().__init__(given.shape[:-1], (), False)
        self._validated = validate_args is not False

    @property
    def support(self) -> Constraint:
        """The indices of the classes."""
        return integer_interval(0, self._classes - 1)

    @property
    def mean(self) -> Any:
        """NaN: classes have no mean."""
        return self.probs.sum(-1) * math.nan

    @property
    def mode(self) -> Any:
        """The likeliest class."""
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Any:
        """NaN."""
        return self.probs.sum(-1) * math.nan

    def enumerate_support(self, expand: bool = True) -> Any:
        """All classes, along a new first axis."""
        n = self._classes
        values = self.probs._wrap(np.arange(n)).reshape((n, *(1,) * len(self.batch_shape)))
        return values.expand((n, *self.batch_shape)) if expand else values

    def sample(self, sample_shape: Any = ()) -> Any:
        """Class indices, without gradients. Shape: sample_shape + batch_shape."""
        with no_grad():
            rows = self.probs.reshape(-1, self._classes)
            drawn = rows.multinomial(math.prod(Size(sample_shape)), True).t()
            return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability of the classes ``value``."""
        self._check_value(value)
        index = value.long().unsqueeze(-1)
        shape = np.broadcast_shapes(index.shape[:-1], self.logits.shape[:-1])
        logits = self.logits.expand((*shape, self._classes))
        return logits.gather(-1, index.expand((*shape, 1))).squeeze(-1)

    def entropy(self) -> Any:
        """-sum p log p."""
        lowest = float(np.finfo(self.logits._array.dtype).min)
        return -(self.logits.clamp(min=lowest) * self.probs).sum(-1)

    def _parameters(self) -> dict[str, Any]:
        return {"probs": self.probs}
