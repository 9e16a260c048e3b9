"""Peak memory of training steps: ten steps in a process of their own, for each engine.

What is compared is the most that the process ever held in memory. NumPy's arrays and PyTorch's both count there, which
no profiler of one of them can say; so do the buffers that an engine keeps. Most of it is the libraries themselves,
PyTorch's above all, and some are loaded only when they are first used. So each process runs a step on a batch of 1
first, and what it takes beyond that for the whole batch is set beside the peak.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable

from . import lenet, lstm, resnet, transformer
from .harness import OURS, TORCH, Row, Run

STEPS = 10
MIB = 2**20

#: Title, and the engines' steps on a batch of that size.
Builders = Callable[[int], dict[str, Callable[[], Run]]]
WORKLOADS: dict[str, tuple[str, int, Builders]] = {
    "lenet": ("LeNet", lenet.BATCH, lambda batch: lenet.builders(lenet.Problem(batch))),
    "resnet": ("ResNet-8", resnet.BATCH, resnet.builders),
    "transformer": (
        "transformer block",
        transformer.BATCH,
        lambda batch: transformer.builders(transformer.written_out, batch),
    ),
    "lstm": ("LSTM", lstm.BATCH, lstm.builders),
}


def measure(rounds: int) -> list[Row]:
    """Two rows for each workload: the peak, and how far it lies above that of one step on a batch of 1."""
    rows = []
    for name, (title, batch, builders) in WORKLOADS.items():
        peak = Row(f"peak memory, {title}, {STEPS} steps", "MiB", {}, most={TORCH: 1.0})
        growth = Row(f"of it, above that of a batch of 1 (not {batch})", "MiB", {}, most={TORCH: 1.3})
        for engine in builders(1):
            for _ in range(5):
                command = [sys.executable, "-m", "benchmarks.memory", name, engine]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    peak.notes.append(f"{engine} left out: {done.stderr.strip().splitlines()[-1]}")
                    break
                highest, before = map(float, done.stdout.split())
                peak.samples.setdefault(engine, []).append(highest / MIB)
                growth.samples.setdefault(engine, []).append((highest - before) / MIB)
        rows += [peak, growth]
    return rows


def highest_memory() -> int:
    """The most bytes that this process ever held.

    Linux passes ru_maxrss on from the parent to its child; VmHWM belongs to the process alone.
    """
    try:
        with open("/proc/self/status") as status:
            return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else 1024 * most


def child(workload: str, engine: str) -> None:
    for part in {OURS: ("", ".nn", ".optim"), TORCH: ("", ".nn", ".optim"), "MyGrad": ("", ".nnet")}.get(engine, ()):
        importlib.import_module({TORCH: "torch"}.get(engine, engine.lower()) + part)
    _, batch, builders = WORKLOADS[workload]
    builders(1)[engine]()(1)
    before = highest_memory()
    builders(batch)[engine]()(STEPS)
    print(highest_memory(), before)


if __name__ == "__main__":
    child(*sys.argv[1:])
