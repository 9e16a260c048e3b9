"""A database whose entries are judged one after the other in one process: the reports, the table, the command."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from . import VERSION
from .cells import cells, heading

__all__ = ["Database", "Report", "main"]

_DOCS = Path(__file__).parents[2] / "docs"


class Report:
    """The counts (passed, tried) of each aspect of one entry, and the failures in words."""

    def __init__(self, name: str, aspects: Iterable[str]) -> None:
        self.name = name
        self.counts = {aspect: [0, 0] for aspect in aspects}
        self.failures: list[str] = []
        self.missing = False

    def add(self, aspect: str, problem: str | None, trial: str) -> None:
        """Count one trial: passed unless there is a problem."""
        self.counts[aspect][1] += 1
        self.counts[aspect][0] += problem is None
        if problem is not None:
            self.failures.append(f"{aspect}: {trial}: {problem}")

    @property
    def good(self) -> bool:
        """Whether there is such a thing here and nothing failed."""
        return not self.missing and all(passed == tried for passed, tried in self.counts.values())


@dataclass(frozen=True)
class Database:
    """A database: its entries, the judge of one entry, and the words of the command and of the page.

    Args:
        kind: what an entry is, such as ``"module"``; the table is ``docs/conformance_modules.md``.
        aspects: what is counted for each entry, and the heading of its column.
        introduction: what stands above the table, with places for ``{version}``, ``{good}`` of ``{total}`` entries
            and ``{refused}`` of ``{wrong}`` error inputs.
        example: names of entries, for ``--help``.
    """

    kind: str
    aspects: dict[str, str]
    entries: Callable[[], list[Any]]
    judge: Callable[[Any], Report]
    introduction: str
    example: str

    @property
    def page(self) -> Path:
        """Where the table is written."""
        return _DOCS / f"conformance_{self.kind}s.md"

    def table(self, reports: list[Report]) -> str:
        """The page with the table of all entries."""
        refused, wrong = (sum(report.counts["errors"][i] for report in reports) for i in (0, 1))
        good = sum(report.good for report in reports)
        above = self.introduction.format(version=VERSION, good=good, total=len(reports), refused=refused, wrong=wrong)
        lines = [above, *heading(self.kind, *self.aspects.values())]
        for report in sorted(reports, key=lambda report: report.name):
            name = f"`{report.name}`{' (missing)' if report.missing else ''}"
            lines.append("| " + " | ".join([name, *cells(report.counts.values())]) + " |")
        return "\n".join([*lines, ""])


def main(database: Database) -> int:
    """Run; the exit status tells whether anything failed."""
    kinds, page = f"{database.kind}s", f"docs/{database.page.name}"
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.conformance.{kinds}",
        description=f"PyTorch's {database.kind} database, run on this engine's {kinds} and compared.",
    )
    parser.add_argument(f"--{kinds}", dest="names", help=f"only these: names separated by commas ({database.example})")
    parser.add_argument("-v", "--verbose", action="store_true", help="also print what passes")
    parser.add_argument("--failures", type=int, default=1, help=f"how many failures of each {database.kind} to show")
    parser.add_argument("--write", action="store_true", help=f"write {page} (needs a run over all)")
    options = parser.parse_args()
    if options.write and options.names:
        parser.error("--write needs a run over all")
    entries = database.entries()
    if options.names:
        names = set(options.names.split(","))
        if unknown := names - {entry.name for entry in entries}:
            parser.error(f"the database has no {database.kind} with the name {', '.join(sorted(unknown))}")
        entries = [entry for entry in entries if entry.name in names]
    torch.set_num_threads(1)
    started = time.perf_counter()
    reports = []
    for entry in entries:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reports.append(database.judge(entry))
        if options.verbose or not reports[-1].good:
            print(_line_of(reports[-1], options.failures), flush=True)
    good, missing = sum(report.good for report in reports), sum(report.missing for report in reports)
    seconds = time.perf_counter() - started
    print(f"{good} of {len(reports)} {kinds} pass ({missing} missing); {seconds:.0f} s")
    if options.write:
        database.page.write_text(database.table(reports))
    return 0 if good == len(reports) else 1


def _line_of(report: Report, failures: int) -> str:
    """One entry in a line, with its first failures below."""
    parts = [f"{'ok  ' if report.good else 'FAIL'} {report.name}"]
    if report.missing:
        parts.append("missing")
    parts += [f"{aspect} {passed}/{tried}" for aspect, (passed, tried) in report.counts.items() if passed != tried]
    return " | ".join(parts) + "".join(f"\n    {message}" for message in report.failures[:failures])
