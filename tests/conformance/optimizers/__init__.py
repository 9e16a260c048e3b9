"""``python -m tests.conformance.optimizers``: PyTorch's optimizer database, run on this engine's and compared."""

from .database import DATABASE, entries, inputs, judge
from .errors import check_errors
from .trial import Trial

__all__ = ["DATABASE", "Trial", "check_errors", "entries", "inputs", "judge"]
