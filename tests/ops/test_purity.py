"""Ops and rules change nothing that they are given: run on read-only arrays, and compared before and after."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, call, listed, share, tensors, weights

from tinygrad_cn import Tensor, autograd
from tinygrad_cn.testing.op_cases import CASES


def locked(array):
    """A read-only array with the same values and strides."""
    view = array.view()
    view.flags.writeable = False
    return view


def lock_everything(value):
    """Make all arrays inside ``value`` (what a node saved) read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, tuple | list):
        for item in value:
            lock_everything(item)


@pytest.mark.parametrize("case", [case for case in CASES if not case.mutates], ids=str)
@share(4)
@given(data=st.data())
def test_forward_leaves_its_inputs_alone(case, data):
    sample = data.draw(case.samples)
    before = [a.copy() if isinstance(a, np.ndarray) else a for a in sample.arrays]
    with np.errstate(all="ignore"):
        call(case, sample, [locked(a) if isinstance(a, np.ndarray) else a for a in sample.arrays])
    for a, b in zip(sample.arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
@share(4)
@given(data=st.data())
def test_rules_run_on_read_only_arrays(case, data):
    """Also on what the node saved, and on a cotangent that is a broadcast view, as other rules hand them on."""
    sample = data.draw(case.samples)
    arguments, leaves = tensors(case, sample)
    out = call(case, sample, arguments)
    outs = [o for o in listed(out) if o.requires_grad]
    for o in outs:
        node = o.grad_fn if hasattr(o.grad_fn, "saved") else o.grad_fn.parents[0]
        lock_everything(node.saved)
    gs = [locked(weights(o._array)) for o in outs]
    before = [(a, a.copy()) for a in (*gs, *(leaf._array for leaf in leaves), *(o._array for o in outs))]
    wrapped = [Tensor._wrap(g) for g in gs]
    autograd.grad(outs, leaves, wrapped, retain_graph=True, materialize_grads=True)
    ones = [Tensor._wrap(np.broadcast_to(np.ones((), o._array.dtype), o._array.shape)) for o in outs]
    autograd.grad(outs, leaves, ones, materialize_grads=True)
    for array, copy in before:
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
@share(8)
@given(data=st.data())
def test_gradients_have_memory_of_their_own(case, data):
    """Neither two gradients, nor a gradient and an input, a result or the given cotangent, may share memory.

    And a second sweep over the kept graph gives the same again.
    """
    sample = data.draw(case.samples)
    arguments, leaves = tensors(case, sample)
    outs = [o for o in listed(call(case, sample, arguments)) if o.requires_grad]
    gs = [Tensor._wrap(weights(o._array)) for o in outs]
    first = autograd.grad(outs, leaves, gs, retain_graph=True, materialize_grads=True)
    autograd.backward(outs, gs)
    reached = [leaf for leaf in leaves if leaf.grad is not None]
    for leaf, g in zip(leaves, first, strict=True):
        np.testing.assert_array_equal(g._array, leaf.grad._array if leaf.grad is not None else 0)
    arrays = [leaf.grad._array for leaf in reached]
    others = [*(g._array for g in gs), *(leaf._array for leaf in leaves), *(o._array for o in outs)]
    for i, a in enumerate(arrays):
        for b in arrays[i + 1 :] + others:
            assert not np.shares_memory(a, b)
