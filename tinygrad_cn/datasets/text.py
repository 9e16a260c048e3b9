"""Text as windows of characters or bytes, each with the one that comes after every place: to predict the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cn import Tensor, from_numpy
from tinygrad_cn.utils.data import Dataset

__all__ = ["TextFile", "TextWindows", "Vocabulary"]


class Vocabulary:
    """The characters of a text, numbered in their order; or the 256 bytes.

    Args:
        characters (str): each once; ``None``: bytes, in which every text can be written.

    Raises:
        ValueError: a character comes twice, or there is none.

    Example:
        >>> from tinygrad_cn.datasets import Vocabulary
        >>> letters = Vocabulary.of("banana")
        >>> letters.characters, letters.encode("nab")
        ('abn', tensor([2, 0, 1]))
        >>> letters.decode([1, 0, 2])
        'ban'
    """

    def __init__(self, characters: str | None = None) -> None:
        self.characters = characters
        if characters is None:
            return
        if not characters or len(set(characters)) < len(characters):
            raise ValueError(f"Vocabulary: expected characters that differ, got {characters[:40]!r}")
        codes = _codes(characters)
        self._sorted = np.argsort(codes)
        self._codes = codes[self._sorted]

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """The characters that a text is made of, sorted."""
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return 256 if self.characters is None else len(self.characters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return "Vocabulary(bytes)" if self.characters is None else f"Vocabulary({self.characters!r})"

    def encode(self, text: str) -> Tensor:
        """The numbers of a text's characters, int64.

        Raises:
            ValueError: the text has a character that the vocabulary lacks.
        """
        return from_numpy(self._numbers(text).astype(np.int64))

    def decode(self, numbers: Tensor | Iterable[int]) -> str:
        """The text of these numbers. Bytes that are no UTF-8, as a model may write them, come out as U+FFFD.

        Raises:
            ValueError: a number is not in the vocabulary.
        """
        array = numbers.numpy() if isinstance(numbers, Tensor) else np.asarray(list(numbers), np.int64)
        if array.size and not (array.min() >= 0 and array.max() < len(self)):
            raise ValueError(f"Vocabulary.decode: numbers must be from 0 to {len(self) - 1}, got {array.tolist()}")
        if self.characters is None:
            return array.astype(np.uint8).tobytes().decode("utf-8", "replace")
        return "".join(self.characters[i] for i in array.reshape(-1).tolist())

    def _numbers(self, text: str) -> np.ndarray:
        """The same as `encode` in as few bytes as hold them."""
        if self.characters is None:
            return np.frombuffer(text.encode(), np.uint8)
        codes = _codes(text)
        places = np.minimum(np.searchsorted(self._codes, codes), len(self) - 1)
        unknown = np.flatnonzero(self._codes[places] != codes)
        if unknown.size:
            at = int(unknown[0])
            raise ValueError(
                f"Vocabulary.encode: {text[at]!r} at place {at} is not in the vocabulary of {len(self)} characters; "
                "make it of all texts (Vocabulary.of), or use bytes (Vocabulary())"
            )
        return self._sorted[places].astype(np.min_scalar_type(len(self) - 1))


class TextWindows(Dataset[tuple[Tensor, Tensor]]):
    """Windows of a text: a sample is ``length`` numbers, and the same moved on by one: what is to be predicted.

    Args:
        numbers (array): the text, as its vocabulary numbers it.
        vocabulary (Vocabulary): what the numbers mean.
        length (int): of a window, in characters or bytes.
        stride (int): from where one window begins to where the next does; ``length``: they do not overlap.

    Shape:
        - sample: ``(length,)`` and ``(length,)``, int64

    Raises:
        ValueError: the text is too short for one window.
    """

    def __init__(self, numbers: np.ndarray, vocabulary: Vocabulary, length: int, stride: int = 1) -> None:
        if length < 1 or stride < 1:
            raise ValueError(f"TextWindows: length and stride must be positive, got {length} and {stride}")
        if len(numbers) < length + 1:
            raise ValueError(
                f"TextWindows: a window of length {length} needs {length + 1} characters or bytes, the text has "
                f"{len(numbers)}; make the window shorter"
            )
        self.numbers, self.vocabulary, self.length, self.stride = numbers, vocabulary, length, stride

    def __len__(self) -> int:
        return (len(self.numbers) - self.length - 1) // self.stride + 1

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        first, second = self._collated([index])
        return first[0], second[0]

    def _collated(self, indices: Sequence[int]) -> list[Any]:
        index = np.asarray(indices, np.int64)
        index = np.where(index < 0, index + len(self), index)
        if index.size and not (index.min() >= 0 and index.max() < len(self)):
            raise IndexError(f"TextWindows: an index is out of range: there are {len(self)} windows, got {indices}")
        windows = np.lib.stride_tricks.sliding_window_view(self.numbers, self.length + 1)[index * self.stride]
        chosen = windows.astype(np.int64)  # (N, length + 1)
        return [from_numpy(chosen[:, :-1].copy()), from_numpy(chosen[:, 1:].copy())]

    def split(self, fraction: float = 0.9) -> tuple[TextWindows, TextWindows]:
        """The first part of the text to learn from, and the rest to judge by: no window lies in both.

        Args:
            fraction (float): the share of the first.

        Raises:
            ValueError: the fraction is not inside (0, 1), or a part is too short for one window.
        """
        if not 0 < fraction < 1:
            raise ValueError(f"TextWindows.split: the fraction must lie inside (0, 1), got {fraction}")
        cut = int(len(self.numbers) * fraction)
        parts = (self.numbers[:cut], self.numbers[cut:])
        if min(map(len, parts)) < self.length + 1:
            raise ValueError(
                f"TextWindows.split: parts of {len(parts[0])} and {len(parts[1])} characters or bytes are too short "
                f"for windows of length {self.length}; split elsewhere or make the windows shorter"
            )
        first, second = (TextWindows(part, self.vocabulary, self.length, self.stride) for part in parts)
        return first, second

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} windows of {self.length}, {len(self.vocabulary)} kinds)"


class TextFile(TextWindows):
    """Windows of the text in a file.

    Args:
        path (str or Path): the file.
        length (int): of a window.
        stride (int): from where one window begins to where the next does.
        level (str): ``"character"``, or ``"byte"``, which takes any file.
        vocabulary (Vocabulary, optional): another text's, to use its numbers; the file's own characters unless given.
        encoding (str): of the file, where characters are read.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty, too short for a window, not in this encoding, or has a character that the vocabulary
            lacks.

    Example:
        >>> import tempfile, pathlib
        >>> from tinygrad_cn.datasets import TextFile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "text.txt"
        >>> _ = path.write_text("to be or not to be")
        >>> text = TextFile(path, length=5)
        >>> x, y = text[3]
        >>> text.vocabulary.decode(x), text.vocabulary.decode(y)
        ('be or', 'e or ')
        >>> training, validation = text.split(0.6)
        >>> len(training), len(validation)
        (5, 3)
    """

    def __init__(
        self,
        path: str | Path,
        length: int,
        stride: int = 1,
        level: str = "character",
        vocabulary: Vocabulary | None = None,
        encoding: str = "utf-8",
    ) -> None:
        if level not in ("character", "byte"):
            raise ValueError(f"TextFile: level must be 'character' or 'byte', got {level!r}")
        data = Path(path).read_bytes()
        if not data:
            raise ValueError(f"TextFile: {path} is empty")
        if level == "byte":
            vocabulary, numbers = Vocabulary(), np.frombuffer(data, np.uint8)
        else:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"TextFile: {path} is not {encoding}: byte {data[error.start]:#04x} at place {error.start} "
                    f"({error.reason}); give its encoding, or level='byte'"
                ) from error
            text = text.removeprefix("\ufeff").replace("\r\n", "\n")
            vocabulary = Vocabulary.of(text) if vocabulary is None else vocabulary
            numbers = vocabulary._numbers(text)
        try:
            super().__init__(numbers, vocabulary, length, stride)
        except ValueError as error:
            raise ValueError(f"TextFile: {path}: {error}") from error


def _codes(text: str) -> np.ndarray:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
