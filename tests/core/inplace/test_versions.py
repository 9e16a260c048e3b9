"""What is remembered of writes: a count for a whole buffer, and which of its parts were written."""

import weakref

import pytest

import tinygrad_cn as tg
from tinygrad_cn.storage import _writes


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
    y = tg.zeros(4)
    y.add_(1)
    count = len(_writes)
    del y
    assert len(_writes) == count - 1


def gradient(write):
    """Of a product that saved the first column of a buffer, which is written before the sweep."""
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
def test_a_neighbour_may_be_written(write):
    assert gradient(write) == [1.0, 1.0, 1.0]


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
def test_the_value_itself_may_not(write):
    with pytest.raises(RuntimeError, match="changed in place"):
        gradient(write)


def test_of_very_many_writes_the_first_count_as_anywhere():
    def write(buffer):
        for i in range(300):
            buffer[:, 1 + i % 3] = 1.0

    with pytest.raises(RuntimeError, match="changed in place"):
        gradient(write)


def test_what_is_remembered_keeps_no_buffer_alive():
    buffer = tg.ones(1000)
    buffer[3] = 1.0
    array = weakref.ref(buffer.numpy())
    del buffer
    assert array() is None


def test_a_write_through_data_goes_past_the_record():
    """As in PyTorch; Bayesian layers draw their noise so, and sum losses of several draws."""
    x, noise = tg.ones(3, requires_grad=True), tg.ones(3)
    y = x * noise
    noise.data.fill_(3)
    noise.data[0].add_(1)
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == noise.tolist() == [4, 3, 3]
    assert noise.data.data_ptr() == noise.data_ptr() and noise._version == 0


def test_a_write_through_detach_is_noticed():
    x, noise = tg.ones(3, requires_grad=True), tg.ones(3)
    y = x * noise
    noise.detach().fill_(3)
    with pytest.raises(RuntimeError, match="changed in place by fill_"):
        y.sum().backward()


def test_memory_given_back_to_its_tensor_piles_nothing_up():
    p = tg.nn.Parameter(tg.ones(3))
    array = p._array
    for _ in range(3):
        p.data = p.data.mul_(2)
    assert p._array is array and p.tolist() == [8, 8, 8]
