"""The curves of a run as a picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.serialization import atomic_file

from .callback import Callback
from .errors import CheckpointWarning
from .run import Run

__all__ = ["Curves", "plot_curves"]

_PARTS = {"training_": ("tab:blue", "training (while learning)"), "validation_": ("tab:orange", "validation")}


class Curves(Callback):
    """Draws the curves when training ends, also after a Ctrl-C: one picture with a panel for the loss and each metric.

    Args:
        path (str or Path): of the PNG.
        title (str): above the panels.

    Raises:
        MissingExtraError: matplotlib is not installed (``pip install 'tinygrad_cn[plots]'``).
    """

    def __init__(self, path: str | Path, title: str = "") -> None:
        self.path, self.title = Path(path), title

    def end(self, run: Run) -> None:
        try:
            plot_curves(run.history, self.path, self.title)
        except OSError as error:
            warnings.warn(f"{self.path} could not be written: {error}", CheckpointWarning, stacklevel=2)


def plot_curves(history: Sequence[Mapping[str, float]], path: str | Path, title: str = "") -> None:
    """The loss and each metric by epoch, for training and validation.

    Args:
        history (sequence): the records of a `Run`, or the lines of a `MetricsLog`.
        path (str or Path): of the PNG.
        title (str): above the panels.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # an extra, and slow to import
        from matplotlib.ticker import MaxNLocator
    except ImportError:
        raise MissingExtraError(
            'curves need matplotlib, which is not installed; pip install "tinygrad_cn[plots]"'
        ) from None

    names = list(
        dict.fromkeys(
            name.removeprefix(part) for record in history for part in _PARTS for name in record if name.startswith(part)
        )
    )
    figure = Figure(figsize=(5 * max(1, len(names)), 4), layout="constrained")
    panels = figure.subplots(1, max(1, len(names)), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=False):
        percent = 100 if name == "accuracy" else 1
        for part, (color, label) in _PARTS.items():
            points = [(record["epoch"], percent * record[part + name]) for record in history if part + name in record]
            axes.plot(*zip(*points, strict=True), ".-", color=color, label=label) if points else None
        axes.set(title=f"{name} [%]" if name == "accuracy" else name, xlabel="epoch")
        if name == "loss" and all(value > 0 for line in axes.lines for value in line.get_ydata()):
            axes.set_yscale("log")
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if names:
        panels[0].legend()
    figure.suptitle(title)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=120, format="png")
    with atomic_file(path) as file:
        file.write(picture.getvalue())
