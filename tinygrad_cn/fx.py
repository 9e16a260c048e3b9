"""``torch.fx`` as far as models ask for it: marks for a symbolic tracer, of which there is none."""

from tinygrad_cn.compilation import wrap

__all__ = ["wrap"]
