"""Directional derivatives by dual tensors, with the names of ``torch.autograd.forward_ad``.

PyTorch carries tangents along with the values. Here the graph is recorded as for a backward pass, and the tangent of a
result is computed when it is asked for, by two sweeps: the pullback of a cotangent u is linear in u, and its own
pullback, applied to the tangents, is the derivative in their direction (J. Townsend, "A new trick for calculating
Jacobian vector products", 2017). So gradients must be on where the result is computed.

    with dual_level():
        x = make_dual(primal, tangent)
        primal_out, tangent_out = unpack_dual(f(x))
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn.autograd.pulling import pulled
from tinygrad_cn.errors import ShapeError
from tinygrad_cn.grad_mode import enable_grad

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

#: The duals of the open level, with their tangents; ``None`` when none is open.
_duals: list[tuple[Any, Any]] | None = None


class UnpackedDualTensor(NamedTuple):
    """A dual tensor's value and its tangent, ``None`` where it has none."""

    primal: Any
    tangent: Any


def enter_dual_level() -> int:
    """Open the level that duals belong to, and return its number.

    Raises:
        RuntimeError: it is open.
    """
    global _duals
    if _duals is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _duals = []
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: its duals have no tangents any more.

    Raises:
        RuntimeError: it is not open.
    """
    global _duals
    if _duals is None or level not in (None, 0):
        raise RuntimeError("Trying to exit a forward AD level that was not the last one that was created")
    _duals = None


class dual_level:
    """A block in which duals may be made; when it ends they lose their tangents.

    >>> import tinygrad_cn as tg
    >>> with dual_level():
    ...     x = make_dual(tg.tensor([1., 2.]), tg.tensor([1., 10.]))
    ...     unpack_dual(x * x).tangent
    tensor([ 2., 40.])
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exception: Any) -> None:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """``tensor``, in the same memory, with a direction to be differentiated in.

    Args:
        tensor (Tensor): a floating tensor.
        tangent (Tensor): of its shape; copied if it lies otherwise in memory.

    Raises:
        RuntimeError: no level is open.
        ValueError: the tensor is not a floating one.
        ShapeError: the tangent is of another shape.
    """
    if _duals is None:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    if tensor._array.dtype.kind not in "fc":
        raise ValueError(f"Expected primal to be floating point or complex, but got: {tensor.dtype}")
    if tangent.shape != tensor.shape:
        raise ShapeError(
            f"make_dual(): the tangent has shape {list(tangent.shape)}, the primal {list(tensor.shape)}; they must "
            "be equal"
        )
    if tangent._array.strides != tensor._array.strides or tangent.dtype is not tensor.dtype:
        tangent = tensor._wrap(np.array(tangent._array, dtype=tensor._array.dtype), None)
    with enable_grad():
        dual = tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()
    _duals.append((dual, tangent))
    return dual


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """The value of ``tensor`` and its derivative in the direction of the tangents of the duals that it came from."""
    if _duals is None:
        return UnpackedDualTensor(tensor, None)
    for dual, tangent in _duals:
        if dual is tensor:
            return UnpackedDualTensor(tensor.detach(), tangent)
    if not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    ins = [dual for dual, _ in _duals]
    with enable_grad():
        u = tensor._wrap(np.zeros_like(tensor._array)).requires_grad_()
        back = pulled([tensor], ins, [u])
        reached = [(b, tangent) for b, (_, tangent) in zip(back, _duals, strict=True) if b is not None]
        if not reached:
            return UnpackedDualTensor(tensor, None)
        (product,) = pulled([b for b, _ in reached], [u], [tangent for _, tangent in reached], False)
    if product is None:
        product = tensor._wrap(np.zeros_like(tensor._array))
    return UnpackedDualTensor(tensor.detach(), product)
