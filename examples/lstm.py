"""An LSTM reads handwritten digits row by row, as a sequence, and must name the digit at the end.

    python examples/lstm.py
    python examples/lstm.py --data mnist --epochs 3
    python examples/lstm.py --cell gru --bidirectional

After every row it is asked what it thinks so far: the last lines show how the answer forms.

Source: S. Hochreiter, J. Schmidhuber, Long short-term memory, Neural Computation 9(8), 1997.
"""

import argparse
import time

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.datasets import load_digits, load_mnist
from tinygrad_cn.nn import functional as F
from tinygrad_cn.utils.data import DataLoader, Subset


class RowReader(nn.Module):
    def __init__(self, cell, row, hidden, layers, bidirectional):
        super().__init__()
        kind = nn.LSTM if cell == "lstm" else nn.GRU
        self.rnn = kind(row, hidden, layers, batch_first=True, dropout=0.2, bidirectional=bidirectional)
        self.head = nn.Linear(hidden * (2 if bidirectional else 1), 10)

    def forward(self, images):  # (N, 1, H, W)
        states, _ = self.rnn(images.squeeze(1))  # (N, H, hidden): a state after each row
        return self.head(states)  # (N, H, 10)


def load(options):
    training, test = load_mnist(options.data_dir) if options.data == "mnist" else load_digits()
    if options.quick:
        training = Subset(training, range(800))
    return training, test


@tg.no_grad()
def accuracy(model, loader):
    """The share of images that are read correctly, judged after each row: ``(H,)``."""
    model.eval()
    correct = sum((model(images).argmax(2) == labels[:, None]).sum(0) for images, labels in loader)
    return correct / len(loader.dataset)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--data-dir", help="the folder with MNIST's four files; without it they are downloaded")
    parser.add_argument("--cell", choices=["lstm", "gru"], default="lstm")
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--bidirectional", action="store_true")
    parser.add_argument("--epochs", type=int, help="40 on digits, 3 on MNIST")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="800 images for 10 epochs: a few seconds")
    options = parser.parse_args(argv)
    epochs = options.epochs or (10 if options.quick else 3 if options.data == "mnist" else 40)

    tg.manual_seed(options.seed)
    training, test = load(options)
    loader = DataLoader(training, batch_size=options.batch_size, shuffle=True)
    test_loader = DataLoader(test, batch_size=250)
    row = training[0][0].shape[-1]
    model = RowReader(options.cell, row, options.hidden, options.layers, options.bidirectional)
    optimizer = optim.Adam(model.parameters(), lr=options.lr)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    print(
        f"{sum(p.numel() for p in model.parameters()):,} parameters; {len(training):,} images, {len(test):,} held out"
    )

    start = time.perf_counter()
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        for images, labels in loader:
            scores = model(images)[:, -1]  # after the last row
            loss = F.cross_entropy(scores, labels)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item() * len(labels)
        scheduler.step()
        if epoch % 5 == 0 or epochs < 10:
            found = accuracy(model, test_loader)[-1].item()
            print(f"epoch {epoch:2d}: loss {total / len(training):.4f}, held out {found:.2%} correct")
    by_row = accuracy(model, test_loader).tolist()
    print(
        f"{by_row[-1]:.2%} of {len(test):,} held-out digits read correctly, after {time.perf_counter() - start:.0f} s"
    )
    print("after each row:", " ".join(f"{share:.0%}" for share in by_row))
    return by_row[-1]


if __name__ == "__main__":
    main()
