"""Helpers beside the engine: data sets and loaders, checkpointing."""

from tinygrad_cn.utils import checkpoint, data, hooks

__all__ = ["checkpoint", "data", "hooks"]
