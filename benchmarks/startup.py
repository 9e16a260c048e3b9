"""What an import costs beyond ``import numpy``, in interpreters of its own."""

from __future__ import annotations

import subprocess
import sys

from .harness import OURS, TORCH, Row

_SCRIPT = """
import time
import numpy
start = time.perf_counter()
import {name}
print(time.perf_counter() - start)
"""


def measure(rounds: int) -> list[Row]:
    """One row. All engines import NumPy, so what it takes is left out."""
    row = Row("import, less NumPy's", "ms", {}, limit=60.0)
    for engine, name in ((OURS, "tinygrad_cn"), (TORCH, "torch"), ("MyGrad", "mygrad"), ("autograd", "autograd")):
        try:
            seconds_of(name)  # writes the byte code
        except subprocess.CalledProcessError:
            row.notes.append(f"{engine} left out: import {name} fails")
        else:
            row.samples[engine] = []
    for _ in range(max(5, rounds // 2)):
        for engine, samples in row.samples.items():
            samples.append(seconds_of({TORCH: "torch"}.get(engine, engine.lower())) * 1e3)
    return [row]


def seconds_of(name: str) -> float:
    script = _SCRIPT.format(name=name)
    return float(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)
