"""Rows as a table in Markdown and as JSON, with what is needed to read them: versions, machine, how it was measured."""

from __future__ import annotations

import datetime
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from .harness import NUMPY, OURS, TORCH, Row

PEERS = (NUMPY, TORCH, "MyGrad", "autograd")
FOLDER = Path(__file__).parent / "results"

HOW = """\
Engines take turns within one run, and ratios are formed within a turn. A ratio is our time (or memory) divided by
theirs: the median over the rounds with the smallest and the largest; below 1 we are faster. PyTorch is eager mode on
the CPU, at the better of one and two threads (`@`); NumPy's BLAS has its default threads. No OMP_* or KMP_* setting:
PyTorch's and OpenBLAS's threads spin for a while after work, so a pause of 30 ms follows each turn. All engines start
from the same parameters and must agree on the losses of the first three steps. `record`: the time of the op on
a traced 4x4 tensor less that of the NumPy call inside it, in one thread, without pauses."""


def machine() -> dict[str, Any]:
    versions: dict[str, str | None] = {}
    for name in ("numpy", "torch", "mygrad", "autograd"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "date": datetime.datetime.now().isoformat(timespec="minutes"),
        "python": platform.python_version(),
        "versions": versions,
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(n, 2) for n in os.getloadavg()] if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def markdown(rows: list[Row], about: dict[str, Any]) -> str:
    """The table with its legend."""
    lines = [
        f"| | {OURS} | " + " | ".join(f"/ {peer}" for peer in PEERS) + " | asked |",
        "|---|---:|" + "---:|" * len(PEERS) + "---|",
    ]
    for row in rows:
        cells = [row.title, f"{row.value(OURS):.3g} {row.unit}"]
        cells += [_cell(row, peer) for peer in PEERS]
        lines.append("| " + " | ".join([*cells, _asked(row)]) + " |")
    notes = list(dict.fromkeys(note for row in rows for note in row.notes))
    versions = ", ".join(f"{name} {v}" for name, v in about["versions"].items() if v)
    lines += ["", HOW, "", f"{about['date']}; Python {about['python']}, {versions}; {about['processor']}, "]
    lines[-1] += f"{about['cores']} cores, load at the end {about['load']}."
    lines += [f"\n{note}." for note in notes]
    return "\n".join(lines) + "\n"


def _cell(row: Row, peer: str) -> str:
    best = row.best(peer)
    if best is None:
        return "-"
    middle, low, high = row.ratio(best)
    threads = best.partition("@")[2]
    return f"{middle:.2f} ({low:.2f}..{high:.2f})" + (f" @{threads}" if threads else "")


def _asked(row: Row) -> str:
    asked = [f"{most:g} {engine}" for engine, most in row.most.items()]
    if row.limit is not None:
        asked.append(f"{row.limit:g} {row.unit}")
    return "" if not asked else f"{' and '.join(asked)}: {({True: 'yes', False: '**no**', None: '?'})[row.met()]}"


def save(rows: list[Row], about: dict[str, Any], table: str) -> Path:
    """``results/<date>.json`` and ``.md``; a later run of the same day goes over them. Returns the former's path."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{about['date'][:10]}.json"
    summary = [
        {
            "title": row.title,
            "unit": row.unit,
            "medians": {engine: float(f"{row.value(engine):.4g}") for engine in row.samples},
            "ratios": {e: [round(r, 3) for r in row.ratio(e)] for e in row.samples if e != OURS},
            "asked": {"most": row.most, "limit": row.limit, "met": row.met()},
            "notes": row.notes,
        }
        for row in rows
    ]
    path.write_text(json.dumps({"about": about, "rows": summary}, indent=1) + "\n")
    path.with_suffix(".md").write_text(table)
    return path
