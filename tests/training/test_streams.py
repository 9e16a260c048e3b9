"""Random streams by name."""

import random

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.training import RandomStreams
from tinygrad_cn.training.streams import global_random_state, restore_global_random_state


def test_a_stream_depends_on_the_seed_and_its_name_alone():
    alone = RandomStreams(7)["dropout"].uniform(5)
    others = RandomStreams(7)
    for name in ("init", "shuffle", "dropou", "dropout2"):
        others[name].uniform(100)
    np.testing.assert_array_equal(others["dropout"].uniform(5), alone)
    for different in (RandomStreams(8)["dropout"], RandomStreams(7)["dropou"], RandomStreams(7)["init"]):
        assert not np.array_equal(different.uniform(5), alone)


def test_child_seeds_are_those_of_numpy():
    """A stream of today is the stream of tomorrow."""
    child = np.random.SeedSequence(3, spawn_key=(105, 110, 105, 116))
    assert RandomStreams(3).child_seed("init") == int(child.generate_state(1, np.uint64)[0]) == 3068769257006267967


def test_child_seeds_start_the_same_stream_in_pytorch():
    torch = pytest.importorskip("torch")
    streams = RandomStreams(1)
    torch.manual_seed(streams.child_seed("init"))
    with streams.as_default("init"):
        np.testing.assert_array_equal(tg.rand(4), torch.rand(4))


def test_the_default_stream_goes_on_where_it_was():
    tg.manual_seed(0)
    expected = tg.rand(6).tolist()
    tg.manual_seed(0)
    streams = RandomStreams(0)
    first = tg.rand(3).tolist()
    with streams.as_default("init"):
        inside = [tg.rand(2).tolist()]
    with pytest.raises(KeyError), streams.as_default("init"):
        inside.append(tg.rand(2).tolist())
        raise KeyError
    assert first + tg.rand(3).tolist() == expected
    assert np.ravel(inside).tolist() == RandomStreams(0)["init"].uniform(4).tolist()


def test_a_state_continues_the_generators_that_were_given_out():
    streams = RandomStreams(0)
    streams["a"].normal(3)
    state = streams.state_dict()
    expected = streams["a"].normal(5)
    again = RandomStreams(0)
    generator = again["a"]
    again.load_state_dict(state)
    np.testing.assert_array_equal(generator.normal(5), expected)
    with pytest.raises(ValueError, match="seed 0, this one has 1"):
        RandomStreams(1).load_state_dict(state)


def test_the_streams_of_the_process():
    def draw():
        return [tg.rand(2).tolist(), random.gauss(0, 1), np.random.standard_normal(3).tolist()]  # noqa: NPY002

    before = global_random_state()
    try:
        RandomStreams(4).seed_globals()
        draw()  # a number of each pair waits
        state, expected = global_random_state(), draw()
        restore_global_random_state(state)
        assert draw() == expected
        RandomStreams(4).seed_globals()
        draw()
        assert draw() == expected
    finally:
        restore_global_random_state(before)


@pytest.mark.parametrize("seed", [-1, 1.5])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises((ValueError, TypeError)):
        RandomStreams(seed)
