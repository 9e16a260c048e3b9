"""Timing statements: `Timer` as `timeit.Timer`, with a warm-up, a choice of runs, and results that can be compared."""

from __future__ import annotations

import math
import statistics
import sys
import timeit
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinygrad_cn.kernels.threads import get_num_threads, set_num_threads

__all__ = ["Compare", "Measurement", "TaskSpec", "Timer"]

#: Units of time, the largest that leaves at least 1 is shown.
_UNITS = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))


@dataclass(frozen=True)
class TaskSpec:
    """What was timed.

    Attributes:
        stmt, setup: the statements.
        label, sub_label, description: names for tables.
        num_threads: how many threads kernels might use.
    """

    stmt: str
    setup: str
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label with the sub-label, or the statement."""
        if self.label is None:
            return self.stmt
        return f"{self.label}: {self.sub_label}" if self.sub_label else self.label


@dataclass
class Measurement:
    """The result of timing: how long each of several runs took.

    Attributes:
        number_per_run: how many times a run executed the statement.
        raw_times (list of floats): seconds for each run.
        task_spec: what was timed.
    """

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec
    metadata: dict[str, Any] | None = field(default=None)

    @property
    def times(self) -> list[float]:
        """Seconds for one execution, by run."""
        return [time / self.number_per_run for time in self.raw_times]

    @property
    def median(self) -> float:
        """The median over runs, in seconds."""
        return statistics.median(self.times)

    @property
    def mean(self) -> float:
        """The mean over runs, in seconds."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """The distance between the quartiles, in seconds."""
        if len(self.times) < 2:
            return 0.0
        lower, _, upper = statistics.quantiles(self.times, n=4, method="inclusive")
        return upper - lower

    @property
    def significant_figures(self) -> int:
        """How many digits of the median the spread of the runs allows to believe, 1 to 6."""
        if self.iqr == 0 or self.median == 0:
            return 6 if len(self.times) > 1 else 3
        relative = 1.5 * self.iqr / self.median / math.sqrt(len(self.times))
        return max(1, min(6, math.floor(-math.log10(relative))))

    @property
    def title(self) -> str:
        """What was timed, in a line."""
        return self.task_spec.title

    def __repr__(self) -> str:
        unit, scale = _unit(self.median)
        lines = [f"<{type(self).__module__}.{type(self).__name__} object at {hex(id(self))}>", self.title]
        if self.task_spec.description:
            lines.append(self.task_spec.description)
        count = len(self.times)
        if count == 1:
            lines.append(f"  {self.median / scale:.2f} {unit}")
        else:
            lines.append(f"  Median: {self.median / scale:.2f} {unit}")
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit}")
        threads = f"{self.task_spec.num_threads} thread{'' if self.task_spec.num_threads == 1 else 's'}"
        runs = f"{count} measurement{'' if count == 1 else 's'}, {self.number_per_run} run{'' if count == 1 else 's'}"
        lines.append(f"  {runs}{'' if count == 1 else ' per measurement'} , {threads}")
        return "\n".join(lines)

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """One measurement for each task, with the runs of all its measurements."""
        found: dict[TaskSpec, list[float]] = {}
        for measurement in measurements:
            found.setdefault(measurement.task_spec, []).extend(measurement.times)
        return [Measurement(1, times, spec) for spec, times in found.items()]


class Timer:
    """Times a statement, with the loop's own cost left out and one run ahead of those that count.

    Args:
        stmt (str): what to time.
        setup (str): what to run before, untimed.
        global_setup (str): run before ``setup``.
        timer: the clock, in seconds.
        globals: the names that the statements see; ``torch`` is this package if it is not among them.
        label, sub_label, description: names for tables.
        env: taken; environments are not told apart.
        num_threads: how many threads kernels may use while the statement runs.

    Example:
        >>> import tinygrad_cn as tg
        >>> timer = Timer("x @ x", globals={"x": tg.ones(8, 8)})
        >>> measured = timer.timeit(10)
        >>> measured.number_per_run, measured.median > 0
        (10, True)
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timeit.default_timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Any = "python",
    ) -> None:
        if not isinstance(stmt, str):
            raise ValueError(f"Timer: only a string may be timed, not {type(stmt).__name__}")
        if str(language).lower() not in ("python", "py", "language.python"):
            raise NotImplementedError(f"Timer: statements are Python's; got language={language!r}")
        names = dict(globals or {})
        names.setdefault("torch", sys.modules["tinygrad_cn"])
        self._task_spec = TaskSpec(stmt, setup, label, sub_label, description, num_threads)
        both = f"{global_setup}\n{setup}" if global_setup else setup
        self._timer = timeit.Timer(stmt=stmt, setup=both, timer=timer, globals=names)

    def _run(self, number: int) -> float:
        before = get_num_threads()
        set_num_threads(self._task_spec.num_threads)
        try:
            return max(self._timer.timeit(number), 1e-9)
        finally:
            set_num_threads(before)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """One run of ``number`` executions, after a warm-up."""
        self._run(max(number // 100, 2))
        return Measurement(number, [self._run(number)], self._task_spec)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """Not offered, as in PyTorch: see `blocked_autorange`."""
        raise NotImplementedError("Timer.repeat(): use blocked_autorange(), which chooses both numbers")

    def autorange(self, callback: Callable[[int, float], None] | None = None) -> None:
        """Not offered, as in PyTorch: see `blocked_autorange`."""
        raise NotImplementedError("Timer.autorange(): use blocked_autorange()")

    def blocked_autorange(
        self, callback: Callable[[int, float], None] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Runs of a size that makes the clock's cost small, until ``min_run_time`` seconds have been measured.

        Args:
            callback: called with the number of executions and the seconds of each run.
            min_run_time: in seconds.
        """
        number = self._block_size(min_run_time)
        times: list[float] = []
        while not times or sum(times) < min_run_time:
            times.append(self._run(number))
            if callback is not None:
                callback(number, times[-1])
        return Measurement(number, times, self._task_spec)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], None] | None = None,
    ) -> Measurement:
        """Runs until the quartiles lie closer together than ``threshold`` times the median, or time is up.

        Args:
            threshold: the share of the median.
            min_run_time, max_run_time: in seconds.
            callback: called with the number of executions and the seconds of each run.
        """
        number = self._block_size(min_run_time)
        measured = Measurement(number, [], self._task_spec)
        total = 0.0
        while True:
            measured.raw_times.append(self._run(number))
            total += measured.raw_times[-1]
            if callback is not None:
                callback(number, measured.raw_times[-1])
            steady = len(measured.raw_times) >= 4 and measured.iqr / measured.median < threshold
            if total > max_run_time or (total > min_run_time and steady):
                return measured

    def _block_size(self, min_run_time: float) -> int:
        """How many executions make a run long enough: a thousandth of the whole time."""
        number = 1
        while True:
            taken = self._run(number)
            if taken >= min_run_time / 1000 or number >= 10**9:
                return number
            number *= 10


class Compare:
    """A table of measurements: a row for each sub-label or statement, a column for each description.

    Args:
        results: the measurements.
    """

    def __init__(self, results: Sequence[Measurement]) -> None:
        self._results = list(results)
        self._trim = False

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add measurements."""
        self._results.extend(results)

    def trim_significant_figures(self) -> None:
        """Show only digits that the spread of the runs allows to believe."""
        self._trim = True

    def colorize(self, rowwise: bool = False) -> None:
        """Taken: tables are plain text."""

    def highlight_warnings(self) -> None:
        """Taken."""

    def print(self) -> None:
        """Print the table."""
        print(str(self))

    def __str__(self) -> str:
        merged = Measurement.merge(self._results)
        labels = dict.fromkeys(m.task_spec.label for m in merged)
        return "\n\n".join(self._table(label, [m for m in merged if m.task_spec.label == label]) for label in labels)

    def _table(self, label: str | None, measurements: list[Measurement]) -> str:
        unit, scale = _unit(min(m.median for m in measurements))
        columns = list(dict.fromkeys(m.task_spec.description or "" for m in measurements))
        rows: dict[tuple[int, str], dict[str, str]] = {}
        for m in measurements:
            spec = m.task_spec
            value = m.median / scale
            shown = f"{value:.{m.significant_figures}g}" if self._trim else f"{value:.1f}"
            rows.setdefault((spec.num_threads, spec.sub_label or spec.stmt), {})[spec.description or ""] = shown
        first = max([len(name) for _, name in rows] + [12])
        widths = [max([len(c)] + [len(row.get(c, "")) for row in rows.values()]) for c in columns]
        lines = [f"[{f' {label or measurements[0].task_spec.stmt} ':-^{first + sum(widths) + 5 * len(widths)}}]"]
        lines.append(" " * first + "".join(f"  |  {c:^{w}}" for c, w in zip(columns, widths, strict=True)))
        for threads in dict.fromkeys(threads for threads, _ in rows):
            lines.append(f"{threads} threads: ".ljust(len(lines[0]), "-"))
            for (count, name), row in rows.items():
                if count == threads:
                    cells = "".join(f"  |  {row.get(c, ''):>{w}}" for c, w in zip(columns, widths, strict=True))
                    lines.append(f"{name:<{first}}{cells}")
        return "\n".join([*lines, "", f"Times are in {unit}."])


def _unit(seconds: float) -> tuple[str, float]:
    """The unit to show a time in, and its length in seconds."""
    return next(((name, scale) for name, scale in _UNITS if seconds >= scale), _UNITS[-1])
