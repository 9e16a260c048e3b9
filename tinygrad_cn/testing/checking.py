"""The check itself: gradients and numeric derivatives of a target are made, compared, and what differs is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.testing.behaviour import Behaviour
from tinygrad_cn.testing.comparison import Comparison, Verdict, compare
from tinygrad_cn.testing.complex_steps import complex_steps_work
from tinygrad_cn.testing.diagnosis import diagnose
from tinygrad_cn.testing.differences import EPS
from tinygrad_cn.testing.evaluation import Evaluation
from tinygrad_cn.testing.other_modes import check_batched, check_forward
from tinygrad_cn.testing.precision import check_precision
from tinygrad_cn.testing.projections import LEVELS, locate, project
from tinygrad_cn.testing.report import Fault, FaultKind, GradcheckReport, InputReport, Kink
from tinygrad_cn.testing.settings import Settings
from tinygrad_cn.testing.target import Target

__all__ = ["check_target"]

METHODS = {"complex": "complex steps", "richardson": "Richardson differences", "four-point": "four-point differences"}

#: After these there is no sense in looking at numbers.
STOPPING = {FaultKind.NONDETERMINISTIC, FaultKind.ERROR, FaultKind.SHAPE}

#: So many elements of a large input are looked at one by one; so many in any case, even if each takes long.
SAMPLES, LEAST_SAMPLES = 64, 4
#: How often the inputs are moved by a rounding, to see what that does.
JITTERS = 6


def check_target(
    target: Target, arrays: Sequence[Any], settings: Settings | None = None, **options: Any
) -> GradcheckReport:
    """Check the gradient of a `Target` at ``arrays``; `gradcheck` for what is no function of Tensors.

    Args:
        target (Target): the function and its gradient.
        arrays (sequence of arrays): where to check. They are taken in float64; where one is of lower precision, the
            gradient in that precision is compared with the one in float64 as well.
        settings (Settings, optional): or ``options``, its fields by name.

    Returns:
        GradcheckReport

    >>> import numpy as np
    >>> from tinygrad_cn.testing import FunctionTarget
    >>> report = check_target(FunctionTarget(np.exp, lambda xs, gs: gs[0] * np.exp(xs[0]), ["x"]), [np.ones(3)])
    >>> report.passed
    True
    """
    return _Check(target, arrays, settings or Settings(**options)).run()


class _Check:
    def __init__(self, target: Target, arrays: Sequence[Any], settings: Settings) -> None:
        self.target, self.settings = target, settings
        self.kinds = [np.asarray(a).dtype for a in arrays]
        self.evaluation = Evaluation(target, arrays, settings.seed)
        self.faults: list[Fault] = []
        self.kinks: list[Kink] = []
        self.inputs: list[InputReport] = []
        self.checks: list[str] = []
        self.notes: list[str] = []
        self.analytic: list[np.ndarray] = []
        self.moved: list[np.ndarray] | None = None

    def run(self) -> GradcheckReport:
        if not self.evaluation.finite.all():
            left_out = int((~self.evaluation.finite).sum())
            self.notes.append(f"{left_out} outputs are not finite here, and are left out")
        if self.settings.check_backward_ad:
            self.gradients()
        if self.settings.check_forward_ad or (self.target.has_pushforward and not self.faults):
            self.checks.append("forward mode")
            self.faults += check_forward(self.evaluation)
        if (
            self.settings.check_backward_ad
            and len(self.analytic) == len(self.evaluation.arrays)
            and not STOPPING & {f.kind for f in self.faults}
        ):
            self.compare()
        evaluation = self.evaluation
        return GradcheckReport(
            self.target.name, tuple(self.faults), tuple(self.kinks), tuple(self.inputs), tuple(self.checks),
            tuple(self.notes), evaluation.count, self.settings.seed,
        )  # fmt: skip

    # ----------------------------------------------------------------------- the gradient under test

    def gradients(self) -> None:
        """Pull back every row, and look at how that is done."""
        evaluation = self.evaluation
        weights = evaluation.dense()
        first = self.pull(weights)
        if first is None or self.misshapen(first):
            return
        if self.settings.behaviour:
            behaviour = Behaviour(evaluation, self.settings, weights, first, self.jitter)
            self.faults += behaviour.run()
            self.checks += behaviour.checks
        pulled = [self.pull(row) for row in evaluation.rows]
        if any(p is None for p in pulled):
            return
        for i, array in enumerate(evaluation.arrays):
            rows = [np.zeros(array.shape) if p is None or p[i] is None else p[i] for p in pulled]
            stacked = np.array([np.asarray(g, dtype=np.float64).reshape(-1) for g in rows])
            self.analytic.append(stacked.reshape(len(rows), array.size))
        if self.settings.check_batched_grad:
            self.checks.append("batched gradients")
            self.faults += check_batched(evaluation, list(evaluation.rows))
        if self.settings.behaviour and self.target.takes_single and any(k.itemsize < 8 for k in self.kinds):
            self.checks.append("single precision")
            self.faults += check_precision(evaluation, weights, self.kinds)

    def pull(self, weights: np.ndarray) -> tuple[np.ndarray | None, ...] | None:
        evaluation = self.evaluation
        try:
            with np.errstate(all="ignore"):
                found = self.target.pullback([a.copy() for a in evaluation.arrays], evaluation.shaped(weights))
                return tuple(None if g is None else np.array(g) for g in found)
        except Exception as error:
            kind = FaultKind.SHAPE if "shape" in str(error).lower() else FaultKind.ERROR
            message = f"the backward pass raised {type(error).__name__}: {error}"
            if not any(fault.message == message for fault in self.faults):
                self.faults.append(Fault(kind, None, message))
            return None

    def misshapen(self, gradients: tuple[np.ndarray | None, ...]) -> bool:
        if len(gradients) != len(self.evaluation.arrays):
            message = f"{len(gradients)} gradients were returned for {len(self.evaluation.arrays)} inputs"
            self.faults.append(Fault(FaultKind.SHAPE, None, message))
            return True
        outputs = {tuple(shape) for shape in self.evaluation.shapes}
        for name, array, g in zip(self.target.input_names, self.evaluation.arrays, gradients, strict=True):
            if g is None:
                continue
            if g.shape != array.shape:
                message = f"the gradient has shape {list(g.shape)}, the input {list(array.shape)}"
                broadcast = g.shape in outputs and _broadcasts(array.shape, g.shape)
                if broadcast:
                    message += ": it is not summed over the axes along which the input was broadcast"
                self.faults.append(Fault(FaultKind.NOT_SUMMED if broadcast else FaultKind.SHAPE, name, message))
            elif g.dtype != np.float64:
                self.faults.append(Fault(FaultKind.DTYPE, name, f"the gradient has dtype {g.dtype}, the input float64"))
        return bool(self.faults)

    def jitter(self) -> list[np.ndarray]:
        """How far the gradient moves when the inputs move by a rounding or two: what it can be held to."""
        if self.moved is None:
            evaluation = self.evaluation
            base = [self.pull(row) for row in evaluation.rows]
            self.moved = [np.zeros((len(base), a.size)) for a in evaluation.arrays]
            for k in range(JITTERS):
                signs = [evaluation.random.choice([-2.0, -1.0, 1.0, 2.0], a.shape) for a in evaluation.arrays]
                near = [a + s * np.spacing(np.abs(a)) * (a != 0) for a, s in zip(evaluation.arrays, signs, strict=True)]
                for r, row in enumerate(evaluation.rows):
                    with np.errstate(all="ignore"):
                        there = self.target.pullback(near, evaluation.shaped(row * (1 + k % 3 * EPS)))
                    for i, g in enumerate(there):
                        here = base[r]
                        if g is not None and here is not None and here[i] is not None:
                            with np.errstate(all="ignore"):
                                distance = np.abs(np.asarray(g) - here[i]).reshape(-1)
                            self.moved[i][r] = np.fmax(self.moved[i][r], distance)
        return self.moved

    # -------------------------------------------------------------------------- numeric derivatives

    def compare(self) -> None:
        evaluation, settings = self.evaluation, self.settings
        method = settings.method
        if method in ("auto", "complex"):
            works = settings.kinks != "fail" and settings.eps is None and complex_steps_work(evaluation)
            if method == "complex" and not works:
                self.notes.append("complex steps do not work here: Richardson differences instead")
            method = "complex" if works else "richardson"
        comparisons = []
        for i, elements in enumerate(self.chosen(method)):
            comparisons.append(self.compare_input(i, elements, method))
        for c in comparisons:
            self.kinks += c.kinks
            if c.wrong.any():
                self.faults.append(diagnose(evaluation, comparisons, c.which, self.pulled(c.which)))
        if settings.kinks == "fail":
            for name in dict.fromkeys(kink.input for kink in self.kinks):
                count = sum(kink.input == name for kink in self.kinks)
                self.faults.append(Fault(FaultKind.KINK, name, f"it is not smooth in {count} places", wrong=count))

    def pulled(self, which: int) -> Callable[[np.ndarray], np.ndarray | None]:
        def pull(weights: np.ndarray) -> np.ndarray | None:
            found = self.pull(weights)
            return None if found is None else found[which]

        return pull

    def compare_input(self, which: int, elements: np.ndarray, method: str) -> Comparison:
        evaluation = self.evaluation
        array, analytic = evaluation.arrays[which], self.analytic[which]
        c = compare(evaluation, which, analytic, elements, self.settings, method, self.jitter)
        projections = 0
        if len(elements) < array.size:
            projections = self.projections(method)
            seen = [project(evaluation, which, analytic, self.jitter, method) for _ in range(projections)]
            wrong = any(p.wrong.any() for p in seen)
            if (wrong or any(p.doubtful.any() for p in seen)) and not c.wrong.any():
                found = locate(evaluation, which, analytic, self.jitter, method)
                more = np.unique(np.concatenate([elements, np.array(found, dtype=int)]))
                c = compare(evaluation, which, analytic, more, self.settings, method, self.jitter)
                if wrong and not c.wrong.any():
                    message = "along random directions it is wrong, though at no element that was looked at"
                    self.faults.append(Fault(FaultKind.OTHER, self.target.input_names[which], message))
        self.inputs.append(_summary(evaluation, c, projections))
        return c

    def projections(self, method: str) -> int:
        """How many random directions are affordable, for each input."""
        evaluation = self.evaluation
        each = evaluation.seconds / evaluation.count * (1 if method == "complex" else 2 * LEVELS)
        affordable = self.settings.seconds / len(evaluation.arrays) / max(each, 1e-9)
        return int(np.clip(affordable, 1, self.settings.projections))

    def chosen(self, method: str) -> list[np.ndarray]:
        """For each input, the elements that are looked at one by one: small inputs come first."""
        evaluation, settings = self.evaluation, self.settings
        each = evaluation.seconds / evaluation.count * (1 if method == "complex" else 6)
        left = settings.seconds
        chosen: dict[int, np.ndarray] = {}
        for which in sorted(range(len(evaluation.arrays)), key=lambda i: evaluation.arrays[i].size):
            size, samples = evaluation.arrays[which].size, settings.samples
            if samples is None:
                waiting = len(evaluation.arrays) - len(chosen)
                share = int(np.clip(left / waiting / max(each, 1e-9), LEAST_SAMPLES, SAMPLES))
                samples = "all" if each * size <= (left if waiting == 1 else left / 2) else share
            count = size if isinstance(samples, str) else min(size, samples)
            left -= each * count
            chosen[which] = self.drawn(which, count)
        return [chosen[i] for i in range(len(evaluation.arrays))]

    def drawn(self, which: int, count: int) -> np.ndarray:
        """So many elements of an input, among them the ones with the largest gradients."""
        size = self.evaluation.arrays[which].size
        if count >= size:
            return np.arange(size)
        largest = np.argsort(-np.abs(np.nan_to_num(self.analytic[which])).max(axis=0, initial=0))[: count // 4]
        rest = self.evaluation.random.choice(size, count - len(largest), replace=False)
        return np.unique(np.concatenate([largest, rest]))


def _summary(evaluation: Evaluation, c: Comparison, projections: int) -> InputReport:
    known = ((c.verdict == Verdict.RIGHT) | c.wrong) & np.isfinite(c.error)
    with np.errstate(all="ignore"):
        largest = float(np.max(np.abs(c.numeric), where=known, initial=0.0))
        scale = largest or 1.0
        difference = np.max(np.abs(c.analytic - c.numeric), where=known, initial=0.0) / scale
        error = np.max(c.error, where=known, initial=0.0) / scale
    array = evaluation.arrays[c.which]
    return InputReport(
        evaluation.target.input_names[c.which], array.shape, METHODS[c.method], len(c.elements), array.size,
        projections, float(difference), float(error), int((c.verdict == Verdict.UNDECIDED).any(axis=0).sum()),
        len({kink.index for kink in c.kinks}), not c.wrong.any(), largest,
    )  # fmt: skip


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(small, large) == large
    except ValueError:
        return False
