"""The shortcuts of an op's call against the general path, and one tensor in two places."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, assert_close, call, gradients, listed, share, traced, weights

from tinygrad_cn import Tensor, autograd, no_grad
from tinygrad_cn.op import BinaryOp, Op, UnaryOp, registry
from tinygrad_cn.record import Record
from tinygrad_cn.testing.op_cases import CASES

UNARY = [case for case in CASES if isinstance(registry[case.op], UnaryOp)]
BINARY = [case for case in CASES if isinstance(registry[case.op], BinaryOp)]
FUSED = [case for case in DIFFERENTIABLE if registry[case.op].composite is not None]


def assert_same_call(operation, make, params):
    """The op called both ways: same results, same node, same saved values."""
    fast, general = operation(*make(), **params), Op.__call__(operation, *make(), **params)
    assert type(fast) is type(general)
    if not isinstance(fast, Tensor):
        np.testing.assert_array_equal(fast, general)
        return
    np.testing.assert_array_equal(fast._array, general._array)
    assert fast._array.dtype == general._array.dtype
    a, b = fast._node, general._node
    assert type(a) is type(b)
    if isinstance(a, Record):
        assert (a.op, a.plan, a.shape, len(a.parents)) == (b.op, b.plan, b.shape, len(b.parents))
        assert a.name() == b.name()
        for mine, theirs in zip(a.saved, b.saved, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def wrapped(value, kind, dtype):
    """``value`` as a traced Tensor, a constant one, or as it is."""
    if not isinstance(value, np.ndarray) or kind == "raw":
        return value
    value = value if value.dtype.kind != "f" else value.astype(dtype)
    return Tensor._wrap(value).requires_grad_(kind == "traced" and value.dtype.kind == "f")


DTYPES = st.sampled_from([np.float64, np.float32, np.float16])


@pytest.mark.parametrize("case", UNARY, ids=str)
@share(8)
@given(data=st.data())
def test_unrolled_call_of_one_input(case, data):
    sample = data.draw(case.samples)
    kind, dtype, recording = (
        data.draw(st.sampled_from(["traced", "constant"])),
        data.draw(DTYPES),
        data.draw(st.booleans()),
    )
    with np.errstate(all="ignore"):
        assert_same_call(registry[case.op], lambda: [wrapped(sample.arrays[0], kind, dtype)], {})
        if not recording:
            with no_grad():
                assert_same_call(registry[case.op], lambda: [wrapped(sample.arrays[0], kind, dtype)], {})


@pytest.mark.parametrize("case", BINARY, ids=str)
@share(4)
@given(data=st.data())
def test_unrolled_call_of_two_inputs(case, data):
    """Every pairing of traced, constant and raw, also of different dtypes."""
    sample = data.draw(case.samples)
    dtypes = data.draw(DTYPES), data.draw(DTYPES)
    for kinds in itertools.product(["traced", "constant", "raw"], repeat=2):
        if kinds == ("raw", "raw"):
            continue
        with np.errstate(all="ignore"):
            assert_same_call(
                registry[case.op],
                lambda kinds=kinds: [wrapped(a, k, d) for a, k, d in zip(sample.arrays, kinds, dtypes, strict=True)],
                {},
            )


@pytest.mark.parametrize("case", [case for case in BINARY if case.order and not case.constants], ids=str)
@share(8)
@given(data=st.data())
def test_one_tensor_in_two_places(case, data):
    """The gradient of op(x, x) is the sum of the gradients of op(x, y) and op(y, x) at y = x."""
    sample = data.draw(case.samples)
    if not isinstance(sample.arrays[0], np.ndarray):
        return
    array = sample.arrays[0]
    apart = [Tensor._wrap(array.copy()).requires_grad_() for _ in range(2)]
    together = Tensor._wrap(array.copy()).requires_grad_()
    operation = registry[case.op]
    g = Tensor._wrap(weights(array))
    first, second = autograd.grad(operation(*apart), apart, g, materialize_grads=True)
    (both,) = autograd.grad(operation(together, together), together, g)
    assert_close(both._array, first._array + second._array, 1e-14, case.op)


@pytest.mark.parametrize("case", FUSED, ids=str)
@share(4)
@given(data=st.data())
def test_fused_ops_against_their_composites(case, data):
    sample = data.draw(case.samples)
    out, leaves, found = gradients(case, sample)
    composite = registry[case.op].composite
    arguments = list(sample.arrays)
    for i, leaf in zip(traced(case, sample), leaves, strict=True):
        arguments[i] = leaf
    spelled = call(case, sample, arguments, composite)
    for mine, theirs in zip(listed(out), listed(spelled), strict=True):
        assert_close(mine._array, theirs._array, 1e-12, f"{case}: the result")
    pairs = [(o, Tensor._wrap(weights(o._array))) for o in listed(spelled) if o.requires_grad]
    expected = autograd.grad([o for o, _ in pairs], leaves, [g for _, g in pairs], materialize_grads=True)
    for mine, theirs in zip(found, expected, strict=True):
        assert_close(mine._array, theirs._array, 1e-11, f"{case}: the gradient")
