"""Fashion-MNIST: 70,000 articles of clothing of 28x28 pixels in ten classes, in MNIST's form but harder."""

from __future__ import annotations

from pathlib import Path

from tinygrad_cn.datasets import labelled_images
from tinygrad_cn.datasets.idx_files import Checksums, Source
from tinygrad_cn.utils.data import TensorDataset

__all__ = ["FashionMNIST", "load_fashion_mnist"]

MIRRORS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)

# Of the packed files, which agree with the MD5 sums that the authors publish; of what they hold, none are published.
CHECKSUMS = {
    "train-images-idx3-ubyte": Checksums("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", None),
    "train-labels-idx1-ubyte": Checksums("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", None),
    "t10k-images-idx3-ubyte": Checksums("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", None),
    "t10k-labels-idx1-ubyte": Checksums("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", None),
}

SOURCE = Source("FashionMNIST", "fashion-mnist", MIRRORS, CHECKSUMS)


class FashionMNIST(labelled_images.LabelledImages):
    """Fashion-MNIST as pairs of an image and its class: see `LabelledImages` for the arguments, torchvision's.

    Example::

        training = FashionMNIST("data", train=True, download=True)
        image, label = training[0]
        FashionMNIST.classes[label]  # 'Ankle boot'
    """

    source = SOURCE
    classes = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )


def load_fashion_mnist(data_dir: str | Path | None = None) -> tuple[TensorDataset, TensorDataset]:
    """Loads Fashion-MNIST: its 60,000 training images and its 10,000 test images.

    Args:
        data_dir (str or Path, optional): a folder with its four files, packed as they are published (their SHA-256 is
            checked) or unpacked (only their form is). Without it they are downloaded once and kept in the
            user's cache folder.

    Returns:
        Training and test data. Pixels are float32 in [0, 1], labels int64: the places in `FashionMNIST.classes`.

    Shape:
        - images: :math:`(N, 1, 28, 28)`
        - labels: :math:`(N)`

    Raises:
        FileNotFoundError: if a file is missing in ``data_dir``.
        ValueError: if a file is damaged or is another one.
        ConnectionError: if no mirror can be reached.
        ModuleNotFoundError: if a download is needed and pooch is not installed.

    Source: H. Xiao, K. Rasul, R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms*, 2017, https://arxiv.org/abs/1708.07747.
    """
    return labelled_images.load(SOURCE, data_dir)
