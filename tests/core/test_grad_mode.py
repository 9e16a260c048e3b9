"""Recording switched off and on: nested, as decorators, in generators, and apart in threads and tasks."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import tinygrad_cn as tg


def recorded() -> bool:
    return (tg.ones(1, requires_grad=True) * 2).requires_grad


def test_nesting():
    assert recorded()
    with tg.no_grad():
        assert not recorded()
        with tg.enable_grad():
            assert recorded()
            with tg.no_grad():
                assert not recorded()
            assert recorded()
        assert not recorded()
    assert recorded()
    assert tg.is_grad_enabled()


def test_an_exception_restores_the_mode():
    with pytest.raises(KeyError), tg.no_grad():
        raise KeyError
    assert recorded()


def test_one_manager_can_be_entered_again():
    off = tg.no_grad()
    with off:
        with off:
            assert not recorded()
        assert not recorded()
    with off:
        assert not recorded()
    assert recorded()


def test_decorators():
    @tg.no_grad()
    def called():
        """Doc."""
        return recorded()

    @tg.no_grad
    def bare():
        return recorded()

    @tg.enable_grad()
    def on():
        return recorded()

    assert not called()
    assert not bare()
    assert called.__name__ == "called"
    assert called.__doc__ == "Doc."
    with tg.no_grad():
        assert on()
    assert recorded()


def test_a_decorated_function_may_call_itself():
    @tg.no_grad()
    def down(n):
        return [recorded(), *(down(n - 1) if n else [])]

    assert down(3) == [False] * 4
    assert recorded()


def test_generators_keep_their_mode_to_themselves():
    @tg.no_grad()
    def numbers():
        got = yield recorded()
        got = yield (got, recorded())
        try:
            yield recorded()
        except KeyError:
            yield ("caught", recorded())
        return "end"

    steps = numbers()
    assert next(steps) is False
    assert recorded()
    assert steps.send(5) == (5, False)
    with tg.no_grad():
        assert next(steps) is False
    assert recorded()
    assert steps.throw(KeyError()) == ("caught", False)
    with pytest.raises(ValueError, match="out"):
        steps.throw(ValueError("out"))
    assert recorded()
    steps = numbers()
    assert [next(steps), steps.send(None), next(steps), steps.throw(KeyError())][-1] == ("caught", False)
    with pytest.raises(StopIteration, match="end"):
        next(steps)
    assert recorded()


def test_generators_are_closed_in_their_mode():
    seen = []

    @tg.no_grad()
    def numbers():
        try:
            yield 1
        finally:
            seen.append(recorded())

    steps = numbers()
    next(steps)
    steps.close()
    assert seen == [False]
    assert recorded()


def test_classes_are_refused():
    with pytest.raises(TypeError, match="decorate the methods of Model"):

        @tg.no_grad()
        class Model:
            pass


def test_set_grad_enabled():
    with tg.set_grad_enabled(False):
        assert not recorded()
    assert recorded()
    tg.set_grad_enabled(False)
    assert not recorded()
    tg.set_grad_enabled(True)
    assert recorded()

    @tg.set_grad_enabled(False)
    def off():
        return recorded()

    assert recorded()
    assert not off()


def test_inference_mode():
    with tg.inference_mode():
        assert not recorded()
        assert tg.is_inference_mode_enabled()
        with tg.inference_mode(False):
            assert recorded()
            assert not tg.is_inference_mode_enabled()
    assert recorded()
    assert not tg.is_inference_mode_enabled()

    @tg.inference_mode()
    def inside():
        return recorded(), tg.is_inference_mode_enabled()

    assert inside() == (False, True)


def test_a_new_thread_records_whatever_its_starter_does():
    seen = []
    with tg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(recorded()))
        thread.start()
        thread.join()
        assert not recorded()
    assert seen == [True]


def test_threads_do_not_meet():
    """Two threads inside and outside of no_grad at the same time."""
    inside, done = threading.Event(), threading.Event()
    seen = {}

    def off():
        with tg.no_grad():
            inside.set()
            done.wait(10)
            seen["off"] = recorded()

    def on():
        inside.wait(10)
        seen["on"] = recorded()
        done.set()

    threads = [threading.Thread(target=f) for f in (off, on)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert seen == {"off": False, "on": True}


def test_a_pool_does_not_keep_a_mode():
    @tg.no_grad()
    def off():
        return recorded()

    with ThreadPoolExecutor(1) as pool:
        results = [pool.submit(f).result() for f in (recorded, off, recorded)]
    assert results == [True, False, True]


def test_sweeps_in_threads():
    """Whole training steps side by side: each gets its own gradients."""

    def step(n):
        x = tg.full((10,), float(n), requires_grad=True)
        for _ in range(20):
            (x * x).sum().backward()
        return x.grad[0].item()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(step, range(8))) == [40.0 * n for n in range(8)]


def test_tasks_do_not_meet():
    async def off(turn):
        with tg.no_grad():
            await turn()
            first = recorded()
            await turn()
            return first or recorded()

    async def on(turn):
        first = recorded()
        await turn()
        return first and recorded()

    async def main():
        turn = lambda: asyncio.sleep(0)
        return await asyncio.gather(off(turn), on(turn), off(turn), on(turn))

    assert asyncio.run(main()) == [False, True, False, True]


def test_to_thread_takes_the_mode_along():
    """asyncio.to_thread copies the context, so the mode goes with it."""

    async def main():
        with tg.no_grad():
            return await asyncio.to_thread(recorded)

    assert asyncio.run(main()) is False


def test_the_sweep_itself_is_not_recorded():
    x = tg.ones(1, requires_grad=True)
    modes = []
    y = x * 2
    y.register_hook(lambda g: modes.append((tg.is_grad_enabled(), g.requires_grad)))
    y.backward(retain_graph=True)
    y.backward(create_graph=True)
    with tg.no_grad():
        y.backward()
    assert modes == [(False, False), (True, False), (False, False)]
    assert tg.is_grad_enabled()


def test_leaves_under_no_grad():
    with tg.no_grad():
        x = tg.ones(1, requires_grad=True)
        y = x * 2
    assert x.requires_grad
    assert x.is_leaf
    assert y.is_leaf
    assert not y.requires_grad
