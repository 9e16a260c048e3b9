"""A process that is killed while it saves leaves the old file or the new one, and next to nothing beside it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_cn as tg
from tinygrad_cn.serialization import atomic_file

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

#: Forks writers, so that a kill costs milliseconds and not the start of an interpreter. Each writer saves one state
#: after the other, whose tensors hold its number; the file has to hold one number throughout, not below the last.
KILLER = """
import builtins, itertools, json, os, random, signal, sys, time
import tinygrad_cn as tg
from tinygrad_cn.serialization import atomic

path, mode = sys.argv[1], sys.argv[2]
folder = os.path.dirname(path)

def state(number):
    return {"a": tg.full((20_000,), float(number)), "b": tg.full((3,), float(number))}

def check(least):
    loaded = tg.load(path)
    number = int(loaded["b"][0])
    assert set(loaded) == {"a", "b"} and all((v == number).all() for v in loaded.values()) and number >= least, least
    leftovers = sorted(set(os.listdir(folder)) - {os.path.basename(path)})
    assert len(leftovers) <= 1, leftovers
    return number, len(leftovers)

def fork(work):
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(1)
    return child

def save_on(number):
    for i in itertools.count(number):
        tg.save(state(i), path)

tg.save(state(0), path)
start = time.perf_counter()
tg.save(state(0), path)
one = time.perf_counter() - start
number, kills, left, advanced = 0, 0, 0, 0

if mode == "anytime":
    draw = random.Random(0)
    for _ in range(40):
        child = fork(lambda: save_on(number + 1))
        time.sleep(draw.random() * 4 * one)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        before = number
        number, found = check(number)
        kills, left, advanced = kills + 1, left + found, advanced + (number > before)
else:  # at each step in turn: before and after every call that touches the disk
    def counted(function, name):
        def call(*args, **kwargs):
            tick()
            result = function(*args, **kwargs)
            tick()
            return result
        return call

    def work(fatal):
        ticks = itertools.count()
        def tick():
            if next(ticks) == fatal:
                os._exit(9)
        globals()["tick"] = tick
        class File:
            def __init__(self, file): self.file = file
            def __enter__(self): return self
            def __exit__(self, *error): self.close()
            def write(self, data):
                tick()
                half = len(data) // 2
                if half:
                    self.file.write(memoryview(data)[:half])
                    self.file.flush()
                    tick()
                    self.file.write(memoryview(data)[half:])
                else:
                    self.file.write(data)
                self.file.flush()
                tick()
                return len(data)
            def close(self):
                tick()
                self.file.close()
                tick()
            def __getattr__(self, name): return getattr(self.file, name)
        def opened(*args):
            tick()
            file = File(builtins.open(*args))
            tick()
            return file
        atomic.open = opened
        for name in ("fsync", "replace", "unlink", "listdir"):
            setattr(os, name, counted(getattr(os, name), name))
        tg.save(state(number + 1), path)
        os._exit(0)

    for fatal in itertools.count():
        child = fork(lambda: work(fatal))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 9), code
        before = number
        number, found = check(number)
        kills, left, advanced = kills + 1, left + found, advanced + (number > before)
        if code == 0:
            break
    assert number > before

tg.save(state(number), path)
assert os.listdir(folder) == [os.path.basename(path)], os.listdir(folder)
print(json.dumps([kills, left, advanced]))
"""


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
@pytest.mark.parametrize("mode", ["anytime", "every step"])
def test_a_killed_save(tmp_path, mode, ending):
    if ending == "safetensors":
        pytest.importorskip("safetensors")
    run = subprocess.run(
        [sys.executable, "-c", KILLER, str(tmp_path / f"state.{ending}"), mode],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    kills, left, advanced = json.loads(run.stdout)
    assert kills >= (40 if mode == "anytime" else 15)
    assert left > 0  # some were killed midway
    assert advanced > 0  # and some after the file had its name


def test_unfinished_files_of_the_living_stay(tmp_path):
    with atomic_file(tmp_path / "x") as outer:
        outer.write(b"first")
        tg.save(2, tmp_path / "x")
        assert len(os.listdir(tmp_path)) == 2
    assert (tmp_path / "x").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["x"]


def test_other_files_stay(tmp_path):
    names = [".x.notes.tmp", "x.0123456789abcdef.tmp", ".y.0123456789abcdef.tmp", ".x.0123456789ABCDEF.tmp"]
    abandoned = ".x.0123456789abcdef.tmp"
    for name in [*names, abandoned]:
        (tmp_path / name).touch()
    tg.save(1, tmp_path / "x")
    assert sorted(os.listdir(tmp_path)) == sorted([*names, "x"])


def test_permissions_are_kept(tmp_path):
    path = tmp_path / "x"
    tg.save(1, path)
    path.chmod(0o640)
    tg.save(2, path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x"
    tg.save(1, path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        tg.save(2, path)
    assert tg.load(path) == 1
    assert os.listdir(tmp_path) == ["x"]


def test_saving_into_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tg.save(1, "x")
    tg.save(2, Path("x"))
    assert tg.load("x") == 2
    assert os.listdir(tmp_path) == ["x"]
