"""Writes that would make a gradient wrong: an error, never a wrong number."""

import numpy as np
import pytest
from core.inplace.gradients import grads

import tinygrad_cn as tg


def test_a_saved_input_that_is_written(x):
    y = x * 1
    z = y * y
    y.add_(1)
    with pytest.raises(
        RuntimeError, match=r"(?s)MulBackward.*shape \(3,\).*changed in\s+place by add_.*'multiply' had saved"
    ):
        z.sum().backward()


def test_a_saved_result_that_is_written(x):
    y = x.exp()
    z = y * 1
    y[0] = 0.0
    with pytest.raises(RuntimeError, match=r"(?s)ExpBackward0: its result.*changed in\s+place by __setitem__.*clone"):
        z.sum().backward()


def test_a_written_value_that_nothing_saved_is_no_error(x):
    y = x * 2
    z = y + 1
    y.zero_()
    assert grads(z, x) == [[2.0, 2.0, 2.0]]


def test_a_value_saved_after_the_write_is_no_error(x):
    y = x * 2
    y.add_(1)
    assert grads(y * y, x) == [[12.0, 20.0, 28.0]]


def test_a_write_through_an_alias_is_noticed(x):
    for alias in (lambda t: t[1:], lambda t: t.view(3, 1), lambda t: t.detach(), lambda t: t.unsqueeze(0).T):
        y = x * 1
        z = y.exp()
        w = y * y
        with tg.no_grad():
            alias(y).add_(1)
        assert grads(z, x)  # exp kept its own result
        with pytest.raises(RuntimeError, match="MulBackward"):
            w.sum().backward()


def test_a_write_through_numpy_out_is_noticed(x):
    y = x * 1
    z = y * y
    with tg.no_grad():
        np.add(y, 1, out=y)
    with pytest.raises(RuntimeError, match="MulBackward"):
        z.sum().backward()


def test_leaves_are_written_only_without_recording(x):
    for write in (lambda: x.add_(1), lambda: x.__setitem__(0, 1.0), lambda: x.zero_(), lambda: x[1:].mul_(2)):
        with pytest.raises(RuntimeError, match=r"leaf tensor that requires grad.*no_grad\(\).*clone\(\)"):
            write()
    assert x.tolist() == [1.0, 2.0, 3.0]
    with tg.no_grad():
        x.sub_(1)
        x[0] = 5.0
    assert x.tolist() == [5.0, 1.0, 2.0]
    assert x.is_leaf
    assert x.requires_grad


def test_saved_leaves_written_under_no_grad(x):
    y = x * x
    with tg.no_grad():
        x.add_(1)
    with pytest.raises(RuntimeError, match=r"MulBackward.*add_"):
        y.sum().backward()


def test_refused_writes_change_nothing(x):
    y = x * 1
    before = y.tolist()
    with pytest.raises(ValueError, match=r"add_: the result has shape \(2, 3\).*shape \(3,\)"):
        y.add_(tg.ones(2, 3))
    with pytest.raises(TypeError, match=r"add_: result type float32 can't be cast to the tensor's dtype int64"):
        tg.ones(3, dtype=tg.int64).add_(0.5)
    with pytest.raises(ValueError, match=r"(?s)shape \(2,\) cannot be broadcast.*region of shape \(3,\)"):
        y[:] = tg.ones(2)
    with pytest.raises(IndexError):
        y[7] = 1.0
    assert y.tolist() == before
    assert grads(y * y, x) == [[2.0, 4.0, 6.0]]


def test_expanded_tensors_are_not_written():
    y = tg.ones(1).expand(3)
    with pytest.raises(RuntimeError, match=r"share memory.*clone\(\)"):
        y.add_(1)
    with pytest.raises(RuntimeError, match=r"share memory.*clone\(\)"):
        y[0] = 1.0


def test_a_view_made_without_recording_is_not_written_with_it(x):
    y = x * 1
    with tg.no_grad():
        v = y[:2]
    with pytest.raises(RuntimeError, match=r"view was made under no_grad\(\)"):
        v.mul_(2)
    assert grads(y * y, x) == [[2.0, 4.0, 6.0]]
