"""What is counted for an operator, and its failures in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

__all__ = ["ASPECTS", "Report", "described", "failed"]

#: What is counted for each operator: passed and tried.
ASPECTS = ("values", "views", "first", "second", "float32", "dtypes", "method", "inplace", "errors")


@dataclass
class Report:
    """The counts (passed, tried) of each aspect, and the first failures in words."""

    key: str
    counts: dict[str, list[int]] = field(default_factory=lambda: {aspect: [0, 0] for aspect in ASPECTS})
    missing: list[str] = field(default_factory=list)
    excluded: dict[str, int] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
    wanted: int = 3

    def add(self, aspect: str, problem: str | None, sample: Any) -> None:
        """Count one sample: passed unless there is a problem."""
        self.counts[aspect][1] += 1
        if problem is None:
            self.counts[aspect][0] += 1
        elif len(self.failures.setdefault(aspect, [])) < self.wanted:
            self.failures[aspect].append(f"{described(sample)}: {problem}")

    def exclude(self, reason: str) -> None:
        """Count one sample that does not count, by its reason."""
        self.excluded[reason] = self.excluded.get(reason, 0) + 1

    def lacks(self, name: str) -> None:
        """Note a name that does not exist here."""
        if name not in self.missing:
            self.missing.append(name)

    @property
    def good(self) -> bool:
        """Whether nothing failed and nothing is missing; error inputs are counted apart."""
        counted = (self.counts[a] for a in ASPECTS if a != "errors")
        return not self.missing and all(passed == tried for passed, tried in counted)


def described(sample: Any) -> str:
    """A sample as a call in words: shapes for tensors."""

    def word(value: Any) -> str:
        if isinstance(value, torch.Tensor):
            text = f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
            if value.numel() and not value.is_contiguous():
                text += f" strides {value.stride()}"
            if value.numel() == 1 or (value.dtype == torch.int64 and value.numel() < 13):
                text += f" {value.tolist()}"
            return text
        if isinstance(value, tuple | list):
            return "(" + ", ".join(map(word, value)) + ")"
        return repr(value)

    parts = [word(sample.input), *map(word, sample.args)]
    parts += [f"{name}={word(value)}" for name, value in sample.kwargs.items()]
    return "(" + ", ".join(parts) + ")"


def failed(error: Exception) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:240] if str(error) else ''}"
