"""``python -m tests.mutants``: judges all mutants, prints the survivors, writes ``docs/mutants.md``."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

from tinygrad_cn.op import registry

from .run import Verdict, run_all
from .suite import differentiable
from .table import reason, summary, survivors, write_page

_PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"


def main() -> int:
    """Run; the exit status tells whether a mutant survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--ops", help="only these: names separated by commas (add,matmul)")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each op")
    parser.add_argument("--write", action="store_true", help="write docs/mutants.md (needs a run over all)")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    names = differentiable()
    if options.ops:
        unknown = sorted(set(options.ops.split(",")) - set(names))
        if unknown:
            parser.error(f"no op with gradients is called {', '.join(unknown)}")
        names = options.ops.split(",")
    warnings.simplefilter("ignore")  # what wrong rules warn of says nothing
    started = time.perf_counter()
    verdicts: list[Verdict] = []
    for found in run_all(names, options.workers):
        verdicts += found
        if options.verbose and found:
            killed = sum(bool(v.killer) for v in found)
            print(f"{found[0].op}: {killed} of {len(found)} in {sum(v.seconds for v in found):.1f} s", flush=True)
    print(summary(verdicts))
    print(f"{time.perf_counter() - started:.0f} s")
    if options.write and not options.ops:
        write_page(_PAGE, verdicts, {name: registry[name].inputs for name in names})
    stale = any(v.killer and reason(v) for v in verdicts)
    return 1 if survivors(verdicts) or stale else 0


if __name__ == "__main__":
    sys.exit(main())
