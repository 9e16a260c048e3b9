"""Optimizer: parameters in groups with their options, the state of each parameter, and what all algorithms share."""

from __future__ import annotations

import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import numpy as np

from tinygrad_cn import storage
from tinygrad_cn.creation import from_numpy
from tinygrad_cn.grad_mode import enable_grad
from tinygrad_cn.hooks import HookHandle
from tinygrad_cn.tensor import Tensor

from ._options import plain
from ._scratch import Scratch

__all__ = ["Optimizer", "required"]

ParamGroup = dict[str, Any]


class _Required:
    """Stands for a default that every group has to give itself."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer:
    """The base class of all optimizers.

    An algorithm is a subclass with `_update`, which changes one parameter. A subclass may override `step` itself
    instead; the hooks around it stay.

    Args:
        params: tensors, pairs of names and tensors, or dictionaries with ``"params"`` and options of their own.
        defaults: the options of groups that do not give them.

    Attributes:
        param_groups: a dictionary for each group: ``"params"`` and the options, which may be changed at any time.
        state: for each parameter a dictionary of what the algorithm remembers.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                "but got a Tensor; put it into a list"
            )
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[ParamGroup] = []
        self._prepare()
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _prepare(self) -> None:
        """Make what is not saved with the optimizer."""
        self._scratch = Scratch()
        self._each = self._scratch.each
        self._scalars = self._scratch.scalars
        self._optimizer_step_pre_hooks: list[Callable[..., Any]] = []
        self._optimizer_step_post_hooks: list[Callable[..., Any]] = []
        self._optimizer_state_dict_pre_hooks: list[Callable[..., Any]] = []
        self._optimizer_state_dict_post_hooks: list[Callable[..., Any]] = []
        self._optimizer_load_state_dict_pre_hooks: list[Callable[..., Any]] = []
        self._optimizer_load_state_dict_post_hooks: list[Callable[..., Any]] = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_scratch" not in self.__dict__:
            self._prepare()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])

    # -------------------------------------------------------------------------------------- groups

    def add_param_group(self, param_group: ParamGroup) -> None:
        """Add a group of parameters, for one as when layers are unfrozen during training.

        Args:
            param_group: ``"params"`` and options; options that are missing take the defaults.

        Raises:
            TypeError: the group is no dictionary, its parameters are a set or not all Tensors.
            ValueError: a parameter is no leaf, cannot be written, is in another group already, or a required option
                is missing.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params, names = _split_names(param_group["params"])
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}")
            if not (self.defaults.get("differentiable") or param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor: give the tensor that it was computed from")
            if not param._array.flags.writeable:
                raise ValueError(
                    f"can't optimize a Tensor of shape {tuple(param.shape)} over read-only memory: "
                    "copy it with .clone() before it becomes a parameter"
                )
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
        ids = [id(param) for param in params]
        if len(set(ids)) != len(ids):
            warnings.warn("optimizer contains a parameter group with duplicate parameters", stacklevel=3)
        for group in self.param_groups:
            if ("param_names" in group) != bool(names):
                raise ValueError(
                    "all optimizer param groups should be with/without names. "
                    f"cannot add param group {'with' if names else 'without'} names to the optimizer"
                )
            if not set(ids).isdisjoint(id(param) for param in group["params"]):
                raise ValueError("some parameters appear in more than one parameter group")
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters.

        Args:
            set_to_none: let go of the gradients; ``False`` fills them with zeros in place.
        """
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none or param.grad is None:
                    param.grad = None
                else:
                    param.grad = param.grad.detach()
                    param.grad.zero_()

    # ---------------------------------------------------------------------------------------- step

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters once, by their gradients.

        Args:
            closure: computes the loss anew and its gradients, and returns it.

        Returns:
            What the closure returned; ``None`` without one.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        name = type(self).__name__
        for group in self.param_groups:
            if group.get("differentiable"):
                self._update_recorded(group)
                continue
            group = plain(group)
            for param in group["params"]:
                grad = param.grad
                if grad is not None:
                    self._update(param, param._array, grad._array, group)
                    storage.stamp(param._array, name)
        return loss

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        """Change one parameter: the algorithm, in place.

        Args:
            param: the parameter, the key of its state.
            weight: its array, which is written.
            grad: its gradient's array, which is not.
            group: the options, as plain numbers.

        With the option ``differentiable`` both are Tensors; NumPy's functions write into them and are recorded.
        """
        raise NotImplementedError(f"{type(self).__name__} must define _update(param, weight, grad, group) or step()")

    def _update_recorded(self, group: ParamGroup) -> None:
        """Change the parameters of a group so that gradients flow through it: of gradients, state and options."""
        with enable_grad():
            for param in group["params"]:
                if param.grad is not None:
                    state = self.state[param]
                    for name, value in state.items():  # what the last step saved stays as it was
                        if isinstance(value, Tensor):
                            state[name] = value.clone()
                    self._update(param, param, param.grad, group)

    def _buffers(self, param: Tensor, weight: Any, *names: str) -> list[Any]:
        """The arrays that the algorithm keeps for a parameter under these names: zeros at first.

        They are Tensors where ``weight`` is one.
        """
        state, found = self.state[param], []
        for name in names:
            if name not in state:
                state[name] = from_numpy(np.zeros_like(param._array))
            found.append(state[name]._array if isinstance(weight, np.ndarray) else state[name])
        return found

    def _count(self, param: Tensor) -> int:
        """Count a step of ``param``: 1 at its first."""
        state = self.state[param]
        if "step" not in state:
            state["step"] = from_numpy(np.zeros((), dtype=np.float32))
        counter = state["step"]._array
        count = int(counter) + 1
        counter[()] = count  # quicker than += by far
        return count

    # --------------------------------------------------------------------------------------- state

    def state_dict(self) -> dict[str, Any]:
        """The state and the options, with parameters as numbers: counted through the groups.

        Tensors are references, not copies.
        """
        for hook in list(self._optimizer_state_dict_pre_hooks):
            hook(self)
        numbers: dict[int, int] = {}
        for group in self.param_groups:
            for param in group["params"]:
                numbers.setdefault(id(param), len(numbers))
        result: dict[str, Any] = {
            "state": {numbers.get(id(key), key): state for key, state in self.state.items()},
            "param_groups": [
                {**group, "params": [numbers[id(param)] for param in group["params"]]} for group in self.param_groups
            ],
        }
        for hook in list(self._optimizer_state_dict_post_hooks):
            result = hook(self, result) or result
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state and the options from a `state_dict`, also one that PyTorch wrote.

        Tensors and arrays are copied and take the dtype of their parameter; ``"step"`` keeps its own.

        Args:
            state_dict: of an optimizer with as many parameters in each group.

        Raises:
            ValueError: the groups do not fit; nothing was changed.
        """
        state_dict = dict(state_dict)
        for hook in list(self._optimizer_load_state_dict_pre_hooks):
            state_dict = hook(self, state_dict) or state_dict
        saved_groups = deepcopy(state_dict["param_groups"])
        if len(saved_groups) != len(self.param_groups):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(saved_groups)}, "
                f"the optimizer has {len(self.param_groups)}"
            )
        params: dict[Any, Tensor] = {}
        for i, (group, saved) in enumerate(zip(self.param_groups, saved_groups, strict=True)):
            if len(saved["params"]) != len(group["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                    f"group {i} has {len(saved['params'])} parameters, the optimizer's {len(group['params'])}"
                )
            params.update(zip(saved["params"], group["params"], strict=True))
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
            for name, default in self.defaults.items():  # states from before an option was there
                saved.setdefault(name, group.get(name, default))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                state[params[key]] = _taken(value, params[key]._array.dtype)
            else:
                state[key] = value
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for hook in list(self._optimizer_load_state_dict_post_hooks):
            hook(self)

    # --------------------------------------------------------------------------------------- hooks

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new ``(args, kwargs)``."""
        return _add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return _add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call ``hook(optimizer)`` before `state_dict`."""
        return _add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call ``hook(optimizer, state_dict)`` after `state_dict`; what it returns, if anything, is the result."""
        return _add_hook(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call ``hook(optimizer, state_dict)`` before loading; what it returns, if anything, is loaded instead."""
        return _add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call ``hook(optimizer)`` after loading."""
        return _add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend)


def _add_hook(hooks: list[Callable[..., Any]], hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
    hooks.insert(0 if prepend else len(hooks), hook)
    return HookHandle(hooks, hook)


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step`` with the optimizer's step hooks around it."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if "_scratch" not in self.__dict__:  # a stand-in whose __init__ is all its own has nothing of this class
            return step(self, *args, **kwargs)
        if not self._optimizer_step_pre_hooks and not self._optimizer_step_post_hooks:
            return step(self, *args, **kwargs)
        for hook in list(self._optimizer_step_pre_hooks):
            replaced = hook(self, args, kwargs)
            if replaced is not None:
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"a step pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}"
                    )
                args, kwargs = replaced
        result = step(self, *args, **kwargs)
        for hook in list(self._optimizer_step_post_hooks):
            hook(self, args, kwargs)
        return result

    return hooked


Optimizer.step = _with_hooks(Optimizer.step)  # type: ignore[method-assign]


def _split_names(params: Any) -> tuple[list[Any], list[str]]:
    """The parameters of a group as a list, and their names if they were given as pairs."""
    if isinstance(params, Tensor):
        return [params], []
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
            "will change between runs. Please use a list instead."
        )
    entries = list(params)
    names = [entry[0] for entry in entries if isinstance(entry, tuple)]
    if names and len(names) != len(entries):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return [entry[1] if isinstance(entry, tuple) else entry for entry in entries], names


def _taken(value: Any, dtype: np.dtype, name: str = "") -> Any:
    """A copy of loaded state, in which floating tensors but ``"step"`` have the dtype of their parameter."""
    if isinstance(value, dict):
        return {key: _taken(entry, dtype, key) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_taken(entry, dtype, name) for entry in value)
    if not hasattr(value, "__array__"):
        return deepcopy(value)
    array = np.asarray(value._array if isinstance(value, Tensor) else value).copy()
    return from_numpy(array if name == "step" or array.dtype.kind not in "fc" else array.astype(dtype, copy=False))
