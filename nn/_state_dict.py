"""A module's state as a flat dictionary of tensors, out and in: ``state_dict`` and ``load_state_dict``.

Loading happens in two passes. The first goes over the whole tree, compares every entry with what the model has, and
writes down what is to be copied where. Only when nothing is wrong with any entry does the second pass copy. A model
is therefore never left half loaded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn.autograd import no_grad
from tinygrad_cn.creation import from_numpy
from tinygrad_cn.hooks import HookHandle
from tinygrad_cn.tensor import Tensor

from ._registry import Registry
from .parameter import Parameter, is_uninitialized

__all__ = ["IncompatibleKeys", "StateDict"]

_EXTRA_STATE = "_extra_state"

#: Under this key of ``local_metadata`` the list of copies to make travels through ``_load_from_state_dict``.
_PLAN = "_plan"


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` returns: the keys of the model that were not given, and those given for nothing."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"


class StateDict(Registry):
    """Saving a module's parameters and buffers into a dictionary, and loading them from one."""

    _version: int = 1  # raise it when the names or the meaning of the entries change; see `_load_from_state_dict`

    _state_dict_pre_hooks: list[Callable[..., Any]]
    _state_dict_hooks: list[Callable[..., Any]]
    _load_state_dict_pre_hooks: list[Callable[..., Any]]
    _load_state_dict_post_hooks: list[Callable[..., Any]]

    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update(
            _state_dict_pre_hooks=[],
            _state_dict_hooks=[],
            _load_state_dict_pre_hooks=[],
            _load_state_dict_post_hooks=[],
        )

    # ------------------------------------------------------------------------------------------ out

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """The parameters and persistent buffers by their dotted paths: references to them, not copies.

        Args:
            destination: a dictionary to fill, instead of a new one.
            prefix: put before every path.
            keep_vars: give the parameters themselves, not detached from the graph.

        Example:
            >>> from tinygrad_cn import nn
            >>> list(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).state_dict())[:3]
            ['0.weight', '0.bias', '1.weight']
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()  # type: ignore[attr-defined]
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in list(self._state_dict_pre_hooks):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in list(self._state_dict_hooks):
            hook(self, destination, prefix, metadata)
        return destination

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Put this module's own entries, not those of submodules, into ``destination``. May be overridden."""
        for name, tensor in self._persistent_state():
            destination[prefix + name] = tensor if keep_vars or is_uninitialized(tensor) else tensor.detach()
        if type(self).get_extra_state is not StateDict.get_extra_state:
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def _persistent_state(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self._parameters.items():
            if parameter is not None:
                yield name, parameter
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                yield name, buffer

    def get_extra_state(self) -> Any:
        """What else belongs to the module's state; saved when a subclass overrides this."""
        raise RuntimeError(f"{type(self).__name__} must define get_extra_state() to save an extra state")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` gave; called on loading when a subclass overrides this."""
        raise RuntimeError(f"{type(self).__name__} must define set_extra_state(state) to load an extra state")

    # ------------------------------------------------------------------------------------------- in

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy parameters and buffers from a dictionary into this module and everything below it.

        Values may be Tensors, NumPy arrays, or anything with ``__array__``, as the tensors of other libraries.

        Args:
            state_dict: values by dotted paths.
            strict: refuse missing and unexpected keys. Shapes have to fit in any case.
            assign: put the given tensors themselves in place, with their dtypes, instead of copying into those there.

        Raises:
            RuntimeError: entries are missing, unexpected or do not fit. The message lists all of them, and the
                model is as it was.

        Example:
            >>> from tinygrad_cn import nn
            >>> a, b = nn.Linear(2, 3), nn.Linear(2, 3)
            >>> b.load_state_dict(a.state_dict())
            <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        keys = IncompatibleKeys([], [])
        plan: list[_Step] = []
        errors: list[str] = []
        visited: list[StateDict] = []  # children before parents
        metadata = getattr(state_dict, "_metadata", None) or {}

        def compare(module: StateDict, entries: dict[str, Any], prefix: str) -> None:
            local_metadata = {**metadata.get(prefix[:-1], {}), "assign_to_params_buffers": assign, _PLAN: plan}
            module._load_from_state_dict(entries, prefix, local_metadata, True, *keys, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    compare(child, {k: v for k, v in entries.items() if k.startswith(below)}, below)
            visited.append(module)

        compare(self, OrderedDict(state_dict), "")
        may_be_forgiven = any(module._load_state_dict_post_hooks for module in visited)  # hooks may change ``keys``
        self._refuse(errors, keys, strict and not may_be_forgiven)
        with no_grad():
            for step in plan:
                step.do(may_be_forgiven)
        for module in visited:
            for hook in list(module._load_state_dict_post_hooks):
                if hook(module, keys) is not None:
                    raise TypeError("a load_state_dict post hook changes incompatible_keys in place and returns None")
        try:
            self._refuse(errors, keys, strict)
        except RuntimeError:
            for step in reversed(plan):
                step.undo()
            raise
        return keys

    def _refuse(self, errors: list[str], keys: IncompatibleKeys, strict: bool) -> None:
        lines = list(errors)
        for title, names in (("Unexpected", keys.unexpected_keys), ("Missing", keys.missing_keys)):
            if strict and names:
                lines.insert(0, f"{title} key(s) in state_dict: " + ", ".join(f'"{name}"' for name in names) + ". ")
        if lines:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(lines))

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Compare this module's own entries, not those of submodules, with ``state_dict`` and plan the copies.

        May be overridden to accept older formats: change ``state_dict``, which is a copy, and call this one.
        ``local_metadata.get("version")`` is the `_version` that wrote the entries.
        """
        for hook in list(self._load_state_dict_pre_hooks):
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        steps: list[_Step] = []
        expected = dict(self._persistent_state())
        for name, tensor in expected.items():
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            value = _as_tensor(state_dict[key])
            if value is not None and is_uninitialized(value):
                if not is_uninitialized(tensor):
                    error_msgs.append(
                        f'"{key}" of the checkpoint has no values yet: run the module that it was saved from once'
                    )
                continue
            if value is not None and is_uninitialized(tensor):
                steps.append(_Materialize(tensor, value))
                continue
            if value is None:
                error_msgs.append(
                    f'While copying the parameter named "{key}", expected a Tensor or an array of numbers '
                    f"from checkpoint but received {type(state_dict[key])}"
                )
                continue
            if tensor.ndim == 0 and tuple(value.shape) == (1,):
                value = value[0]  # scalars were written with one dimension by early versions of PyTorch
            if tuple(value.shape) != tuple(tensor.shape):
                error_msgs.append(
                    f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
                    f"the shape in current model is {tensor.shape}."
                )
                continue
            assign = local_metadata.get("assign_to_params_buffers", False)
            steps.append(_Assign(self, name, value) if assign else _Copy(tensor, value))

        extra_key = prefix + _EXTRA_STATE
        if type(self).set_extra_state is not StateDict.set_extra_state:
            if extra_key in state_dict:
                steps.insert(0, _SetExtraState(self, state_dict[extra_key]))
            elif strict:
                missing_keys.append(extra_key)
        elif strict and extra_key in state_dict:
            unexpected_keys.append(extra_key)
        for key in state_dict if strict else ():
            if key.startswith(prefix) and key != extra_key:
                head, dot, _ = key[len(prefix) :].partition(".")
                if head not in (self._modules if dot else expected):
                    unexpected_keys.append(key)

        if _PLAN in local_metadata:
            local_metadata[_PLAN].extend(steps)
        else:  # called by an override with metadata of its own, which expects the copies to be made
            with no_grad():
                for step in steps:
                    step.do(False)

    # ---------------------------------------------------------------------------------------- hooks

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` collects this module's entries."""
        return _add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after its entries; it may change them in place."""
        return _add_hook(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook`` with the module and the arguments of ``_load_from_state_dict`` before entries are compared."""
        return _add_hook(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(module, incompatible_keys)`` after loading; it may change the two lists of keys in place."""
        return _add_hook(self._load_state_dict_post_hooks, hook)


def _add_hook(hooks: list[Callable[..., Any]], hook: Callable[..., Any]) -> HookHandle:
    hooks.append(hook)
    return HookHandle(hooks, hook)


# ------------------------------------------------------------------------------------ steps of a plan


class _Step:
    """One change that loading makes."""

    def do(self, keep: bool) -> None:
        """Make the change; ``keep`` what is needed to undo it."""
        raise NotImplementedError

    def undo(self) -> None:
        """Take it back."""


class _Copy(_Step):
    def __init__(self, tensor: Tensor, value: Tensor) -> None:
        self.tensor, self.value = tensor, value
        self.before: Tensor | None = None

    def do(self, keep: bool) -> None:
        self.before = self.tensor.detach().clone() if keep else None
        self.tensor.copy_(self.value)

    def undo(self) -> None:
        if self.before is not None:
            with no_grad():
                self.tensor.copy_(self.before)


class _Materialize(_Step):
    """The values of a parameter or buffer that had none, and with them its shape."""

    def __init__(self, tensor: Any, value: Tensor) -> None:
        self.tensor, self.value = tensor, value
        self.before: Any = (type(tensor), tensor.data)

    def do(self, keep: bool) -> None:
        self.tensor.materialize(tuple(self.value.shape))
        self.tensor.copy_(self.value)

    def undo(self) -> None:
        kind, data = self.before
        self.tensor.data = data
        self.tensor.__class__ = kind


class _Assign(_Step):
    def __init__(self, module: StateDict, name: str, value: Tensor) -> None:
        self.module, self.name, self.value = module, name, value
        self.before = getattr(module, name)

    def do(self, keep: bool) -> None:
        if isinstance(self.before, Parameter):
            if isinstance(self.value, Parameter):
                self.value.requires_grad_(self.before.requires_grad)
            else:
                self.value = Parameter(self.value, requires_grad=self.before.requires_grad)
        setattr(self.module, self.name, self.value)

    def undo(self) -> None:
        setattr(self.module, self.name, self.before)


class _SetExtraState(_Step):
    def __init__(self, module: StateDict, state: Any) -> None:
        self.module, self.state = module, state

    def do(self, keep: bool) -> None:
        self.module.set_extra_state(self.state)


def _as_tensor(value: Any) -> Tensor | None:
    """``value`` as a Tensor over the same memory if it is one or an array of numbers; else ``None``."""
    if isinstance(value, Tensor):
        return value
    if not hasattr(value, "__array__"):
        return None
    try:
        return from_numpy(np.asarray(value))
    except (TypeError, RuntimeError):
        return None
