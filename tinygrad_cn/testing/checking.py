"""The check itself: a target's gradient beside numeric derivatives, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.testing.differences import EPS, Line, central, power_of_two, richardson
from tinygrad_cn.testing.report import Evidence, Fault, FaultKind, GradcheckReport, InputReport
from tinygrad_cn.testing.settings import Settings
from tinygrad_cn.testing.target import Arrays, Target

__all__ = ["check_target"]


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
        self.target = target
        self.settings = settings
        self.arrays: Arrays = tuple(np.array(a, dtype=np.float64) for a in arrays)
        self.random = np.random.default_rng(settings.seed)
        self.evaluations = 0

    def run(self) -> GradcheckReport:
        outputs = self.target.value(self.arrays)
        cotangents = tuple(self.random.normal(size=o.shape) for o in outputs)
        gradients = self.target.pullback(self.arrays, cotangents)
        weights = np.concatenate([c.ravel() for c in cotangents]) if cotangents else np.zeros(0)
        faults: list[Fault] = []
        inputs = []
        for i, (name, array, gradient) in enumerate(zip(self.target.input_names, self.arrays, gradients, strict=True)):
            analytic = np.zeros(array.shape) if gradient is None else gradient
            if analytic.shape != array.shape:
                faults.append(Fault(FaultKind.SHAPE, name, f"the gradient has shape {list(analytic.shape)}"))
                continue
            numeric, error = np.zeros(array.shape), np.zeros(array.shape)
            for index in np.ndindex(array.shape):
                estimate = richardson(central(*self.line(i, index), 3))
                numeric[index] = weights @ estimate.value
                error[index] = np.abs(weights) @ estimate.error
            difference = np.abs(analytic - numeric)
            wrong = ~(difference <= 8 * error + 64 * EPS * (np.abs(analytic) + np.abs(numeric)))
            evidence = tuple(
                Evidence(
                    tuple(map(int, index)), None, analytic[tuple(index)], numeric[tuple(index)], error[tuple(index)]
                )
                for index in np.argwhere(wrong)[:8]
            )
            if wrong.any():
                kind, factor = FaultKind.OTHER, None
                ratios = analytic[wrong] / numeric[wrong]
                if np.ptp(ratios) < 1e-8:
                    kind, factor = FaultKind.FACTOR, float(ratios[0])
                faults.append(
                    Fault(
                        kind,
                        name,
                        f"{wrong.sum()} of {array.size} elements are wrong",
                        factor,
                        int(wrong.sum()),
                        evidence,
                    )
                )
            size = float(np.max(np.abs(numeric), initial=0)) or 1.0
            inputs.append(
                InputReport(name, array.shape, "richardson", array.size, array.size, 0,
                            float(np.max(difference, initial=0)) / size, float(np.max(error, initial=0)) / size,
                            passed=not wrong.any())
            )  # fmt: skip
        return GradcheckReport(
            self.target.name, tuple(faults), inputs=tuple(inputs), evaluations=self.evaluations, seed=self.settings.seed
        )

    def line(self, which: int, index: tuple[int, ...]) -> tuple[Line, float]:
        x = float(self.arrays[which][index])
        scale = abs(x) or 1.0

        def at(t: float) -> np.ndarray:
            self.evaluations += 1
            moved = list(self.arrays)
            moved[which] = moved[which].copy()
            moved[which][index] = x + t
            outputs = self.target.value(moved)
            return np.concatenate([o.ravel() for o in outputs]) if outputs else np.zeros(0)

        return Line(at, lambda t: (x + t) - x, scale), power_of_two(scale) / 16
