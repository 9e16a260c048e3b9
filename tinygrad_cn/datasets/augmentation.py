"""More images from those there are: shifted, turned, and bent as a hand might have written them.

P. Y. Simard, D. Steinkraus, J. C. Platt, *Best practices for convolutional neural networks applied to visual document
analysis*, ICDAR 2003.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from tinygrad_cn import Generator, Tensor, default_generator, from_numpy
from tinygrad_cn.datasets.counted_random import uniforms
from tinygrad_cn.datasets.resampling import gaussian_matrix, resample
from tinygrad_cn.utils.data import Dataset, TensorDataset
from tinygrad_cn.utils.data.parts import Wrapping, stateful

__all__ = ["Augmented", "Distortion", "expand"]

Images = TypeVar("Images", Tensor, np.ndarray)

_gaussian = lru_cache(maxsize=16)(gaussian_matrix)


@dataclass(frozen=True)
class Distortion:
    """Changes images at random: turns each about its middle, shifts it, bends it. What comes in from outside is 0.

    Args:
        shift (float): at most so many pixels, down or up and right or left.
        rotation (float): at most so many degrees, either way.
        elastic (float): the strength of bending, alpha in the paper: each pixel is read from a place moved by this many
            pixels times smoothed noise. The paper's value for 29x29 digits is 34.
        smoothness (float): the standard deviation, in pixels, of the Gaussian that smooths the noise; the paper's is 4.

    Raises:
        ValueError: an amount is negative, or ``smoothness`` not positive.

    Example:
        >>> import numpy as np
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.datasets import Distortion
        >>> distort = Distortion(shift=2, rotation=15, elastic=34)
        >>> distort(tg.ones(8, 1, 28, 28), np.random.default_rng(0)).shape
        Size([8, 1, 28, 28])
    """

    shift: float = 0.0
    rotation: float = 0.0
    elastic: float = 0.0
    smoothness: float = 4.0

    def __post_init__(self) -> None:
        if not (min(self.shift, self.rotation, self.elastic) >= 0 and self.smoothness > 0):
            raise ValueError(f"Distortion: amounts must not be negative, and smoothness must be positive, got {self}")

    def __call__(self, images: Images, random: Generator | np.random.Generator | None = None) -> Images:
        """The images changed, with numbers from a stream.

        Args:
            images: numbers of any real dtype.
            random: a generator of this package or of NumPy; the default one if ``None``. Its state is all there
                is to write down.

        Shape:
            ``(N, H, W)`` or ``(N, C, H, W)``, and the same for the result: float32
        """
        source = default_generator if random is None else random
        array = _pixels(images)
        shape = (len(array), self._needed(array.shape))
        if isinstance(source, Generator):
            return _like(images, self._apply(array, source.uniform(shape)))
        return _like(images, self._apply(array, source.random(shape, np.float32)))

    def at(self, images: Images, seed: int, epoch: int, indices: Sequence[int] | np.ndarray) -> Images:
        """The images changed, each by numbers that follow from the seed, the epoch and the image's index alone.

        So an image comes out the same in whatever batch, order or worker it is made, and there is no state: the epoch
        is all that a run has to remember.

        Args:
            images: as above.
            seed, epoch (int): of the run.
            indices: which image of its data set each one is.
        """
        array = _pixels(images)
        if len(indices) != len(array):
            raise ValueError(f"Distortion.at: {len(array)} images need as many indices, got {len(indices)}")
        return _like(images, self._apply(array, uniforms(seed, epoch, np.asarray(indices), self._needed(array.shape))))

    def _needed(self, shape: tuple[int, ...]) -> int:
        """How many random numbers an image takes. The first four are always drawn."""
        return 4 + (2 * shape[2] * shape[3] if self.elastic else 0)

    def _apply(self, images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """(N, C, H, W) and numbers in [0, 1), (N, K) -> (N, C, H, W)."""
        count, _, height, width = images.shape
        down, right, turn, _ = 2 * numbers[:, :4].T - 1
        angle = (math.radians(self.rotation) * turn).tolist()
        # One by one: NumPy's cosine of many may differ from that of one in the last bit.
        cos = np.array([math.cos(a) for a in angle], np.float32)[:, None]
        sin = np.array([math.sin(a) for a in angle], np.float32)[:, None]
        # From a place of the result back to the image: unshift, then turn back about the middle.
        y = np.arange(height, dtype=np.float32) - np.float32((height - 1) / 2) - np.float32(self.shift) * down[:, None]
        x = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2) - np.float32(self.shift) * right[:, None]
        middle_row, middle_column = np.float32((height - 1) / 2), np.float32((width - 1) / 2)
        rows = (cos * y + middle_row)[:, :, None] + (sin * x)[:, None, :]  # (N, H, 1) + (N, 1, W)
        columns = (-sin * y + middle_column)[:, :, None] + (cos * x)[:, None, :]
        if self.elastic:
            noise = 2 * numbers[:, 4:].reshape(count, 2, height, width) - 1
            smooth = _gaussian(height, self.smoothness) @ noise @ _gaussian(width, self.smoothness).T
            smooth *= np.float32(self.elastic)
            rows += smooth[:, 0]
            columns += smooth[:, 1]
        return resample(images, rows, columns)


class Augmented(Wrapping, Dataset[Any]):
    """A data set whose images are changed anew in each epoch.

    What comes out depends on the seed, the epoch and the index alone: not on the number of workers, nor on what else is
    drawn. Call `set_epoch` before each pass, as of a distributed sampler. A `DataLoader` keeps the epoch in its state;
    processes that stay from pass to pass (``persistent_workers``) do not hear of a new one, threads do.

    Args:
        dataset: samples whose first part is an image of shape ``(C, H, W)`` or ``(H, W)``.
        distortion (Distortion): what is done.
        seed (int): of the run.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.datasets import Augmented, Distortion
        >>> from tinygrad_cn.utils.data import TensorDataset
        >>> digits = TensorDataset(tg.rand(5, 1, 8, 8), tg.arange(5))
        >>> augmented = Augmented(digits, Distortion(shift=1), seed=3)
        >>> augmented.set_epoch(1)
        >>> image, label = augmented[2]
        >>> image.shape, label
        (Size([1, 8, 8]), tensor(2))
    """

    def __init__(self, dataset: Any, distortion: Distortion, seed: int = 0) -> None:
        self.dataset, self.distortion, self.seed = dataset, distortion, seed
        self.epoch = 0

    def _wrapped(self) -> Sequence[Any]:
        return (self.dataset,)

    def set_epoch(self, epoch: int) -> None:
        """The changes from now on are those of this epoch."""
        self.epoch = epoch
        super().set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """The seed and the epoch; and the state of the data set within, if it has one."""
        within = stateful(self.dataset)
        own = {"seed": self.seed, "epoch": self.epoch}
        return own if within is None else own | {"dataset": within.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continues with what `state_dict` gave.

        Raises:
            ValueError: it was that of a data set with a state within, and this one has none, or the other way round.
        """
        within = stateful(self.dataset)
        if ("dataset" in state_dict) != (within is not None):
            raise ValueError(
                f"Augmented.load_state_dict: the state holds {'no' if within is not None else 'a'} state of the data "
                "set within; build both alike"
            )
        self.seed, self.epoch = state_dict["seed"], state_dict["epoch"]
        if within is not None:
            within.load_state_dict(state_dict["dataset"])

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        image, *rest = self.dataset[index]
        return self._changed(image[None], [index])[0], *rest

    def _collated(self, indices: Sequence[int]) -> Any:
        batch = self.dataset._collated(indices) if isinstance(self.dataset, Dataset) else None
        return None if batch is None else [self._changed(batch[0], indices), *batch[1:]]

    def _changed(self, images: Any, indices: Sequence[int]) -> Any:
        from_start = np.asarray(indices, np.int64) % len(self)  # -1 is the last one
        return self.distortion.at(images, self.seed, self.epoch, from_start)


def expand(dataset: TensorDataset, distortion: Distortion, copies: int = 1, seed: int = 0) -> TensorDataset:
    """A larger data set: the images as they are, followed by changed copies of all of them.

    Args:
        dataset (TensorDataset): images of shape ``(N, C, H, W)`` or ``(N, H, W)``, and what belongs to each.
        distortion (Distortion): what is done.
        copies (int): how many changed ones of each image.
        seed (int): of the changes; copy ``k`` is what `Augmented` makes in epoch ``k``, from 1 on.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.datasets import Distortion, expand
        >>> from tinygrad_cn.utils.data import TensorDataset
        >>> digits = TensorDataset(tg.rand(5, 1, 8, 8), tg.arange(5))
        >>> len(expand(digits, Distortion(shift=1), copies=4))
        25
    """
    if copies < 0:
        raise ValueError(f"expand: copies must not be negative, got {copies}")
    images, *rest = (tensor.detach().numpy() for tensor in dataset.tensors)
    indices = np.arange(len(images))
    changed = [images.astype(np.float32), *(distortion.at(images, seed, k + 1, indices) for k in range(copies))]
    repeated = [np.concatenate([part] * (copies + 1)) for part in rest]
    return TensorDataset(from_numpy(np.concatenate(changed)), *map(from_numpy, repeated))


def _pixels(images: Any) -> np.ndarray:
    """Images as (N, C, H, W), float32."""
    array = np.asarray(images.detach().numpy() if isinstance(images, Tensor) else images)
    if array.ndim not in (3, 4):
        raise ValueError(f"Distortion: expected images of shape (N, H, W) or (N, C, H, W), got {array.shape}")
    array = array.astype(np.float32, copy=False)
    return array[:, None] if array.ndim == 3 else array


def _like(images: Images, changed: np.ndarray) -> Images:
    array = changed if len(images.shape) == 4 else changed[:, 0]
    return from_numpy(array) if isinstance(images, Tensor) else array
