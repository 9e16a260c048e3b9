"""Mixtures of distributions of one kind."""

from __future__ import annotations

from typing import Any

from .constraints import Constraint
from .discrete import Categorical
from .distribution import Distribution

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A class is drawn, and then from the distribution of that class.

    Args:
        mixture_distribution: the classes' weights.
        component_distribution: the classes stand on its last batch axis.

    Raises:
        ValueError: the numbers of classes differ.
    """

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution, validate_args: bool | None = None
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError("MixtureSameFamily: the mixture distribution must be a Categorical")
        weights, batch = mixture_distribution.probs.shape[-1], component_distribution.batch_shape
        if not batch or batch[-1] != weights:
            raise ValueError(
                f"MixtureSameFamily: {weights} weights, but the component distribution has batch shape {tuple(batch)}; "
                "its last axis must hold the components"
            )
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        self._events = len(component_distribution.event_shape)
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with both distributions expanded."""
        components = self.component_distribution.expand((*batch_shape, self.component_distribution.batch_shape[-1]))
        new = self._get_checked_instance(MixtureSameFamily, _instance)
        MixtureSameFamily.__init__(new, self.mixture_distribution.expand(batch_shape), components, self._validated)
        return new

    @property
    def support(self) -> Constraint:
        """That of the components."""
        return self.component_distribution.support

    def _weights(self) -> Any:
        probs = self.mixture_distribution.probs
        return probs.reshape((*probs.shape, *(1,) * self._events))

    @property
    def mean(self) -> Any:
        """The weighted mean of the means."""
        return (self._weights() * self.component_distribution.mean).sum(-1 - self._events)

    @property
    def variance(self) -> Any:
        """The mean of the variances plus the variance of the means."""
        axis = -1 - self._events
        within = (self._weights() * self.component_distribution.variance).sum(axis)
        away = self.component_distribution.mean - self.mean.unsqueeze(axis)
        return within + (self._weights() * away**2).sum(axis)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draws, without gradients."""
        chosen = self.mixture_distribution.sample(sample_shape)
        drawn = self.component_distribution.sample(sample_shape)
        axis = drawn.dim() - 1 - self._events
        index = chosen.reshape((*chosen.shape, *(1,) * (self._events + 1)))
        return drawn.gather(axis, index.expand((*drawn.shape[:axis], 1, *drawn.shape[axis + 1 :]))).squeeze(axis)

    def log_prob(self, value: Any) -> Any:
        """The log-sum-exp over the components."""
        self._check_value(value)
        each = self.component_distribution.log_prob(value.unsqueeze(-1 - self._events))
        return (each + self.mixture_distribution.logits).logsumexp(-1)

    def cdf(self, value: Any) -> Any:
        """The weighted sum over the components."""
        return (self.component_distribution.cdf(value.unsqueeze(-1)) * self.mixture_distribution.probs).sum(-1)

    def __repr__(self) -> str:
        return f"MixtureSameFamily({self.mixture_distribution}, {self.component_distribution})"
