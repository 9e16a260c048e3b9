"""Text as windows: what they hold, and what is said about files that cannot be used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn.datasets import TextFile, TextWindows, Vocabulary
from tinygrad_cn.utils.data import DataLoader


class TestVocabulary:
    @given(st.text("aBé\n 你好\U0001f600", min_size=1))
    def test_there_and_back(self, text):
        assert Vocabulary().decode(Vocabulary().encode(text)) == text
        own = Vocabulary.of(text)
        assert own.decode(own.encode(text)) == text
        assert own == Vocabulary(own.characters)
        assert own != Vocabulary()

    def test_numbers(self):
        letters = Vocabulary("cab")  # in an order of its own
        assert letters.encode("abc").tolist() == [1, 2, 0]
        assert letters.encode("abc").dtype == tg.int64
        assert letters.decode(np.array([0, 0])) == "cc"
        assert (len(letters), len(Vocabulary())) == (3, 256)
        assert Vocabulary().decode([0xE6]) == "\ufffd"
        assert {letters, Vocabulary("cab")} == {letters}
        assert repr(letters) == "Vocabulary('cab')"

    def test_refusals(self):
        with pytest.raises(ValueError, match=r"'é' at place 2 is not in the vocabulary of 3.*Vocabulary.of"):
            Vocabulary("abc").encode("abé")
        with pytest.raises(ValueError, match="from 0 to 2, got"):
            Vocabulary("abc").decode([3])
        with pytest.raises(ValueError, match="from 0 to 2, got"):
            Vocabulary("abc").decode(tg.tensor([-1]))
        for characters in ("", "aba"):
            with pytest.raises(ValueError, match="characters that differ"):
                Vocabulary(characters)


class TestWindows:
    @given(st.integers(1, 6), st.integers(1, 8), st.integers(2, 40))
    def test_any(self, length, stride, size):
        numbers = np.arange(size, dtype=np.uint8)
        if size < length + 1:
            with pytest.raises(ValueError, match=f"needs {length + 1} characters or bytes, the text has {size}"):
                TextWindows(numbers, Vocabulary(), length, stride)
            return
        windows = TextWindows(numbers, Vocabulary(), length, stride)
        starts = [s for s in range(0, size, stride) if s + length + 1 <= size]
        assert len(windows) == len(starts)
        for i, start in enumerate(starts):
            x, y = windows[i]
            assert x.tolist() == list(range(start, start + length))
            assert y.tolist() == list(range(start + 1, start + length + 1))
        assert windows[-1][0].tolist() == windows[len(starts) - 1][0].tolist()
        for index in (len(starts), -len(starts) - 1):
            with pytest.raises(IndexError, match="out of range"):
                windows[index]

    def test_in_a_loader(self):
        windows = TextWindows(np.arange(11, dtype=np.uint8), Vocabulary(), 5)
        x, y = next(iter(DataLoader(windows, batch_size=4)))
        assert x.shape == y.shape == (4, 5)
        assert x.dtype == tg.int64
        assert y[1].tolist() == [2, 3, 4, 5, 6]
        with pytest.raises(ValueError, match="length and stride must be positive"):
            TextWindows(np.arange(9), Vocabulary(), 0)

    def test_split(self):
        first, second = TextWindows(np.arange(20, dtype=np.uint8), Vocabulary(), 3).split(0.75)
        assert (len(first), len(second)) == (12, 2)
        assert first[-1][1].tolist() == [12, 13, 14]
        assert second[0][0].tolist() == [15, 16, 17]
        with pytest.raises(ValueError, match=r"parts of 18 and 2 .* too short"):
            TextWindows(np.arange(20), Vocabulary(), 3).split(0.9)
        with pytest.raises(ValueError, match="inside"):
            TextWindows(np.arange(20), Vocabulary(), 3).split(1.0)


class TestFile:
    def write(self, tmp_path, data):
        path = tmp_path / "text.txt"
        path.write_bytes(data)
        return path

    def test_characters_and_bytes(self, tmp_path):
        path = self.write(tmp_path, "你好,\r\n世界!".encode())
        text = TextFile(path, 2)
        assert len(text) == 5
        assert text.vocabulary.decode(text[2][0]) == ",\n"
        assert repr(text) == "TextFile(5 windows of 2, 7 kinds)"
        raw = TextFile(str(path), 2, level="byte")
        assert len(raw) == len(path.read_bytes()) - 2
        other = TextFile(path, 2, vocabulary=Vocabulary.of("一二世界你好,!\n"))
        assert len(other.vocabulary) == 9

    def test_other_encodings(self, tmp_path):
        path = self.write(tmp_path, "你好".encode("gbk"))
        assert TextFile(path, 1, encoding="gbk").vocabulary.characters == "你好"
        with pytest.raises(ValueError, match=r"is not utf-8: byte 0xc4 at place 0 .*level='byte'"):
            TextFile(path, 1)

    def test_refusals(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            TextFile(tmp_path / "none", 1)
        with pytest.raises(ValueError, match=r"text\.txt is empty"):
            TextFile(self.write(tmp_path, b""), 1)
        with pytest.raises(ValueError, match=r"text\.txt: .*needs 6 characters or bytes, the text has 3"):
            TextFile(self.write(tmp_path, b"abc"), 5)
        with pytest.raises(ValueError, match="level must be"):
            TextFile(self.write(tmp_path, b"abc"), 1, level="word")
        with pytest.raises(ValueError, match="'c' at place 2 is not in the vocabulary"):
            TextFile(self.write(tmp_path, b"abc"), 1, vocabulary=Vocabulary("ab"))
