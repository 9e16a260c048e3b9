"""MNIST: 70,000 handwritten digits of 28x28 pixels, downloaded once or read from a folder."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

import tinygrad_cn
from tinygrad_cn.utils.data import TensorDataset

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


class Checksums(NamedTuple):
    """SHA-256 of a file as the mirrors send it, and of what it holds.

    A file that a user packed again is still MNIST, so a folder's files are judged by what they hold.
    """

    archive: str
    content: str


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
    paths = _download() if data_dir is None else _find(Path(data_dir))

    def read(part: str) -> TensorDataset:
        images = _read(paths[f"{part}-images-idx3-ubyte"], CHECKSUMS[f"{part}-images-idx3-ubyte"].content)
        labels = _read(paths[f"{part}-labels-idx1-ubyte"], CHECKSUMS[f"{part}-labels-idx1-ubyte"].content)
        pixels = images[:, None].astype(np.float32)  # (N, 28, 28) -> (N, 1, 28, 28)
        pixels /= 255
        return TensorDataset(tinygrad_cn.from_numpy(pixels), tinygrad_cn.from_numpy(labels.astype(np.int64)))

    return read("train"), read("t10k")


def _find(folder: Path) -> dict[str, Path]:
    """The four files in a folder, each packed or unpacked."""
    found = {}
    for name in CHECKSUMS:
        candidates = (folder / f"{name}.gz", folder / name)
        path = next((path for path in candidates if path.is_file()), None)
        if path is not None:
            found[name] = path
    missing = [f"{name}.gz" for name in CHECKSUMS if name not in found]
    if missing:
        raise FileNotFoundError(f"MNIST is not complete in {folder}: {', '.join(missing)} not found")
    return found


def _download() -> dict[str, Path]:
    """The four files in the cache folder, fetched from the first mirror that sends them unharmed."""
    import pooch  # an extra

    folder = Path(pooch.os_cache("tinygrad_cn")) / "mnist"
    paths = {}
    for name, checksums in CHECKSUMS.items():
        failures = []
        for mirror in MIRRORS:
            url = f"{mirror}{name}.gz"
            try:
                # A sound file in the cache is used as it is, a damaged one is fetched again.
                path = pooch.retrieve(url, f"sha256:{checksums.archive}", fname=f"{name}.gz", path=folder)
            except (OSError, ValueError) as error:  # the network's errors; a wrong checksum
                failures.append(f"  {url}: {error}")
            else:
                paths[name] = Path(path)
                break
        else:
            raise ConnectionError(
                f"{name}.gz could not be downloaded from any mirror:\n"
                + "\n".join(failures)
                + "\nGet MNIST's four files in another way and give the folder that holds them (--data-dir, data_dir=)."
            )
    return paths


def _read(path: Path, sha256: str) -> np.ndarray:
    """Reads a file in the IDX format: 0, 0, type (8: uint8), number of axes, their sizes, the values."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}. Remove it and get it anew.") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise ValueError(
            f"{path} is damaged or is not the file of MNIST by that name: the SHA-256 of what it holds "
            f"is {digest}, expected {sha256}. Remove it and get it anew."
        )
    axes = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=axes, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)
