"""The 1,797 handwritten digits of 8x8 pixels that come with scikit-learn: no network is needed."""

from __future__ import annotations

import numpy as np

import tinygrad_cn
from tinygrad_cn.utils.data import TensorDataset

HELD_OUT = 360  # of the 1,797: one fifth


def load_digits(seed: int = 0) -> tuple[TensorDataset, TensorDataset]:
    """Loads scikit-learn's handwritten digits, shuffled and split into training and held-out data.

    Args:
        seed (int): fixes which digits are held out.

    Returns:
        The 1,437 training digits and the 360 held-out ones. Pixels are float32 in [0, 1], labels int64.

    Shape:
        - images: :math:`(N, 1, 8, 8)`
        - labels: :math:`(N)`

    Raises:
        ModuleNotFoundError: if scikit-learn is not installed.

    Source: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49 (its test part, by 13 writers).

    Example::

        >>> training, held_out = load_digits()
        >>> len(training), len(held_out), tuple(training[0][0].shape)
        (1437, 360, (1, 8, 8))
    """
    try:
        import sklearn.datasets  # an extra, and slow to import
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "load_digits: the digits come with scikit-learn, which is not installed; pip install 'tinygrad_cn[data]'",
            name="sklearn",
        ) from error

    digits = sklearn.datasets.load_digits()
    images = np.asarray(digits.images, dtype=np.float32)[:, None] / 16  # (N, 8, 8) -> (N, 1, 8, 8)
    labels = np.asarray(digits.target, dtype=np.int64)
    order = np.random.default_rng(seed).permutation(len(labels))

    def subset(chosen: np.ndarray) -> TensorDataset:
        return TensorDataset(tinygrad_cn.from_numpy(images[chosen]), tinygrad_cn.from_numpy(labels[chosen]))

    return subset(order[HELD_OUT:]), subset(order[:HELD_OUT])
