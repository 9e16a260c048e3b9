"""Hooks around a module's forward and backward pass.

A module without hooks never comes here (see `Module.__call__`).
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_cn.autograd import Function
from tinygrad_cn.hooks import HookHandle
from tinygrad_cn.tensor import Tensor

from ._registry import Registry

__all__ = ["Hooked"]


#: Hooks by number, in the order in which they run; the same function registered twice has two numbers.
Hooks = OrderedDict[int, Callable[..., Any]]

_numbers = itertools.count()


class Hooked(Registry):
    """A module's forward and backward hooks, and the call that runs them."""

    _hooked: bool  # a hook was registered at some time: calls take the long way
    _forward_pre_hooks: Hooks
    _forward_hooks: Hooks
    _backward_pre_hooks: Hooks
    _backward_hooks: Hooks
    _hooks_with_kwargs: set[int]
    _hooks_always_called: set[int]

    forward: Callable[..., Any]

    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update(
            _hooked=False,
            _forward_pre_hooks=OrderedDict(),
            _forward_hooks=OrderedDict(),
            _backward_pre_hooks=OrderedDict(),
            _backward_hooks=OrderedDict(),
            _hooks_with_kwargs=set(),
            _hooks_always_called=set(),
        )

    def _add_hook(
        self,
        hooks: Hooks,
        hook: Callable[..., Any],
        prepend: bool,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> HookHandle:
        self._hooked = True
        number = next(_numbers)
        hooks[number] = hook
        if prepend:
            hooks.move_to_end(number, last=False)
        if with_kwargs:
            self._hooks_with_kwargs.add(number)
        if always_call:
            self._hooks_always_called.add(number)
        return HookHandle(hooks, number)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Call ``hook(module, args)`` before every forward pass; what it returns replaces the arguments.

        Args:
            hook: returns ``None`` to leave the arguments as they are, a tuple of arguments, or a single argument.
            prepend: run it before the hooks that are there.
            with_kwargs: call ``hook(module, args, kwargs)``; it returns ``None`` or ``(args, kwargs)``.
        """
        return self._add_hook(self._forward_pre_hooks, hook, prepend, with_kwargs)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> HookHandle:
        """Call ``hook(module, args, output)`` after every forward pass; what it returns, if anything, is the output.

        Args:
            hook: returns ``None`` to leave the output as it is.
            prepend: run it before the hooks that are there.
            with_kwargs: call ``hook(module, args, kwargs, output)``.
            always_call: run it also when the forward pass raised; ``output`` is then ``None``.

        Example:
            >>> import tinygrad_cn as tg
            >>> layer = tg.nn.Linear(2, 3)
            >>> with layer.register_forward_hook(lambda module, args, output: print(tuple(output.shape))):
            ...     y = layer(tg.ones(4, 2))
            (4, 3)
        """
        return self._add_hook(self._forward_hooks, hook, prepend, with_kwargs, always_call)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known.

        Args:
            hook: returns ``None``, or gradients to go on with in place of ``grad_output``.
            prepend: run it before the hooks that are there.
        """
        return self._add_hook(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the positional inputs are known.

        Args:
            hook: returns ``None``, or gradients to go on with in place of ``grad_input``. Gradients are tuples with
                ``None`` for what is no tensor or needs no gradient.
            prepend: run it before the hooks that are there.
        """
        return self._add_hook(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """The older name of `register_full_backward_hook`."""
        return self.register_full_backward_hook(hook)

    # ----------------------------------------------------------------------------------- the call

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        waiting = [number for number in self._forward_hooks if number in self._hooks_always_called]
        result = None
        try:
            for number, hook in list(self._forward_pre_hooks.items()):
                args, kwargs = self._run_pre_hook(number, hook, args, kwargs)
            backward = _BackwardPass(self) if self._backward_hooks or self._backward_pre_hooks else None
            if backward is not None:
                args = backward.enter(args)
            result = self.forward(*args, **kwargs)
            for number in list(self._forward_hooks):
                if number in waiting:
                    waiting.remove(number)
                replaced = self._run_forward_hook(number, args, kwargs, result)
                if replaced is not None:
                    result = replaced
            return result if backward is None else backward.leave(result)
        except Exception:
            for number in waiting:
                self._run_forward_hook(number, args, kwargs, result)
            raise

    def _run_forward_hook(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
        hook = self._forward_hooks.get(number)
        if hook is None:  # a hook before it took it away
            return None
        return hook(self, args, kwargs, result) if number in self._hooks_with_kwargs else hook(self, args, result)

    def _run_pre_hook(
        self, number: int, hook: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if number not in self._hooks_with_kwargs:
            replaced = hook(self, args)
            if replaced is None:
                return args, kwargs
            return (replaced if isinstance(replaced, tuple) else (replaced,)), kwargs
        replaced = hook(self, args, kwargs)
        if replaced is None:
            return args, kwargs
        if not (isinstance(replaced, tuple) and len(replaced) == 2):
            raise RuntimeError(
                f"a forward pre-hook registered with with_kwargs=True must return None or a tuple (args, kwargs), "
                f"got {type(replaced).__name__}"
            )
        return replaced


class _BackwardPass:
    """The two gates that one call of a module puts around it: gradients meet at the outputs, then at the inputs."""

    def __init__(self, module: Hooked) -> None:
        self.module = module
        self.pre_hooks = list(module._backward_pre_hooks.values())
        self.hooks = list(module._backward_hooks.values())
        self.grad_output: tuple[Tensor | None, ...] = ()
        self.inputs = 0
        self.entered = False  # an input needs a gradient, so the input gate will be reached

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs = len(args)
        places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor) and arg.requires_grad]
        if not places:
            return args
        self.entered = True

        def meet(grads: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
            grad_input = _spread(grads, places, len(args))
            for hook in self.hooks:
                grad_input = _replaced(hook(self.module, grad_input, self.grad_output), grad_input)
            return tuple(grad_input[i] for i in places)

        return _through_gate(meet, args, places)

    def leave(self, result: Any) -> Any:
        outputs = result if isinstance(result, tuple | list) else (result,)
        places = [i for i, out in enumerate(outputs) if isinstance(out, Tensor) and out.requires_grad]
        if not places:
            return result

        def meet(grads: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
            grad_output = _spread(grads, places, len(outputs))
            for hook in self.pre_hooks:
                grad_output = _replaced(hook(self.module, grad_output), grad_output)
            self.grad_output = grad_output
            if not self.entered:
                for hook in self.hooks:
                    hook(self.module, (None,) * self.inputs, grad_output)
            return tuple(grad_output[i] for i in places)

        gated = _through_gate(meet, tuple(outputs), places)
        if not isinstance(result, tuple | list):
            return gated[0]
        return type(result)(*gated) if hasattr(result, "_fields") else type(result)(gated)


class _Gate(Function):
    """The identity on several tensors, through which their gradients come back together."""

    @staticmethod
    def forward(ctx: Any, meet: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.meet = meet
        return tuple(tensor.view_as(tensor) for tensor in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        return (None, *ctx.meet(grads))


def _through_gate(meet: Callable[..., Any], values: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    passed: Iterator[Any] = iter(_Gate.apply(meet, *(values[i] for i in places)))
    return tuple(next(passed) if i in places else value for i, value in enumerate(values))


def _spread(grads: tuple[Tensor | None, ...], places: list[int], length: int) -> tuple[Tensor | None, ...]:
    """The gradients at their places among ``length`` values, ``None`` elsewhere."""
    known = dict(zip(places, grads, strict=True))
    return tuple(known.get(i) for i in range(length))


def _replaced(returned: Any, grads: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    if returned is None:
        return grads
    returned = returned if isinstance(returned, tuple) else (returned,)
    if len(returned) != len(grads):
        raise RuntimeError(f"a backward hook returned {len(returned)} gradients, expected {len(grads)}")
    return returned
