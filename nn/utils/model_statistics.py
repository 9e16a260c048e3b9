"""What is known about a model after it ran once: a row for each layer, the totals, and both as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinygrad_cn.tensor import Tensor

from ..module import Module
from ..parameter import Parameter, is_uninitialized

__all__ = ["COLUMNS", "ROW_SETTINGS", "LayerInfo", "ModelStatistics", "Settings"]

#: The columns after the layer's name, and their headings.
COLUMNS = {
    "input_size": "Input Shape",
    "output_size": "Output Shape",
    "num_params": "Param #",
    "params_percent": "Param %",
    "kernel_size": "Kernel Shape",
    "mult_adds": "Mult-Adds",
    "trainable": "Trainable",
}
ROW_SETTINGS = ("ascii_only", "depth", "var_names")


@dataclass(eq=False)
class LayerInfo:
    """One call of a layer; or a layer that was not called, with empty shapes.

    Attributes:
        module: the layer.
        var_name: the attribute that holds it; the class's name for the model itself.
        depth: 0 for the model itself, 1 for its layers, and so on.
        depth_index: which layer of its depth it is, from 1.
        input_shapes, output_shapes: of all tensors that went in and came out.
        output_bytes: the size of what came out.
        own_params: the parameters that the layer holds itself and that stand in no row above.
        own_mult_adds: the multiply-adds done in the layer's own code, without those of the layers in it.
        is_recursive: the layer stands in a row above already: it is called again, or is shared.
        is_shared: all parameters that it holds itself belong to rows above.
        children: the rows of the layers in it.
    """

    module: Module
    var_name: str
    depth: int
    depth_index: int = 0
    input_shapes: list[tuple[int, ...]] = field(default_factory=list)
    output_shapes: list[tuple[int, ...]] = field(default_factory=list)
    output_bytes: int = 0
    own_params: list[tuple[str, Tensor]] = field(default_factory=list)
    own_mult_adds: int = 0
    is_recursive: bool = False
    is_shared: bool = False
    children: list[LayerInfo] = field(default_factory=list)

    @property
    def class_name(self) -> str:
        """The name of the layer's class."""
        return type(self.module).__name__

    @property
    def input_size(self) -> list[int]:
        """The shape of the first tensor that went in."""
        return list(self.input_shapes[0]) if self.input_shapes else []

    @property
    def output_size(self) -> list[int]:
        """The shape of the first tensor that came out."""
        return list(self.output_shapes[0]) if self.output_shapes else []

    @property
    def is_leaf_layer(self) -> bool:
        """Whether there are no layers in it."""
        return not self.children

    @property
    def num_params(self) -> int:
        """How many numbers the parameters of this row and of those in it have."""
        return sum(parameter.numel() for parameter in self._parameters())

    @property
    def trainable_params(self) -> int:
        """How many of them are trained."""
        return sum(parameter.numel() for parameter in self._parameters() if parameter.requires_grad)

    @property
    def mult_adds(self) -> int:
        """The multiply-adds of this row and of those in it."""
        return sum(row.own_mult_adds for row in self.rows())

    @property
    def trainable(self) -> str:
        """``"True"``, ``"False"``, ``"Partial"``, or ``"--"`` without parameters."""
        states = {parameter.requires_grad for parameter in self.module.parameters()}
        return "--" if not states else "Partial" if len(states) == 2 else str(states.pop())

    def rows(self) -> Iterator[LayerInfo]:
        """This row and all in it, from above."""
        yield self
        for child in self.children:
            yield from child.rows()

    def _parameters(self) -> Iterator[Tensor]:
        return (parameter for row in self.rows() for _, parameter in row.own_params if not is_uninitialized(parameter))


@dataclass
class Settings:
    """How the table looks."""

    col_names: Sequence[str]
    col_width: int
    depth: int
    row_settings: Sequence[str]
    show_weights: bool


class ModelStatistics:
    """What `summary` found; ``str()`` of it is the table.

    Attributes:
        layers: the rows, from above, also those that are too deep for the table (`LayerInfo`).
        input_size: the shapes of the tensors that the model was given; empty if it was not run.
        total_params: how many numbers all parameters have, shared ones counted once.
        trainable_params: how many of them are trained.
        total_mult_adds: the multiply-adds of the forward pass.
        total_input, total_output_bytes, total_param_bytes: sizes in bytes; that of the outputs is the size of what the
            layers with parameters return, twice, for the gradients are as large.
    """

    def __init__(self, root: LayerInfo, total_input: int, settings: Settings) -> None:
        self.layers = list(root.rows())
        self.settings = settings
        self.input_size = root.input_shapes
        self.total_params = root.num_params
        self.trainable_params = root.trainable_params
        self.total_mult_adds = root.mult_adds
        self.total_input = total_input
        self.total_output_bytes = sum(2 * row.output_bytes for row in self.layers if row.module._parameters)
        owned = [parameter for row in self.layers for _, parameter in row.own_params]
        self.total_param_bytes = sum(p.numel() * p.element_size() for p in owned if not is_uninitialized(p))
        indices: dict[int, int] = {}
        for row in self.layers:
            row.depth_index = indices[row.depth] = indices.get(row.depth, 0) + 1

    # ---------------------------------------------------------------------------------- the table

    def __repr__(self) -> str:
        lines = [
            (name, cells) for row in self.layers if row.depth <= self.settings.depth for name, cells in self._lines(row)
        ]
        heading = f"Layer (type{' (var_name)' * self._shows('var_names')}{':depth-idx' * self._shows('depth')})"
        name_width = max(40, len(heading), *(len(name) for name, _ in lines)) + 1
        width = self.settings.col_width
        columns = list(self.settings.col_names)

        def written(name: str, cells: Sequence[str]) -> str:
            return (name.ljust(name_width) + " ".join(cell.ljust(width) for cell in cells)).rstrip()

        head = written(heading, [COLUMNS[column] for column in columns])
        rule = "=" * (name_width + len(columns) * (width + 1) - 1)
        parts = [rule, head, rule, *(written(name, cells) for name, cells in lines), rule]
        parts += [
            f"Total params: {self.total_params:,}",
            f"Trainable params: {self.trainable_params:,}",
            f"Non-trainable params: {self.total_params - self.trainable_params:,}",
        ]
        if self.input_size:
            sizes = (self.total_input, self.total_output_bytes, self.total_param_bytes)
            parts += [
                f"Total mult-adds: {_readable(self.total_mult_adds)}",
                rule,
                f"Input size (MB): {sizes[0] / 1e6:.2f}",
                f"Forward/backward pass size (MB): {sizes[1] / 1e6:.2f}",
                f"Params size (MB): {sizes[2] / 1e6:.2f}",
                f"Estimated total size (MB): {sum(sizes) / 1e6:.2f}",
            ]
        return "\n".join([*parts, rule])

    def _shows(self, setting: str) -> bool:
        return setting in self.settings.row_settings

    def _lines(self, row: LayerInfo) -> Iterator[tuple[str, list[str]]]:
        """The lines of a row: its own and, if asked for, those of its weights."""
        cell = {
            "input_size": _shape(row.input_shapes),
            "output_size": _shape(row.output_shapes),
            "num_params": self._num_params(row),
            "params_percent": self._percent(row),
            "kernel_size": _kernel_size(row.module),
            "mult_adds": f"{self._mult_adds(row):,}" if self._mult_adds(row) else "--",
            "trainable": row.trainable,
        }
        name = row.class_name
        if self._shows("var_names") and row.var_name:
            name += f" ({row.var_name})"
        if self._shows("depth") and row.depth:
            name += f": {row.depth}-{row.depth_index}"
        yield self._indent(row.depth) + name, [cell[column] for column in self.settings.col_names]
        if self.settings.show_weights and not row.is_recursive:
            for own, parameter in row.own_params:
                known = not is_uninitialized(parameter)
                cell = dict.fromkeys(COLUMNS, "") | {
                    "kernel_size": str(list(parameter.shape)) if known else "not known yet",
                    "num_params": f"{parameter.numel():,}" if known else "not known yet",
                    "trainable": str(parameter.requires_grad),
                }
                yield self._indent(row.depth + 1) + own, [cell[column] for column in self.settings.col_names]

    def _indent(self, depth: int) -> str:
        bar, branch, first = ("|    ", "+ ", "+ ") if self._shows("ascii_only") else ("│    ", "└─", "├─")
        return "" if not depth else first if depth == 1 else bar * (depth - 1) + branch

    def _folded(self, row: LayerInfo) -> bool:
        """Whether a row speaks for all in it, which are too deep for the table."""
        return row.is_leaf_layer or row.depth == self.settings.depth

    def _params(self, row: LayerInfo) -> list[Tensor]:
        rows = row.rows() if self._folded(row) else [row]
        return [parameter for r in rows for _, parameter in r.own_params]

    def _num_params(self, row: LayerInfo) -> str:
        if any(True for _ in row.module.parameters()):
            if row.is_recursive:
                return "(recursive)"
            if row.is_shared:
                return "(shared)"
        parameters = self._params(row)
        if any(is_uninitialized(parameter) for parameter in parameters):
            return "not known yet"
        count = sum(parameter.numel() for parameter in parameters)
        if not count:
            return "--"
        return f"{count:,}" if any(parameter.requires_grad for parameter in parameters) else f"({count:,})"

    def _percent(self, row: LayerInfo) -> str:
        count = sum(parameter.numel() for parameter in self._params(row) if not is_uninitialized(parameter))
        return f"{count / self.total_params:.2%}" if count else "--"

    def _mult_adds(self, row: LayerInfo) -> int:
        return row.mult_adds if self._folded(row) else row.own_mult_adds


def _shape(shapes: Sequence[tuple[int, ...]]) -> str:
    if not shapes:
        return "--"
    return str(list(shapes[0])) + (f" + {len(shapes) - 1} more" if len(shapes) > 1 else "")


def _kernel_size(module: Module) -> str:
    size: Any = getattr(module, "kernel_size", None)
    if size is None or isinstance(size, Module | Parameter):
        return "--"
    return str(list(size)) if isinstance(size, tuple | list) else str(size)


def _readable(count: int) -> str:
    """A large number in a unit that leaves few digits, as ``1.81 G``."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6)):
        if count >= size:
            return f"{count / size:,.2f} {unit}"
    return f"{count:,}"
