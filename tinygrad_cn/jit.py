"""``torch.jit`` by name: scripting and tracing give back what they were given."""

from tinygrad_cn.compilation import export, ignore, is_scripting, is_tracing, script, trace, unused

__all__ = ["export", "ignore", "is_scripting", "is_tracing", "script", "trace", "unused"]
