"""Sequences of different lengths: padded to one length, or packed without padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.functions.joining import cat, stack
from tinygrad_cn.tensor import Tensor

from ..functional import pad

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """Sequences of different lengths without padding: all first steps, then all second steps, ...

    Made by `pack_sequence` and `pack_padded_sequence`; recurrent layers take it and return it.

    Attributes:
        data: the steps, ``(sum of the lengths, *)``, the longest sequence first at each step.
        batch_sizes: how many sequences reach each step.
        sorted_indices: which sequence of the batch stands where; ``None`` if they were sorted.
        unsorted_indices: the reverse.

    Example:
        >>> import tinygrad_cn as tg
        >>> packed = tg.nn.utils.rnn.pack_sequence([tg.tensor([1, 2, 3]), tg.tensor([7])])
        >>> packed.data.tolist(), packed.batch_sizes.tolist()
        ([1, 7, 2, 3], [2, 1, 1])
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if batch_sizes is None:
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """The same with its data converted as by `Tensor.to`."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._replace(data=data)

    def cpu(self) -> Self:
        """Itself: everything is on the CPU."""
        return self

    def double(self) -> Self:
        """The same with float64 data."""
        return self._replace(data=self.data.double())

    def float(self) -> Self:
        """The same with float32 data."""
        return self._replace(data=self.data.float())

    def half(self) -> Self:
        """The same with float16 data."""
        return self._replace(data=self.data.half())

    def long(self) -> Self:
        """The same with int64 data."""
        return self._replace(data=self.data.long())

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU: it is not."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that takes ``permutation`` back; ``None`` of ``None``.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.utils.rnn.invert_permutation(tg.tensor([2, 0, 1])).tolist()
        [1, 2, 0]
    """
    return None if permutation is None else from_numpy(np.argsort(permutation._array, kind="stable"))


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Packs padded sequences of the given lengths.

    Args:
        input: ``(T, B, *)``, or ``(B, T, *)`` if ``batch_first``.
        lengths: ``(B,)``, how long each sequence is; at least 1.
        batch_first: the batch comes first in ``input``.
        enforce_sorted: refuse lengths that are not in descending order; else sequences are sorted here.

    Raises:
        RuntimeError: lengths do not fit the input, are not positive or not sorted.

    Example:
        >>> import tinygrad_cn as tg
        >>> padded = tg.tensor([[1, 2, 0], [3, 4, 5]])
        >>> tg.nn.utils.rnn.pack_padded_sequence(padded, [2, 3], True, enforce_sorted=False).data.tolist()
        [3, 1, 4, 2, 5]
    """
    given = lengths._array if isinstance(lengths, Tensor) else np.asarray(lengths)
    sizes = given.astype(np.int64)
    steps = input if not batch_first else input.transpose(0, 1)
    if sizes.shape != (steps.shape[1],):
        raise RuntimeError(
            f"pack_padded_sequence: expected a length for each of the {steps.shape[1]} sequences in input of shape "
            f"{tuple(input.shape)}, got lengths of shape {sizes.shape}"
        )
    if not sizes.size or sizes.min() <= 0 or sizes.max() > steps.shape[0]:
        raise RuntimeError(
            f"pack_padded_sequence: lengths must be from 1 to the {steps.shape[0]} steps of the input, got "
            f"{sizes.tolist()}"
        )
    order = None
    if not enforce_sorted:
        order = from_numpy(np.argsort(-sizes, kind="stable"))
        sizes = sizes[order._array]
        steps = steps.index_select(1, order)
    elif np.any(sizes[1:] > sizes[:-1]):
        raise RuntimeError(
            "pack_padded_sequence: lengths must be in descending order; pass enforce_sorted=False to have the "
            f"sequences sorted, got {sizes.tolist()}"
        )
    reached = np.arange(int(sizes[0]))[:, None] < sizes  # (T, B)
    data = steps[: int(sizes[0])][from_numpy(reached)]
    return PackedSequence(data, from_numpy(reached.sum(axis=1)), order, None)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The reverse of `pack_padded_sequence`: padded sequences and their lengths.

    Args:
        sequence: what to unpack.
        batch_first: put the batch first.
        padding_value: what stands after the end of a sequence.
        total_length: pad to this length.

    Returns:
        The sequences, ``(T, B, *)``, or ``(B, T, *)`` if ``batch_first``, and their lengths, ``(B,)``.

    Raises:
        ValueError: ``total_length`` is less than the longest sequence.

    Example:
        >>> import tinygrad_cn as tg
        >>> rnn = tg.nn.utils.rnn
        >>> padded, lengths = rnn.pad_packed_sequence(rnn.pack_sequence([tg.tensor([1, 2]), tg.tensor([3])]), True)
        >>> padded.tolist(), lengths.tolist()
        ([[1, 2], [3, 0]], [2, 1])
    """
    counts = sequence.batch_sizes._array
    steps = len(counts)
    if total_length is not None and total_length < steps:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {steps}"
        )
    reached = np.arange(int(counts[0])) < counts[:, None]  # (T, B)
    if total_length is not None:
        reached = np.concatenate([reached, np.zeros((total_length - steps, reached.shape[1]), dtype=bool)])
    data = sequence.data
    # each place of the result takes its row of the data, those after an end the row that is added for them
    filler = data.new_full((1, *data.shape[1:]), padding_value)
    places = np.where(reached, np.cumsum(reached).reshape(reached.shape) - 1, data.shape[0])
    lengths = reached.sum(axis=0)
    if sequence.unsorted_indices is not None:
        order = sequence.unsorted_indices._array
        places, lengths = places[:, order], lengths[order]
    return cat([data, filler])[from_numpy(places.T.copy() if batch_first else places)], from_numpy(lengths)


def pad_sequence(
    sequences: Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Stacks sequences padded to the length of the longest.

    Args:
        sequences: each ``(L, *)``, ``L`` its own.
        batch_first: put the batch first.
        padding_value: what is added.
        padding_side: ``"right"`` or ``"left"``.

    Returns:
        ``(T, B, *)``, or ``(B, T, *)`` if ``batch_first``.

    Raises:
        RuntimeError: no sequences, or another ``padding_side``.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.utils.rnn.pad_sequence([tg.tensor([1, 2]), tg.tensor([3])], batch_first=True).tolist()
        [[1, 2], [3, 0]]
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"pad_sequence: Expected padding_side to be one of left or right, but got {padding_side}.")
    items = list(sequences)
    if not items:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    longest = max(item.shape[0] for item in items)
    padded = []
    for item in items:
        missing = longest - item.shape[0]
        ends = (missing, 0) if padding_side == "left" else (0, missing)
        padded.append(pad(item, [0, 0] * (item.dim() - 1) + list(ends), value=padding_value) if missing else item)
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences themselves, without what was added.

    Args:
        padded_sequences: ``(T, B, *)``, or ``(B, T, *)`` if ``batch_first``.
        lengths: ``(B,)``.
        batch_first: the batch comes first.

    Example:
        >>> import tinygrad_cn as tg
        >>> [s.tolist() for s in tg.nn.utils.rnn.unpad_sequence(tg.tensor([[1, 2], [3, 0]]), tg.tensor([2, 1]), True)]
        [[1, 2], [3]]
    """
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [sequence[:length] for sequence, length in zip(batch, lengths.tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Packs sequences of different lengths.

    Args:
        sequences: each ``(L, *)``, ``L`` its own.
        enforce_sorted: refuse sequences that are not in descending order of length; else they are sorted here.

    Raises:
        RuntimeError: they are not sorted.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.utils.rnn.pack_sequence([tg.tensor([1, 2, 3]), tg.tensor([7])]).data.tolist()
        [1, 7, 2, 3]
    """
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The reverse of `pack_sequence`.

    Example:
        >>> import tinygrad_cn as tg
        >>> rnn = tg.nn.utils.rnn
        >>> [s.tolist() for s in rnn.unpack_sequence(rnn.pack_sequence([tg.tensor([1, 2]), tg.tensor([3])]))]
        [[1, 2], [3]]
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences, batch_first=True), batch_first=True)
