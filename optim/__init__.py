"""Optimizers. Names and meanings are those of ``torch.optim``."""

from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Optimizer"]
