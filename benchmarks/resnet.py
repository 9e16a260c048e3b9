"""A training step of a residual network on 32x32 images: three stages of one basic block each, batch normalisation.

The network is that of He et al., "Deep Residual Learning for Image Recognition", 2015, section 4.2, with n = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .harness import OURS, TORCH, Row, Run, interleave, ready
from .training import libraries, steps

BATCH = 16


def builders(batch: int = BATCH) -> dict[str, Callable[[], Run]]:
    return {OURS: lambda: with_modules("tinygrad_cn", batch), TORCH: lambda: with_modules("torch", batch)}


def measure(rounds: int) -> list[Row]:
    """One row."""
    row = Row(f"step of ResNet-8, batch {BATCH}, 3x32x32", "ms", {}, {TORCH: 1.5})
    seconds = interleave(ready(builders(), row.notes), rounds)
    row.samples = {engine: [t * 1e3 for t in ts] for engine, ts in seconds.items()}
    return [row]


def network(nn: Any) -> Any:
    """A stem, blocks of 16, 32 and 64 channels, the average over places, a matrix."""

    def conv(channels: int, maps: int, kernel: int, stride: int = 1) -> Any:
        return nn.Conv2d(channels, maps, kernel, stride, padding=kernel // 2, bias=False)

    class Block(nn.Module):
        def __init__(self, channels: int, maps: int, stride: int) -> None:
            super().__init__()
            self.conv1, self.norm1 = conv(channels, maps, 3, stride), nn.BatchNorm2d(maps)
            self.conv2, self.norm2 = conv(maps, maps, 3), nn.BatchNorm2d(maps)
            self.relu = nn.ReLU()
            same = stride == 1 and channels == maps
            self.shortcut = (
                nn.Identity() if same else nn.Sequential(conv(channels, maps, 1, stride), nn.BatchNorm2d(maps))
            )

        def forward(self, x: Any) -> Any:
            y = self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x)))))
            return self.relu(y + self.shortcut(x))

    return nn.Sequential(
        *(conv(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU()),
        *(Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)),
    )


def with_modules(name: str, batch: int) -> Run:
    lib, nn, _ = libraries(name)
    lib.manual_seed(0)  # the same parameters in both
    rng = np.random.default_rng(1)
    x = lib.tensor(rng.standard_normal((batch, 3, 32, 32), dtype=np.float32))
    target = lib.tensor(rng.integers(10, size=batch))
    model, criterion = network(nn), nn.CrossEntropyLoss()
    return steps(name, model, lambda: criterion(model(x), target))
