"""What a case of an op is: how its inputs are drawn, and what is known about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.testing import strategies as draw


class Sample(NamedTuple):
    """The arrays that an op is called with (those with a rule are differentiated), and its parameters."""

    arrays: tuple[Any, ...]
    params: dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One way to call one op.

    Attributes:
        op: its name in the registry.
        samples: draws a `Sample`, in float64.
        spelled: the same function, written independently in NumPy: called like the op, with arrays.
        analytic: the forward function takes complex arrays, so that complex steps can judge its gradient.
        order: up to which order it is differentiated; 0 for ops whose results carry no gradient.
        prepare: parameters that depend on the arrays: ``prepare(arrays, params)`` gives all of them, for one call.
        indirect: numerical derivatives are taken of ``spelled``; the op alone is no function of its arrays.
        constants: names of inputs that are not differentiated, though they have a rule (which refuses).
        needs: the optional package that the op computes with.
        mutates: it writes into its first input, on purpose.
        half: it is meant for float16 too.
        label: what sets the case apart from others of its op.
    """

    op: str
    samples: st.SearchStrategy[Sample]
    spelled: Callable[..., Any] | None = None
    analytic: bool = True
    order: int = 2
    prepare: Callable[..., dict[str, Any]] | None = None
    indirect: bool = False
    constants: tuple[str, ...] = ()
    needs: str = ""
    mutates: bool = False
    half: bool = True
    label: str = ""

    def __str__(self) -> str:
        return f"{self.op}-{self.label}" if self.label else self.op


def unary(low: float = -4, high: float = 4, **params: Any) -> st.SearchStrategy[Sample]:
    """One array of any shape."""
    fixed = st.fixed_dictionaries({k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in params.items()})
    return st.builds(lambda x, p: Sample((x,), p), draw.arrays(draw.shapes(), low, high), fixed)


def small(size: float) -> st.SearchStrategy[Sample]:
    """Where a series takes the place of a formula that loses its digits."""
    return draw.arrays(draw.shapes(), -size, size, bits=8).map(lambda x: Sample((x,), {}))


@st.composite
def binary(
    choose: Any,
    first: tuple[float, float] = (-4, 4),
    second: tuple[float, float] = (-4, 4),
    numbers: bool = True,
) -> Sample:
    """Two arrays that broadcast, on lattices that never meet; now and then one of them a Python number."""
    shapes = choose(draw.broadcastable())
    x = choose(draw.arrays(shapes[0], *first, bits=4))
    y = choose(draw.arrays(shapes[1], *second, bits=5))
    which = choose(st.integers(0, 7)) if numbers else 0
    if which == 6:
        x = choose(draw.lattice(*first, bits=4))
    if which == 7:
        y = choose(draw.lattice(*second, bits=5))
    return Sample((x, y), {})


@st.composite
def reduced(
    choose: Any,
    /,
    low: float = -4,
    high: float = 4,
    *,
    several: bool = True,
    unique: bool = False,
    empty: bool = True,
    least: int = 1,
    keepdims: bool = True,
    axis: Any = None,
    **params: Any,
) -> Sample:
    """One array, an axis to reduce over, and keepdims; ``least`` elements are reduced to each one."""
    x = choose(draw.arrays(draw.shapes(0 if least == 1 else 1, empty=empty), low, high, unique=unique))
    over = choose(draw.axes(x.ndim, several=several) if axis is None else axis(x.ndim))
    reduced = np.ones(x.shape).sum(axis=over).max(initial=0)
    if reduced < least and x.size:
        x = np.concatenate([x, x + 0.5], axis=0) if over is None else np.repeat(x, 2, axis=np.min(over))
        x = x + np.arange(x.size).reshape(x.shape) / 8
    given = {"keepdims": choose(st.booleans())} if keepdims else {}
    more = {key: choose(value) if isinstance(value, st.SearchStrategy) else value for key, value in params.items()}
    return Sample((x,), {"axis": over, **given, **more})


def one_axis(ndim: int) -> st.SearchStrategy[int]:
    """One axis, never ``None``."""
    return st.integers(-ndim, ndim - 1)
