"""Everything that can be wrong with a disk: files that are damaged, a disk that is full, a folder that is read-only."""

import errno
import os
import subprocess
import sys
import textwrap
import warnings

import pytest
from training.interrupting import At, names
from training_problem import Problem

import tinygrad_cn as tg
from tinygrad_cn.training import Callback, Checkpoint, CheckpointError, CheckpointWarning


@pytest.mark.parametrize("kind", ["cut off", "empty", "a byte changed", "another file"])
def test_the_one_before_is_used(tmp_path, kind):
    whole, first, second = Problem(), Problem(), Problem()
    whole.fit(3)
    first.fit(2, checkpoint=Checkpoint(tmp_path))
    path = tmp_path / "checkpoint-00000018.npz"
    data = bytearray(path.read_bytes())
    os.unlink(path)  # best.npz may be the same file
    if kind == "a byte changed":
        data[len(data) // 2] ^= 1
    path.write_bytes({"cut off": data[:-100], "empty": b"", "another file": b"notes"}.get(kind, data))
    with pytest.warns(CheckpointWarning, match=r"checkpoint-00000018.npz cannot be read, the checkpoint before"):
        second.fit(3, checkpoint=Checkpoint(tmp_path), resume=True)
    assert second.weights() == whole.weights()
    assert (tmp_path / "checkpoint-00000018.damaged").exists()


def test_none_can_be_read(tmp_path):
    Problem().fit(1, checkpoint=Checkpoint(tmp_path))
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    with pytest.warns(CheckpointWarning), pytest.raises(CheckpointError, match="none of the checkpoints"):
        Problem().fit(2, checkpoint=Checkpoint(tmp_path), resume=True)


def test_what_a_killed_run_left_half_written_is_removed(problem, tmp_path):
    (tmp_path / ".checkpoint-00000004.npz.0123456789abcdef.tmp").write_bytes(b"half")
    problem.fit(1, checkpoint=Checkpoint(tmp_path), resume=True)
    assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_training_goes_on_without_a_checkpoint(problem, tmp_path, monkeypatch, call):
    real, broken = getattr(os, call), []

    def full(*arguments):
        if broken:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, call, full)
    checkpoint = Checkpoint(tmp_path)
    fails = At(10, lambda run: broken.append(True))
    recovers = At(28, lambda run: broken.clear())
    with pytest.warns(CheckpointWarning) as caught:
        run = problem.fit(4, checkpoint=checkpoint, callbacks=[fails, recovers])
    assert run.step == 36
    assert len(checkpoint.failures) == len(caught) == 2
    assert "step 18 could not be written: [Errno 28] No space left" in str(caught[0].message)
    assert "training goes on" in str(caught[0].message)
    monkeypatch.undo()
    assert [int(name[11:19]) for name in names(tmp_path) if name != "best.npz"] == [0, 9, 36]
    second = Problem()
    second.fit(4, checkpoint=Checkpoint(tmp_path), resume=True)
    assert second.weights() == problem.weights()


@pytest.mark.skipif(os.name == "nt", reason="limits of a process")
def test_a_file_that_really_cannot_grow(tmp_path):
    """The system refuses to write more than some kilobytes to a file, from the second checkpoint on."""
    script = """
        import resource, signal, sys, warnings
        sys.path.insert(0, sys.argv[2])
        from training_problem import Problem
        from tinygrad_cn.training import Callback, Checkpoint

        class Limit(Callback):
            def after_step(self, run):
                if run.step == 10:
                    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

        warnings.simplefilter("ignore")
        checkpoint = Checkpoint(sys.argv[1])
        run = Problem().fit(3, checkpoint=checkpoint, callbacks=[Limit()])
        print(run.step, *checkpoint.failures, sep="\\n")
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path, os.path.dirname(os.path.dirname(__file__))],
        capture_output=True,
        text=True,
        timeout=100,
    )
    step, *failures = result.stdout.splitlines()
    assert step == "27", result.stderr
    assert len(failures) == 2
    assert all("File too large" in failure for failure in failures)
    assert names(tmp_path) == ["best.npz", "checkpoint-00000000.npz", "checkpoint-00000009.npz"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Problem().fit(1, checkpoint=Checkpoint(tmp_path), resume=True).step == 9


def test_a_folder_that_cannot_be_written_is_found_before_training(problem, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CheckpointError, match=r"cannot be written to .*file.*Take another folder"):
        problem.fit(1, checkpoint=Checkpoint(tmp_path / "file" / "c"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions")
def test_a_folder_that_is_read_only(problem, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(CheckpointError, match="Permission denied"):
        problem.fit(1, checkpoint=Checkpoint(tmp_path))


def test_a_file_system_that_is_read_only(problem, tmp_path, monkeypatch):
    def read_only(*arguments, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tinygrad_cn.training.checkpoint_files.save", read_only)
    with pytest.raises(CheckpointError, match="Read-only file system"):
        problem.fit(1, checkpoint=Checkpoint(tmp_path))


def test_a_file_system_without_second_names(problem, tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    problem.fit(2, checkpoint=Checkpoint(tmp_path))
    assert "best.npz" in names(tmp_path)
    assert tg.load(tmp_path / "best.npz")["step"] in (9, 18)


def test_what_cannot_be_saved_is_found_before_training(problem, tmp_path):
    class Odd(Callback):
        def state_dict(self):
            return {"function": print}

    with pytest.raises(TypeError, match=r"\['callbacks'\]\['Odd'\]\['function'\]"):
        problem.fit(1, checkpoint=Checkpoint(tmp_path), callbacks=[Odd()])
