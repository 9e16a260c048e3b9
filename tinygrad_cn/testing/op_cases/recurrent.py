"""Recurrent layers over packed steps."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample

SIZES = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(lambda sizes: tuple(sorted(sizes, reverse=True)))


def _walk(choose: Any) -> tuple[tuple[int, ...], dict[str, Any]]:
    sizes = choose(SIZES)
    return sizes, {"batch_sizes": sizes, "reverse": choose(st.booleans())}


@st.composite
def lstms(choose: Any) -> Sample:
    sizes, params = _walk(choose)
    size = choose(st.integers(1, 2))
    projected = choose(st.one_of(st.none(), st.integers(1, 2)))
    state = projected or size
    x = choose(draw.arrays((sum(sizes), 4 * size), -2, 2, bits=4))
    h = choose(draw.arrays((sizes[0], state), -2, 2, bits=5))
    c = choose(draw.arrays((sizes[0], size), -2, 2, bits=6))
    weight = choose(draw.arrays((4 * size, state), -2, 2, bits=5))
    projection = choose(draw.arrays((projected, size), -2, 2, bits=5)) if projected else None
    return Sample((x, h, c, weight, projection), params)


@st.composite
def grus(choose: Any) -> Sample:
    sizes, params = _walk(choose)
    size = choose(st.integers(1, 2))
    x = choose(draw.arrays((sum(sizes), 3 * size), -2, 2, bits=4))
    h = choose(draw.arrays((sizes[0], size), -2, 2, bits=5))
    weight = choose(draw.arrays((3 * size, size), -2, 2, bits=5))
    bias = choose(st.one_of(st.none(), draw.arrays((3 * size,), -2, 2, bits=6)))
    return Sample((x, h, weight, bias), params)


@st.composite
def rnns(choose: Any) -> Sample:
    sizes, params = _walk(choose)
    size = choose(st.integers(1, 2))
    x = choose(draw.arrays((sum(sizes), size), -2, 2, bits=4))
    h = choose(draw.arrays((sizes[0], size), -2, 2, bits=5))
    weight = choose(draw.arrays((size, size), -2, 2, bits=5))
    return Sample((x, h, weight), params)


def rectified() -> st.SearchStrategy[Sample]:
    """With positive states and weights, and inputs away from the kink: nothing but the input decides which side."""

    def settled(sample: Sample) -> Sample:
        x, h, weight = sample.arrays
        signs = np.where(np.arange(x.size).reshape(x.shape) % 3 == 0, -1, 1)
        return Sample((signs * (np.abs(x) + 60), np.abs(h), np.abs(weight) / 16), {**sample.params, "relu": True})

    return rnns().map(settled)


def _sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def _each(batch_sizes: Any, reverse: bool) -> list[list[int]]:
    """The rows that each sequence has, in the order in which they are walked."""
    starts = np.cumsum([0, *batch_sizes])
    rows = [[int(s) + b for s, n in zip(starts, batch_sizes, strict=False) if b < n] for b in range(batch_sizes[0])]
    return [r[::-1] if reverse else r for r in rows]


def _sequence_by_sequence(step: Any, x: Any, states: Any, batch_sizes: Any, reverse: bool) -> Any:
    """Each sequence walked by itself, row by row: no packing, no fused gates."""
    out: list[Any] = [None] * x.shape[0]
    ends = []
    for b, rows in enumerate(_each(batch_sizes, reverse)):
        state = tuple(s[b] for s in states)
        for row in rows:
            state = step(x[row], *state)
            out[row] = state[0]
        ends.append(state)
    return (np.stack(out), *(np.stack(parts) for parts in zip(*ends, strict=True)))


def _lstm(x: Any, h: Any, c: Any, weight: Any, projection: Any, batch_sizes: Any, reverse: bool) -> Any:
    def step(row: Any, state: Any, cell: Any) -> Any:
        i, f, g, o = np.split(row + weight @ state, 4)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
        state = _sigmoid(o) * np.tanh(cell)
        return (state if projection is None else projection @ state), cell

    return _sequence_by_sequence(step, x, (h, c), batch_sizes, reverse)


def _gru(x: Any, h: Any, weight: Any, bias: Any, batch_sizes: Any, reverse: bool) -> Any:
    size = h.shape[1]

    def step(row: Any, state: Any) -> Any:
        inner = np.split(weight @ state + (0 if bias is None else bias), 3)
        r, z = _sigmoid(row[:size] + inner[0]), _sigmoid(row[size : 2 * size] + inner[1])
        return ((1 - z) * np.tanh(row[2 * size :] + r * inner[2]) + z * state,)

    return _sequence_by_sequence(step, x, (h,), batch_sizes, reverse)


def _rnn(x: Any, h: Any, weight: Any, batch_sizes: Any, reverse: bool, relu: bool = False) -> Any:
    def step(row: Any, state: Any) -> Any:
        a = row + weight @ state
        return (a * (a > 0) if relu else np.tanh(a),)

    return _sequence_by_sequence(step, x, (h,), batch_sizes, reverse)


CASES = [
    Case("lstm_layer", lstms(), _lstm),
    Case("gru_layer", grus(), _gru),
    Case("rnn_layer", rnns(), _rnn),
    Case("rnn_layer", rectified(), _rnn, analytic=False, label="relu"),
]
