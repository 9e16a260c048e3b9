"""Products of matrices and tensors."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample


@st.composite
def multiplied(choose: Any) -> Sample:
    """Vectors, matrices and batches that broadcast, in every pairing."""
    n, k, m = (choose(st.integers(0 if choose(st.integers(0, 9)) == 9 else 1, 3)) for _ in range(3))
    left, right = choose(draw.broadcastable(max_dims=2, max_side=2))
    kinds = st.sampled_from(["vector", "matrix", "batch"])
    x = {"vector": (k,), "matrix": (n, k), "batch": (*left, n, k)}[choose(kinds)]
    y = {"vector": (k,), "matrix": (k, m), "batch": (*right, k, m)}[choose(kinds)]
    return Sample((choose(draw.arrays(x)), choose(draw.arrays(y, bits=5))), {})


def _matmul(x: Any, y: Any) -> Any:
    a = x[None, :] if x.ndim == 1 else x
    b = y[:, None] if y.ndim == 1 else y
    out = np.sum(a[..., :, :, None] * b[..., None, :, :], axis=-2)
    if x.ndim == 1:
        out = out[..., 0, :]
    return out[..., 0] if y.ndim == 1 else out


@st.composite
def affine(choose: Any) -> Sample:
    batch = choose(draw.shapes(0, 2))
    k, m = choose(st.integers(1, 3)), choose(st.integers(1, 3))
    bias = choose(st.one_of(st.none(), draw.arrays((m,), bits=6)))
    return Sample((choose(draw.arrays((*batch, k))), choose(draw.arrays((m, k), bits=5)), bias), {})


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    out = np.sum(x[..., None, :] * weight, axis=-1)
    return out if bias is None else out + bias


EQUATIONS = [
    (("ij", "jk"), "ik"),
    (("i", "i"), ""),
    (("ij",), "ji"),
    (("ij",), "i"),
    (("ii",), "i"),
    (("ii",), ""),
    (("ij", "j"), "ij"),
    (("bij", "bjk"), "bik"),
    (("i", "j"), "ij"),
    (("ij", "jk", "kl"), "il"),
    (("iij", "j"), "i"),
    (("ij", "k"), "k"),
]


@st.composite
def contracted(choose: Any) -> Sample:
    terms, out = choose(st.sampled_from(EQUATIONS))
    letters = sorted(set("".join(terms)))
    sizes = dict(zip(letters, choose(st.tuples(*(st.integers(1, 3) for _ in letters))), strict=True))
    factors = [choose(draw.arrays(tuple(sizes[c] for c in term), bits=4 + i)) for i, term in enumerate(terms)]
    return Sample(tuple(factors), {"terms": terms, "result": out})


def _einsum(*factors: Any, terms: Any, result: str) -> Any:
    """One product for every setting of the letters."""
    sizes = {c: n for term, factor in zip(terms, factors, strict=True) for c, n in zip(term, factor.shape, strict=True)}
    letters = sorted(sizes)
    total = np.zeros(tuple(sizes[c] for c in result), dtype=np.result_type(*factors))
    for setting in np.ndindex(*(sizes[c] for c in letters)):
        at = dict(zip(letters, setting, strict=True))
        value = 1.0
        for term, factor in zip(terms, factors, strict=True):
            value = value * factor[tuple(at[c] for c in term)]
        total[tuple(at[c] for c in result)] += value
    return total


CASES = [
    Case("matmul", multiplied(), _matmul),
    Case("linear", affine(), _linear),
    Case("einsum", contracted(), _einsum, half=False),
]
