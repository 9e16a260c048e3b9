"""Images and labels in files of the IDX format, as MNIST's: found in a folder or downloaded, checked, read."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

__all__ = ["Checksums", "Source"]


class Checksums(NamedTuple):
    """SHA-256 of a file as the mirrors send it, and of what it holds.

    A file that a user packed again is still the same data, so a folder's files are judged by what they hold, where that
    is known; else by the file as it is sent, and one that is not packed by its form.
    """

    archive: str
    content: str | None


@dataclass(frozen=True)
class Source:
    """Where a data set comes from.

    Attributes:
        title: for messages, and the folder of torchvision's layout (``<root>/MNIST/raw``).
        cache: the folder's name in the user's cache.
        mirrors: addresses that end with a slash.
        checksums: of the four files, by their names without ``.gz``.
    """

    title: str
    cache: str
    mirrors: Sequence[str]
    checksums: Mapping[str, Checksums]

    def images_and_labels(self, part: str, paths: Mapping[str, Path]) -> tuple[np.ndarray, np.ndarray]:
        """Reads one part.

        Args:
            part: ``train`` or ``t10k``.
            paths: the four files.

        Shape:
            - images: ``(N, 28, 28)``, uint8
            - labels: ``(N,)``, uint8

        Raises:
            ValueError: a file is damaged or is another one.
        """
        images = self._read(paths, f"{part}-images-idx3-ubyte")
        labels = self._read(paths, f"{part}-labels-idx1-ubyte")
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise ValueError(
                f"{self.title}: images of shape {images.shape} and labels of shape {labels.shape} do not belong "
                f"together; get the four files anew"
            )
        return images, labels

    def find(self, folder: Path) -> dict[str, Path]:
        """The four files in a folder, each packed or unpacked; also where torchvision puts them below it.

        Raises:
            FileNotFoundError: one is missing; the message names all that are.
        """
        places = (folder, folder / self.title / "raw")
        found = {}
        for name in self.checksums:
            candidates = (place / file for place in places for file in (f"{name}.gz", name))
            path = next((path for path in candidates if path.is_file()), None)
            if path is not None:
                found[name] = path
        missing = [f"{name}.gz" for name in self.checksums if name not in found]
        if missing:
            raise FileNotFoundError(f"{self.title} is not complete in {folder}: {', '.join(missing)} not found")
        return found

    def download(self, folder: Path | None = None) -> dict[str, Path]:
        """The four files in a folder, fetched from the first mirror that sends them unharmed, unless they are there.

        Args:
            folder: where to put them; ``None``: the user's cache.

        Raises:
            ConnectionError: no mirror can be reached.
            ModuleNotFoundError: pooch is not installed.
        """
        try:
            import pooch  # an extra
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{self.title} is downloaded by pooch, which is not installed; pip install 'tinygrad_cn[data]', or "
                "give the folder that holds its four files (--data-dir, data_dir=)",
                name="pooch",
            ) from error

        place = Path(pooch.os_cache("tinygrad_cn")) / self.cache if folder is None else folder
        paths = {}
        for name, checksums in self.checksums.items():
            failures = []
            for mirror in self.mirrors:
                url = f"{mirror}{name}.gz"
                try:
                    # A sound file is used as it is, a damaged one is fetched again.
                    path = pooch.retrieve(url, f"sha256:{checksums.archive}", fname=f"{name}.gz", path=place)
                except (OSError, ValueError) as error:  # the network's errors; a wrong checksum
                    failures.append(f"  {url}: {error}")
                else:
                    paths[name] = Path(path)
                    break
            else:
                raise ConnectionError(
                    f"{name}.gz could not be downloaded from any mirror:\n"
                    + "\n".join(failures)
                    + f"\nGet the four files of {self.title} in another way and give the folder that holds them "
                    "(--data-dir, data_dir=)."
                )
        return paths

    def _read(self, paths: Mapping[str, Path], name: str) -> np.ndarray:
        """Reads a file: 0, 0, type (8: uint8), number of axes, their sizes, the values."""
        path, checksums = paths[name], self.checksums[name]
        stored = path.read_bytes()
        packed = path.suffix == ".gz"
        try:
            content = gzip.decompress(stored) if packed else stored
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path} is damaged: {error}. Remove it and get it anew.") from error
        if checksums.content is not None:
            self._check(path, "what it holds", content, checksums.content)
        elif packed:
            self._check(path, "it", stored, checksums.archive)
        axes = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
        shape = np.frombuffer(content, ">u4", axes, 4).astype(int).tolist() if len(content) >= 4 + 4 * axes else []
        if not shape or len(content) != 4 + 4 * axes + math.prod(shape):
            raise ValueError(f"{path} is damaged: it is not in the IDX format. Remove it and get it anew.")
        return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)

    def _check(self, path: Path, what: str, data: bytes, expected: str) -> None:
        digest = hashlib.sha256(data).hexdigest()
        if digest != expected:
            raise ValueError(
                f"{path} is damaged or is not the file of {self.title} by that name: the SHA-256 of {what} is "
                f"{digest}, expected {expected}. Remove it and get it anew."
            )
