"""Gradients in single precision beside those in double: a fault that only one of them has is seen.

What float32 may be off by is measured, by moving the inputs of the float64 twin by roundings of float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.testing.evaluation import Evaluation
from tinygrad_cn.testing.report import Evidence, Fault, FaultKind

__all__ = ["check_precision"]

#: Roundings that a gradient is granted, relative to the largest element of its input's gradient.
ROUNDINGS = 512.0
MOVES = 6


def check_precision(evaluation: Evaluation, weights: np.ndarray, kinds: Sequence[np.dtype[Any]]) -> list[Fault]:
    """Compare gradients in the precision of ``kinds``, the inputs' own dtypes, with those in float64."""
    kind = max((k for k in kinds if k.kind == "f"), key=lambda k: k.itemsize)
    faults: list[Fault] = []
    for attempt in range(3):  # a mask that flips by rounding does not flip everywhere: a fault is there each time
        faults = _compare(evaluation, weights, kind, attempt)
        if not faults:
            return []
    return faults


def _compare(evaluation: Evaluation, weights: np.ndarray, kind: np.dtype[Any], attempt: int) -> list[Fault]:
    target, random = evaluation.target, np.random.default_rng(attempt)
    narrow = []
    with np.errstate(all="ignore"):
        for a in evaluation.arrays:
            away = a if attempt == 0 else a * (1 + 1e-3 * random.uniform(-1, 1, a.shape))
            narrow.append(away.astype(kind))
        wide = [a.astype(np.float64) for a in narrow]
        values = target.value(narrow)
        dtypes = [v.dtype for v in values]
        cotangents = evaluation.shaped(weights)
        found = target.pullback(narrow, tuple(g.astype(d) for g, d in zip(cotangents, dtypes, strict=True)))
        rounded = tuple(g.astype(d).astype(np.float64) for g, d in zip(cotangents, dtypes, strict=True))
        if not all(np.isfinite(v).all() for v in values) and evaluation.finite.all():
            return []  # it overflows
        expected = target.pullback(wide, rounded)
        spread = [np.zeros(a.shape) for a in wide]
        eps = float(np.finfo(kind).eps)
        for _ in range(MOVES):
            moved = target.pullback([a * (1 + 4 * eps * random.uniform(-1, 1, a.shape)) for a in wide], rounded)
            for i, (g, e) in enumerate(zip(moved, expected, strict=True)):
                if g is not None and e is not None:
                    spread[i] = np.fmax(spread[i], np.abs(g - e))
    faults = []
    natural = evaluation.natural(weights)
    for name, array, f, e, s, n in zip(target.input_names, narrow, found, expected, spread, natural, strict=True):
        if f is None and e is None:
            continue
        if f is not None and f.dtype != array.dtype:
            faults.append(Fault(FaultKind.DTYPE, name, f"the gradient has dtype {f.dtype}, the input {array.dtype}"))
            continue
        got = np.zeros(array.shape) if f is None else f.astype(np.float64)
        right = np.zeros(array.shape) if e is None else e
        if got.shape != right.shape:
            faults.append(Fault(FaultKind.SHAPE, name, f"in {kind} the gradient has shape {list(got.shape)}"))
            continue
        wrong = _wrong(got, right, s + 2 * eps * n, kind)
        if wrong.any():
            rows = tuple(
                Evidence(tuple(map(int, p)), None, float(got[tuple(p)]), float(right[tuple(p)]), float(s[tuple(p)]))
                for p in np.argwhere(wrong)[:4]
            )
            message = f"in {kind} it is another than in float64 (the numeric column)"
            faults.append(Fault(FaultKind.SINGLE_PRECISION, name, message, None, int(wrong.sum()), rows))
    return faults


def _wrong(got: np.ndarray, right: np.ndarray, spread: np.ndarray, kind: np.dtype[Any]) -> np.ndarray:
    info = np.finfo(kind)
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(right[np.isfinite(right)]), initial=0.0)
        allowed = ROUNDINGS * float(info.eps) * largest + 32 * spread + 64 * float(info.tiny)
        representable = np.isfinite(right) & (largest < 1e-3 * float(info.max))
        return np.asarray(~(np.abs(got - right) <= allowed) & representable)
