"""What all distributions share: shapes, samples, checked parameters and values."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from tinygrad_cn.creation import as_tensor
from tinygrad_cn.dtypes import get_default_dtype
from tinygrad_cn.functions.combining import broadcast_tensors
from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.graph import Handle
from tinygrad_cn.size import Size

from .constraints import Constraint, dependent

__all__ = ["Constraints", "Distribution"]

Constraints = Mapping[str, Constraint]


class Distribution:
    """The base class of distributions.

    Args:
        batch_shape: the shape of the parameters: so many distributions side by side.
        event_shape: the shape of one draw.
        validate_args: check parameters now and values in `log_prob`; see `set_default_validate_args`.

    Raises:
        ValueError: a parameter outside its constraint.
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[Constraints] = {}
    _validate_args: ClassVar[bool] = True
    _validated: bool
    _shared: ClassVar[tuple[str, ...]] = ()  # Tensors that broadcast with all batches: they are not expanded

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        self._validated = Distribution._validate_args if validate_args is None else validate_args
        if not self._validated:
            return
        for name, constraint in self.arg_constraints.items():
            value = self.__dict__.get(name)
            if value is not None and constraint is not dependent and not np.all(constraint.check(value)._array):
                raise ValueError(
                    f"{type(self).__name__}: parameter {name} (Tensor of shape {tuple(value.shape)}) must satisfy the "
                    f"constraint {constraint}, but found invalid values:\n{value}"
                )

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions made from now on check parameters and values when they are not told."""
        Distribution._validate_args = bool(value)

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw."""
        return self._event_shape

    @property
    def support(self) -> Constraint:
        """The set of values that a draw can have."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its support is")

    @property
    def mean(self) -> Any:
        """The mean."""
        raise NotImplementedError

    @property
    def mode(self) -> Any:
        """The value of the highest density."""
        raise NotImplementedError(f"{type(self).__name__} does not implement mode")

    @property
    def variance(self) -> Any:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.variance.sqrt()

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """What `expand` of a class in another program fills in: ``_instance``, or an empty one of this class.

        Raises:
            NotImplementedError: this class has an ``__init__`` of its own, but the ``expand`` of ``cls``.
        """
        if _instance is None and type(self).__init__ != cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(
                f"{type(self).__name__} has an __init__ of its own, so it must have an expand() of its own too"
            )
        return type(self).__new__(type(self)) if _instance is None else _instance

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """The same distribution with its parameters expanded to ``batch_shape``.

        Args:
            batch_shape: the new one.
            _instance: what a class in another program fills in instead of a copy of itself.
        """
        new = copy.copy(self)
        if _instance is not None:
            vars(_instance).update(vars(self))
            new = _instance
        before, after = len(self._batch_shape), Size(batch_shape)
        for name, value in vars(self).items():
            if isinstance(value, Handle) and name not in self._shared:
                new.__dict__[name] = value.expand((*after, *value._array.shape[before:]))  # type: ignore[attr-defined]
            elif isinstance(value, Distribution):
                inner = len(value._batch_shape) - before  # axes of its batch that are events here
                new.__dict__[name] = value.expand((*after, *value._batch_shape[len(value._batch_shape) - inner :]))
        new._batch_shape = after
        return new

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draws, without gradients. Shape: sample_shape + batch_shape + event_shape."""
        with no_grad():
            return self.rsample(sample_shape)

    def sample_n(self, n: int) -> Any:
        """``sample((n,))``."""
        return self.sample((n,))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draws as differentiable functions of the parameters.

        Raises:
            NotImplementedError: the distribution has none.
        """
        raise NotImplementedError(f"{type(self).__name__} has no reparameterised sample; use sample()")

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability (or density) at ``value``."""
        raise NotImplementedError

    def cdf(self, value: Any) -> Any:
        """The probability of at most ``value``."""
        raise NotImplementedError(f"{type(self).__name__} does not implement cdf")

    def icdf(self, value: Any) -> Any:
        """The value that a draw stays below with probability ``value``."""
        raise NotImplementedError(f"{type(self).__name__} does not implement icdf")

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values that a draw can have, along a new first axis."""
        raise NotImplementedError(f"{type(self).__name__} cannot be enumerated")

    def entropy(self) -> Any:
        """The entropy, in nats."""
        raise NotImplementedError

    def perplexity(self) -> Any:
        """e to the entropy."""
        return self.entropy().exp()

    def _check_value(self, value: Any) -> None:
        """Refuse a value that no draw can be.

        Raises:
            ValueError: no Tensor, a shape that does not fit, or a value outside the support.
        """
        if not self._validated:
            return
        name = type(self).__name__
        if not isinstance(value, Handle):
            raise ValueError(f"{name}.log_prob(): the value must be a Tensor, not {type(value).__name__}")
        shape, events = value._array.shape, len(self._event_shape)
        if shape[len(shape) - events :] != tuple(self._event_shape):
            raise ValueError(
                f"{name}.log_prob(): the last axes of a value of shape {tuple(shape)} must be the event shape "
                f"{tuple(self._event_shape)}"
            )
        try:
            np.broadcast_shapes(shape, self._extended_shape())
        except ValueError:
            raise ValueError(
                f"{name}.log_prob(): a value of shape {tuple(shape)} does not broadcast with batch shape "
                f"{tuple(self._batch_shape)} and event shape {tuple(self._event_shape)}"
            ) from None
        try:
            support = self.support
        except NotImplementedError:
            return
        if not np.all(support.check(value)._array):
            raise ValueError(
                f"{name}.log_prob(): expected values within the support {support}, but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        values = {k: v if v.numel() == 1 else v.shape for k, v in self._parameters().items()}
        parameters = ", ".join(f"{name}: {value}" for name, value in values.items())
        return f"{type(self).__name__}({parameters})"

    def _parameters(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}


def together(*values: Any) -> list[Any]:
    """Parameters (numbers or Tensors) as Tensors of one shape."""
    like = next((v for v in values if isinstance(v, Handle)), None)
    dtype = get_default_dtype() if like is None else like.dtype  # type: ignore[attr-defined]
    return list(broadcast_tensors(*(v if isinstance(v, Handle) else as_tensor(v, dtype=dtype) for v in values)))


def require(condition: Any, distribution: str, parameter: str, what: str, value: Any) -> None:
    """Refuse parameters that do not meet a condition.

    Raises:
        ValueError: some element does not.
    """
    if not bool(np.all(condition)):
        raise ValueError(f"{distribution}: parameter {parameter} must be {what}, but got {value}")


def sum_rightmost(value: Any, count: int) -> Any:
    """``value`` summed over its last ``count`` axes."""
    return value.reshape((*value.shape[: value.dim() - count], -1)).sum(-1) if count else value


LOG_2_PI = math.log(2 * math.pi)
