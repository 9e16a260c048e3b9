"""How the tests of this folder call ops and ask for gradients."""

from typing import Any

import numpy as np
from hypothesis import settings

from tinygrad_cn import Tensor, autograd
from tinygrad_cn.testing.op_cases import CASES, Case, Sample
from tinygrad_cn.testing.op_cases.calling import call, function, traced

__all__ = [
    "DIFFERENTIABLE",
    "assert_close",
    "call",
    "function",
    "gradients",
    "listed",
    "locked",
    "share",
    "tensors",
    "traced",
    "weights",
]

DIFFERENTIABLE = [case for case in CASES if case.order]


def share(parts: int) -> settings:
    """Settings with a part of the profile's number of examples, for tests that cost more or say less."""
    return settings(max_examples=max(settings.default.max_examples // parts, 5))


def weights(out: Any, lattice: int = 3) -> Any:
    """A cotangent for each result: unlike numbers without a pattern, the same in every run."""
    if isinstance(out, tuple):
        return tuple(weights(o, lattice + i) if o.dtype.kind == "f" else None for i, o in enumerate(out))
    numbers = np.random.default_rng(lattice).integers(-15, 15, size=out.shape)
    return np.asarray((2 * numbers + 1) / 16, dtype=out.dtype)


def tensors(case: Case, sample: Sample, requires_grad: bool = True, dtype: Any = None) -> tuple[list[Any], list[Any]]:
    """The op's arguments with leaf Tensors in place of the differentiated arrays (copies), and the leaves."""
    arguments = list(sample.arrays)
    if dtype is not None:
        arguments = [a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in arguments]
    leaves = []
    for i in traced(case, sample):
        array = arguments[i].copy() if case.mutates else arguments[i]
        leaf = Tensor._wrap(array)
        arguments[i] = leaf
        leaves.append(leaf.requires_grad_(requires_grad))
    return arguments, leaves


def locked(array: np.ndarray) -> np.ndarray:
    """A read-only array with the same values and strides."""
    view = array.view()
    view.flags.writeable = False
    return view


def listed(out: Any) -> list[Any]:
    return list(out) if isinstance(out, tuple) else [out]


def gradients(
    case: Case,
    sample: Sample,
    cotangent: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    dtype: Any = None,
) -> tuple[Any, list[Any], list[Any]]:
    """The results, the leaves and their gradients under ``cotangent`` (arrays or Tensors)."""
    arguments, leaves = tensors(case, sample, dtype=dtype)
    out = call(case, sample, arguments)
    outs = [o for o in listed(out) if o.requires_grad]
    if not outs:
        return out, leaves, [None for _ in leaves]
    if cotangent is None:
        cotangent = tuple(weights(o._array) for o in outs)
    gs = [g for g in listed(cotangent) if g is not None]
    gs = [g if isinstance(g, Tensor) else Tensor._wrap(g) for g in gs]
    found = autograd.grad(outs, leaves, gs, retain_graph, create_graph, materialize_grads=True)
    return out, leaves, list(found)


def assert_close(actual: Any, expected: Any, rtol: float, what: str) -> None:
    """Equal up to ``rtol`` of the largest element (and of 1, where all are small)."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape} instead of {expected.shape}"
    scale = max(1.0, float(np.max(np.abs(expected), initial=0, where=np.isfinite(expected))))
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol * scale, err_msg=what)
