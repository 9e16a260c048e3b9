"""Trading time for memory: parts of a computation that are run again in the backward pass in place of being kept.

The graph is recorded as usual, but what its nodes would save is dropped (by hooks on saved tensors). The first one
that is asked for has the part run again, and what its operations save then is handed out in the order of saving. This
way gradients of gradients, `autograd.grad` and parameters that the function reaches on its own all work.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn import random, storage
from tinygrad_cn.autograd.graph import saved_tensors_hooks
from tinygrad_cn.grad_mode import enable_grad
from tinygrad_cn.graph import Handle

__all__ = [
    "CheckpointError",
    "checkpoint",
    "checkpoint_sequential",
    "get_device_states",
    "noop_context_fn",
    "set_device_states",
]


class CheckpointError(RuntimeError):
    """The second run did not do what the first did."""


class _AllFound(Exception):
    """Everything that the first run saved has been saved again: the rest of the second run is not needed."""


class _Kept(NamedTuple):
    """What is kept of a tensor that was saved in the first run: enough to know it again."""

    shape: tuple[int, ...]
    dtype: Any
    probe: Any


class _Slot:
    """The place of one saved tensor in the order of saving."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


#: How many elements of each dropped tensor are kept to compare with.
_PROBES = 32


def _probe(array: Any) -> Any:
    """A few elements, spread over the array."""
    step = max(array.size // _PROBES, 1)
    return array.flat[::step].copy()


class _Part:
    """One checkpointed call."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        context: Callable[[], contextlib.AbstractContextManager[Any]],
        preserve: bool,
        check: bool,
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.context = context
        self.check = check
        self.state = random.get_rng_state() if preserve else None
        self.kept: list[_Kept] = []
        self.found: dict[int, tuple[Any, int]] = {}  # what the second run saved, and when

    # ----------------------------------------------------------------------------------- first run

    def drop(self, saved: Any) -> _Slot:
        """The pack hook of the first run."""
        array = saved._array
        self.kept.append(_Kept(array.shape, array.dtype, _probe(array) if self.check else None))
        return _Slot(len(self.kept) - 1)

    # ---------------------------------------------------------------------------------- second run

    def give(self, slot: _Slot) -> Any:
        """The unpack hook of the first run."""
        if slot.index not in self.found:
            self.run_again()
        array, since = self.found.pop(slot.index)
        if storage.overwritten(array, since):
            raise CheckpointError(
                f"checkpoint: a tensor of shape {list(array.shape)} that the function saved for the gradient was "
                f"changed in place by {storage.writer(array)} when it was run again; use the out-of-place form in it"
            )
        return Handle._result_class._wrap(array)

    def run_again(self) -> None:
        """Run the function on constants, and collect what its operations save.

        Raises:
            CheckpointError: it saves other tensors than the first time.
        """
        found: dict[int, tuple[Any, int]] = {}

        def collect(saved: Any) -> None:
            index = len(found)
            if index < len(self.kept):
                self.compare(index, saved._array)
            found[index] = (saved._array, storage.tick())
            if index + 1 == len(self.kept):
                raise _AllFound

        outer = random.get_rng_state() if self.state is not None else None
        try:
            if self.state is not None:
                random.set_rng_state(self.state)
            with enable_grad(), self.context(), saved_tensors_hooks(collect, _never), contextlib.suppress(_AllFound):
                self.function(*(_constant(arg) for arg in self.args), **self.kwargs)
        finally:
            if outer is not None:
                random.set_rng_state(outer)
        if len(found) < len(self.kept):
            raise CheckpointError(
                f"checkpoint: the function saved {len(self.kept)} tensors for the gradient, but only {len(found)} when "
                "it was run again; it must do the same both times"
            )
        self.found = found

    def compare(self, index: int, array: Any) -> None:
        """Refuse a tensor that is not the one that the first run saved.

        Raises:
            CheckpointError
        """
        if not self.check:
            return
        kept = self.kept[index]
        if array.shape != kept.shape or array.dtype != kept.dtype:
            raise CheckpointError(
                f"checkpoint: saved tensor {index} had shape {list(kept.shape)} and dtype {kept.dtype}, but shape "
                f"{list(array.shape)} and dtype {array.dtype} when the function was run again; it must do the "
                "same both times"
            )
        probe = _probe(array)
        if not np.allclose(probe, kept.probe, rtol=1e-3, atol=1e-6, equal_nan=probe.dtype.kind in "fc"):
            raise CheckpointError(
                f"checkpoint: saved tensor {index}, of shape {list(kept.shape)}, had other values when the function "
                "was run again. It must do the same both times: parameters and inputs must not be written between the "
                "forward and the backward pass, nor inputs within it, and random numbers must come from the default "
                "generator, with preserve_rng_state=True"
            )


def _never(packed: Any) -> Any:
    raise AssertionError("the graph of a second run is not swept")


def _constant(arg: Any) -> Any:
    """A tensor argument cut off from the graph that it came from."""
    if not isinstance(arg, Handle):
        return arg
    detached = arg._wrap(arg._array)
    return detached.requires_grad_() if arg.requires_grad else detached  # type: ignore[attr-defined]


def noop_context_fn() -> tuple[contextlib.AbstractContextManager[Any], contextlib.AbstractContextManager[Any]]:
    """Two contexts that do nothing: for the first run and for the second."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)`` without keeping what its gradient needs: it is run again in the backward pass.

    Args:
        function: what to run; it must do the same both times. Parameters that it reaches on its own get gradients.
        args: its arguments.
        use_reentrant (bool, optional): both of PyTorch's variants are the same here, except that True takes neither
            ``context_fn`` nor keyword arguments.
        context_fn: returns two context managers, for the first and for the second run.
        determinism_check ("default" or "none"): compare what both runs save, by shape, dtype and a few elements.
        debug (bool): accepted.
        early_stop (bool): accepted; the second run always ends when all that is needed is there.
        kwargs: keyword arguments of ``function``, and ``preserve_rng_state`` (bool, True): the second run draws the
            random numbers of the first.

    Raises:
        ValueError: arguments that do not go together.
        CheckpointError: in the backward pass, the second run differs from the first.

    >>> import tinygrad_cn as tg
    >>> from tinygrad_cn.utils.checkpoint import checkpoint
    >>> x = tg.tensor([1., 2.], requires_grad=True)
    >>> checkpoint(lambda t: (t * t).exp(), x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([  5.4366, 218.3926])
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError(
                f"checkpoint: unexpected keyword arguments {', '.join(kwargs)}: with use_reentrant=True the function "
                "takes positional arguments only"
            )
        if context_fn is not noop_context_fn or debug:
            raise ValueError("checkpoint: context_fn and debug need use_reentrant=False")
    if determinism_check not in ("default", "none"):
        raise ValueError(f"checkpoint: determinism_check must be 'default' or 'none', got {determinism_check!r}")
    first, second = context_fn()
    part = _Part(function, args, kwargs, _once(context_fn, second), preserve, determinism_check == "default")
    with first, saved_tensors_hooks(part.drop, part.give):
        return function(*args, **kwargs)


def _once(context_fn: Callable[[], tuple[Any, Any]], second: Any) -> Callable[[], Any]:
    """The second context, and new ones for further backward passes: a context may be meant for one use."""
    left = [second]
    return lambda: left.pop() if left else context_fn()[1]


def checkpoint_sequential(
    functions: Iterable[Callable[..., Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Run functions (or the modules of a Sequential) one after the other, in checkpointed segments, but for the last.

    Args:
        functions: modules or functions of one argument.
        segments (int): how many parts to divide them into.
        input (Tensor)
        kwargs: ``preserve_rng_state``.

    Raises:
        ValueError: other keyword arguments, or more segments than functions.
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError(f"checkpoint_sequential: unexpected keyword arguments {', '.join(kwargs)}")
    steps = list(functions)
    if not 1 <= segments <= max(len(steps), 1):
        raise ValueError(f"checkpoint_sequential: {len(steps)} functions cannot be divided into {segments} segments")
    size = len(steps) // segments

    def run(start: int, stop: int) -> Callable[[Any], Any]:
        def part(value: Any) -> Any:
            for step in steps[start:stop]:
                value = step(value)
            return value

        return part

    start = 0
    for _ in range(segments - 1):
        part = run(start, start + size)
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
        start += size
    return run(start, len(steps))(input)


def get_device_states(*args: Any) -> tuple[list[Any], list[Any]]:
    """No devices and no states: there is no random state but the CPU's."""
    return [], []


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """Nothing."""
