"""Embedding tables: a vector for each index, and sums of such vectors."""

from __future__ import annotations

from typing import Any, Self

from tinygrad_cn.autograd import no_grad
from tinygrad_cn.creation import empty
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    weight: Parameter
    padding_idx: int | None

    def _set_up(
        self, rows: int, columns: int, padding_idx: int | None, weight: Tensor | None, freeze: bool, options: Any
    ) -> None:
        self.num_embeddings = rows
        self.embedding_dim = columns
        if padding_idx is not None:
            if not -rows <= padding_idx < max(rows, 1):
                raise AssertionError(f"padding_idx must be within num_embeddings {rows}, got {padding_idx}")
            padding_idx = padding_idx if padding_idx >= 0 else rows + padding_idx
        self.padding_idx = padding_idx
        if weight is None:
            self.weight = Parameter(empty((rows, columns), **options), requires_grad=not freeze)
            self.reset_parameters()
        elif tuple(weight.shape) != (rows, columns):
            raise AssertionError(
                f"Shape of weight {tuple(weight.shape)} does not match num_embeddings and embedding_dim {rows, columns}"
            )
        else:
            self.weight = Parameter(weight, requires_grad=not freeze)

    def reset_parameters(self) -> None:
        """Draw the table from N(0, 1), with zeros in the row of the padding."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def _label(self) -> str:
        return f"{type(self).__name__} {self.num_embeddings} -> {self.embedding_dim}"


class Embedding(_Table):
    """A table of vectors, looked up by index.

    Args:
        num_embeddings: rows of the table.
        embedding_dim: size of each vector.
        padding_idx: the row that stands for padding: zeros at first, and no gradient.
        max_norm: rows that are looked up and longer than this are shortened to it, in place.
        norm_type: the norm for ``max_norm``.
        scale_grad_by_freq: divide the gradient of a row by how often it is looked up in the batch.
        sparse: accepted as in PyTorch; gradients are dense.
        device: the CPU.
        dtype: of the table; the default dtype if ``None``.

    Shape:
        - input: ``(*)``, integers
        - output: ``(*, embedding_dim)``

    Attributes:
        weight: ``(num_embeddings, embedding_dim)``, drawn from N(0, 1).

    Raises:
        AssertionError: ``padding_idx`` is no row of the table.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Embedding(10, 3)(tg.tensor([[1, 2], [4, 3]])).shape
        Size([2, 2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self._set_up(num_embeddings, embedding_dim, padding_idx, _weight, _freeze, {"device": device, "dtype": dtype})

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """An embedding over a table that is there already.

        Args:
            embeddings: ``(num_embeddings, embedding_dim)``.
            freeze: keep the table out of training.

        Example:
            >>> import tinygrad_cn as tg
            >>> tg.nn.Embedding.from_pretrained(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))(tg.tensor([1])).tolist()
            [[3.0, 4.0]]
        """
        rows, columns = _two_axes(embeddings)
        return cls(
            rows,
            columns,
            _weight=embeddings,
            _freeze=freeze,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
        )

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq is not False:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        if self.sparse is not False:
            parts.append("sparse=True")
        return ", ".join(parts)


class EmbeddingBag(_Table):
    """Sums, means or maxima of the vectors of bags of indices, without making the vectors themselves.

    Args:
        num_embeddings: rows of the table.
        embedding_dim: size of each vector.
        max_norm: rows that are looked up and longer than this are shortened to it, in place.
        norm_type: the norm for ``max_norm``.
        scale_grad_by_freq: divide the gradient of a row by how often it is looked up in the batch.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: accepted as in PyTorch; gradients are dense.
        include_last_offset: the offsets end with the number of indices.
        padding_idx: the row that counts for nothing and gets no gradient.
        device: the CPU.
        dtype: of the table; the default dtype if ``None``.

    Shape:
        - input: ``(B, L)``, bags of the same size, or ``(K,)``, bags one after another, with ``offsets``
        - offsets: ``(B,)``, where each bag begins
        - per_sample_weights: the shape of the input; factors, for mode ``"sum"``
        - output: ``(B, embedding_dim)``

    Attributes:
        weight: ``(num_embeddings, embedding_dim)``, drawn from N(0, 1).

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.EmbeddingBag(10, 3, mode="sum")(tg.tensor([1, 2, 4, 5]), tg.tensor([0, 2])).shape
        Size([2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self._set_up(num_embeddings, embedding_dim, padding_idx, _weight, False, {"device": device, "dtype": dtype})

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """A bag of embeddings over a table that is there already.

        Args:
            embeddings: ``(num_embeddings, embedding_dim)``.
            freeze: keep the table out of training.
        """
        rows, columns = _two_axes(embeddings)
        bag = cls(
            rows,
            columns,
            _weight=embeddings,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        bag.weight.requires_grad_(not freeze)
        return bag

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq is not False:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        parts.append(f"mode={self.mode!r}")
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        return ", ".join(parts)


def _two_axes(embeddings: Tensor) -> tuple[int, int]:
    if embeddings.dim() != 2:
        raise AssertionError(
            f"Embeddings parameter is expected to be 2-dimensional, got shape {tuple(embeddings.shape)}"
        )
    rows, columns = embeddings.shape
    return rows, columns
