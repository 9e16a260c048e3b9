"""Weights of given norms, of spectral norm 1, and orthogonal ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import linalg
from tinygrad_cn.autograd import no_grad
from tinygrad_cn.creation import eye, from_numpy
from tinygrad_cn.functions.joining import cat
from tinygrad_cn.random import default_generator
from tinygrad_cn.tensor import Tensor

from .. import functional as F
from ..conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _tensor_of(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


# ------------------------------------------------------------------------------------- weight norm


class _WeightNorm(Module):
    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def _norm(self, weight: Tensor) -> Tensor:
        """The norm over all axes but ``dim``; over all axes, without any left, if ``dim`` is -1."""
        if self.dim == -1:
            return (weight * weight).sum().sqrt()
        others = tuple(axis for axis in range(weight.dim()) if axis != self.dim)
        return (weight * weight).sum(others, keepdim=True).sqrt() if others else weight.abs()

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_v * (weight_g / self._norm(weight_v))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return self._norm(weight), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Trains the length and the direction of a weight apart: ``w = g * v / |v|``.

    Source: Salimans and Kingma, "Weight Normalization", NIPS 2016.

    Args:
        module: the owner of the weight.
        name: its name.
        dim: the axis along which lengths are kept apart; ``None``: one length for all.

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.utils.parametrizations.weight_norm(tg.nn.Linear(3, 2))
        >>> layer.parametrizations.weight.original0.shape
        Size([2, 1])
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename_old_keys(module: Module, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        for i, old in enumerate((f"{prefix}{name}_g", f"{prefix}{name}_v")):
            if old in state_dict:
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(old)

    module.register_load_state_dict_pre_hook(rename_old_keys)
    return module


# ----------------------------------------------------------------------------------- spectral norm


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        ndim = weight.dim()
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._matrix(weight)
            for key, size in zip(("_u", "_v"), matrix.shape, strict=True):
                drawn = from_numpy(default_generator.normal(size, 0, 1, matrix._array.dtype))
                self.register_buffer(key, F.normalize(drawn, dim=0, eps=eps))
            self._iterate(matrix, 15)

    def _matrix(self, weight: Tensor) -> Tensor:
        return (weight if self.dim == 0 else weight.movedim(self.dim, 0)).flatten(1)

    def _iterate(self, matrix: Tensor, count: int) -> None:
        """Power iterations: ``_u`` and ``_v`` move towards the singular vectors of the largest singular value."""
        with no_grad():
            for _ in range(count):
                self._u = F.normalize(matrix.detach() @ self._v, dim=0, eps=self.eps)
                self._v = F.normalize(matrix.detach().T @ self._u, dim=0, eps=self.eps)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        return weight / (self._u @ (matrix @ self._v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divides a weight by its largest singular value, which is followed by power iterations while training.

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.

    Args:
        module: the owner of the weight.
        name: its name.
        n_power_iterations: how many each time that the weight is read while training.
        eps: the least norm to divide by.
        dim: the axis of the outputs; 1 for transposed convolutions and 0 for others if ``None``.

    Raises:
        ValueError: there is no such tensor.

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.utils.parametrizations.spectral_norm(tg.nn.Linear(3, 2))
        >>> list(layer.state_dict())[2:]
        ['parametrizations.weight.0._u', 'parametrizations.weight.0._v']
    """
    weight = _tensor_of(module, name)
    if dim is None:
        dim = 1 if isinstance(module, ConvTranspose1d | ConvTranspose2d | ConvTranspose3d) else 0
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


# -------------------------------------------------------------------------------------- orthogonal


def _is_orthogonal(q: Tensor) -> bool:
    rows, columns = q.shape[-2:]
    eps = {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52}[q._array.dtype.itemsize]
    gap = (q.transpose(-2, -1) @ q - eye(columns, dtype=q.dtype)).abs()
    return bool(gap.max().item() <= 10 * rows * eps)


def _made_orthogonal(a: Tensor) -> Tensor:
    q, r = linalg.qr(a)
    return q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.shape = tuple(weight.shape)
        self.orthogonal_map = orthogonal_map
        self.trivialized = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        wide = x.shape[-2] < x.shape[-1]
        if wide:
            x = x.transpose(-2, -1)
        rows, columns = x.shape[-2:]
        if self.orthogonal_map == "householder":
            below = x.tril(-1)
            tau = 2.0 / (1.0 + (below * below).sum(dim=-2))
            signs = x.detach().diagonal(dim1=-2, dim2=-1).trunc()
            q = linalg.householder_product(below, tau) * signs.unsqueeze(-2)
        else:
            lower = x.tril()
            if rows != columns:
                lower = cat([lower, x.new_zeros((*x.shape[:-1], rows - columns))], -1)
            skew = lower - lower.transpose(-2, -1)
            if self.orthogonal_map == "matrix_exp":
                q = linalg.matrix_exp(skew)
            else:
                one = eye(rows, dtype=x.dtype)
                q = linalg.solve(one - skew * 0.5, one + skew * 0.5)
            if rows != columns:
                q = q[..., :columns]
        if self.trivialized and self.base is not None:
            q = self.base @ q
        return q.transpose(-2, -1) if wide else q

    def right_inverse(self, q: Tensor) -> Tensor:
        if tuple(q.shape) != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {tuple(q.shape)}."
            )
        wide = q.shape[-2] < q.shape[-1]
        start = q
        if wide:
            q = q.transpose(-2, -1)
        rows, columns = q.shape[-2:]
        if not self.trivialized:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False."
                )
            return self._reflections(q, wide)
        if rows == columns:
            q = q.clone() if _is_orthogonal(q) else _made_orthogonal(q)
        else:
            drawn = default_generator.normal((*q.shape[:-1], rows - columns), 0, 1, q._array.dtype)
            q = _made_orthogonal(cat([q, from_numpy(drawn)], -1))
        self.base = q
        return -eye(*start.shape[-2:], dtype=q.dtype).expand(start.shape).clone()

    def _reflections(self, q: Tensor, wide: bool) -> Tensor:
        """Householder's vectors below the diagonal, and on it the signs that give ``q``."""
        reflections, tau = np.linalg.qr(q._array, mode="raw")
        packed = np.swapaxes(reflections, -2, -1).copy()
        places = np.arange(packed.shape[-1])
        signs = np.sign(packed[..., places, places])
        signs[tau == 0] *= -1
        packed[..., places, places] = signs
        return from_numpy(np.swapaxes(packed, -2, -1).copy() if wide else packed)


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keeps a weight orthogonal: its columns (its rows, where there are fewer) have length 1 and right angles.

    Source: Lezcano-Casado, "Trivializations for Gradient-Based Optimization on Manifolds", NeurIPS 2019.

    Args:
        module: the owner of the weight.
        name: its name.
        orthogonal_map: ``"matrix_exp"`` (squares if ``None``), ``"cayley"`` or ``"householder"`` (others if ``None``).
        use_trivialization: work relative to the weight that there is, which is made orthogonal for it.

    Raises:
        ValueError: there is no such tensor, it is no matrix, or another map.

    Example:
        >>> import tinygrad_cn as tg
        >>> weight = tg.nn.utils.parametrizations.orthogonal(tg.nn.Linear(3, 3)).weight
        >>> bool(((weight @ weight.T - tg.eye(3)).abs() < 1e-5).all())
        True
    """
    weight = _tensor_of(module, name)
    if weight.dim() < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions.")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    chosen = _Orthogonal(weight, orthogonal_map, use_trivialization)
    return register_parametrization(module, name, chosen, unsafe=True)
