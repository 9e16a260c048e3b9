"""Other ways to the same derivatives: forward mode, and gradients of several cotangents at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygrad_cn.testing.comparison import BARS, ROUNDING
from tinygrad_cn.testing.evaluation import Evaluation
from tinygrad_cn.testing.examination import examine
from tinygrad_cn.testing.report import Evidence, Fault, FaultKind

__all__ = ["check_batched", "check_forward"]

BATCH = 3


def check_forward(evaluation: Evaluation) -> list[Fault]:
    """Derivatives along random directions by forward mode, beside numeric ones: one input at a time, then all."""
    inputs = range(len(evaluation.arrays))
    for moving in (*([i] for i in inputs), list(inputs)):
        tangents = [
            evaluation.random_direction(i) if i in moving else np.zeros(a.shape)
            for i, a in enumerate(evaluation.arrays)
        ]
        name = evaluation.target.input_names[moving[0]] if len(moving) == 1 else None
        try:
            with np.errstate(all="ignore"):
                pushed = evaluation.target.pushforward([a.copy() for a in evaluation.arrays], tangents)
        except Exception as error:  # there is none, or it fails
            return [Fault(FaultKind.FORWARD, name, f"forward mode raised {type(error).__name__}: {error}")]
        flat = np.concatenate([np.asarray(p, dtype=np.float64).ravel() for p in pushed]) if pushed else np.zeros(0)
        if flat.shape != evaluation.center.shape:
            return [Fault(FaultKind.FORWARD, name, "forward mode gives derivatives of another shape than the outputs")]
        found = evaluation.project(flat)
        look = examine(evaluation, evaluation.direction(tangents), top=0.25)
        with np.errstate(all="ignore"):
            allowed = BARS * look.both.error + ROUNDING * evaluation.project_sizes(np.abs(flat))
            far = ~(np.abs(found - look.both.value) <= allowed) & np.isfinite(look.both.error)
        rows = [r for r in np.flatnonzero(far) if look.kinds[r] is None or not look.between(int(r), float(found[r]))]
        if rows:
            evidence = tuple(
                Evidence(
                    (), evaluation.place(int(r)), float(found[r]), float(look.both.value[r]), float(look.both.error[r])
                )
                for r in rows[:4]
            )
            message = "forward mode disagrees with the derivative along a random direction"
            return [Fault(FaultKind.FORWARD, name, message, None, len(rows), evidence)]
    return []


def check_batched(evaluation: Evaluation, rows: Sequence[np.ndarray]) -> list[Fault]:
    """Gradients of several cotangents at once, beside those of each."""
    rows = rows[:BATCH]
    cotangents = [evaluation.shaped(row) for row in rows]
    stacked = [np.stack(parts) for parts in zip(*cotangents, strict=True)]
    arrays = [a.copy() for a in evaluation.arrays]
    try:
        with np.errstate(all="ignore"):
            together = evaluation.target.batched_pullback(arrays, stacked)
            single = [evaluation.target.pullback(arrays, c) for c in cotangents]
    except Exception as error:
        return [Fault(FaultKind.BATCHED, None, f"batched gradients raised {type(error).__name__}: {error}")]
    for i, (name, array) in enumerate(zip(evaluation.target.input_names, evaluation.arrays, strict=True)):
        nothing = np.zeros(array.shape)
        expected = np.stack([nothing if g[i] is None else np.asarray(g[i]) for g in single])
        batch = together[i]
        found = np.zeros(expected.shape) if batch is None else np.asarray(batch)
        with np.errstate(all="ignore"):
            same = found.shape == expected.shape and bool(
                (
                    (np.abs(found - expected) <= 1e-10 * np.max(np.abs(expected), initial=0.0)) | ~np.isfinite(expected)
                ).all()
            )
        if not same:
            return [Fault(FaultKind.BATCHED, name, "the gradients of several cotangents at once are not those of each")]
    return []
