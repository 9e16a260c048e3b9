"""``torch.jit`` by name: scripting and tracing give back what they were given."""

from tinygrad_cn.compilation import (
    ScriptModule,
    annotate,
    export,
    ignore,
    is_scripting,
    is_tracing,
    script,
    trace,
    unused,
)

__all__ = ["ScriptModule", "annotate", "export", "ignore", "is_scripting", "is_tracing", "script", "trace", "unused"]
