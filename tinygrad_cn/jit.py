"""``torch.jit`` by name: scripting and tracing give back what they were given."""

from typing import Final

from tinygrad_cn.alias_modules import lay_alias
from tinygrad_cn.compilation import (
    ScriptModule,
    _overload,
    _overload_method,
    _script_if_tracing,
    annotate,
    export,
    ignore,
    is_scripting,
    is_tracing,
    script,
    script_method,
    trace,
    trace_module,
    unused,
)

__all__ = [
    "Final",
    "ScriptModule",
    "_overload",
    "_overload_method",
    "_script_if_tracing",
    "annotate",
    "export",
    "ignore",
    "is_scripting",
    "is_tracing",
    "script",
    "script_method",
    "trace",
    "trace_module",
    "unused",
]

# The annotations of sizes that may be one number for several axes: to Python they are lists.
lay_alias(__name__, "annotations", {f"BroadcastingList{n}": list for n in range(1, 7)})
