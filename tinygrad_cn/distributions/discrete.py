"""Distributions over classes: Bernoulli and Categorical, given by probabilities or by logits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.functions.softmax import log_softmax, softmax
from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.ops.activation import log_sigmoid
from tinygrad_cn.size import Size

from .distribution import Distribution, require, together

__all__ = ["Bernoulli", "Categorical"]


def _one_of(name: str, probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise ValueError(f"{name}: either probs or logits must be specified, but not both")


class Bernoulli(Distribution):
    """1 with probability ``probs`` (or sigmoid(``logits``)), else 0.

    Raises:
        ValueError: neither or both are given; a probability outside [0, 1].
    """

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
        super().__init__(self.probs.shape)

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
        super().__init__(given.shape[:-1])

    def sample(self, sample_shape: Any = ()) -> Any:
        """Class indices, without gradients. Shape: sample_shape + batch_shape."""
        with no_grad():
            rows = self.probs.reshape(-1, self._classes)
            drawn = rows.multinomial(math.prod(Size(sample_shape)), True).t()
            return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability of the classes ``value``."""
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
