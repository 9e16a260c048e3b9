"""One input's gradient beside numeric derivatives, element by element, with a verdict on each.

A first difference over three steps settles most elements. Those where it disagrees with the gradient, is too rough,
or bends at the point are looked at closely, and only what is wrong then, too, counts as wrong. So a wrong gradient
cannot pass by being chosen for, and a right one does not fail by a kink, a badly scaled step or rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from tinygrad_cn.testing.differences import EPS, Ladder, central, sample
from tinygrad_cn.testing.evaluation import Evaluation, Index
from tinygrad_cn.testing.examination import Examination, examine
from tinygrad_cn.testing.report import Kink, KinkKind
from tinygrad_cn.testing.settings import Settings

__all__ = ["Comparison", "Verdict", "compare"]

#: How many error bars a right gradient may be away.
BARS = 8.0
#: An error bar should be this small, relative to the derivative, or to the largest of the input's times SMALL.
GOAL = 1e-7
SMALL = 1e-3
#: What will do where no closer look is taken.
FAIR = 1e-4
#: The first steps, relative to the scale of an element; smaller ones where these do not do.
FIRST_STEP, SECOND_STEP = 2.0**-3, 2.0**-13
#: Rounding that a right gradient is granted, in units of the derivative.
ROUNDING = 64 * EPS
#: Elements of an input that are looked at closely, at most.
CLOSE_LOOKS, LEAST_LOOKS = 160, 24
MOST_LEVELS = 300
#: From here on the steps of a function that rounds to whole numbers are no longer to be seen.
COARSE = 2.0**40
#: After so many that are wrong, the first look decides.
ENOUGH_WRONG = 10


class Verdict(IntEnum):
    """What is known of one element."""

    RIGHT = 0
    WRONG = 1
    KINK = 2
    UNDECIDED = 3
    OUTSIDE = 4  # at a kink, and not between the derivatives from both sides


@dataclass
class Comparison:
    """How the gradient by one input compares. Arrays of shape (rows, elements looked at).

    Attributes:
        which (int): the input.
        elements (array of ints): their places in the flattened input.
    """

    which: int
    elements: np.ndarray
    analytic: np.ndarray
    numeric: np.ndarray
    error: np.ndarray
    verdict: np.ndarray
    method: str
    kinks: list[Kink] = field(default_factory=list)

    @property
    def wrong(self) -> np.ndarray:
        """Where the gradient is wrong."""
        return (self.verdict == Verdict.WRONG) | (self.verdict == Verdict.OUTSIDE)


def compare(
    evaluation: Evaluation,
    which: int,
    analytic: np.ndarray,
    elements: np.ndarray,
    settings: Settings,
    method: str,
    jitter: Callable[[], Sequence[np.ndarray]],
) -> Comparison:
    """Compare the gradient by input ``which`` at some elements.

    Args:
        analytic (array of shape (rows, size of the input)): the gradient under test.
        elements (array of ints): places in the flattened input.
        method (str): "complex", "richardson" or "four-point".
        jitter (callable): how far gradients move when the inputs move by their rounding, in the shape of ``analytic``
            for each input; called only if something is wrong.
    """
    return _Comparer(evaluation, which, analytic[:, elements], elements, settings, method, jitter).run()


class _Comparer:
    def __init__(
        self,
        evaluation: Evaluation,
        which: int,
        analytic: np.ndarray,
        elements: np.ndarray,
        settings: Settings,
        method: str,
        jitter: Callable[[], Sequence[np.ndarray]],
    ) -> None:
        self.evaluation, self.which, self.settings, self.jitter = evaluation, which, settings, jitter
        self.shape = evaluation.arrays[which].shape
        shape = analytic.shape
        self.bent = np.zeros(shape, dtype=bool)
        self.found = Comparison(
            which, elements, analytic, np.full(shape, np.nan), np.full(shape, np.inf),
            np.zeros(shape, dtype=np.int8), method,
        )  # fmt: skip

    def run(self) -> Comparison:
        found = self.found
        for k, place in enumerate(found.elements):
            self.first_look(k, self.index(int(place)), FIRST_STEP)
        suspicion = self.suspicion()
        if found.method != "complex":  # smaller steps may stay clear of a kink, and cost little
            for k in map(int, np.flatnonzero((suspicion > 0).any(axis=0))):
                self.first_look(k, self.index(int(found.elements[k])), SECOND_STEP)
            suspicion = self.suspicion()
        columns = np.flatnonzero((suspicion > 0).any(axis=0))
        columns = columns[np.argsort(-suspicion[:, columns].max(axis=0, initial=0), kind="stable")]
        looks = self.affordable()
        for k in map(int, columns):
            rows = np.flatnonzero(suspicion[:, k] > 0)
            enough = found.wrong.any(axis=0).sum() >= ENOUGH_WRONG and self.clear(k, rows).any()
            if looks and not enough and np.isfinite(self.evaluation.arrays[self.which].flat[found.elements[k]]):
                looks -= 1
                self.close_look(k, rows)
            else:
                self.leave(k, rows)
        return found

    def affordable(self) -> int:
        """How many elements may be looked at closely."""
        evaluation = self.evaluation
        each = 100 * evaluation.seconds / max(1, evaluation.count)
        return int(np.clip(self.settings.seconds / max(each, 1e-9), LEAST_LOOKS, CLOSE_LOOKS))

    def index(self, place: int) -> Index:
        return tuple(int(i) for i in np.unravel_index(place, self.shape))

    # ---------------------------------------------------------------------------------- first look

    def first_look(self, k: int, index: Index, first: float) -> None:
        found, evaluation = self.found, self.evaluation
        if not np.isfinite(evaluation.arrays[self.which][index]):
            return
        if found.method == "complex":
            found.numeric[:, k], found.error[:, k] = self.complex_step(index)
            return
        line = evaluation.element(self.which, index)
        top = first * (line.scale if self.settings.eps is None else self.settings.eps / FIRST_STEP)
        ladder = sample(evaluation, line, top, 2 if found.method == "four-point" else 3)
        if not len(ladder):
            return
        estimate = central(ladder)
        better = ~(found.error[:, k] <= estimate.error)
        found.numeric[better, k], found.error[better, k] = estimate.value[better], estimate.error[better]
        self.bent[better, k] = _bends(ladder)[better]

    def complex_step(self, index: Index) -> tuple[np.ndarray, np.ndarray]:
        evaluation = self.evaluation
        step = evaluation.scale(self.which, index) * 2.0**-100
        moved = [a.astype(np.complex128) for a in evaluation.arrays]
        moved[self.which][index] += 1j * step
        vector = evaluation.complex_vector(moved)
        if vector is None:
            nothing = np.full(len(evaluation.rows), np.nan)
            return nothing, np.full(len(evaluation.rows), np.inf)
        derivative = vector.imag / step
        value = evaluation.project(derivative)
        error = ROUNDING * evaluation.project_sizes(np.abs(derivative))
        return value, np.where(np.isfinite(value), error, np.inf)

    def suspicion(self) -> np.ndarray:
        """How far an element is from being settled; 0 where it is."""
        with np.errstate(all="ignore"):
            return self._suspicion()

    def _suspicion(self) -> np.ndarray:
        found = self.found
        distance = np.abs(found.analytic - found.numeric)
        size = np.where(np.isfinite(found.numeric), np.abs(found.numeric), 0.0)
        largest = size.max(axis=1, initial=0.0, keepdims=True)
        allowed = 3 * found.error + ROUNDING * (np.abs(found.analytic) + size)
        if found.method == "complex":
            allowed = allowed + 1e-13 * largest
        allowed = np.fmax(allowed, self.granted(found.numeric))
        rough = (found.error > GOAL * np.maximum(size, SMALL * largest)) & (found.error > 0)
        ratio = np.where(distance <= allowed, 0.0, distance / allowed)
        ratio = np.where(np.isfinite(distance), ratio, np.inf)
        return np.where(ratio > 0, 1 + ratio, np.where(rough | self.bent | np.isnan(found.numeric), 1.0, 0.0))

    def granted(self, numeric: np.ndarray) -> np.ndarray:
        """The tolerances that the user gave."""
        atol, rtol = self.settings.atol, self.settings.rtol
        if atol is None and rtol is None:
            return np.zeros_like(numeric)
        return (atol or 0.0) + (rtol or 0.0) * np.abs(numeric)

    # ---------------------------------------------------------------------------------- close look

    def close_look(self, k: int, rows: np.ndarray) -> None:
        found, evaluation = self.found, self.evaluation
        index = self.index(found.elements[k])
        line = evaluation.element(self.which, index)
        looks = [examine(evaluation, line, self.settings.eps)]
        for row in rows:
            verdict, look = self.judge(k, row, looks[0])
            if verdict != Verdict.RIGHT and line.scale < 1 and self.settings.eps is None:
                if len(looks) == 1:  # an element that is tiny beside the distances that matter
                    levels = min(MOST_LEVELS, 48 + int(-np.log2(line.scale)))
                    looks.append(examine(evaluation, line, 2.0, levels))
                if looks[1].both.error[row] < look.both.error[row] and look.kinds[row] is None:
                    verdict, look = self.judge(k, row, looks[1])
            if verdict in (Verdict.WRONG, Verdict.OUTSIDE):
                if len(looks) < 3:  # a second opinion, from other steps
                    top = 1.46 * (line.scale if self.settings.eps is None else self.settings.eps / 2)
                    looks = [looks[0], looks[-1], examine(evaluation, line, top)]
                second, other = self.judge(k, row, looks[2])
                if second not in (Verdict.WRONG, Verdict.OUTSIDE):
                    verdict, look = second, other
            self.settle(k, row, index, verdict, look)

    def judge(self, k: int, row: int, look: Examination) -> tuple[Verdict, Examination]:
        analytic = float(self.found.analytic[row, k])
        kind = look.kinds[row]
        infinite = not self.evaluation.finite.all() or np.isinf(self.found.analytic[:, k]).any()
        if not np.isfinite(analytic) and infinite and kind is None:
            return Verdict.UNDECIDED, look  # perhaps 0 times an infinite derivative
        if kind is not None:
            if kind in (KinkKind.JUMP, KinkKind.CUSP):
                return Verdict.KINK, look
            if not np.isfinite(analytic):
                return Verdict.KINK if kind is KinkKind.EDGE else Verdict.WRONG, look
            if not look.between(row, analytic) and not self.shakes(k, row, look):
                return Verdict.OUTSIDE, look
            return Verdict.KINK, look
        value, error = float(look.both.value[row]), float(look.both.error[row])
        if not np.isfinite(error):
            return Verdict.UNDECIDED, look
        if not np.isfinite(analytic):
            return Verdict.WRONG, look
        distance = abs(analytic - value)
        allowed = BARS * error + ROUNDING * (abs(analytic) + abs(value))
        allowed = max(allowed, float(self.granted(np.array(value))))
        if distance <= allowed:
            rough = error > 0.01 * max(abs(value), abs(analytic)) and error > GOAL * self.largest(row)
            return Verdict.UNDECIDED if rough else Verdict.RIGHT, look
        value, error = float(look.coarse.value[row]), float(look.coarse.error[row])
        if error <= GOAL * abs(analytic) and abs(analytic - value) <= BARS * error + 2 * ROUNDING * abs(analytic):
            return Verdict.RIGHT, replace(look, both=look.coarse)
        x = self.evaluation.arrays[self.which].flat[self.found.elements[k]]
        if analytic == 0 and abs(x) >= COARSE:
            return Verdict.UNDECIDED, look  # rounding to whole numbers, say, which floats do there by themselves
        return Verdict.UNDECIDED if self.shakes(k, row, look) else Verdict.WRONG, look

    def largest(self, row: int) -> float:
        numeric = self.found.numeric[row]
        return float(np.max(np.abs(numeric[np.isfinite(numeric)]), initial=0.0))

    def shakes(self, k: int, row: int, look: Examination) -> bool:
        """Whether the gradient is off by no more than the rounding of the inputs moves it."""
        moved = self.jitter()[self.which][row, self.found.elements[k]]
        candidates = [e.value[row] for e in (look.both, look.left, look.right) if np.isfinite(e.value[row])]
        distance = min((abs(self.found.analytic[row, k] - v) for v in candidates), default=np.inf)
        return bool(np.isfinite(moved) and distance <= 16 * moved)

    def settle(self, k: int, row: int, index: Index, verdict: Verdict, look: Examination) -> None:
        found = self.found
        kind = look.kinds[row]
        if kind is None:
            # the close look replaces the first where it is sharper, or where that was misled
            value, error = look.both.value[row], look.both.error[row]
            if not (found.error[row, k] <= error and abs(found.numeric[row, k] - value) <= BARS * error):
                found.numeric[row, k], found.error[row, k] = value, error
        else:
            if verdict == Verdict.OUTSIDE and self.settings.kinks == "ignore":
                verdict = Verdict.KINK
            left, right = (self.side(e.value[row], e.error[row], row) for e in (look.left, look.right))
            analytic = float(found.analytic[row, k])
            between = verdict != Verdict.OUTSIDE and np.isfinite(analytic)
            name = self.evaluation.target.input_names[self.which]
            found.kinks.append(
                Kink(name, index, self.evaluation.place(row), kind, float(left), float(right), analytic, between)
            )
            sides = [v for v in (left, right) if np.isfinite(v)]
            found.numeric[row, k] = min(sides, key=lambda v: abs(v - analytic)) if sides else np.nan
            found.error[row, k] = np.inf if verdict != Verdict.OUTSIDE else 0.0
        found.verdict[row, k] = verdict

    def side(self, value: float, error: float, row: int) -> float:
        """A one-sided derivative, NaN where there is none."""
        return value if error <= max(0.01 * max(abs(value), self.largest(row)), 1e-9) else np.nan

    def clear(self, k: int, rows: np.ndarray) -> np.ndarray:
        """Where the first look leaves no doubt that the gradient is wrong, if anything is."""
        found = self.found
        distance, error = np.abs(found.analytic[rows, k] - found.numeric[rows, k]), found.error[rows, k]
        return np.asarray((distance > 100 * error) & (error <= GOAL * distance) & ~self.bent[rows, k])

    def leave(self, k: int, rows: np.ndarray) -> None:
        """Judge an element by the first look alone: enough have been looked at closely."""
        found = self.found
        with np.errstate(all="ignore"):
            wrong = self.clear(k, rows) & bool(found.wrong.any())
            distance, error, size = (
                abs(a[rows, k]) for a in (found.analytic - found.numeric, found.error, found.numeric)
            )
            right = (distance <= 3 * error + ROUNDING * size) & (error <= FAIR * size) & ~self.bent[rows, k]
        found.verdict[rows, k] = np.where(wrong, Verdict.WRONG, np.where(right, Verdict.RIGHT, Verdict.UNDECIDED))


def _bends(ladder: Ladder) -> np.ndarray:
    """Where the slopes from both sides do not approach each other as the steps shrink: a kink at the point."""
    with np.errstate(all="ignore"):
        second = np.abs(ladder.plus + ladder.minus) / ladder.up
        first = np.abs(ladder.plus[-1]) + np.abs(ladder.minus[-1])
        visible = (second[-1] * ladder.up[-1] > 1e-6 * first) & (second[-1] > 8 * ladder.noise[-1] / ladder.up[-1])
        return np.asarray(visible & (second[-1] > 0.6 * second[0]))
