"""``python -m benchmarks [name ...] [--rounds N]``: measure, print the table, save it under benchmarks/results/."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from . import (
    chain,
    layers,
    lenet,
    loader,
    lstm,
    memory,
    optimizers,
    perceptron,
    recording,
    report,
    resnet,
    startup,
    transformer,
)
from .harness import Row

WORKLOADS: dict[str, Callable[[int], list[Row]]] = {
    "small": perceptron.measure_small,
    "large": perceptron.measure_large,
    "lenet": lenet.measure,
    "resnet": resnet.measure,
    "transformer": transformer.measure,
    "lstm": lstm.measure,
    "layers": layers.measure,
    "loader": loader.measure,
    "optimizers": optimizers.measure,
    "chain": chain.measure,
    "recording": recording.measure,
    "import": startup.measure,
    "memory": memory.measure,
}


def main() -> int:
    """Returns 1 when something that is asked does not hold and ``--check`` was given, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition(": ")[2])
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(WORKLOADS)} (all of them)")
    parser.add_argument("--rounds", type=int, default=20, help="how many times the engines take turns (20)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when something asked does not hold")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in WORKLOADS]
    if unknown:
        parser.error(f"no workload {unknown[0]!r}; there are {', '.join(WORKLOADS)}")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    rows: list[Row] = []
    for name in options.names or WORKLOADS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows += WORKLOADS[name](options.rounds)
    about = report.machine()
    table = report.markdown(rows, about)
    print(table)
    if set(options.names or WORKLOADS) == set(WORKLOADS):
        print(f"saved as {report.save(rows, about, table)} and .md", file=sys.stderr)
    return int(options.check and any(row.met() is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
