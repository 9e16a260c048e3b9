"""Writes through views, and views of what is written."""

import copy

import numpy as np
import pytest
from core.inplace.gradients import grads

import tinygrad_cn as tg


def test_a_write_through_a_view_changes_its_base_and_its_siblings(x):
    y = x * 1
    first, last = y[:2], y[1:]
    first.mul_(10)
    assert y.tolist() == [10.0, 20.0, 3.0]
    assert grads(y, x) == [[10.0, 10.0, 1.0]]
    assert grads(last, x) == [[0.0, 10.0, 1.0]]
    assert grads(first, x) == [[10.0, 10.0, 0.0]]


def test_a_write_to_the_base_changes_its_views(x):
    y = x * 1
    v = y.view(3, 1)
    w = v[1:]
    y.mul_(x)
    assert grads(w, x) == [[0.0, 4.0, 6.0]]
    assert w.grad_fn is not None


def test_views_of_views(x):
    y = (x * 1).reshape(1, 3)
    column = y[0].unsqueeze(1).transpose(0, 1)[0, 1:]
    column.mul_(column)
    assert y.tolist() == [[1.0, 4.0, 9.0]]
    assert grads(y, x) == [[1.0, 4.0, 6.0]]


def test_one_element_of_a_vector_is_a_view(x):
    y = x * 1
    y[1].mul_(5)
    assert y.tolist() == [1.0, 10.0, 3.0]
    for row in y:
        row.add_(1)
    assert y.tolist() == [2.0, 11.0, 4.0]
    assert grads(y, x) == [[1.0, 5.0, 1.0]]


def test_split_chunk_and_unbind_are_views(x):
    y = x * 1
    a, b = y.split(2)
    c, _, _ = y.unbind()
    a.mul_(2)
    b.mul_(3)
    c.add_(x[2])
    assert grads(y, x) == [[2.0, 2.0, 4.0]]
    for part in y.chunk(3):
        part.mul_(x[0])
    assert y.tolist() == [5.0, 4.0, 9.0]


def test_views_of_constants_become_traced(x):
    buffer = tg.zeros(2, 3, dtype=tg.float64)
    row = buffer[1]
    other = buffer[0]
    row.copy_(x * x)
    assert buffer.requires_grad
    assert row.requires_grad
    assert grads(buffer, x) == [[2.0, 4.0, 6.0]]
    assert grads(row, x) == [[2.0, 4.0, 6.0]]
    assert grads(other + x, x) == [[1.0, 1.0, 1.0]]


def test_a_detached_view_stays_a_constant(x):
    y = x * 1
    d = y[:2].detach()
    y.mul_(2)
    assert not d.requires_grad
    assert d.tolist() == [2.0, 4.0]


def test_reshape_that_copies_is_no_view(x):
    y = (x * 1).reshape(3, 1).expand(3, 2)
    z = y.reshape(6)
    z.mul_(2)
    assert y.tolist() == [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    assert grads(z, x) == [[4.0, 4.0, 4.0]]


def test_a_stale_view_as_the_value_of_a_write(x):
    """The write must ask the view for its node, not remember the one it was made with."""
    for write in (lambda t, v: t.__setitem__(slice(None), v), lambda t, v: t.copy_(v), lambda t, v: t.add_(v)):
        y = x - 2
        v = y.view(3)
        y.relu_()
        target = tg.zeros(3, dtype=tg.float64)
        write(target, v)
        assert grads(target, x) == [[0.0, 0.0, 1.0]]


def test_a_stale_view_of_a_constant_that_became_traced(x):
    for write in (lambda t, v: t.__setitem__(slice(None), v), lambda t, v: t.copy_(v), lambda t, v: t.add_(v)):
        y = tg.zeros(3, dtype=tg.float64)
        v = y.view(3)
        y += x * x
        target = tg.zeros(3, dtype=tg.float64)
        write(target, v)
        assert grads(target, x) == [[2.0, 4.0, 6.0]]


def test_a_stale_view_is_no_plain_array(x):
    y = tg.zeros(3, dtype=tg.float64)
    v = y.view(3)
    assert np.asarray(v).tolist() == [0.0, 0.0, 0.0]
    y += x
    with pytest.raises(RuntimeError, match="would lose it"):
        np.asarray(v)
    with pytest.raises(BufferError, match="detach"):
        np.from_dlpack(v)


def test_a_shallow_copy_learns_of_writes(x):
    for make in (lambda: x * 1, lambda: tg.zeros(3, dtype=tg.float64) + 0):
        y = make()
        c = copy.copy(y)
        y.mul_(x)
        y.add_(x)
        assert c.tolist() == y.tolist()
        assert grads(c, x) == grads(y, x)
