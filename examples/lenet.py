"""LeNet-5, which read cheques in the 1990s, on the 1,797 handwritten digits of scikit-learn or on MNIST.

    python examples/lenet.py
    python examples/lenet.py --data mnist --epochs 3

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition,
Proceedings of the IEEE 86(11), 1998; with rectified linear units and max pooling.
"""

import argparse
import time

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.datasets import load_digits, load_mnist
from tinygrad_cn.nn import functional as F
from tinygrad_cn.utils.data import DataLoader, Subset, TensorDataset


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):  # (N, 1, 28, 28)
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (N, 6, 14, 14)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (N, 16, 5, 5)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc3(F.relu(self.fc2(x)))


def enlarged(dataset):
    """Digits of 8x8 pixels as images of 28x28, which LeNet expects."""
    images, labels = dataset.tensors
    return TensorDataset(F.interpolate(images, size=(28, 28), mode="bilinear"), labels)


def load(options):
    if options.data == "mnist":
        training, test = load_mnist(options.data_dir)
    else:
        training, test = map(enlarged, load_digits())
    if options.quick:
        training = Subset(training, range(600))
    return training, test


def train(model, loader, optimizer, scheduler):
    """One epoch; returns the mean loss."""
    model.train()
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


@tg.no_grad()
def accuracy(model, loader):
    """The share of images that are read correctly."""
    model.eval()
    correct = sum((model(images).argmax(1) == labels).sum().item() for images, labels in loader)
    return correct / len(loader.dataset)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--data-dir", help="the folder with MNIST's four files; without it they are downloaded")
    parser.add_argument("--epochs", type=int, help="20 on digits, 3 on MNIST")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3, help="the highest learning rate of the cycle")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="600 images for 6 epochs: a few seconds")
    options = parser.parse_args(argv)
    epochs = options.epochs or (6 if options.quick else 3 if options.data == "mnist" else 20)

    tg.manual_seed(options.seed)
    training, test = load(options)
    loader = DataLoader(training, batch_size=options.batch_size, shuffle=True)
    test_loader = DataLoader(test, batch_size=250)
    model = LeNet()
    optimizer = optim.Adam(model.parameters(), lr=options.lr)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, options.lr, total_steps=epochs * len(loader))
    print(
        f"{sum(p.numel() for p in model.parameters()):,} parameters; {len(training):,} images, {len(test):,} held out"
    )

    start = time.perf_counter()
    for epoch in range(1, epochs + 1):
        loss = train(model, loader, optimizer, scheduler)
        print(f"epoch {epoch:2d}: loss {loss:.4f}, held out {accuracy(model, test_loader):.2%} correct")
    found = accuracy(model, test_loader)
    wrong = round((1 - found) * len(test))
    seconds = time.perf_counter() - start
    print(f"{found:.2%} of {len(test):,} held-out digits read correctly ({wrong} misread), after {seconds:.0f} s")
    return found


if __name__ == "__main__":
    main()
