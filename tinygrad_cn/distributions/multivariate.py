"""Distributions of vectors: the multivariate normal, and any distribution whose last batch axes make one event."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

from tinygrad_cn import linalg
from tinygrad_cn.creation import eye

from .constraints import Constraint, independent, lower_cholesky, positive_definite, real_vector
from .distribution import LOG_2_PI, Constraints, Distribution, sum_rightmost

__all__ = ["Independent", "MultivariateNormal"]


class Independent(Distribution):
    """A distribution whose last batch axes become axes of one event: their log-probabilities are added.

    Args:
        base_distribution: what is drawn from.
        reinterpreted_batch_ndims: how many of its last batch axes.

    Raises:
        ValueError: it has fewer.

    >>> import tinygrad_cn as tg
    >>> Independent(tg.distributions.Normal(tg.zeros(2, 3), 1.0), 1).event_shape
    Size([3])
    """

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        batch, count = base_distribution.batch_shape, reinterpreted_batch_ndims
        if count > len(batch):
            raise ValueError(
                f"Independent: expected reinterpreted_batch_ndims <= {len(batch)}, the number of batch axes of the "
                f"base distribution, got {count}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, count
        shape = (*batch, *base_distribution.event_shape)
        super().__init__(shape[: len(batch) - count], shape[len(batch) - count :], validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base distribution has differentiable draws."""
        return self.base_dist.has_rsample

    @property
    def support(self) -> Constraint:
        """That of the base distribution, in all elements of an event."""
        return independent(self.base_dist.support, self.reinterpreted_batch_ndims)

    @property
    def mean(self) -> Any:
        """The base distribution's."""
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        """The base distribution's."""
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        """The base distribution's."""
        return self.base_dist.variance

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """The same with its parameters expanded."""
        events = self.event_shape[: self.reinterpreted_batch_ndims]
        base = self.base_dist.expand((*batch_shape, *events))
        new: Self = self._get_checked_instance(Independent, _instance)
        Independent.__init__(new, base, self.reinterpreted_batch_ndims, self._validated)
        return new

    def sample(self, sample_shape: Any = ()) -> Any:
        """The base distribution's draws."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """The base distribution's draws."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        """The base distribution's, summed over the axes of an event."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        """The base distribution's, summed over the axes of an event."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"


class MultivariateNormal(Distribution):
    """The normal distribution of vectors, on the last axis.

    Args:
        loc: the mean, (..., k).
        covariance_matrix, precision_matrix: (..., k, k), positive definite; or
        scale_tril: a lower triangle L with covariance L L', (..., k, k). One of the three is given.

    Raises:
        ValueError: none or several of them, or one that is outside its constraint.
    """

    has_rsample = True
    support = real_vector
    arg_constraints: ClassVar[Constraints] = {
        "loc": real_vector,
        "covariance_matrix": positive_definite,
        "precision_matrix": positive_definite,
        "scale_tril": lower_cholesky,
    }

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        chosen = [name for name, value in given.items() if value is not None]
        if len(chosen) != 1:
            raise ValueError(
                "MultivariateNormal: exactly one of covariance_matrix or precision_matrix or scale_tril may be given"
            )
        if loc.dim() < 1 or given[chosen[0]].dim() < 2:
            raise ValueError(
                f"MultivariateNormal: loc must have at least one axis and {chosen[0]} at least two, got shapes "
                f"{list(loc.shape)} and {list(given[chosen[0]].shape)}"
            )
        (name,), matrix = chosen, given[chosen[0]]
        together = loc.new_zeros(loc.shape[:-1]) + loc.new_zeros(matrix.shape[:-2])
        matrix = matrix.expand((*together.shape, *matrix.shape[-2:]))
        self.loc = loc.expand((*together.shape, *loc.shape[-1:]))
        self.__dict__[name] = matrix  # checked by the base class; afterwards the property of that name answers
        super().__init__(together.shape, loc.shape[-1:], validate_args)
        del self.__dict__[name]
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = linalg.cholesky(matrix)
        else:  # the inverse of an upper triangle, from the precision read backwards
            flipped = linalg.cholesky(matrix.flip((-2, -1))).flip((-2, -1)).transpose(-2, -1)
            one = eye(matrix.shape[-1], dtype=matrix.dtype)
            self._unbroadcasted_scale_tril = linalg.solve_triangular(flipped, one, upper=False)

    @property
    def scale_tril(self) -> Any:
        """L, the lower triangle with covariance L L'."""
        return self._unbroadcasted_scale_tril

    @property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self.scale_tril @ self.scale_tril.mT

    @property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        return linalg.inv(self.covariance_matrix)

    @property
    def mean(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def mode(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Any:
        """The diagonal of the covariance."""
        return (self.scale_tril**2).sum(-1)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """loc + L times standard draws."""
        drawn = self.loc.new_empty(self._extended_shape(sample_shape)).normal_()
        return self.loc + (self.scale_tril @ drawn.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        return -0.5 * (self._event_shape[0] * LOG_2_PI + self.distance(value)) - self._half_log_det()

    def distance(self, value: Any) -> Any:
        """The squared Mahalanobis distance of ``value`` from the mean."""
        away = (value - self.loc).unsqueeze(-1)
        lower = self.scale_tril.expand((*away.shape[:-2], *self.scale_tril.shape[-2:]))
        return (linalg.solve_triangular(lower, away, upper=False) ** 2).sum((-2, -1))

    def _half_log_det(self) -> Any:
        return self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def entropy(self) -> Any:
        """The entropy, in nats."""
        return 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._half_log_det()

    def _parameters(self) -> dict[str, Any]:
        return {"loc": self.loc, "scale_tril": self.scale_tril}
