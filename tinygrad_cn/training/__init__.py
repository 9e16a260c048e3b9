"""Training: a loop over epochs and batches, what hangs on it, and checkpoints that a run goes on from bit for bit."""

from .callback import Callback
from .checkpoint import Checkpoint
from .curves import Curves, plot_curves
from .early_stopping import EarlyStopping
from .errors import CheckpointError, CheckpointWarning, NonFiniteError
from .evaluation import evaluate
from .fit import fit
from .interrupt import Interrupt
from .metrics import Means, Metric, accuracy
from .metrics_log import MetricsLog
from .progress_bar import ProgressBar
from .run import Run
from .streams import RandomStreams
from .tensorboard import TensorBoard

__all__ = [
    "Callback",
    "Checkpoint",
    "CheckpointError",
    "CheckpointWarning",
    "Curves",
    "EarlyStopping",
    "Interrupt",
    "Means",
    "Metric",
    "MetricsLog",
    "NonFiniteError",
    "ProgressBar",
    "RandomStreams",
    "Run",
    "TensorBoard",
    "accuracy",
    "evaluate",
    "fit",
    "plot_curves",
]
