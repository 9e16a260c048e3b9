"""Real data to learn from: handwritten digits as `TensorDataset`s, split into training and held-out data."""

from tinygrad_cn.datasets.digits import load_digits
from tinygrad_cn.datasets.mnist import load_mnist

__all__ = ["load_digits", "load_mnist"]
