"""How a case's op is called, and what it is differentiated by."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.op import Op, registry
from tinygrad_cn.testing.op_cases.case import Case, Sample

__all__ = ["call", "function", "traced"]


def traced(case: Case, sample: Sample) -> list[int]:
    """The positions of the arrays that the op has gradients for."""
    operation: Op = registry[case.op]
    return [
        i
        for i, array in enumerate(sample.arrays)
        if isinstance(array, np.ndarray)
        and array.dtype.kind == "f"
        and not (operation.inputs and not operation.variadic and operation.inputs[i] in case.constants)
        and (operation.variadic or operation.joint is not None or operation.inputs[i] in operation.rules)
    ]


def call(case: Case, sample: Sample, arguments: Any, run: Any = None) -> Any:
    """The op (or ``run`` in its place) on ``arguments``, with the sample's parameters."""
    params = sample.params
    if case.prepare is not None:
        params = case.prepare([getattr(a, "_array", a) for a in arguments], params)
    return (run or registry[case.op])(*arguments, **params)


def function(case: Case, sample: Sample) -> Any:
    """The op as a function of raw arrays alone, for numerical differentiation."""
    if case.indirect:
        spelled = case.spelled
        assert spelled is not None
        return lambda *arrays: spelled(*arrays, **sample.params)
    return lambda *arrays: call(case, sample, arrays)
