"""The distributions under the relaxed ones: of logits, which have densities that do not overflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.randomness import rand

from .constraints import real, real_vector
from .discrete import Bernoulli, Categorical
from .distribution import Distribution

__all__ = ["ExpRelaxedCategorical", "LogitRelaxedBernoulli"]


def _inside(probs: Any) -> Any:
    eps = float(np.finfo(probs._array.dtype).eps)
    return probs.clamp(eps, 1 - eps)


class LogitRelaxedBernoulli(Distribution):
    """The logit of a relaxed Bernoulli variable.

    Args:
        temperature (Tensor): positive.
        probs, logits: one of them.
    """

    has_rsample = True
    support = real
    _shared = ("temperature",)

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        self.temperature = temperature
        chances = Bernoulli(probs, logits, validate_args)
        self.probs, self.logits = chances.probs, chances.logits
        super().__init__(chances.batch_shape, (), validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """(logit of a uniform draw + logit of probs) / temperature."""
        shape = self._extended_shape(sample_shape)
        probs = _inside(self.probs.expand(shape))
        u = _inside(rand(shape, dtype=probs.dtype))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        away = self.logits - value * self.temperature
        return self.temperature.log() + away - 2 * away.exp().log1p()


class ExpRelaxedCategorical(Distribution):
    """The logarithms of a relaxed one-hot variable.

    Args:
        temperature (Tensor): positive.
        probs, logits: one of them, classes on the last axis.
    """

    has_rsample = True
    support = real_vector
    _shared = ("temperature",)

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        self.temperature = temperature
        classes = Categorical(probs, logits, validate_args)
        self.probs, self.logits = classes.probs, classes.logits
        super().__init__(classes.batch_shape, self.probs.shape[-1:], validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """log-softmax of (logits + Gumbel draws) / temperature."""
        u = _inside(rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, True)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        classes = self.logits.shape[-1]
        scale = self.temperature.log() * (classes - 1) + math.lgamma(classes)
        scores = self.logits - value * self.temperature
        return (scores - scores.logsumexp(-1, True)).sum(-1) + scale
