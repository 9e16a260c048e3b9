"""Running many operators: worker processes that are fed one operator at a time and killed when one takes too long."""

from __future__ import annotations

import json
import queue
import select
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .tiers import tier_of

__all__ = ["Row", "run_all", "selected", "worker"]

_ROOT = Path(__file__).parents[2]


@dataclass
class Row:
    """A report as it comes from a worker."""

    key: str
    tier: int
    counts: dict[str, list[int]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    excluded: dict[str, int] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    note: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing failed and nothing is missing (error inputs are judged by their share)."""
        counted = (count for aspect, count in self.counts.items() if aspect != "errors")
        return not self.missing and not self.note and all(passed == tried for passed, tried in counted)


def selected(ops: str | None, tiers: list[int] | None, match: str | None) -> list[str]:
    """The keys of the operators asked for."""
    from .classify import EXCLUDED, key, operators

    names = set(ops.split(",")) if ops else None
    found = []
    for op in operators():
        if names is not None and not ({op.name, key(op)} & names):
            continue
        if (tiers and tier_of[op.name] not in tiers) or (match and match not in key(op)) or key(op) in EXCLUDED:
            continue
        found.append(key(op))
    return found


def worker(failures: int) -> None:
    """Read keys from standard input, write a report for each as a line of JSON."""
    import torch

    from .check import judge
    from .classify import key, operators

    torch.set_num_threads(1)
    by_key = {key(op): op for op in operators()}
    for line in sys.stdin:
        try:
            report = json.dumps(asdict(judge(by_key[line.strip()], failures)))
        except Exception as error:  # a fault of the harness or of a sample generator
            report = json.dumps({"key": line.strip(), "note": f"{type(error).__name__}: {error}"[:300]})
        print("\x01" + report, flush=True)


class _Worker:
    """A worker process."""

    def __init__(self, failures: int) -> None:
        command = [sys.executable, "-m", "tests.conformance", "--worker", "--failures", str(failures)]
        self.complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints, text=True
        )

    def judge(self, key: str, limit: float) -> Row:
        """The report on one operator; the process does not survive the time limit."""
        row = Row(key, tier_of.get(key, tier_of.get(key.rpartition(".")[0], 0)))
        assert self.process.stdin and self.process.stdout
        started = time.perf_counter()
        line = ""
        try:
            print(key, file=self.process.stdin, flush=True)
            while not line.startswith("\x01"):
                left = limit - (time.perf_counter() - started)
                if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                    row.note = f"took more than {limit:.0f} s"
                    break
                line = self.process.stdout.readline()
                if not line:
                    raise BrokenPipeError
        except BrokenPipeError:
            self.complaints.seek(0)
            row.note = f"the process died: {(self.complaints.read().strip() or 'silently').splitlines()[-1]}"
        row.seconds = time.perf_counter() - started
        if row.note:
            self.process.kill()
            return row
        found = json.loads(line[1:])
        row.note = found.get("note", "")
        for name in ("counts", "missing", "excluded", "failures"):
            setattr(row, name, found.get(name, getattr(row, name)))
        return row

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.complaints.close()


def run_all(keys: list[str], workers: int, limit: float, failures: int, verbose: bool) -> list[Row]:
    """Judge every operator of ``keys``; failures are printed as they come."""
    from .table import line_of

    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for key in keys:
        waiting.put(key)
    rows: dict[str, Row] = {}
    lock = threading.Lock()

    def feed() -> None:
        process = _Worker(failures)
        first = True
        while True:
            try:
                key = waiting.get_nowait()
            except queue.Empty:
                break
            row = process.judge(key, limit + (60 if first else 0))  # the first waits for torch to load
            first = False
            if process.process.poll() is not None or row.note.startswith("took"):
                process.close()
                process, first = _Worker(failures), True
            with lock:
                rows[key] = row
                if row.note.startswith("the process died") and not any(r.counts for r in rows.values()):
                    print(f"stopped: {row.note}", flush=True)  # the package cannot be imported
                    while not waiting.empty():
                        waiting.get()
                if not row.good or verbose:
                    print(line_of(row, verbose), flush=True)
        process.close()

    threads = [threading.Thread(target=feed) for _ in range(min(workers, len(keys)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [rows[key] for key in keys if key in rows]
