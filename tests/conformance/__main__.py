"""``python -m tests.conformance``: runs the database, prints what fails, writes the table."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .run import run_all, selected, worker
from .table import summary, write_table

_TABLE = Path(__file__).parents[2] / "docs" / "conformance.md"


def main() -> int:
    """Run; the exit status tells whether anything of tier 1 failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--ops", help="only these operators: names separated by commas (add,linalg.inv,max.binary)")
    parser.add_argument("--tier", type=int, action="append", choices=(1, 2, 3), help="only this tier (repeatable)")
    parser.add_argument("--match", help="only operators whose name contains this")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the first failing samples with both results")
    parser.add_argument("--failures", type=int, default=1, help="how many failures of each aspect -v shows")
    parser.add_argument("--write", action="store_true", help="write docs/conformance.md (needs a run over all)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that one operator may take")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.failures)
        return 0
    keys = selected(options.ops, options.tier, options.match)
    if not keys:
        parser.error("no operator of the tiers has such a name")
    started = time.perf_counter()
    reports = run_all(keys, options.workers, options.limit, options.failures, options.verbose)
    seconds = time.perf_counter() - started
    print(summary(reports, seconds))
    if options.write:
        _TABLE.parent.mkdir(exist_ok=True)
        write_table(_TABLE, reports)
    return 0 if all(r.good for r in reports if r.tier == 1) else 1


if __name__ == "__main__":
    sys.exit(main())
