"""A gradient check as a table with a bar for each parameter, and as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table

from tinygrad_cn.testing import GradcheckReport

__all__ = ["as_json", "digits", "digits_table"]

MOST = 16  # decimal digits of float64


def digits(difference: float) -> float:
    """How many decimal digits agree, by the relative difference.

    >>> digits(1e-9)
    9.0
    """
    if not math.isfinite(difference):
        return 0.0
    return float(MOST) if difference <= 10.0**-MOST else max(0.0, -math.log10(difference))


def digits_table(report: GradcheckReport, title: str) -> Table:
    """A row for each parameter and input."""
    table = Table(title=title, box=box.SIMPLE_HEAD, caption="digits: relative to the largest entry of the gradient")
    table.add_column("parameter", no_wrap=True)
    for name in ("shape", "checked", "kinks"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("digits of agreement", no_wrap=True)
    for entry in report.inputs:
        agreed = digits(entry.difference)
        full = round(agreed)
        looked = f"{entry.checked:,} of {entry.size:,}"
        table.add_row(
            entry.name.removeprefix("model."),
            "x".join(map(str, entry.shape)) or "()",
            looked + (f" + {entry.projections}" if entry.projections else ""),
            str(entry.kinks),
            f"{'█' * full}{'░' * (MOST - full)} {agreed:4.1f}",
            style=None if entry.passed else "red",
        )
    return table


def as_json(first: dict[str, Any], report: GradcheckReport) -> str:
    """The report as JSON, after the entries of ``first``; what is no finite number is null."""
    return json.dumps(_finite(first | {"passed": report.passed} | asdict(report)))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_finite(item) for item in value]
    return value
