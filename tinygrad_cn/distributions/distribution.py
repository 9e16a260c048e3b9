"""What all distributions share: shapes, samples, checked parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.creation import as_tensor
from tinygrad_cn.dtypes import get_default_dtype
from tinygrad_cn.functions.combining import broadcast_tensors
from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.graph import Handle
from tinygrad_cn.size import Size

__all__ = ["Distribution"]


class Distribution:
    """The base class of distributions.

    Args:
        batch_shape: the shape of the parameters: so many distributions side by side.
        event_shape: the shape of one draw.
    """

    has_rsample = False

    def __init__(self, batch_shape: Any = (), event_shape: Any = ()) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Any) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draws, without gradients. Shape: sample_shape + batch_shape + event_shape."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draws as differentiable functions of the parameters.

        Raises:
            NotImplementedError: the distribution has none.
        """
        raise NotImplementedError(f"{type(self).__name__} has no reparameterised sample; use sample()")

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability (or density) at ``value``."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """The entropy, in nats."""
        raise NotImplementedError

    def __repr__(self) -> str:
        values = {k: v if v.numel() == 1 else v.shape for k, v in self._parameters().items()}
        parameters = ", ".join(f"{name}: {value}" for name, value in values.items())
        return f"{type(self).__name__}({parameters})"

    def _parameters(self) -> dict[str, Any]:
        return {}


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


LOG_2_PI = math.log(2 * math.pi)
