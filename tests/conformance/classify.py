"""Which operators and samples count, and the reason for each one that does not."""

from __future__ import annotations

from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

from .tiers import tier_of

__all__ = ["CHOOSING", "EXCLUDED", "INEXACT", "READ_A_TRIANGLE", "UP_TO_SIGN", "key", "operators", "sample_reason"]

#: Operators of the tiers that are not judged, by key, with the reason.
EXCLUDED: dict[str, str] = {}

#: Decompositions whose factors are defined up to signs (or an orthogonal factor): results are compared after the
#: function that PyTorch's own tests apply to them.
UP_TO_SIGN = {"svd", "linalg.svd", "linalg.eigh", "linalg.qr", "qr", "geqrf", "linalg.householder_product"}

#: Functions that read one triangle of a matrix, for which PyTorch gives the other one a gradient too, where it has no
#: meaning: their gradients are judged on matrices made symmetric or triangular, as in PyTorch's own gradient checks.
READ_A_TRIANGLE = {"cholesky_inverse", "cholesky_solve", "linalg.pinv.hermitian"}

#: Aspects of operators in which PyTorch's own results are less accurate than the others', and the tolerance for them.
#: Against 30-digit values, at 80 points up to 30 (Airy: from -9 to 9), PyTorch 2.13's Bessel functions are off by up to
#: 8e-7 and its Airy function by 2e-6; SciPy's, which are ours, by 1e-15. In float32, its gradients of sums over terms
#: of 1e4 are computed from logarithms that have lost three digits (off by 2.5e-3, ours by 6e-7).
INEXACT: dict[tuple[str, str], float] = {
    ("special.airy_ai", "values"): 1e-8,
    ("special.bessel_j0", "values"): 1e-5,
    ("special.bessel_j1", "values"): 1e-5,
    ("special.bessel_y0", "values"): 1e-5,
    ("special.bessel_y1", "values"): 1e-5,
    ("logcumsumexp", "float32 gradients"): 1e-2,
}

#: Operators that return positions along ``dim``, and their first positional arguments: among equal elements PyTorch
#: promises none of them (its own choice changes with the size), so positions may differ where the elements do not.
CHOOSING = {
    "argsort": ("dim",),
    "kthvalue": ("k", "dim"),
    "median": ("dim",),
    "mode": ("dim",),
    "msort": (),
    "nanmedian": ("dim",),
    "sort": ("dim",),
    "topk": ("k", "dim"),
}


def key(op: Any) -> str:
    """The operator's name and variant."""
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


def operators() -> list[Any]:
    """The operators of the database that stand in a tier, by tier and then in the database's order."""
    return sorted((op for op in op_db if op.name in tier_of), key=lambda op: tier_of[op.name])


def sample_reason(name: str, sample: Any) -> str | None:
    """Why a sample does not count; ``None`` when it does."""
    if sample.kwargs.get("dropout_p"):
        return "random"
    for value in (sample.input, *sample.args, *sample.kwargs.values()):
        if isinstance(value, torch.dtype) and value.is_complex:
            return "complex"
    if name.startswith("nn.functional.max_unpool") and _repeats(sample.args[0], sample.input.dim() - int(name[-2])):
        return "positions twice: which element stays is not defined, nor is its gradient"
    edges = sample.args[0] if sample.args and isinstance(sample.args[0], tuple | list) else ()
    if len(edges) > 1 and any(isinstance(e, torch.Tensor) and e.dim() == 1 and (e.diff() < 0).any() for e in edges):
        return "edges of bins in no order"
    return None


def _repeats(positions: torch.Tensor, batch: int) -> bool:
    """Whether a position stands twice in one plane; the first ``batch`` axes count planes."""
    planes = positions.reshape(positions.shape[:batch].numel(), -1).sort(dim=1).values
    return bool((planes.diff(dim=1) == 0).any())
