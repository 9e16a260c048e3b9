"""Ops and rules change nothing that they are given: run on read-only arrays, and compared before and after."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, call, listed, locked, share, tensors, weights

from tinygrad_cn import Tensor, autograd


def lock_everything(value):
    """Make all arrays inside ``value`` (what a node saved) read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, tuple | list):
        for item in value:
            lock_everything(item)


def assert_rules_write_nothing(case, sample):
    """Neither to what the node saved, nor to a cotangent that is a broadcast view, as other rules hand them on."""
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


def assert_gradients_have_memory_of_their_own(case, sample):
    """Neither two gradients, nor a gradient and an input, a result or the given cotangent, may share memory.

    And a second sweep over the kept graph gives the same again.
    """
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


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
@share(4)
@given(data=st.data())
def test_sweeps(case, data):
    """Both properties at one sample: to draw it costs more than to check them."""
    sample = data.draw(case.samples)
    assert_rules_write_nothing(case, sample)
    assert_gradients_have_memory_of_their_own(case, sample)
