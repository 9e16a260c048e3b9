"""Parameters as one long vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from tinygrad_cn.functions.joining import cat
from tinygrad_cn.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of the parameters, one parameter after the other. Differentiable.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.utils.parameters_to_vector(tg.nn.Linear(3, 2).parameters()).shape
        Size([8])
    """
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Set the parameters to the elements of a vector; their memory becomes that of the vector.

    Args:
        vec: ``(n,)``, all elements in the order of `parameters_to_vector`.
        parameters: those to set.

    Raises:
        TypeError: ``vec`` is no Tensor.
        ValueError: it has not as many elements as the parameters have; nothing was changed.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected a Tensor, but got: {type(vec).__name__}")
    given = list(parameters)
    needed = sum(parameter.numel() for parameter in given)
    if vec.numel() != needed:
        raise ValueError(f"vector_to_parameters: the vector has {vec.numel()} elements, the parameters have {needed}")
    start = 0
    for parameter in given:
        end = start + parameter.numel()
        parameter.data = vec.data[start:end].view_as(parameter)
        start = end
