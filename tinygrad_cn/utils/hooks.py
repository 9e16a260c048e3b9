"""The handles of hooks by PyTorch's place for them."""

from tinygrad_cn.hooks import HookHandle as RemovableHandle

__all__ = ["RemovableHandle"]
