"""Mixed precision by name: there is one precision, and a loss may be scaled."""

from tinygrad_cn.amp.autocast_mode import autocast, is_autocast_available
from tinygrad_cn.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "is_autocast_available"]
