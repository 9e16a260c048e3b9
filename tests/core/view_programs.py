"""Random programs of views, in-place writes and ordinary ops, and how NumPy and a tensor library run them.

NumPy's own views and writes are the oracle: run on complex arrays a program is differentiated by complex step, with
nothing of the engine involved.
"""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

VIEWS = ("index", "view", "transpose", "unsqueeze", "flatten", "unbind", "split", "expand")
WRITES = ("add_", "mul_", "set", "copy_", "relu_", "sin_", "fill_", "masked_fill_")
PLAIN = ("add", "mul", "sin", "clone")

#: The leaf's values and a constant's: odd sixteenths, so that relu meets no kink at once.
LEAF = np.array([[1.0, -3.0, 5.0], [-7.0, 9.0, 11.0]]) / 16
CONSTANT = np.array([13.0, -15.0, 17.0, 19.0, -21.0, 23.0]) / 16


class Step(NamedTuple):
    """``kind`` applied to value number ``source``, with what else it needs (``other``: a value's number or a float)."""

    kind: str
    source: int
    other: Any = None
    where: Any = None


def _part(choose: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    items: list[Any] = []
    for n in shape:
        kinds = [slice(None), slice(0, 1), slice(1, None), slice(None, None, 2)] + ([0, n - 1] if n else [])
        items.append(choose(st.sampled_from(kinds)))
    return tuple(items)


def _fitting(choose: Any, values: list[Any], shape: tuple[int, ...]) -> Any:
    """The number of a value that broadcasts to ``shape``, or a float."""
    fits = []
    for j, value in enumerate(values):
        try:
            if np.broadcast_shapes(value.shape, shape) == shape:
                fits.append(j)
        except ValueError:
            continue
    return choose(st.sampled_from([*fits, 0.5, -1.5]))


def _draw_step(choose: Any, values: list[Any], written: list[int]) -> Step:
    kind = choose(st.sampled_from(VIEWS + WRITES + WRITES + PLAIN))
    if kind in WRITES:
        i = choose(st.sampled_from(written))
    else:
        i = choose(st.integers(0, len(values) - 1))
    a = values[i]
    if kind == "index":
        return Step(kind, i, where=_part(choose, a.shape))
    if kind == "view":
        shapes = [(a.size,), (*a.shape, 1), (1, *a.shape)] + ([(2, a.size // 2)] if a.size % 2 == 0 else [])
        return Step(kind, i, where=choose(st.sampled_from(shapes)))
    if kind == "expand":
        return Step(kind, i, where=(2, *a.shape))
    if kind in ("transpose", "unbind", "split") and not a.ndim:
        return Step("clone", i)
    if kind == "transpose":
        axes = st.integers(0, a.ndim - 1)
        return Step(kind, i, where=(choose(axes), choose(axes)))
    if kind == "unsqueeze":
        return Step(kind, i, where=choose(st.integers(0, a.ndim)))
    if kind in ("unbind", "split"):
        axis = choose(st.integers(0, a.ndim - 1))
        if not a.shape[axis]:
            return Step("clone", i)
        return Step(kind, i, where=(axis, choose(st.integers(0, a.shape[axis] - 1))))
    if kind in ("add_", "mul_", "copy_", "add", "mul"):
        other = _fitting(choose, values, a.shape)
        return Step("fill_" if kind == "copy_" and isinstance(other, float) else kind, i, other)
    if kind == "set":
        where = _part(choose, a.shape)
        return Step(kind, i, _fitting(choose, values, a[where].shape), where)
    if kind == "fill_":
        return Step(kind, i, 0.25)
    if kind == "masked_fill_":
        bits = choose(st.integers(0, 2**a.size - 1))
        mask = np.array([bits >> k & 1 for k in range(a.size)], dtype=bool).reshape(a.shape)
        return Step(kind, i, 0.75, mask)
    return Step(kind, i)


@st.composite
def programs(choose: Any, length: int = 8) -> tuple[list[Step], list[int]]:
    """Steps, and the numbers of the values that the loss is made of."""
    values = start_numpy(LEAF)
    steps: list[Step] = []
    for _ in range(choose(st.integers(2, length))):
        # neither the leaf's memory nor what was expanded may be written
        written = [i for i, v in enumerate(values) if v.flags.writeable and not np.may_share_memory(v, values[0])]
        step = _draw_step(choose, values, written)
        values.append(step_numpy(step, values))
        steps.append(step)
    ends = choose(st.lists(st.integers(1, len(values) - 1), min_size=1, max_size=3, unique=True))
    return steps, ends


# ------------------------------------------------------------------------------------------ NumPy


def start_numpy(leaf: Any) -> list[Any]:
    return [leaf, leaf * 1, CONSTANT.astype(leaf.dtype)]


def step_numpy(step: Step, values: list[Any]) -> Any:
    """One step by NumPy's own views and writes; returns the new value (of a write: the written one)."""
    kind, i, other, where = step
    a = values[i]
    b = values[other] if isinstance(other, int) else other
    if kind in ("index", "set", "unbind", "split"):
        if kind == "unbind":
            where = (slice(None),) * where[0] + (where[1],)
        elif kind == "split":
            where = (slice(None),) * where[0] + (slice(where[1], where[1] + 1),)
        if kind == "set":
            a[where] = b
            return a
        return a[(*where, ...)]
    if kind == "view":
        return a.reshape(where)
    if kind == "expand":
        return np.broadcast_to(a, where)
    if kind == "transpose":
        return np.swapaxes(a, *where)
    if kind == "unsqueeze":
        return np.expand_dims(a, where)
    if kind == "flatten":
        return a.reshape(-1)
    if kind in ("add", "mul", "sin", "clone"):
        return np.array({"add": lambda: a + b, "mul": lambda: a * b, "sin": lambda: np.sin(a), "clone": a.copy}[kind]())
    new = {
        "add_": lambda: a + b,
        "mul_": lambda: a * b,
        "copy_": lambda: b,
        "fill_": lambda: b,
        "sin_": lambda: np.sin(a),
        "relu_": lambda: np.where(a.real > 0, a, 0),
        "masked_fill_": lambda: np.where(where, b, a),
    }[kind]()
    a[...] = new
    return a


# -------------------------------------------------------------------------- libraries of tensors


def step_tensors(step: Step, values: list[Any], library: Any) -> Any:
    """One step in PyTorch's vocabulary."""
    kind, i, other, where = step
    t = values[i]
    b = values[other] if isinstance(other, int) else other
    if kind == "set":
        t[where] = b
        return t
    if kind == "masked_fill_":
        return t.masked_fill_(library.tensor(where), b)
    if kind == "unbind":
        return t.unbind(where[0])[where[1]]
    if kind == "split":
        return t.split(1, where[0])[where[1]]
    if kind == "view":
        return t.reshape(where)
    if kind in ("index", "expand"):
        return t[where] if kind == "index" else t.expand(where)
    if kind == "transpose":
        return t.transpose(*where)
    if kind == "unsqueeze":
        return t.unsqueeze(where)
    if kind == "add":
        return t + b
    if kind == "mul":
        return t * b
    method = getattr(t, kind)
    return method() if other is None else method(b)


def weigh(values: list[Any], ends: list[int], total: Any) -> Any:
    """The loss: every element of the chosen values with a weight of its own."""
    for n, end in enumerate(ends):
        count = int(np.prod(values[end].shape))
        weights = (np.arange(count) * 2.0 + 1 + n).reshape(values[end].shape) / 8
        total = total + total_of(values[end], weights)
    return total


def total_of(value: Any, weights: np.ndarray) -> Any:
    if isinstance(value, np.ndarray):
        return np.sum(value * weights)
    return (value * value.new_tensor(weights)).sum()
