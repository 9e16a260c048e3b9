"""How long a gradient check takes: LeNet with cross-entropy on four images of 28x28, all parameters and the images.

python -m benchmarks.checking
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from tinygrad_cn import from_numpy, manual_seed, nn
from tinygrad_cn.cli.model import LeNet
from tinygrad_cn.testing import gradcheck

ROUNDS = 3


class Loss(nn.Module):
    """The loss of LeNet, as one function of the images."""

    def __init__(self) -> None:
        super().__init__()
        self.model = LeNet().double()
        self.labels = from_numpy(np.array([3, 1, 4, 1]))

    def forward(self, images):
        return nn.functional.cross_entropy(self.model(images), self.labels)


def main() -> None:
    """Print the median of some rounds."""
    manual_seed(0)
    images = from_numpy(np.random.default_rng(0).normal(size=(4, 1, 28, 28))).requires_grad_()
    loss = Loss()
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        report = gradcheck(loss, images, report=True)
        seconds.append(time.perf_counter() - started)
        assert report.passed, str(report)
    count = sum(p.numel() for p in loss.parameters())
    checked = sum(entry.checked for entry in report.inputs)
    print(
        f"LeNet, {count:,} parameters: {statistics.median(seconds):.1f} s (median of {ROUNDS}), {checked:,} elements "
        f"and {sum(e.projections for e in report.inputs)} random directions, {report.evaluations:,} evaluations"
    )


if __name__ == "__main__":
    main()
