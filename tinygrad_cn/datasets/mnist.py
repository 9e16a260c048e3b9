"""MNIST: 70,000 handwritten digits of 28x28 pixels, downloaded once or read from a folder."""

from __future__ import annotations

from pathlib import Path

from tinygrad_cn.datasets import labelled_images
from tinygrad_cn.datasets.idx_files import Checksums, Source
from tinygrad_cn.utils.data import TensorDataset

__all__ = ["MNIST", "load_mnist"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

CHECKSUMS = {
    "train-images-idx3-ubyte": Checksums(
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": Checksums(
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": Checksums(
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": Checksums(
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}

SOURCE = Source("MNIST", "mnist", MIRRORS, CHECKSUMS)


class MNIST(labelled_images.LabelledImages):
    """MNIST as pairs of an image and its digit: see `LabelledImages` for the arguments, which are torchvision's.

    Example::

        training = MNIST("data", train=True, download=True)
        image, digit = training[0]
    """

    source = SOURCE
    classes = (
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    )


def load_mnist(data_dir: str | Path | None = None) -> tuple[TensorDataset, TensorDataset]:
    """Loads MNIST: its 60,000 training digits and its 10,000 test digits.

    Args:
        data_dir (str or Path, optional): a folder with the four files of MNIST, packed
            (``train-images-idx3-ubyte.gz``) or not. Without it they are downloaded once and kept in
            the user's cache folder.

    Returns:
        Training and test data. Pixels are float32 in [0, 1], labels int64.

    Shape:
        - images: :math:`(N, 1, 28, 28)`
        - labels: :math:`(N)`

    Raises:
        FileNotFoundError: if a file is missing in ``data_dir``.
        ValueError: if a file is damaged or is not MNIST.
        ConnectionError: if no mirror can be reached.
        ModuleNotFoundError: if a download is needed and pooch is not installed.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document
    recognition*, Proceedings of the IEEE 86(11), 1998.
    """
    return labelled_images.load(SOURCE, data_dir)
