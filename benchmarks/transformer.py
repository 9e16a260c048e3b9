"""A training step of one transformer block: as the library's layer, and as programs write it themselves.

The input requires a gradient, as it does within a network.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .harness import OURS, TORCH, Row, Run, interleave, ready
from .training import libraries, steps

BATCH, LENGTH, WIDTH, HEADS = 8, 64, 128, 4


def builders(block: Callable[[Any], Any], batch: int = BATCH) -> dict[str, Callable[[], Run]]:
    return {
        OURS: lambda: with_modules("tinygrad_cn", block, batch),
        TORCH: lambda: with_modules("torch", block, batch),
    }


def measure(rounds: int) -> list[Row]:
    """Two rows."""
    return [
        _measure("TransformerEncoderLayer", encoder_layer, rounds),
        _measure("a written-out causal transformer block", written_out, rounds),
    ]


def _measure(title: str, block: Callable[[Any], Any], rounds: int) -> Row:
    row = Row(f"step of {title}, width {WIDTH}, {BATCH} x {LENGTH} positions", "ms", {}, {TORCH: 1.2})
    seconds = interleave(ready(builders(block), row.notes), rounds)
    row.samples = {engine: [t * 1e3 for t in ts] for engine, ts in seconds.items()}
    return row


def encoder_layer(name: str) -> Any:
    """PyTorch's layer: normalisation first, GELU, a hidden layer four times as wide."""
    nn = libraries(name)[1]
    return nn.TransformerEncoderLayer(
        WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )


def written_out(name: str) -> Any:
    """The block as small GPTs have it: one matrix for queries, keys and values, and attention to what came before."""
    nn = libraries(name)[1]
    attention = partial(nn.functional.scaled_dot_product_attention, is_causal=True)

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.together = nn.Linear(WIDTH, 3 * WIDTH)
            self.out = nn.Linear(WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            batch, length, width = x.size()
            # (B, T, E) -> (B, heads, T, E / heads), three times
            q, k, v = (
                part.view(batch, length, HEADS, width // HEADS).transpose(1, 2)
                for part in self.together(x).split(width, dim=2)
            )
            y = attention(q, k, v)
            return self.out(y.transpose(1, 2).contiguous().view(batch, length, width))

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.attention, self.norm2 = nn.LayerNorm(WIDTH), Attention(), nn.LayerNorm(WIDTH)
            self.inner, self.gelu, self.outer = nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.norm1(x))
            return x + self.outer(self.gelu(self.inner(self.norm2(x))))

    return Block()


def with_modules(name: str, block: Callable[[Any], Any], batch: int) -> Run:
    lib, nn, _ = libraries(name)
    lib.manual_seed(0)  # the same parameters in both
    rng = np.random.default_rng(1)
    x, target = (rng.standard_normal((batch, LENGTH, WIDTH), dtype=np.float32) for _ in range(2))
    given, wanted = lib.tensor(x, requires_grad=True), lib.tensor(target)
    model, criterion = block(name), nn.MSELoss()

    def loss() -> Any:
        given.grad = None
        return criterion(model(given), wanted)

    return steps(name, model, loss)
