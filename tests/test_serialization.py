"""save and load: what goes in comes out, files are whole or untouched, and nothing in them is ever run."""

import io
import json
import os
import pickle
import sys
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import dtypes
from tinygrad_cn.errors import FileFormatError, MissingExtraError, UnsafeFileError
from tinygrad_cn.serialization import atomic_file


def again(value):
    file = io.BytesIO()
    tg.save(value, file)
    return tg.load(file)


def equal(a, b):
    assert type(a) is type(b)
    if isinstance(a, tg.Tensor):
        assert (a.dtype, a.shape, a.requires_grad) == (b.dtype, b.shape, b.requires_grad)
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            equal(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            equal(x, y)
    else:
        assert a == b or (a != a and b != b)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)], ids=str)
def test_tensors_of_every_dtype(dtype, shape):
    equal(again(tg.ones(shape, dtype=dtype)), tg.ones(shape, dtype=dtype))


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, 2**200, -1.5, float("inf"), float("-inf"), float("nan"), 1 - 2j, "字\ud800", b"\x00\xff"),
        {"a": [1, (2.0, "x", ())], 3: {None: {}}, (1, 2): [], True: False},
        OrderedDict(b=1, a=OrderedDict()),
        Counter({3: 2}),
        {1, 2},
        tg.Size([2, 3]),
        tg.float16,
        {"a.b": tg.ones(1), "a": {"b": tg.zeros(1)}, "../x": tg.ones(2), "": tg.ones(3), "A.b": tg.zeros(4)},
        [tg.arange(6).reshape(2, 3).T, tg.ones(2).expand(3, 2), tg.arange(5).flip(0)],
        tg.nn.Parameter(tg.ones(2)),
        tg.ones(2, requires_grad=True),
    ],
    ids=lambda v: type(v).__name__,
)
def test_values_and_containers(value):
    equal(again(value), value)


def test_arrays_and_scalars_of_numpy():
    array, scalar = again((np.arange(3, dtype=">i4"), np.float32(0.1)))
    np.testing.assert_array_equal(array, [0, 1, 2])
    assert type(scalar) is np.float32 and scalar == np.float32(0.1)


def test_a_training_state(tmp_path):
    model = tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.BatchNorm1d(4))
    optimizer = tg.optim.AdamW(model.parameters(), lr=0.01)
    model(tg.ones(2, 3)).sum().backward()
    optimizer.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    tg.save(state, tmp_path / "state")
    equal(tg.load(str(tmp_path / "state"), map_location="cpu", weights_only=True, mmap=True), state)
    assert os.listdir(tmp_path) == ["state"]


def test_shared_memory_stays_shared():
    weight = tg.ones(1000)
    file = io.BytesIO()
    tg.save({"a": weight, "b": weight.detach()}, file)
    assert len(file.getvalue()) < 6000
    loaded = tg.load(file)
    loaded["a"][0] = 5
    assert loaded["b"][0] == 5


def test_numpy_reads_the_arrays_and_its_files_are_read(tmp_path):
    tg.save({"weight": tg.arange(3)}, tmp_path / "ours.npz")
    np.testing.assert_array_equal(np.load(tmp_path / "ours.npz", allow_pickle=False)["weight"], [0, 1, 2])
    np.savez(tmp_path / "theirs.npz", weight=np.arange(3.0))
    equal(tg.load(tmp_path / "theirs.npz"), {"weight": tg.arange(3.0, dtype=tg.float64)})


class Unpicklable:
    def __reduce__(self):
        raise TypeError("not to be pickled")


class TestRefusals:
    def test_unknown_types_are_named_with_their_keys(self, tmp_path):
        with pytest.raises(TypeError, match=r"the object\['a'\]\[1\] is of type .*Unpicklable, which is not saved"):
            tg.save({"a": [1, Unpicklable()]}, tmp_path / "x")
        assert not os.listdir(tmp_path)

    def test_cycles(self):
        value = []
        value.append(value)
        with pytest.raises(ValueError, match=r"the object\[0\] contains itself"):
            again(value)

    def test_arrays_of_objects(self, tmp_path):
        with pytest.raises(TypeError, match=r"the object\['x'\]: dtype object"):
            again({"x": np.array([Unpicklable()])})
        np.savez(tmp_path / "x.npz", x=np.array([object()]))
        with pytest.raises(FileFormatError):
            tg.load(tmp_path / "x.npz")

    def test_text_files(self):
        with pytest.raises(TypeError, match="'wb'"):
            tg.save(1, io.StringIO())
        with pytest.raises(TypeError, match="'rb'"):
            tg.load(io.StringIO())

    def test_other_devices(self):
        with pytest.raises(RuntimeError):
            tg.load(io.BytesIO(), map_location="cuda")

    def test_other_files(self):
        for content in (b"", b"hello", b"PK\x03\x04", pickle.dumps(1)):
            with pytest.raises(FileFormatError):
                tg.load(io.BytesIO(content))

    def test_every_truncation_and_many_changed_bytes(self):
        file = io.BytesIO()
        tg.save({"a": tg.arange(4), "b": [1, "x"]}, file)
        content = file.getvalue()
        for end in range(len(content)):
            with pytest.raises(FileFormatError):
                tg.load(io.BytesIO(content[:end]))
        whole = tg.load(file)
        for i in range(len(content)):
            changed = content[:i] + bytes([content[i] ^ 0x10]) + content[i + 1 :]
            try:
                loaded = tg.load(io.BytesIO(changed))
            except FileFormatError:
                continue
            equal(loaded, whole)  # a byte without meaning, as the date in a zip file

    def test_files_that_unfold(self, tmp_path):
        np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(10**6))
        with pytest.raises(FileFormatError, match="compressed"):
            tg.load(tmp_path / "bomb.npz")

    def test_a_header_that_claims_more_than_there_is(self):
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("x.npy", header.getvalue() + bytes(8))
        with pytest.raises(FileFormatError, match="has 8 bytes"):
            tg.load(file)

    @pytest.mark.parametrize("node", [[1], {}, {"function": "os.system"}, {"tensor": "no"}, {"tuple": 3}], ids=str)
    def test_manifests_of_others(self, node):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("manifest.json", json.dumps({"format": "tinygrad_cn 1", "value": node}))
        with pytest.raises(FileFormatError):
            tg.load(file)


class TestAtomicity:
    def test_an_error_midway_leaves_the_old_file(self, tmp_path):
        tg.save(1, tmp_path / "x")
        with pytest.raises(OSError, match="disk full"), atomic_file(tmp_path / "x") as file:
            file.write(b"half")
            raise OSError("disk full")
        assert tg.load(tmp_path / "x") == 1
        assert os.listdir(tmp_path) == ["x"]

    def test_links_are_followed(self, tmp_path):
        tg.save(1, tmp_path / "x")
        (tmp_path / "link").symlink_to("x")
        tg.save(2, tmp_path / "link")
        assert tg.load(tmp_path / "x") == 2 and (tmp_path / "link").is_symlink()


class Evil:
    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


def pytorch_file(pickled):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    return file


class TestHostilePickles:
    @pytest.mark.parametrize("protocol", [2, 4, 5])
    @pytest.mark.parametrize(
        ("function", "arguments"),
        [(os.system, ("exit 1",)), (eval, ("1",)), (getattr, ("", "join")), (open, ("/tmp/x",))],
        ids=["system", "eval", "getattr", "open"],
    )
    def test_functions_are_refused_by_name(self, protocol, function, arguments):
        data = pickle.dumps({"a": Evil(function, *arguments)}, protocol)
        with pytest.raises(UnsafeFileError, match=rf"\.{function.__name__}, which is not read"):
            tg.load(pytorch_file(data), weights_only=False)
        with pytest.raises(pickle.UnpicklingError):
            tg.load(pytorch_file(data))

    def test_instances_and_attributes(self):
        with pytest.raises(UnsafeFileError, match=r"copyreg|TestHostilePickles"):
            tg.load(pytorch_file(pickle.dumps(self, 2)))
        value = OrderedDict()
        value.__dict__["keys"] = 1
        with pytest.raises(UnsafeFileError, match="_metadata"):
            tg.load(pytorch_file(pickle.dumps(value, 2)))

    def test_other_instructions(self):
        with pytest.raises(UnsafeFileError, match="INST"):
            tg.load(pytorch_file(b"(ios\nsystem\n."))


class TestPyTorch:
    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch")

    def load(self, torch, value):
        file = io.BytesIO()
        torch.save(value, file)
        return tg.load(file)

    def test_a_training_state(self, torch):
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.LSTM(4, 2))
        optimizer = torch.optim.Adam(model[0].parameters())
        model[0](torch.ones(1, 3)).sum().backward()
        optimizer.step()
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "n": [1, 2.5, None, (True, "x")]}
        loaded = self.load(torch, state)
        assert loaded["n"] == state["n"]
        assert loaded["optimizer"]["param_groups"] == state["optimizer"]["param_groups"]
        for name, value in state["model"].items():
            np.testing.assert_array_equal(loaded["model"][name].numpy(), value.numpy())
        ours = tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.BatchNorm1d(4), tg.nn.LSTM(4, 2))
        ours.load_state_dict(loaded["model"])
        tg.optim.Adam(ours[0].parameters()).load_state_dict(loaded["optimizer"])

    @pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
    def test_every_dtype(self, torch, dtype):
        value = torch.ones(2, 3, dtype=getattr(torch, dtype.name))
        equal(self.load(torch, value), tg.ones(2, 3, dtype=dtype))
        equal(self.load(torch, value[:0]), tg.ones(0, 3, dtype=dtype))

    def test_views_share_memory(self, torch):
        base = torch.arange(12.0)
        loaded = self.load(torch, [base, base.reshape(3, 4).T, base[2:5].expand(2, 3)])
        equal(loaded[1], tg.arange(12.0).reshape(3, 4).T)
        equal(loaded[2], tg.arange(12.0)[2:5].expand(2, 3))
        loaded[0][3] = -1
        assert loaded[1][3, 0] == loaded[2][0, 1] == -1

    def test_values(self, torch):
        loaded = self.load(
            torch, [torch.bfloat16, torch.nn.Parameter(torch.ones(1)), torch.float32, torch.Size([1])][1:]
        )
        assert isinstance(loaded[0], tg.nn.Parameter) and loaded[1] is tg.float32 and loaded[2] == tg.Size([1])
        equal(self.load(torch, torch.tensor([1.5, -2], dtype=torch.bfloat16)), tg.tensor([1.5, -2]))

    def test_modules_are_refused_by_name(self, torch):
        with pytest.raises(UnsafeFileError, match=r"torch\.nn\.modules\.linear\.Linear.*state_dict"):
            self.load(torch, torch.nn.Linear(1, 1))

    def test_damaged_files(self, torch):
        file = io.BytesIO()
        torch.save({"a": torch.arange(3)}, file)
        content = file.getvalue()
        for end in range(0, len(content), 7):
            with pytest.raises(FileFormatError):
                tg.load(io.BytesIO(content[:end]))

    def test_a_view_that_leaves_its_storage(self, torch):
        value = torch.arange(4)
        file = io.BytesIO()
        torch.save(value, file)
        with zipfile.ZipFile(file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        hostile = io.BytesIO()
        with zipfile.ZipFile(hostile, "w") as archive:
            for name, data in members.items():
                # the size (4,) becomes (99,)
                archive.writestr(name, data.replace(b"K\x04\x85", b"K\x63\x85") if "data.pkl" in name else data)
        with pytest.raises(FileFormatError):
            tg.load(hostile)


class TestSafetensors:
    def test_without_the_package(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "safetensors", None)
        monkeypatch.delitem(sys.modules, "safetensors.numpy", raising=False)
        with pytest.raises(MissingExtraError, match=r'pip install "tinygrad_cn\[safetensors\]"'):
            tg.save({"a": tg.ones(1)}, tmp_path / "x.safetensors")

    def test_both_ways(self, tmp_path):
        package = pytest.importorskip("safetensors.numpy")
        state = {"a": tg.arange(6.0).reshape(2, 3).T, "b": tg.ones(()), "c": tg.ones(2, dtype=tg.bool)}
        tg.save(state, tmp_path / "x.safetensors")
        theirs = package.load_file(tmp_path / "x.safetensors")
        for name, value in state.items():
            np.testing.assert_array_equal(theirs[name], value.numpy())
        package.save_file({"w": np.arange(3, dtype=np.int16)}, tmp_path / "y.safetensors")
        equal(tg.load(tmp_path / "y.safetensors"), {"w": tg.arange(3, dtype=tg.int16)})
        equal(dict(sorted(tg.load(tmp_path / "x.safetensors").items())), state)

    def test_refusals(self, tmp_path):
        pytest.importorskip("safetensors")
        with pytest.raises(TypeError, match=r"\['a'\] is a dict"):
            tg.save({"a": {}}, tmp_path / "x.safetensors")
        tg.save({"a": tg.ones(3)}, tmp_path / "x.safetensors")
        content = (tmp_path / "x.safetensors").read_bytes()
        for end in range(len(content)):
            with pytest.raises(FileFormatError):
                tg.load(io.BytesIO(content[:end]))
