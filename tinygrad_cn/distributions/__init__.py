"""Probability distributions: draws, log-probabilities, entropies, divergences."""

from .discrete import Bernoulli, Categorical
from .distribution import Distribution
from .kl import kl_divergence
from .normal import Normal
from .uniform import Uniform

__all__ = ["Bernoulli", "Categorical", "Distribution", "Normal", "Uniform", "kl_divergence"]
