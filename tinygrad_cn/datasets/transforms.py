"""What torchvision's programs do to an image on its way into a batch, by the same names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn import Tensor, from_numpy

__all__ = ["Compose", "Lambda", "Normalize", "ToTensor"]


class Compose:
    """One change after the other.

    Args:
        transforms: what is called with an image and returns it changed.

    Example:
        >>> import numpy as np
        >>> from tinygrad_cn.datasets import transforms
        >>> prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        >>> prepare(np.array([[0, 255]], np.uint8))
        tensor([[[-1.,  1.]]])
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image

    @property
    def takes_batches(self) -> bool:
        """Whether it does to a batch of images what it does to each: a loader then need not go one by one."""
        return all(getattr(transform, "takes_batches", False) for transform in self.transforms)

    def __repr__(self) -> str:
        return f"Compose({list(self.transforms)})"


class ToTensor:
    """An array as a tensor with its channels in front, bytes as numbers in [0, 1]; a tensor as it is.

    Shape:
        - input: ``(H, W)`` or ``(H, W, C)``
        - output: ``(C, H, W)``

    Raises:
        TypeError: neither an array nor a tensor.
        ValueError: an array that is no image.
    """

    takes_batches = True  # which are tensors

    def __call__(self, image: Any) -> Tensor:
        if isinstance(image, Tensor):
            return image
        if not isinstance(image, np.ndarray):
            raise TypeError(f"ToTensor: expected an array or a tensor, got {type(image).__name__}")
        if image.ndim not in (2, 3):
            raise ValueError(f"ToTensor: an image has shape (H, W) or (H, W, C), got {image.shape}")
        array = np.ascontiguousarray(np.atleast_3d(image).transpose(2, 0, 1))  # (H, W, C) -> (C, H, W)
        if array.dtype == np.uint8:
            array = array.astype(np.float32)
            array /= 255
        return from_numpy(array)

    def __repr__(self) -> str:
        return "ToTensor()"


class Normalize:
    """``(image - mean) / std``, channel by channel.

    Args:
        mean, std: a number for each channel, or one for all.
        inplace (bool): write over the image.

    Shape:
        ``(..., C, H, W)``, and the same for the result

    Raises:
        ValueError: a deviation is 0.
    """

    takes_batches = True

    def __init__(self, mean: float | Sequence[float], std: float | Sequence[float], inplace: bool = False) -> None:
        self.mean, self.std, self.inplace = mean, std, inplace
        if not np.all(np.asarray(std)):
            raise ValueError(f"Normalize: the deviations must not be 0, got {std}")

    def __call__(self, image: Tensor) -> Tensor:
        dtype = image._array.dtype
        if dtype.kind != "f":
            raise TypeError(f"Normalize: expected an image of floating dtype, got {image.dtype}; put ToTensor() first")
        mean, std = (np.asarray(value, dtype).reshape(-1, 1, 1) for value in (self.mean, self.std))
        if self.inplace:
            return image.sub_(from_numpy(mean)).div_(from_numpy(std))
        return (image - from_numpy(mean)) / from_numpy(std)

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


class Lambda:
    """A function of one's own.

    Args:
        lambd: takes an image and returns it changed.
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        self.lambd = lambd

    def __call__(self, image: Any) -> Any:
        return self.lambd(image)

    def __repr__(self) -> str:
        return "Lambda()"
