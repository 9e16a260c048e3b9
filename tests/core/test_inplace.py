"""Writing in place: right gradients or an error, never a wrong number."""

import copy

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd


@pytest.fixture
def x():
    return tg.tensor([1.0, 2.0, 3.0], dtype=tg.float64, requires_grad=True)


def grads(y, *leaves):
    return [g.tolist() for g in autograd.grad(y.sum(), leaves, retain_graph=True)]


# ------------------------------------------------------------------------------------- on record


def test_a_written_tensor_is_a_new_node(x):
    y = x * 2
    z = y
    assert y.add_(1) is y
    assert y.grad_fn.name() == "AddBackward"
    y.mul_(y)  # (2x + 1)^2
    assert z is y
    assert grads(y, x) == [[12.0, 20.0, 28.0]]


def test_augmented_assignment(x):
    y = x * 1
    z = y
    y += 1
    y *= 2
    y -= x
    y /= 2
    y **= 2
    assert z is y
    assert y.tolist() == [2.25, 4.0, 6.25]
    assert grads(y, x) == [[1.5, 2.0, 2.5]]


def test_a_constant_becomes_traced_when_it_is_written_with_traced_values(x):
    buffer = tg.zeros(3, dtype=tg.float64)
    buffer += x * x
    assert buffer.requires_grad
    assert grads(buffer, x) == [[2.0, 4.0, 6.0]]


def test_what_is_written_over_gets_no_gradient(x):
    y = x * 2
    y[1] = 10.0
    assert grads(y, x) == [[2.0, 0.0, 2.0]]
    y.zero_()
    assert grads(y, x) == [[0.0, 0.0, 0.0]]  # nothing of x is left in it


def test_written_values_get_the_gradient_of_their_place(x):
    y = tg.zeros(2, 3, dtype=tg.float64)
    y[0] = x * x
    y[1, 2] = x[0]
    weights = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert grads(y * weights, x) == [[2.0 + 6.0, 8.0, 18.0]]


def test_a_value_broadcast_into_its_place_gets_the_sum(x):
    y = tg.zeros(2, 3, dtype=tg.float64)
    y[:, 1:] = x[0]
    y[0] += x
    assert grads(y, x) == [[5.0, 1.0, 1.0]]


def test_copy_fill_and_masked_fill(x):
    y = tg.zeros(3)
    y.copy_(x * 2)
    assert y.dtype is tg.float32
    (g,) = autograd.grad(y.sum(), x)
    assert g.dtype is tg.float64
    assert g.tolist() == [2.0, 2.0, 2.0]
    z = x * 3
    z.fill_(x[1])
    assert grads(z, x) == [[0.0, 3.0, 0.0]]
    w = x * 3
    w.masked_fill_(tg.tensor([True, False, False]), x[2])
    assert grads(w, x) == [[0.0, 3.0, 4.0]]


def test_results_of_ops_that_keep_their_result(x):
    """exp saved the very buffer that relu_ is about to keep and write."""
    y = (x - 2).relu_()
    assert grads(y, x) == [[0.0, 0.0, 1.0]]
    z = (x * 1).exp_().sqrt_().tanh_()
    h = np.exp(np.array([1.0, 2.0, 3.0]) / 2)
    np.testing.assert_allclose(grads(z, x)[0], (1 - np.tanh(h) ** 2) * h / 2)


def test_in_place_writes_are_differentiable_twice(x):
    y = x * 1
    y.mul_(x)
    y[0] = x[1] ** 3
    (g,) = autograd.grad(y.sum(), x, create_graph=True)
    assert g.tolist() == [0.0, 4.0 + 12.0, 6.0]
    assert grads(g, x) == [[0.0, 2.0 + 12.0, 2.0]]


def test_a_tensor_written_with_itself(x):
    y = x * 1
    y[1:] = y[:-1]
    assert y.tolist() == [1.0, 1.0, 2.0]
    assert grads(y * tg.tensor([1.0, 10.0, 100.0]), x) == [[11.0, 100.0, 0.0]]
    z = x * 1
    z += z
    assert grads(z, x) == [[2.0, 2.0, 2.0]]
    w = x * 1
    w.copy_(w.flip(0))
    assert grads(w * tg.tensor([1.0, 10.0, 100.0]), x) == [[100.0, 10.0, 1.0]]


# ------------------------------------------------------------------------------------ refusals


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
    with pytest.raises(RuntimeError, match=r"(?s)ExpBackward: its result.*changed in\s+place by __setitem__.*clone"):
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


# ----------------------------------------------------------------------------------------- views


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


# --------------------------------------------------------------------------------------- versions


def test_versions_are_shared_by_views():
    y = tg.zeros(4)
    v = y[1:]
    start = y._version
    y.add_(1)
    assert v._version == y._version == start + 1
    v.mul_(2)
    assert v._version == y._version == start + 2
    y.detach()[0] = 3.0
    assert y._version == start + 3
    assert y.clone()._version == 0


def test_versions_are_forgotten_with_the_buffer():
    from tinygrad_cn.storage import _writes

    y = tg.zeros(4)
    y.add_(1)
    count = len(_writes)
    del y
    assert len(_writes) == count - 1


def test_named_out(x):
    y = tg.zeros(3, dtype=tg.float64)
    assert tg.exp(x, out=y) is y if not x.requires_grad else True
    z = tg.zeros(3, dtype=tg.float64)
    tg.sin(x.detach(), out=z)
    np.testing.assert_allclose(z.numpy(), np.sin([1.0, 2.0, 3.0]))


# --------------------------------------------------------- views that learn late of a write


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


class TestPartsOfABuffer:
    """A saved value is stale when its own memory was written, not when its neighbour's was."""

    def gradient(self, write):
        buffer = tg.ones(3, 4)
        x = tg.ones(3, requires_grad=True)
        y = buffer[:, 0] * x
        with tg.no_grad():
            write(buffer)
        y.sum().backward()
        return x.grad.tolist()

    @pytest.mark.parametrize(
        "write",
        [
            lambda b: b.__setitem__((slice(None), 1), 2.0),
            lambda b: b.__setitem__((0, 3), 2.0),
            lambda b: b.__setitem__((..., slice(1, None)), 2.0),
            lambda b: b[:, 1:].mul_(2),
        ],
    )
    def test_a_neighbour_may_be_written(self, write):
        assert self.gradient(write) == [1.0, 1.0, 1.0]

    @pytest.mark.parametrize(
        "write",
        [
            lambda b: b.__setitem__(1, 2.0),
            lambda b: b.__setitem__((2, 0), 2.0),
            lambda b: b.__setitem__(tg.tensor([0]), 2.0),
            lambda b: b.__setitem__(b > 100, 2.0),
            lambda b: b[:, 0].add_(1),
            lambda b: b.mul_(2),
            lambda b: b.view(-1)[::4].zero_(),
        ],
    )
    def test_the_value_itself_may_not(self, write):
        with pytest.raises(RuntimeError, match="changed in place"):
            self.gradient(write)

    def test_of_very_many_writes_the_first_count_as_anywhere(self):
        def write(buffer):
            for i in range(300):
                buffer[:, 1 + i % 3] = 1.0

        with pytest.raises(RuntimeError, match="changed in place"):
            self.gradient(write)

    def test_what_is_remembered_keeps_no_buffer_alive(self):
        import weakref

        buffer = tg.ones(1000)
        buffer[3] = 1.0
        array = weakref.ref(buffer.numpy())
        del buffer
        assert array() is None
