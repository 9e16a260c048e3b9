"""The data sets: what they hold, and what is said about files that are missing or damaged. No network is used."""

import gzip
import hashlib
import sys

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.datasets import (
    MNIST,
    FashionMNIST,
    fashion_mnist,
    load_digits,
    load_fashion_mnist,
    load_mnist,
    mnist,
    transforms,
)
from tinygrad_cn.utils.data import DataLoader


def arrays(dataset):
    return tuple(part.numpy() for part in dataset.tensors)


@pytest.mark.parametrize(("package", "load"), [("sklearn", load_digits), ("pooch", load_mnist)])
def test_a_missing_extra_is_named(package, load, monkeypatch):
    for name in (package, f"{package}.datasets"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'tinygrad_cn\[data\]'") as caught:
        load()
    assert caught.value.name == package  # by which the command knows the extra


class TestDigits:
    sklearn = pytest.importorskip("sklearn.datasets")

    def test_what_they_are(self):
        for dataset, size in zip(load_digits(), (1437, 360), strict=True):
            images, labels = arrays(dataset)
            assert images.shape == (size, 1, 8, 8)
            assert images.dtype == np.float32
            assert (images.min(), images.max()) == (0, 1)
            assert labels.shape == (size,)
            assert labels.dtype == np.int64
            assert set(labels) == set(range(10))

    def test_the_split_uses_every_digit_once(self):
        original = np.sort(self.sklearn.load_digits().data.astype(np.float32) / 16, axis=0)
        together = np.concatenate([arrays(part)[0].reshape(-1, 64) for part in load_digits()])
        np.testing.assert_array_equal(np.sort(together, axis=0), original)

    def test_the_split_is_fixed_by_the_seed(self):
        first, again, other = (arrays(load_digits(seed)[1])[1] for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()


def idx(values: np.ndarray) -> bytes:
    """The IDX format: 0, 0, type (8: uint8), number of axes, their sizes, the values."""
    sizes = np.array(values.shape, dtype=">u4").tobytes()
    return bytes([0, 0, 8, values.ndim]) + sizes + values.astype(np.uint8).tobytes()


@pytest.fixture
def contents(monkeypatch):
    """A tiny MNIST: what its four files hold, taken by the loader for the real one."""
    rng = np.random.default_rng(0)
    contents = {}
    for part, size in (("train", 5), ("t10k", 3)):
        contents[f"{part}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (size, 28, 28)))
        contents[f"{part}-labels-idx1-ubyte"] = idx(np.arange(size))
    for name, content in contents.items():
        checksums = mnist.Checksums("not used", hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(mnist.CHECKSUMS, name, checksums)
    return contents


@pytest.fixture
def folder(contents, tmp_path):
    for name, content in contents.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    return tmp_path


class TestMnist:
    def test_what_it_is(self, folder, contents):
        for dataset, part, size in zip(load_mnist(folder), ("train", "t10k"), (5, 3), strict=True):
            images, labels = arrays(dataset)
            assert images.shape == (size, 1, 28, 28)
            assert images.dtype == np.float32
            pixels = np.frombuffer(contents[f"{part}-images-idx3-ubyte"][16:], np.uint8)
            np.testing.assert_array_equal(images.ravel(), pixels.astype(np.float32) / 255)
            assert labels.dtype == np.int64
            assert labels.tolist() == list(range(size))

    def test_the_folder_may_be_a_string(self, folder):
        assert len(load_mnist(str(folder))[0]) == 5

    def test_files_may_be_unpacked_or_packed_in_another_way(self, folder, contents):
        names = list(contents)
        (folder / f"{names[0]}.gz").unlink()
        (folder / names[0]).write_bytes(contents[names[0]])
        (folder / f"{names[1]}.gz").write_bytes(gzip.compress(contents[names[1]], compresslevel=1))
        assert len(load_mnist(folder)[0]) == 5

    def test_missing_files_are_named(self, folder):
        (folder / "train-labels-idx1-ubyte.gz").unlink()
        (folder / "t10k-images-idx3-ubyte.gz").unlink()
        with pytest.raises(FileNotFoundError, match=r"train-labels-idx1-ubyte\.gz, t10k-images-idx3-ubyte\.gz not"):
            load_mnist(folder)

    def test_a_changed_pixel_is_noticed(self, folder, contents):
        content = bytearray(contents["t10k-images-idx3-ubyte"])
        content[-1] ^= 1
        (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(content)))
        with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz is damaged.*SHA-256"):
            load_mnist(folder)

    @pytest.mark.parametrize("spoil", [lambda packed: packed[:-9], lambda packed: b"<html>404</html>", lambda _: b""])
    def test_a_file_that_cannot_be_unpacked_is_damaged(self, folder, spoil):
        path = folder / "train-images-idx3-ubyte.gz"
        path.write_bytes(spoil(path.read_bytes()))
        with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz is damaged"):
            load_mnist(folder)


class TestAsInTorchvision:
    def test_pairs(self, folder, contents):
        digits = MNIST(folder, train=False)
        pixels = np.frombuffer(contents["t10k-images-idx3-ubyte"][16:], np.uint8).reshape(3, 28, 28)
        image, label = digits[2]
        assert (len(digits), label, type(label)) == (3, 2, int)
        assert image.shape == (1, 28, 28)
        np.testing.assert_array_equal(image.numpy()[0], pixels[2].astype(np.float32) / 255)
        assert digits.data.dtype == tg.uint8
        np.testing.assert_array_equal(digits.data.numpy(), pixels)
        assert digits.targets.tolist() == [0, 1, 2]
        assert len(digits.classes) == 10
        assert repr(digits) == "MNIST(3 images, train=False)"

    def test_transforms_and_batches(self, folder):
        plain = MNIST(folder)
        changed = MNIST(folder, transform=lambda x: x * 2, target_transform=lambda y: y + 10)
        for (x, y), (u, v) in zip(DataLoader(plain, 2), DataLoader(changed, 2, num_workers=2), strict=True):
            np.testing.assert_array_equal(2 * x.numpy(), u.numpy())
            assert (y + 10).tolist() == v.tolist()
            assert (x.dtype, y.dtype, u.dtype, v.dtype) == (tg.float32, tg.int64, tg.float32, tg.int64)

    def test_transforms_that_take_batches(self, folder):
        prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
        digits = MNIST(folder, transform=prepare)
        assert prepare.takes_batches
        single = transforms.Compose([prepare, transforms.Lambda(lambda x: x)])
        assert not single.takes_batches
        for (x, y), (u, v) in zip(DataLoader(digits, 2), DataLoader(MNIST(folder, transform=single), 2), strict=True):
            np.testing.assert_array_equal(x.numpy(), u.numpy())
            assert y.tolist() == v.tolist()
        np.testing.assert_allclose(digits[0][0].numpy(), (MNIST(folder)[0][0].numpy() - 0.1307) / 0.3081, rtol=1e-5)

    def test_where_torchvision_puts_the_files(self, folder, tmp_path):
        raw = tmp_path / "elsewhere" / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for path in folder.glob("*.gz"):
            path.rename(raw / path.name)
        assert len(MNIST(tmp_path / "elsewhere")) == 5
        assert len(load_mnist(tmp_path / "elsewhere")[0]) == 5
        with pytest.raises(FileNotFoundError, match=r"t10k-labels-idx1-ubyte\.gz not found; download=True fetches it"):
            MNIST(folder)


class TestTransforms:
    def test_to_tensor(self):
        colours = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
        tensor = transforms.ToTensor()(colours)
        assert tensor.shape == (3, 2, 4)
        np.testing.assert_array_equal(tensor.numpy()[1], colours[:, :, 1].astype(np.float32) / 255)
        assert transforms.ToTensor()(np.ones((2, 4))).dtype == tg.float64
        assert transforms.ToTensor()(tensor) is tensor
        with pytest.raises(TypeError, match="got list"):
            transforms.ToTensor()([1])
        with pytest.raises(ValueError, match=r"\(H, W\) or \(H, W, C\), got \(2,\)"):
            transforms.ToTensor()(np.ones(2))

    def test_normalize(self):
        image = tg.ones(2, 3, 3)
        result = transforms.Normalize((1, 2), (2, 4))(image)
        assert result.dtype == tg.float32
        assert result[:, 0, 0].tolist() == [0, -0.25]
        assert transforms.Normalize(0.5, 0.5, inplace=True)(image) is image
        assert (image == 1).all()
        with pytest.raises(ValueError, match="must not be 0"):
            transforms.Normalize(0, (1, 0))
        with pytest.raises(TypeError, match=r"ToTensor\(\) first"):
            transforms.Normalize(0, 1)(tg.ones(1, 2, 2, dtype=tg.uint8))

    def test_what_they_say_of_themselves(self):
        prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0, 1), transforms.Lambda(abs)])
        assert repr(prepare) == "Compose([ToTensor(), Normalize(mean=0, std=1), Lambda()])"


class TestFashionMnist:
    @pytest.fixture
    def clothes(self, contents, monkeypatch, tmp_path):
        for name, content in contents.items():
            packed = gzip.compress(content)
            (tmp_path / f"{name}.gz").write_bytes(packed)
            checksums = fashion_mnist.Checksums(hashlib.sha256(packed).hexdigest(), None)
            monkeypatch.setitem(fashion_mnist.CHECKSUMS, name, checksums)
        return tmp_path

    def test_what_it_is(self, clothes):
        assert [len(part) for part in load_fashion_mnist(clothes)] == [5, 3]
        assert FashionMNIST.classes[FashionMNIST(clothes)[3][1]] == "Dress"

    def test_a_packed_file_is_judged_as_it_is_sent(self, clothes):
        path = clothes / "train-labels-idx1-ubyte.gz"
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))
        with pytest.raises(ValueError, match=r"not the file of FashionMNIST .*the SHA-256 of it is"):
            load_fashion_mnist(clothes)

    @pytest.mark.parametrize("spoil", [lambda c: c[:-1], lambda c: c[:3], lambda c: b"", lambda c: b"\1" + c[1:]])
    def test_an_unpacked_one_by_its_form(self, clothes, contents, spoil):
        name = "t10k-images-idx3-ubyte"
        (clothes / f"{name}.gz").unlink()
        (clothes / name).write_bytes(contents[name])
        assert len(load_fashion_mnist(clothes)[1]) == 3
        (clothes / name).write_bytes(spoil(contents[name]))
        with pytest.raises(ValueError, match="is damaged: it is not in the IDX format"):
            load_fashion_mnist(clothes)

    def test_files_that_do_not_belong_together(self, clothes, contents):
        (clothes / "train-labels-idx1-ubyte.gz").unlink()
        (clothes / "train-labels-idx1-ubyte").write_bytes(contents["t10k-labels-idx1-ubyte"])
        with pytest.raises(ValueError, match="do not belong together"):
            load_fashion_mnist(clothes)


class TestDownload:
    pooch = pytest.importorskip("pooch")

    def serve(self, monkeypatch, contents, tmp_path, broken=()):
        """Puts mirrors in the place of the network; returns the list of what was asked for."""
        asked = []

        def retrieve(url, known_hash, fname, path):
            asked.append(url)
            mirror = url.removesuffix(fname)
            if mirror in broken:
                raise broken[mirror]
            assert known_hash == "sha256:not used"
            assert path == tmp_path / "cache" / "mnist"
            path.mkdir(parents=True, exist_ok=True)
            (path / fname).write_bytes(gzip.compress(contents[fname.removesuffix(".gz")]))
            return str(path / fname)

        monkeypatch.setattr(self.pooch, "retrieve", retrieve)
        monkeypatch.setattr(self.pooch, "os_cache", lambda name: tmp_path / "cache")
        return asked

    def test_the_first_mirror_serves(self, monkeypatch, contents, tmp_path):
        asked = self.serve(monkeypatch, contents, tmp_path)
        assert [len(part) for part in load_mnist()] == [5, 3]
        assert asked == [f"{mnist.MIRRORS[0]}{name}.gz" for name in contents]

    @pytest.mark.parametrize("error", [ConnectionError("no route"), ValueError("wrong hash")])
    def test_the_next_mirror_is_tried(self, monkeypatch, contents, tmp_path, error):
        asked = self.serve(monkeypatch, contents, tmp_path, {mnist.MIRRORS[0]: error})
        assert len(load_mnist()[0]) == 5
        assert asked[1].startswith(mnist.MIRRORS[1])

    def test_into_the_folder_given(self, monkeypatch, contents, tmp_path):
        def retrieve(url, known_hash, fname, path):
            assert path == tmp_path / "data" / "MNIST" / "raw"
            path.mkdir(parents=True, exist_ok=True)
            (path / fname).write_bytes(gzip.compress(contents[fname.removesuffix(".gz")]))
            return str(path / fname)

        monkeypatch.setattr(self.pooch, "retrieve", retrieve)
        assert len(MNIST(tmp_path / "data", download=True)) == 5
        monkeypatch.setattr(self.pooch, "retrieve", None)
        assert len(MNIST(tmp_path / "data", train=False, download=True)) == 3

    def test_no_mirror_can_be_reached(self, monkeypatch, contents, tmp_path):
        self.serve(monkeypatch, contents, tmp_path, {mirror: OSError("no route") for mirror in mnist.MIRRORS})
        with pytest.raises(ConnectionError, match=r"(?s)ossci.*no route.*cvdf.*no route.*--data-dir"):
            load_mnist()
