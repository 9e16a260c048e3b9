"""The images of the lessons: training, validation and test data, flat, with one-hot targets."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import tinygrad_cn as tg
from tinygrad_cn import Tensor
from tinygrad_cn.datasets import load_digits, load_mnist
from tinygrad_cn.lessons.kit.lesson import Setting
from tinygrad_cn.nn import functional as F

__all__ = ["Images", "Splits", "load", "pixels", "side"]

VALIDATION = {"digits": 360, "mnist": 10_000}  # the last of the training images


class Images(NamedTuple):
    """Images and what they show.

    Shape:
        - images: :math:`(N, P)`, float32 in [0, 1]
        - targets: :math:`(N, 10)`, float32, 1 at the label and 0 elsewhere
        - labels: :math:`(N)`, int64
    """

    images: Tensor
    targets: Tensor
    labels: Tensor

    def first(self, count: int | None) -> Images:
        """The first so many of them, or all."""
        return Images(*(part[:count] for part in self))


class Splits(NamedTuple):
    """The three parts of a data set; test data choose nothing, they only judge."""

    training: Images
    validation: Images
    test: Images


@lru_cache(maxsize=1)
def load(data: str, data_dir: Path | None = None) -> Splits:
    """The digits (1,077 + 360 + 360 images of 576 pixels) or MNIST (50,000 + 10,000 + 10,000 of 784).

    The digits are enlarged from 8x8 pixels to 24x24, each pixel to a block of nine: as on MNIST, a neuron then has
    hundreds of inputs, and kernels of 5x5 have room.

    MNIST is split as in the book: the first 50,000 training images are for training, the other 10,000 for validation,
    and a pixel is its byte divided by 256.
    """
    training, test = load_mnist(data_dir) if data == "mnist" else load_digits()
    scale = 255 / 256 if data == "mnist" else 1.0

    def part(tensors: tuple[Tensor, ...], begin: int | None, end: int | None) -> Images:
        images, labels = (tensor[begin:end] for tensor in tensors)
        if data == "digits":
            images = images.repeat_interleave(3, -1).repeat_interleave(3, -2)  # (N, 1, 8, 8) -> (N, 1, 24, 24)
        return Images(images.flatten(1) * scale, F.one_hot(labels, 10).to(tg.float32), labels)

    held_out = -VALIDATION[data]
    return Splits(
        part(training.tensors, None, held_out), part(training.tensors, held_out, None), part(test.tensors, None, None)
    )


def pixels(setting: Setting) -> int:
    """How many numbers an image is: the inputs of a network."""
    return side(setting) ** 2


def side(setting: Setting) -> int:
    """The height and width of an image."""
    return 28 if setting.data == "mnist" else 24
