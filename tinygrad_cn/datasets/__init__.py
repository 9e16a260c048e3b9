"""Real data to learn from, and what is done to it: digits, clothes, text, augmentation."""

from tinygrad_cn.datasets import transforms
from tinygrad_cn.datasets.augmentation import Augmented, Distortion, expand
from tinygrad_cn.datasets.digits import load_digits
from tinygrad_cn.datasets.fashion_mnist import FashionMNIST, load_fashion_mnist
from tinygrad_cn.datasets.mnist import MNIST, load_mnist
from tinygrad_cn.datasets.text import TextFile, TextWindows, Vocabulary

__all__ = [
    "MNIST",
    "Augmented",
    "Distortion",
    "FashionMNIST",
    "TextFile",
    "TextWindows",
    "Vocabulary",
    "expand",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "transforms",
]
