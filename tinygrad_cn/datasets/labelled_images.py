"""Data sets of labelled images in IDX files: what MNIST and those made in its likeness have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tinygrad_cn import Tensor, from_numpy
from tinygrad_cn.datasets.idx_files import Source
from tinygrad_cn.utils.data import Dataset, TensorDataset

__all__ = ["LabelledImages", "load"]


class LabelledImages(Dataset[tuple[Any, Any]]):
    """Pairs of an image and its class, with torchvision's arguments.

    Args:
        root (str or Path, optional): a folder that holds the four files, packed or not, itself or below it where
            torchvision puts them. ``None``: the user's cache.
        train (bool): the training images; else the test images.
        transform (callable, optional): what is done with an image, a float32 tensor of pixels in [0, 1]; of
            `datasets.transforms`, for instance. One with a true attribute ``takes_batches`` is given whole batches.
        target_transform (callable, optional): what is done with a label, an int.
        download (bool): fetch what is missing in ``root``.

    Shape:
        - image: ``(1, 28, 28)``
        - ``data``: ``(N, 28, 28)``, uint8; ``targets``: ``(N,)``, int64

    Raises:
        FileNotFoundError: a file is missing, and ``download`` is False.
        ValueError: a file is damaged or is another one.
        ConnectionError: no mirror can be reached.
        ModuleNotFoundError: a download is needed and pooch is not installed.
    """

    source: ClassVar[Source]
    classes: ClassVar[Sequence[str]]

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        self.root, self.train = root, train
        self.transform, self.target_transform = transform, target_transform
        images, labels = self.source.images_and_labels("train" if train else "t10k", self._paths(download))
        self.data: Tensor = from_numpy(images.copy())
        self.targets: Tensor = from_numpy(labels.astype(np.int64))

    def _paths(self, download: bool) -> dict[str, Path]:
        if self.root is None:
            return self.source.download()
        try:
            return self.source.find(Path(self.root))
        except FileNotFoundError as error:
            if not download:
                raise FileNotFoundError(f"{error}; download=True fetches it") from None
        return self.source.download(Path(self.root) / self.source.title / "raw")

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image: Any = _pixels(self.data._array[index][None])
        label: Any = int(self.targets._array[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def _collated(self, indices: Sequence[int]) -> Any:
        one_by_one = self.transform is not None and not getattr(self.transform, "takes_batches", False)
        own = type(self).__getitem__ is not LabelledImages.__getitem__
        if own or one_by_one or self.target_transform is not None:
            return None
        index = np.asarray(indices, np.int64)
        images = _pixels(self.data._array[index][:, None])
        return [images if self.transform is None else self.transform(images), from_numpy(self.targets._array[index])]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} images, train={self.train})"


def load(source: Source, data_dir: str | Path | None) -> tuple[TensorDataset, TensorDataset]:
    """Training and test data of a source as tensors, from a folder or the user's cache."""
    paths = source.download() if data_dir is None else source.find(Path(data_dir))

    def read(part: str) -> TensorDataset:
        images, labels = source.images_and_labels(part, paths)
        return TensorDataset(_pixels(images[:, None]), from_numpy(labels.astype(np.int64)))

    return read("train"), read("t10k")


def _pixels(images: np.ndarray) -> Tensor:
    """Bytes as numbers in [0, 1]: (..., H, W) uint8 -> the same, float32."""
    pixels = images.astype(np.float32)
    pixels /= 255
    return from_numpy(pixels)
