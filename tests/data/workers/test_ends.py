"""Workers end with the pass, the loop, the loader or the program; those that stay serve the next pass."""

import os
import subprocess
import sys

import pytest
from data.workers.loading import KINDS, Squares, seen, workers

import tinygrad_cn as tg
from tinygrad_cn.utils.data import DataLoader


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_pass(kind):
    batches = iter(DataLoader(Squares(), num_workers=2, multiprocessing_context=kind))
    assert len(workers()) == 2
    list(batches)
    assert workers() == []
    assert list(batches) == []


@pytest.mark.parametrize("kind", KINDS)
def test_left_early(kind):
    for _ in DataLoader(Squares(), num_workers=2, multiprocessing_context=kind):
        break
    assert workers() == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_the_loops_own(kind):
    with pytest.raises(ZeroDivisionError):
        for _ in DataLoader(Squares(), num_workers=2, multiprocessing_context=kind):
            1 / 0  # noqa: B018
    assert workers() == []


@pytest.mark.parametrize("kind", KINDS)
def test_workers_that_stay(kind):
    tg.manual_seed(0)
    loader = DataLoader(
        Squares(), batch_size=4, shuffle=True, num_workers=2, persistent_workers=True, multiprocessing_context=kind
    )
    first = seen(loader)
    same = workers()
    assert len(same) == 2
    batches = iter(loader)
    next(batches)
    second = seen(loader)
    assert sorted(x for b in second for x in b) == sorted(x for b in first for x in b)
    assert workers() == same
    with pytest.raises(RuntimeError, match="begun a new pass"):
        next(batches)
    del loader, batches, same
    assert workers() == []


@pytest.mark.parametrize("kind", ["None", "'fork'"] if hasattr(os, "fork") else ["None"])
def test_of_the_program(kind):
    """A program that ends in the middle of a pass ends."""
    program = (
        "from tinygrad_cn.utils.data import DataLoader\n"
        f"batches = iter(DataLoader(range(100), num_workers=2, multiprocessing_context={kind}))\n"
        "print(next(batches).item())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
