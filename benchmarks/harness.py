"""Timing several engines at the same work, interleaved, so that a busy machine slows all of them alike.

Engines take turns: one round runs each of them once, in an order that rotates, and a ratio is formed within a round.
The median of the ratios is what is reported, with the smallest and the largest.

Threads. NumPy's BLAS comes as it is. PyTorch runs with one thread and with two, and the better of the two is its time.
After parallel work both keep their threads spinning for some milliseconds in the hope of more, which
would slow down whoever is next; neither is told to stop that (it would make their own barriers slower). Instead
every turn is followed by a pause in which the threads fall asleep, and begins with a run that is not timed.
"""

from __future__ import annotations

import importlib
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

OURS, NUMPY, TORCH = "tinygrad_cn", "NumPy", "PyTorch"
PAUSE = 0.03  # seconds; OpenBLAS spins for up to 25 ms

#: Does the work so many times; gives what the last time gave.
Run = Callable[[int], Any]


@dataclass
class Variant:
    """One engine, ready to do the work."""

    engine: str
    run: Run
    before: Callable[[], object] = lambda: None
    count: int = 1  # how many times in one turn


@dataclass
class Row:
    """One line of the table: the samples of each engine, round by round, and what is asked of ours."""

    title: str
    unit: str
    samples: dict[str, list[float]]
    most: dict[str, float] = field(default_factory=dict)  # at most so many times that engine's
    limit: float | None = None  # at most so many units
    notes: list[str] = field(default_factory=list)

    def value(self, engine: str) -> float:
        return statistics.median(self.samples[engine])

    def best(self, engine: str) -> str | None:
        """The fastest of the variants of ``engine`` (its numbers of threads)."""
        variants = [name for name in self.samples if name.split("@")[0] == engine]
        return min(variants, key=self.value, default=None)

    def ratio(self, name: str) -> tuple[float, float, float]:
        """Ours divided by that variant's: the median over the rounds, the smallest, the largest."""
        pairs = zip(self.samples[OURS], self.samples[name], strict=True)
        ratios = [ours / theirs for ours, theirs in pairs if theirs > 0]
        return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else (math.nan,) * 3

    def met(self) -> bool | None:
        """Whether what is asked holds; ``None`` if nothing is, or nobody was there to compare with."""
        held = [] if self.limit is None else [self.value(OURS) <= self.limit]
        for engine, most in self.most.items():
            best = self.best(engine)
            if best is not None:
                held.append(self.ratio(best)[0] <= most)
        return all(held) if held else None


def repeat(step: Callable[[], Any]) -> Run:
    """``step`` as a `Run`."""

    def run(count: int) -> Any:
        for _ in range(count - 1):
            step()
        return step()

    return run


def ready(
    builders: Mapping[str, Callable[[], Run]], notes: list[str], threads: tuple[int, ...] = (1, 2)
) -> list[Variant]:
    """A variant of each engine that is installed and can do the work, PyTorch once for each number of threads.

    Everybody runs three times; the results, if they are numbers, must agree: else it is not the same work.
    """
    variants = []
    expected: list[float] | None = None
    for engine, build in builders.items():
        counts = threads if engine == TORCH else (0,)
        try:
            made = [_with_threads(engine, build, n) for n in counts]
            for variant in made:
                variant.before()
                results = [_number(variant.run(1)) for _ in range(3)]
                expected = expected or results
                if not all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(results, expected, strict=True)):
                    raise AssertionError(f"computes {results}, not {expected}")
        except (ImportError, RecursionError, NotImplementedError) as error:
            notes.append(f"{engine} left out: {type(error).__name__}: {error}")
            continue
        variants += made
    return variants


def _with_threads(engine: str, build: Callable[[], Run], threads: int) -> Variant:
    if not threads:
        return Variant(engine, build())
    torch = importlib.import_module("torch")
    return Variant(f"{engine}@{threads}", build(), lambda: torch.set_num_threads(threads))


def _number(result: Any) -> float:
    return 0.0 if result is None else float(result.item() if hasattr(result, "item") else result)


def interleave(
    variants: list[Variant], rounds: int, *, turn: float = 0.03, pause: float = PAUSE
) -> dict[str, list[float]]:
    """Seconds for one time of the work, for each variant and round. A turn lasts about ``turn`` seconds."""
    for variant in variants:
        variant.before()
        variant.count = 1
        while (taken := _timed(variant)) < turn / 2:
            variant.count *= max(2, min(16, int(turn / max(taken, 1e-6))))
        time.sleep(pause)
    samples: dict[str, list[float]] = {variant.engine: [] for variant in variants}
    for number in range(rounds):
        start = number % len(variants)
        for variant in variants[start:] + variants[:start]:
            variant.before()
            if variant.count > 1:  # work that fills a turn by itself needs no warming up
                variant.run(1)
            samples[variant.engine].append(_timed(variant) / variant.count)
            time.sleep(pause)
    return samples


def _timed(variant: Variant) -> float:
    start = time.perf_counter()
    variant.run(variant.count)
    return time.perf_counter() - start
