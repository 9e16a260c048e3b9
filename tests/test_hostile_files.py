"""Weight files that are damaged or made to harm: refused in words, and without more memory than the file's own size."""

import io
import json
import pickle
import pickletools
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn.errors import FileFormatError, UnsafeFileError

STATE = {"weight": tg.arange(6.0).reshape(2, 3), "bias": tg.ones(2, dtype=tg.int64)}


def refused(content, match="load", least=1 << 20):
    """Loading is refused, and takes no more than a few times the size of the file."""
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match=match):
            tg.load(io.BytesIO(content))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < least + 4 * len(content), f"{peak} bytes for a file of {len(content)}"


def zipped(members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def npy(shape, descr="<f4", data=b"", version=1):
    file = io.BytesIO()
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    file.write(b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header)
    return file.getvalue() + data


def manifest(value):
    text = value if isinstance(value, str) else json.dumps({"format": "tinygrad_cn 1", "value": value})
    return "manifest.json", text


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def whole(kind):
    file = io.BytesIO()
    if kind == "npz":
        tg.save(STATE, file)
    elif kind == "safetensors":
        package = pytest.importorskip("safetensors.numpy")
        file.write(package.save({name: value.numpy() for name, value in STATE.items()}))
    else:
        torch = pytest.importorskip("torch")
        torch.save({name: torch.from_numpy(value.numpy()) for name, value in STATE.items()}, file)
    return file.getvalue()


@pytest.fixture(params=["npz", "safetensors", "pt"], scope="module")
def good(request):
    return whole(request.param)


def test_every_truncation(good):
    for end in range(len(good)):
        with pytest.raises(FileFormatError):
            tg.load(io.BytesIO(good[:end]))


def test_bytes_behind_the_end_and_before_the_start(good):
    for content in (b"x" + good, good[1:]):
        with pytest.raises(FileFormatError):
            tg.load(io.BytesIO(content))


@settings(max_examples=60)
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_give_tensors_or_are_refused(good, changes):
    content = bytearray(good)
    for place, value in changes:
        content[int(place * len(content))] = value
    try:
        loaded = tg.load(io.BytesIO(content))
    except FileFormatError:
        return
    assert isinstance(loaded, dict)


class TestArchives:
    def test_a_bomb(self):
        members = [("x.npy", npy((1 << 28,), "|u1") + bytes(1 << 24))]
        refused(zipped(members, compression=zipfile.ZIP_DEFLATED), "compressed", least=1 << 16)

    def test_members_that_share_their_bytes(self):
        content = bytearray(zipped([("a.npy", npy((1 << 20,), "|u1", bytes(1 << 20))), ("b.npy", npy((0,)))]))
        directory = content.rfind(b"PK\1\2")
        first = content.find(b"PK\1\2")
        content[directory + 20 : directory + 28] = content[first + 20 : first + 28]  # b's sizes, and
        content[directory + 42 : directory + 46] = struct.pack("<I", 0)  # where it lies: both as of a
        refused(bytes(content), "claims to hold more")

    def test_a_size_that_is_a_lie(self):
        content = bytearray(zipped([("a.npy", npy((4,), "|u1", bytes(4)))]))
        directory = content.rfind(b"PK\1\2")
        content[directory + 20 : directory + 28] = struct.pack("<II", 1 << 31, 1 << 31)
        refused(bytes(content), "claims to hold more")

    def test_a_name_twice(self):
        with pytest.warns(UserWarning, match="Duplicate"):
            content = zipped([("a.npy", npy((1,), "|u1", b"1")), ("a.npy", npy((1,), "|u1", b"2"))])
        refused(content, "'a.npy' twice")

    def test_an_archive_in_an_archive(self):
        refused(zipped([("inner.zip", zipped([("a.npy", npy((0,)))]))]), "neither tensors")
        refused(zipped([("a.npy", zipped([("a.npy", npy((0,)))]))]), "damaged")

    @pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\x00b"[:1] + "/../b"])
    def test_names_that_look_like_paths_are_keys_and_nothing_else(self, name, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        file = io.BytesIO()
        np.savez(file, **{name: np.arange(3)})
        assert tg.load(file)[name].tolist() == [0, 1, 2]
        tg.save({name: tg.ones(1)}, tmp_path / "x.npz")
        assert list(tg.load(tmp_path / "x.npz")) == [name]
        assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]

    def test_a_password(self):
        content = bytearray(whole("npz"))
        for at in (content.find(b"PK\3\4") + 6, content.find(b"PK\1\2") + 8):
            content[at] |= 1
        refused(bytes(content), "encrypted")

    @pytest.mark.parametrize(
        ("shape", "descr", "data"),
        [
            ((1 << 40,), "<f4", b"1234"),
            ((-1,), "<f4", b"1234"),
            ((-1, -1), "<f4", b"1234"),
            ((0, 1 << 70), "<f4", b""),
            ((2,), "<f4", b"1234"),
            ((1,) * 200, "<f4", b"1234"),
            ((1.0,), "<f4", b"1234"),
            (("1",), "<f4", b"1234"),
            ((1,), "<f3", b"1234"),
            ((1,), "|O", b"1234"),
            ((1,), "<U1", b"1234"),
            ((1,), "<M8[s]", b"12345678"),
            ((1,), [("x", "<f4")], b"1234"),
            ((1,), "__import__('os')", b"1234"),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_headers_of_arrays(self, shape, descr, data, version):
        refused(zipped([("x.npy", npy(shape, descr, data, version))]))

    def test_long_headers_of_arrays(self):
        for version, length in ((1, 0xFFFF), (2, 0xFFFFFFFF), (3, 0x7FFFFFFF), (9, 10)):
            size = struct.pack("<H" if version == 1 else "<I", length)
            refused(zipped([("x.npy", b"\x93NUMPY" + bytes([version, 0]) + size + b"{" * 1000)]))
        refused(zipped([("x.npy", npy("(" * 5000 + ")" * 5000))]))

    def test_pickled_arrays_are_not_read(self):
        file = io.BytesIO()
        np.savez(file, x=np.array([Evil()]))
        refused(file.getvalue(), "dtype object|object")

    @pytest.mark.parametrize(
        "value",
        [
            '{"format": "tinygrad_cn 1", "value": 1, "value": 2}',
            '{"format": "tinygrad_cn 1"}',
            '{"format": "tinygrad_cn 1", "value": ' + "[" * 100_000,
            '{"format": "tinygrad_cn 1", "value": ' + '{"list": [' * 100_000 + "]}" * 100_000 + "}",
            '{"format": "tinygrad_cn 1", "value": ' + "9" * 100_000 + "}",
            {"dict": [["a", 1], ["a", 2]]},
            {"dict": [["a"]]},
            {"dict": [[{"list": []}, 1]]},
            {"set": [{"dict": []}]},
            {"size": ["x"]},
            {"tensor": ["x"]},
            {"tensor": "../x"},
            {"tensor": "x", "requires_grad": True},  # of integers
            {"float": "one"},
            {"bytes": "?"},
            {"dtype": "object"},
            {"counter": [["a"]]},
        ],
        ids=lambda v: str(v)[:50],
    )
    def test_manifests(self, value):
        refused(zipped([manifest(value), ("x.npy", npy((1,), "<i4", b"1234"))]))

    def test_a_tensor_that_is_named_a_thousand_times_is_read_once(self):
        data = npy((1 << 18,), "<f4", bytes(1 << 20))
        content = zipped([manifest({"list": [{"tensor": "x"}] * 1000}), ("x.npy", data)])
        tracemalloc.start()
        loaded = tg.load(io.BytesIO(content))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(loaded) == 1000
        assert peak < 4 << 20


class TestSafetensors:
    @pytest.fixture(autouse=True)
    def needed(self):
        pytest.importorskip("safetensors")

    def test_what_is_refused_here_is_right_but_for_that(self):
        assert tg.load(io.BytesIO(safetensors({"a": entry()}, bytes(4))))["a"].tolist() == [0.0]

    @pytest.mark.parametrize(
        ("header", "size"),
        [
            ({"a": entry(), "b": entry(offsets=(2, 6))}, 6),  # overlapping
            ({"a": entry(), "b": entry()}, 4),  # the same bytes
            ({"a": entry(), "b": entry(offsets=(8, 12))}, 12),  # a hole
            ({"a": entry()}, 5),  # bytes that belong to nobody
            ({"a": entry(shape=(100,), offsets=(0, 400))}, 4),  # beyond the file
            ({"a": entry(shape=(1 << 40,), offsets=(0, 1 << 42))}, 4),
            ({"a": entry(offsets=(4, 0))}, 4),
            ({"a": entry(offsets=(-4, 0))}, 4),
            ({"a": entry(shape=(-1,))}, 4),
            ({"a": entry(shape=(-1, -1))}, 4),
            ({"a": entry(shape=(1 << 62, 4), offsets=(0, 0))}, 0),
            ({"a": entry(shape=(2,))}, 4),
            ({"a": entry(dtype="F31")}, 4),
            ({"a": entry(dtype="F8_E4M3", shape=(4,))}, 4),
            ({"a": {"dtype": "F32"}}, 4),
            ({"a": 1}, 4),
            ([1], 4),
            (b'{"a": 1', 4),
            (b'{"a":' * 100_000, 4),
            (b"{\xff}", 4),
            (b'{"a":%s,"a":%s}' % ((json.dumps(entry()).encode(),) * 2), 4),
            (b'{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', 4),
        ],
        ids=lambda v: str(v)[:60],
    )
    def test_headers(self, header, size):
        refused(safetensors(header, bytes(size)))

    @pytest.mark.parametrize("length", [0, 1, 40, 1 << 20, 1 << 40, (1 << 64) - 1])
    def test_lengths_of_the_header(self, length):
        refused(safetensors({"a": entry()}, bytes(4), length))


class Evil:
    def __reduce__(self):
        return eval, ("1 / 0",)


def pytorch(program, **members):
    return zipped([("archive/data.pkl", program), *((f"archive/data/{k}", v) for k, v in members.items())])


def storage(kind="FloatStorage", key=b"X\1\0\0\0000", count=b"K\1", module="torch"):
    """The instructions that refer to a storage."""
    return b"(X\7\0\0\0storagec%s\n%s\n%sX\3\0\0\0cpu%stQ" % (module.encode(), kind.encode(), key, count)


def rebuilt(store, rest, function=b"_rebuild_tensor_v2"):
    return b"\x80\2ctorch._utils\n%s\n(%s%stR." % (function, store, rest)


ONE = b"K\0K\1\x85K\1\x85\x89N"  # offset 0, size (1,), stride (1,), no gradient, no hooks
DEEP = b")" + b"\x85" * 200_000  # a tuple in a tuple in a tuple ...


class TestPickles:
    def test_what_is_refused_here_is_right_but_for_that(self):
        assert tg.load(io.BytesIO(pytorch(rebuilt(storage(), ONE), **{"0": bytes(4)}))).tolist() == [0.0]

    @pytest.mark.parametrize("protocol", range(6))
    def test_code(self, protocol):
        with pytest.raises(UnsafeFileError):
            tg.load(io.BytesIO(pytorch(pickle.dumps([Evil()], protocol))), weights_only=False)

    @pytest.mark.parametrize(
        ("program", "size"),
        [
            (rebuilt(storage(count=b"K\2"), ONE), 4),  # a storage that claims more than it has
            (rebuilt(storage(count=b"\x8a\x08" + b"\xff" * 7 + b"\x7f"), ONE), 4),
            (rebuilt(storage(key=b"X\1\0\0\0001"), ONE), 4),  # a member that is not there
            (rebuilt(storage(key=b"K\0"), ONE), 4),
            (rebuilt(storage("Size"), ONE), 4),
            (rebuilt(storage("float32"), ONE), 4),
            (rebuilt(b"K\1", ONE), 4),
            (rebuilt(storage(), b"K\1K\1\x85K\1\x85\x89N"), 4),  # behind the end
            (rebuilt(storage(), b"J\xff\xff\xff\xffK\1\x85K\1\x85\x89N"), 4),  # negative: offset,
            (rebuilt(storage(), b"K\0J\xff\xff\xff\xff\x85K\1\x85\x89N"), 4),  # size,
            (rebuilt(storage(), b"K\0K\1\x85J\xff\xff\xff\xff\x85\x89N"), 4),  # stride
            (rebuilt(storage(), b"K\0K\2\x85K\1\x85\x89N"), 4),
            (rebuilt(storage(), b"K\0K\1\x85)\x89N"), 4),
            (rebuilt(storage(), b"K\0X\1\0\0\0a\x85K\1\x85\x89N"), 4),
            (rebuilt(storage("LongStorage"), b"K\0K\1\x85K\1\x85\x88N"), 8),  # integers that require a gradient
            (rebuilt(storage(), ONE + b"K\1", b"_rebuild_tensor_v3"), 4),
        ],
        ids=lambda v: str(v)[:90] if isinstance(v, bytes) else str(v),
    )
    def test_tensors(self, program, size):
        refused(pytorch(program, **{"0": bytes(size)}))

    @pytest.mark.parametrize(
        "program",
        [
            b"\x80\2}" + DEEP + b"K\1s.",
            b"\x80\4\x8f(" + DEEP + b"\x90.",
            b"\x80\2c__builtin__\nset\n]" + DEEP + b"a\x85R.",
            b"\x80\2ccollections\nOrderedDict\n]" + DEEP + b"K\1\x86a\x85R.",
            b"\x80\2ccollections\nCounter\n]" + DEEP + b"K\1\x86a\x85R.",
            b"\x80\2ctorch\nSize\n" + DEEP + b"\x85R.",
            rebuilt(storage(), ONE + DEEP, b"_rebuild_tensor_v3"),
            rebuilt(storage(key=DEEP), ONE),
        ],
        ids=["key", "member", "set", "OrderedDict", "Counter", "Size", "dtype", "storage"],
    )
    def test_tuples_that_would_exhaust_the_stack(self, program):
        with pytest.raises(FileFormatError, match="load"):
            tg.load(io.BytesIO(pytorch(program)))

    @pytest.mark.parametrize(
        "program",
        [
            *(b"", b".", b"\x80\2", b"\x80\2N", b"\x80\2t.", b"\x80\2R.", b"\x80\2q\0.", b"\x80\2h\7.", b"\x80\2(N"),
            *(b"\xff", b"\x80\2X\xff\xff\xff\x7fabc.", b"\x80\2\x8b\xff\xff\xff\x7f.", b"\x80\2\x86.", b"\x80\2}K\1s."),
            b"\x80\2K\1a.",
        ],
        ids=str,
    )
    def test_programs_that_are_none(self, program):
        refused(pytorch(program))

    def test_every_instruction_that_states_do_not_need(self):
        """Alone on an empty stack each instruction is refused, or gives a plain value."""
        for code in pickletools.opcodes:
            program = b"\x80\2" + code.code.encode("latin1") + b"os\nsystem\n" * 2 + b"\0" * 8 + b"."
            try:
                value = tg.load(io.BytesIO(pytorch(program)))
            except FileFormatError:
                continue
            assert type(value) in (int, float, str, bytes, bool, list, tuple, dict, set, type(None)), code.name

    def test_a_bare_pickle_and_other_files(self, tmp_path):
        path = tmp_path / "x.pt"
        for content in (pickle.dumps(1), b"{}", b"\x89HDF\r\n\x1a\n", bytes(100), b""):
            path.write_bytes(content)
            with pytest.raises(FileFormatError):
                tg.load(path)
