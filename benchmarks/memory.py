"""Peak memory of LeNet's training step: ten steps in a process of their own, for each engine."""

from __future__ import annotations

import importlib
import subprocess
import sys

from . import lenet
from .harness import NUMPY, OURS, TORCH, Row

STEPS = 10
MIB = 2**20


def measure(rounds: int) -> list[Row]:
    """Two rows: the peak, and how far it lies above what the imports take."""
    peak = Row("peak memory, LeNet, 10 steps", "MiB", {}, most={TORCH: 1.0})
    growth = Row("of it, above what imports take", "MiB", {})
    for engine in (OURS, NUMPY, TORCH, "MyGrad"):
        for _ in range(3):
            command = [sys.executable, "-m", "benchmarks.memory", engine]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                peak.notes.append(f"{engine} left out: {done.stderr.strip().splitlines()[-1]}")
                break
            highest, imported = map(float, done.stdout.split())
            peak.samples.setdefault(engine, []).append(highest / MIB)
            growth.samples.setdefault(engine, []).append((highest - imported) / MIB)
    return [peak, growth]


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


def child(engine: str) -> None:
    for part in {OURS: ("", ".nn", ".optim"), TORCH: ("", ".nn", ".optim"), "MyGrad": ("", ".nnet")}.get(engine, ()):
        importlib.import_module({TORCH: "torch"}.get(engine, engine.lower()) + part)
    imported = highest_memory()
    lenet.builders(lenet.Problem())[engine]()(STEPS)
    print(highest_memory(), imported)


if __name__ == "__main__":
    child(sys.argv[1])
