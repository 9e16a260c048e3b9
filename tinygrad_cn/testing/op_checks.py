"""Gradient checks of the op registry: the cases of the suite, as `tinygrad-cn gradcheck --all-ops` runs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded

from tinygrad_cn.backward import grad
from tinygrad_cn.op import registry
from tinygrad_cn.tensor import Tensor
from tinygrad_cn.testing.checking import check_target
from tinygrad_cn.testing.gradcheck import gradgradcheck
from tinygrad_cn.testing.op_cases import CASES, Case, Sample
from tinygrad_cn.testing.op_cases.calling import call, function, traced
from tinygrad_cn.testing.report import GradcheckReport
from tinygrad_cn.testing.target import Arrays, Cotangents, Target

__all__ = ["check_case", "differentiable_cases"]


def differentiable_cases(ops: Sequence[str] | None = None) -> list[Case]:
    """The cases of the ops that have gradients, or of those among ``ops``.

    Raises:
        ValueError: no op with gradients has such a name.
    """
    cases = [case for case in CASES if case.order]
    if ops is None:
        return cases
    unknown = sorted(set(ops) - {case.op for case in cases})
    if unknown:
        raise ValueError(f"no op with gradients is called {', '.join(unknown)}")
    return [case for case in cases if case.op in ops]


def check_case(case: Case, samples: int = 2, seed: int = 0) -> Iterator[GradcheckReport]:
    """A report for the first and for the second gradient at each of some drawn samples.

    Args:
        case (Case): of the op.
        samples (int): how many samples are drawn.
        seed (int): of the samples and of the check.
    """
    for sample in _drawn(case, samples, seed):
        target = _OpTarget(case, sample)
        if not target.places:
            continue
        yield check_target(target, [sample.arrays[i] for i in target.places], seed=seed)
        if case.order > 1 and not case.indirect and not case.mutates:
            leaves = [Tensor._wrap(sample.arrays[i].copy()).requires_grad_() for i in target.places]
            yield replace(
                gradgradcheck(target.differentiable, leaves, report=True, seed=seed), name=f"the gradient of {case}"
            )


def _drawn(case: Case, count: int, seed: int) -> list[Sample]:
    """Different samples, the same for a seed."""
    found: list[Sample] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(case.samples)
    def collect(sample: Sample) -> None:
        found.append(sample)

    collect()
    return found


class _OpTarget(Target):
    """An op at a sample: its values from raw arrays (for ops that are told what to do by others, from the spelled-out
    function), its gradients from a sweep over Tensors.
    """

    def __init__(self, case: Case, sample: Sample) -> None:
        self.case, self.sample = case, sample
        self.name = str(case)
        self.places = traced(case, sample)
        names = registry[case.op].inputs
        variadic = registry[case.op].variadic
        self.input_names = [f"input {i}" if variadic else names[i] for i in self.places]
        self.takes_complex = case.analytic

    def _filled(self, values: Sequence[Any]) -> list[Any]:
        """All arguments, with ``values`` at the differentiated places. Ops that write get copies."""
        arguments = [a.copy() if isinstance(a, np.ndarray) and self.case.mutates else a for a in self.sample.arrays]
        for i, value in zip(self.places, values, strict=True):
            arguments[i] = value.copy() if isinstance(value, np.ndarray) and self.case.mutates else value
        return arguments

    def differentiable(self, *leaves: Any) -> Any:
        """The op as a function of the Tensors at the differentiated places."""
        return call(self.case, self.sample, self._filled(leaves))

    def value(self, arrays: Sequence[np.ndarray]) -> Arrays:
        out = function(self.case, self.sample)(*self._filled(arrays))
        outs = [np.asarray(o) for o in (out if isinstance(out, tuple) else (out,))]
        return tuple(o for o in outs if o.dtype.kind in "fc")

    def pullback(self, arrays: Sequence[np.ndarray], cotangents: Cotangents) -> tuple[np.ndarray | None, ...]:
        copied = [a.copy() if self.case.mutates else a for a in arrays]
        leaves = [Tensor._wrap(a).requires_grad_() for a in copied]
        out = call(self.case, self.sample, self._filled(leaves))
        outs = [o for o in (out if isinstance(out, tuple) else (out,)) if o._array.dtype.kind in "fc"]
        pairs = [(o, g) for o, g in zip(outs, cotangents, strict=True) if g is not None and o.requires_grad]
        if not pairs:
            return (None,) * len(leaves)
        found = grad([o for o, _ in pairs], leaves, [Tensor._wrap(g) for _, g in pairs], allow_unused=True)
        return tuple(None if g is None else g._array for g in found)
