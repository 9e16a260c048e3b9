"""Resuming equals never having stopped, to the bit: a run that is killed with SIGKILL again and again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_cn as tg

KILLS = 24


def timeless(state):
    """A state without what a clock told."""
    if isinstance(state, dict):
        return {key: timeless(value) for key, value in state.items() if key != "seconds"}
    return [timeless(value) for value in state] if isinstance(state, list | tuple) else state


def assert_identical(a, b, path=""):
    assert type(a) is type(b), path
    if isinstance(a, dict):
        assert list(a) == list(b), path
        for key in a:
            assert_identical(a[key], b[key], f"{path}.{key}")
    elif isinstance(a, list):
        assert len(a) == len(b), path
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_identical(x, y, f"{path}[{i}]")
    elif isinstance(a, tg.Tensor | np.ndarray):
        x, y = np.asarray(a), np.asarray(b)
        assert (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes()), path
    else:
        assert a == b or (a != a and b != b), path


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL and fork")
def test_a_run_killed_again_and_again_ends_as_if_it_had_not_been(tmp_path):
    """A convolutional network with dropout, batch normalisation, augmentation and shuffling; also in the middle of a
    group of batches, of a checkpoint being written, of validation."""
    result = subprocess.run(
        [sys.executable, Path(__file__).with_name("killed_run.py"), tmp_path, str(KILLS), "0"],
        capture_output=True,
        text=True,
        timeout=300,
        # One thread: a process with several should not be forked.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) >= 20
    for name in ("checkpoint-00000070.npz", "best.npz"):
        whole, killed = (timeless(tg.load(tmp_path / run / "checkpoints" / name)) for run in ("whole", "killed"))
        assert_identical(whole, killed)
    lines = [(tmp_path / run / "metrics.jsonl").read_text().splitlines() for run in ("whole", "killed")]
    whole, killed = ([timeless(json.loads(line)) for line in run] for run in lines)
    assert whole == killed
    assert [record["epoch"] for record in killed] == list(range(1, 11))
    assert not list((tmp_path / "killed").rglob("*.tmp"))
