"""Judging all mutants, in several processes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import NamedTuple

from tinygrad_cn.op import registry

from .install import installed, mutants_of
from .suite import Suite

__all__ = ["Verdict", "judged", "run_all"]


class Verdict(NamedTuple):
    """What became of a mutant: ``killer`` is the test that noticed, or empty."""

    op: str
    place: str
    kind: str
    text: str
    killer: str
    seconds: float


@cache
def _suite() -> Suite:
    return Suite()


def judged(name: str) -> list[Verdict]:
    """All mutants of the op ``name``. Raises AssertionError if its tests fail without any."""
    warnings.simplefilter("ignore")
    suite = _suite()
    failing = suite.judge((name,))
    assert not failing, f"{name}: {failing} fails without a mistake"
    verdicts = []
    for mutant in mutants_of(registry[name]):
        started = time.perf_counter()
        with installed(mutant):
            killer = suite.judge(mutant.users)
        verdicts.append(
            Verdict(mutant.op, mutant.place, mutant.kind, mutant.text, killer, time.perf_counter() - started)
        )
    return verdicts


def run_all(names: Sequence[str], workers: int) -> Iterable[list[Verdict]]:
    """The verdicts, op by op."""
    if workers == 1:
        yield from map(judged, names)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(judged, names)
