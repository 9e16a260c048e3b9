"""summary: run a model once and list its layers, with shapes, parameters and multiply-adds."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_cn import dtypes, observing
from tinygrad_cn.autograd import no_grad
from tinygrad_cn.creation import ones, tensor, zeros
from tinygrad_cn.op import Op
from tinygrad_cn.random import fork_rng
from tinygrad_cn.tensor import Tensor

from ..batchnorm import _BatchNorm
from ..conv_transpose import _ConvTransposeNd
from ..instancenorm import _InstanceNorm
from ..linear import Bilinear
from ..module import Module
from ..normalization import GroupNorm, LayerNorm, RMSNorm
from .model_statistics import COLUMNS, ROW_SETTINGS, LayerInfo, ModelStatistics, Settings
from .multiply_adds import multiply_adds

__all__ = ["summary"]

_NORMS = (_BatchNorm, _InstanceNorm, LayerNorm, GroupNorm, RMSNorm)


def summary(
    model: Module,
    input_size: Any = None,
    input_data: Any = None,
    batch_dim: int | None = None,
    col_names: Iterable[str] | None = None,
    col_width: int = 25,
    depth: int = 3,
    device: Any = None,
    dtypes: Sequence[Any] | None = None,
    mode: str = "eval",
    row_settings: Iterable[str] = ("depth",),
    verbose: int = 0,
    **kwargs: Any,
) -> ModelStatistics:
    """Run a model once and list its layers, with the shapes they return, their parameters and multiply-adds.

    What runs is a copy, without gradients, and the random stream is put back: the model stays as it was, its running
    statistics, its gradients, its mode, and its lazy layers lazy. Without ``input_size`` and ``input_data`` nothing
    runs, and shapes and multiply-adds are left out.

    A multiply-add is a multiplication whose result is added to something. They are counted for every product of
    matrices and every convolution, in layers and in functions that a ``forward`` calls, attention's scores among them;
    adding a bias and scaling in a normalising layer count one for each element. All else counts nothing: looking up
    an embedding, activations, pooling, sums.

    Args:
        model: the model.
        input_size: the shape of the input, with the batch; a list of shapes for several inputs, or a dictionary of
            shapes by the names of ``forward``'s arguments. The inputs are ones, or zeros where ``dtypes`` asks for
            integers.
        input_data: the input itself in place of ``input_size``: a tensor or an array, a list of arguments, or a
            dictionary of arguments by name.
        batch_dim: ``input_size`` lacks the batch; an axis of size 1 is put there.
        col_names: the columns, some of ``input_size``, ``output_size``, ``num_params``, ``params_percent``,
            ``kernel_size``, ``mult_adds`` and ``trainable``; by default the shapes returned, the parameters and the
            multiply-adds.
        col_width: the width of a column, in characters.
        depth: how deep layers are listed; those below count with the layer they are in.
        device: the CPU.
        dtypes: of the inputs made from ``input_size``, one each; by default that of the model's parameters.
        mode: ``"eval"`` or ``"train"``: how the copy runs.
        row_settings: some of ``depth`` (number the layers), ``var_names`` (show the attributes that hold them) and
            ``ascii_only``.
        verbose: 0 returns the statistics and prints nothing, 1 prints the table too, 2 prints it with a line for each
            parameter.
        **kwargs: further arguments of ``forward``.

    Returns:
        The statistics, whose ``str()`` is the table.

    Raises:
        ValueError: an unknown column, setting or mode; both ``input_size`` and ``input_data``.
        RuntimeError: the forward pass failed; the message names the layer and what it was given. Or the model cannot
            be copied.

    Example:
        >>> from tinygrad_cn import nn
        >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 6 * 6, 10))
        >>> found = nn.utils.summary(model, (2, 1, 8, 8))
        >>> found.total_params, found.total_mult_adds
        (1490, 5780)
        >>> [(row.class_name, row.output_size) for row in found.layers[1:]]
        [('Conv2d', [2, 4, 6, 6]), ('Flatten', [2, 144]), ('Linear', [2, 10])]
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary(): expected an nn.Module, got {type(model).__name__}")
    has_input = input_size is not None or input_data is not None
    if col_names is None:
        col_names = ("output_size", "num_params", "mult_adds") if has_input else ("num_params",)
    col_names, row_settings = tuple(col_names), tuple(row_settings)
    _check("column", col_names, COLUMNS)
    _check("row setting", row_settings, ROW_SETTINGS)
    _check("mode", (mode,), ("eval", "train"))
    settings = Settings(col_names, col_width, depth, row_settings, verbose >= 2)
    twin, originals = _copied(model)
    listing = _Listing(twin, originals)
    total_input = 0
    if has_input or kwargs:
        args, named = _arguments(twin, input_size, input_data, batch_dim, dtypes)
        named |= kwargs
        total_input = sum(t.numel() * t.element_size() for t in _tensors((args, named)))
        twin.train(mode == "train")
        listing.run(args, named)
    found = ModelStatistics(listing.finish(), total_input, settings)
    if verbose:
        print(found)
    return found


def _check(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"summary(): no {what} is called {name!r}; known are {', '.join(known)}")


def _copied(model: Module) -> tuple[Module, dict[int, Module]]:
    """A copy of the model, and for each of its modules, by ``id``, the module that it was copied from."""
    memo: dict[int, Any] = {}
    for module in model.modules():
        for t in _tensors(vars(module)):
            if not t.is_leaf:  # something that the last forward pass left behind, which cannot be copied
                memo[id(t)] = t.detach()
    try:
        twin = copy.deepcopy(model, memo)
    except Exception as error:
        raise RuntimeError(
            f"summary(): a copy of the model is run, so that the model stays as it was, but {type(model).__name__} "
            f"cannot be copied: {error}. Keep what cannot be copied outside of the model"
        ) from error
    return twin, {id(memo[id(module)]): module for module in model.modules()}


# ------------------------------------------------------------------------------------------ inputs


def _arguments(
    model: Module, input_size: Any, input_data: Any, batch_dim: int | None, wanted: Sequence[Any] | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What to call the model with."""
    if input_size is not None and input_data is not None:
        raise ValueError("summary(): give input_size or input_data, not both")
    if input_data is not None:
        if isinstance(input_data, Mapping):
            return (), {name: _as_tensor(value) for name, value in input_data.items()}
        given = input_data if isinstance(input_data, list | tuple) else [input_data]
        return tuple(_as_tensor(value) for value in given), {}
    if input_size is None:
        return (), {}
    names = list(input_size) if isinstance(input_size, Mapping) else None
    sizes = list(input_size.values()) if isinstance(input_size, Mapping) else _shapes(input_size)
    if wanted is not None and len(wanted) != len(sizes):
        raise ValueError(f"summary(): {len(sizes)} inputs need as many dtypes, got {len(wanted)}")
    usual = next((p.dtype for p in model.parameters() if p.is_floating_point()), dtypes.get_default_dtype())
    made = []
    for size, dtype in zip(sizes, wanted or [usual] * len(sizes), strict=True):
        shape = tuple(int(n) for n in size)
        if batch_dim is not None:
            at = batch_dim if batch_dim >= 0 else len(shape) + 1 + batch_dim
            shape = (*shape[:at], 1, *shape[at:])
        make = ones if dtypes.as_dtype(dtype).is_floating_point else zeros
        made.append(make(shape, dtype=dtype))
    return ((), dict(zip(names, made, strict=True))) if names is not None else (tuple(made), {})


def _shapes(size: Any) -> list[Any]:
    """One shape, or several, as a list of shapes."""
    if isinstance(size, int):
        return [(size,)]
    size = list(size)
    return size if size and all(isinstance(part, Iterable) for part in size) else [size]


def _as_tensor(value: Any) -> Any:
    return tensor(value) if isinstance(value, np.ndarray) else value


def _tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in nested tuples, lists, dictionaries and objects that hold them as attributes, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _tensors(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)
    elif hasattr(value, "__dataclass_fields__"):
        yield from _tensors(vars(value))


# ------------------------------------------------------------------------------------- the listing


class _Listing:
    """The rows of a model, made while it runs: a row for each call, below the row of the layer that calls.

    Args:
        model: the copy that runs.
        originals: the module that each of its modules stands for.
    """

    def __init__(self, model: Module, originals: dict[int, Module]) -> None:
        self.model = model
        self.originals = originals
        self.paths: dict[int, str] = {id(module): path for path, module in model.named_modules()}
        self.root: LayerInfo | None = None
        self.stack: list[tuple[str, LayerInfo]] = []  # the calls that are running, with their paths
        self.seen: set[int] = set()  # modules that have a row
        self.owned: set[int] = set()  # parameters that belong to a row

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Call the model, and make a row of every call in it."""
        for module in self.model.modules():
            module.register_forward_pre_hook(self._enter, prepend=True, with_kwargs=True)
            module.register_forward_hook(self._leave)
        thread = threading.get_ident()

        def count(op: Op, arrays: Any, params: dict[str, Any], out: Any) -> None:
            if self.stack and threading.get_ident() == thread:
                self.stack[-1][1].own_mult_adds += multiply_adds(op, arrays, params, out)

        try:
            with no_grad(), fork_rng(), observing.watching(on_run=count):
                self.model(*args, **kwargs)
        except Exception as error:
            raise RuntimeError(self._failure(error)) from error

    def finish(self) -> LayerInfo:
        """The row of the model itself, with rows for layers that were not called."""
        root = self.root or self._row(self.model, type(self.model).__name__, 0)
        self.root = root
        for path, module in self.model.named_modules():
            if id(module) not in self.seen:
                parent, _, name = path.rpartition(".")
                above = self._known(self.model.get_submodule(parent))
                above.children.append(self._row(module, name, above.depth + 1))
        return root

    # ------------------------------------------------------------------------------- while it runs

    def _enter(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        path = self.paths[id(module)]
        if self.stack:
            above_path, above = self.stack[-1]
            prefix = f"{above_path}." if above_path else ""
            if path.startswith(prefix):  # else it is called by a layer that does not hold it
                above = self._through_containers(above, path[len(prefix) :].split(".")[:-1], prefix)
            row = self._row(module, path.rpartition(".")[2], above.depth + 1)
            above.children.append(row)
        else:
            row = self._row(module, type(module).__name__, 0)
            self.root = self.root or row
        row.input_shapes = [tuple(t.shape) for t in _tensors((args, kwargs))]
        self.stack.append((path, row))

    def _leave(self, module: Module, args: tuple[Any, ...], output: Any) -> None:
        row = self.stack.pop()[1]
        while row.module is not self._original(module):  # calls that failed, and whose caller went on
            row = self.stack.pop()[1]
        tensors = list(_tensors(output))
        row.output_shapes = [tuple(t.shape) for t in tensors]
        row.output_bytes = sum(t.numel() * t.element_size() for t in tensors)
        if isinstance(module, _NORMS) or (
            isinstance(module, _ConvTransposeNd | Bilinear) and module.bias is not None
        ):  # what is no product: scaling, and biases that are added afterwards
            row.own_mult_adds += tensors[0].numel()

    def _through_containers(self, above: LayerInfo, names: list[str], prefix: str) -> LayerInfo:
        """The row to stand below, with rows for layers between that are not called, as a ModuleList."""
        for i, name in enumerate(names):
            module = self.model.get_submodule(prefix + ".".join(names[: i + 1]))
            last = above.children[-1] if above.children else None
            if last is None or last.module is not self._original(module):
                last = self._row(module, name, above.depth + 1)
                above.children.append(last)
            above = last
        return above

    def _row(self, module: Module, name: str, depth: int) -> LayerInfo:
        row = LayerInfo(self._original(module), name, depth, is_recursive=id(module) in self.seen)
        self.seen.add(id(module))
        own = [(n, p) for n, p in module._parameters.items() if p is not None]
        row.own_params = [(n, p) for n, p in own if id(p) not in self.owned]
        row.is_shared = bool(own) and not row.own_params
        self.owned.update(id(p) for _, p in own)
        return row

    def _original(self, module: Module) -> Module:
        return self.originals.get(id(module), module)

    def _known(self, module: Module) -> LayerInfo:
        """The first row of a module that has one."""
        assert self.root is not None
        return next(row for row in self.root.rows() if row.module is self._original(module))

    def _failure(self, error: Exception) -> str:
        if not self.stack:
            return f"summary(): the forward pass failed: {error}"
        path, row = self.stack[-1]
        shapes = " and ".join(str(list(shape)) for shape in row.input_shapes) or "no tensor"
        where = f"layer '{path}' ({row.module._label()})" if path else f"the model ({row.module._label()})"
        return f"summary(): {where} failed when it was given {shapes}: {error}"
