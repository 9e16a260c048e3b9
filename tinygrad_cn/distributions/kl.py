"""Kullback-Leibler divergences between distributions of one kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .discrete import Bernoulli, Categorical
from .normal import Normal
from .uniform import Uniform

__all__ = ["kl_divergence"]


def kl_divergence(p: Any, q: Any) -> Any:
    """The expectation under ``p`` of log p(x) - log q(x), in nats.

    Raises:
        NotImplementedError: distributions of different kinds.
    """
    if isinstance(p, Normal) and isinstance(q, Normal):
        ratio = (p.scale / q.scale) ** 2
        distance = ((p.loc - q.loc) / q.scale) ** 2
        return 0.5 * (ratio + distance - 1 - ratio.log())
    if isinstance(p, Categorical) and isinstance(q, Categorical):
        each = p.probs * (p.logits - q.logits)
        each = each.masked_fill(q.probs.eq(0).expand(each.shape), math.inf)
        return each.masked_fill(p.probs.eq(0).expand(each.shape), 0).sum(-1)
    if isinstance(p, Bernoulli) and isinstance(q, Bernoulli):
        return p.probs * (p.log_prob(1) - q.log_prob(1)) + (1 - p.probs) * (p.log_prob(0) - q.log_prob(0))
    if isinstance(p, Uniform) and isinstance(q, Uniform):
        inside = (q.low._array <= p.low._array) & (p.high._array <= q.high._array)
        result = ((q.high - q.low) / (p.high - p.low)).log()
        return result.masked_fill(result._wrap(np.asarray(~inside)), math.inf)
    raise NotImplementedError(
        f"kl_divergence(): no formula for {type(p).__name__} against {type(q).__name__}; both must be Normal, "
        "Categorical, "
        "Bernoulli or Uniform"
    )
