"""What a module owns: parameters, buffers and submodules, registered by assigning them as attributes.

Each kind lives in its own ordered dictionary (``_parameters``, ``_buffers``, ``_modules``), which is the only place
where it is kept: attribute access falls through to the dictionaries, so they can never disagree with the attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_cn.tensor import Tensor

from .parameter import Buffer, Parameter

if TYPE_CHECKING:
    from .module import Module

__all__ = ["Registry"]

_KINDS = ("_parameters", "_buffers", "_modules")


class Registry:
    """The owner of named parameters, buffers and submodules: the ground floor of `Module`."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]

    def __init__(self) -> None:
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _modules={},
            _non_persistent_buffers_set=set(),
        )

    # ---------------------------------------------------------------------------------- attributes

    def __getattr__(self, name: str) -> Any:
        kind: dict[str, Any]  # without a loop or a call: parameters and submodules are read on every forward pass
        if name not in _KINDS and (
            name in (kind := self._parameters) or name in (kind := self._modules) or name in (kind := self._buffers)
        ):
            return kind[name]
        hint = "" if "_modules" in self.__dict__ else "; call super().__init__() first"
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        members = self.__dict__
        if isinstance(value, Parameter):
            self._make_room(name, "_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Registry):
            self._make_room(name, "_modules")
            self._modules[name] = value  # type: ignore[assignment]  # every Registry is a Module
        elif isinstance(value, Buffer):
            self._make_room(name, "_buffers")
            self.register_buffer(name, value, value.persistent)
        elif name in members.get("_parameters", ()):
            self._refuse_unless_none(name, value, "parameter", "nn.Parameter or None")
            self._parameters[name] = None
        elif name in members.get("_modules", ()):
            self._refuse_unless_none(name, value, "child module", "nn.Module or None")
            self._modules[name] = None
        elif name in members.get("_buffers", ()):
            if not isinstance(value, Tensor):
                self._refuse_unless_none(name, value, "buffer", "Tensor, nn.Buffer or None")
            self._buffers[name] = value
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        members = self.__dict__
        for kind in _KINDS:
            if name in members.get(kind, ()):
                del members[kind][name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *self._parameters, *self._buffers, *self._modules}
        return sorted(name for name in names if not name[:1].isdigit())  # "0" of a Sequential cannot be typed

    def _make_room(self, name: str, kind: str) -> None:
        """Take ``name`` out of everything but the dictionary ``kind``: a name means one thing at a time."""
        members = self.__dict__
        if "_modules" not in members:
            raise AttributeError(
                f"cannot assign {kind.strip('_')} before Module.__init__() call: "
                f"call super().__init__() first in {type(self).__name__}.__init__"
            )
        members.pop(name, None)
        for other in _KINDS:
            if other != kind:
                members[other].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def _refuse_unless_none(self, name: str, value: Any, kind: str, expected: str) -> None:
        if value is not None:
            raise TypeError(
                f"cannot assign '{type(value).__name__}' as {kind} '{name}' ({expected} expected); "
                f"del the attribute first to use its name for something else"
            )

    # -------------------------------------------------------------------------------- registration

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, reachable as the attribute ``name``.

        Args:
            name: its name.
            param: the parameter, or ``None``: the place is kept and is left out of ``state_dict``.

        Raises:
            TypeError: ``param`` is no Parameter.
            KeyError: the name is empty, has a dot in it, or is taken.
        """
        self._check_name(name, "parameter", "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' (nn.Parameter or None required); "
                f"wrap the tensor: nn.Parameter(tensor)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(
                f"cannot assign a tensor that was computed to parameter '{name}': a parameter is a leaf of the graph. "
                f"To express '{name}' as a function of another tensor, compute it in forward()"
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a buffer: a tensor that belongs to the module's state and is not trained, as a running mean.

        Args:
            name: its name.
            tensor: the buffer, or ``None``: the place is kept and is left out of ``state_dict``.
            persistent: whether it is saved in ``state_dict``.

        Raises:
            TypeError: ``tensor`` is no Tensor.
            KeyError: the name is empty, has a dot in it, or is taken.
        """
        self._check_name(name, "buffer", "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule, reachable as the attribute ``name``.

        Raises:
            TypeError: ``module`` is no Module.
            KeyError: the name is empty, has a dot in it, or is taken.
        """
        if module is not None and not isinstance(module, Registry):
            raise TypeError(f"{type(module).__name__} is not a Module subclass; got {module!r} for '{name}'")
        self._check_name(name, "module", "_modules")
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as `add_module`."""
        self.add_module(name, module)

    def _check_name(self, name: str, what: str, kind: str) -> None:
        if kind not in self.__dict__:
            raise AttributeError(
                f"cannot assign {what} before Module.__init__() call: "
                f"call super().__init__() first in {type(self).__name__}.__init__"
            )
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'{what} name can\'t contain ".", got: {name!r}; dots separate the levels of a path')
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[kind]:
            raise KeyError(f"attribute '{name}' already exists; choose another name for this {what}")

    # -------------------------------------------------------------------------------------- lookup

    def get_submodule(self, target: str) -> Module:
        """The submodule at a dotted path, as ``"encoder.0.conv"``; ``""`` is the module itself.

        Raises:
            AttributeError: a step of the path does not exist or is no Module.
        """
        module: Any = self
        for step in target.split(".") if target else ():
            if not hasattr(module, step):
                raise AttributeError(f"{type(module).__name__} has no attribute `{step}` (looking for '{target}')")
            module = getattr(module, step)
            if not isinstance(module, Registry):
                raise AttributeError(f"`{step}` is not an nn.Module (looking for '{target}')")
        return module

    def set_submodule(self, target: str, module: Module) -> None:
        """Replace the submodule at a dotted path.

        Raises:
            ValueError: the path is empty.
            AttributeError: a step of the path does not exist or is no Module.
        """
        path, _, name = target.rpartition(".")
        if not name:
            raise ValueError("cannot set the submodule without a target name")
        parent = self.get_submodule(path)
        parent.get_submodule(name)  # it must be there
        if not isinstance(module, Registry):
            raise ValueError(f"'{module!r}' is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path, as ``"encoder.0.weight"``.

        Raises:
            AttributeError: the path does not exist or does not end at a Parameter.
        """
        return self._get_member(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path, as ``"encoder.1.running_mean"``.

        Raises:
            AttributeError: the path does not exist or does not end at a buffer.
        """
        return self._get_member(target, "_buffers", "a buffer")

    def _get_member(self, target: str, kind: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if not hasattr(owner, name):
            raise AttributeError(f"{type(owner).__name__} has no attribute `{name}` (looking for '{target}')")
        if name not in owner.__dict__[kind]:
            raise AttributeError(f"`{name}` is not {what} (looking for '{target}')")
        return getattr(owner, name)
