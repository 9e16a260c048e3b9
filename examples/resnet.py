"""A residual network on handwritten digits: residual blocks, batch normalisation, shifted copies of the images.

    python examples/resnet.py
    python examples/resnet.py --data mnist
    python examples/resnet.py --data mnist --images 60000 --blocks 2

Source: K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, CVPR 2016, section 4.2: three
stages, each with half the width and height of the one before and twice its channels.
"""

import argparse
import time

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.datasets import load_digits, load_mnist
from tinygrad_cn.nn import functional as F
from tinygrad_cn.utils.data import DataLoader, Subset, TensorDataset


class Block(nn.Module):
    """Two convolutions, and a way around them."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, width=16, blocks=1, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        stages, channels = [], width
        for stage in range(3):
            for block in range(blocks):
                stages.append(Block(channels, width * 2**stage, stride=2 if stage and not block else 1))
                channels = width * 2**stage
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):  # (N, 1, H, W)
        x = self.stages(self.stem(x))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


def shifted(images, by):
    """Every image moved by up to ``by`` pixels, each its own way; what moves in is black."""
    n, _, height, width = images.shape
    padded = F.pad(images, (by, by, by, by))
    rows = tg.randint(0, 2 * by + 1, (n, 1, 1)) + tg.arange(height)[:, None]  # (N, H, 1)
    columns = tg.randint(0, 2 * by + 1, (n, 1, 1)) + tg.arange(width)  # (N, 1, W)
    return padded[tg.arange(n)[:, None, None], 0, rows, columns].unsqueeze(1)


def halved(dataset):
    """MNIST's images of 28x28 pixels as images of 14x14, which are read as well and four times as fast."""
    images, labels = dataset.tensors
    return TensorDataset(F.avg_pool2d(images, 2), labels)


def load(options):
    if options.data == "mnist":
        training, test = map(halved, load_mnist(options.data_dir))
        training = Subset(training, range(options.images))
    else:
        training, test = load_digits()
    if options.quick:
        training = Subset(training, range(700))
    return training, test


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
    parser.add_argument("--images", type=int, default=8000, help="of MNIST's 60,000 to train on")
    parser.add_argument("--epochs", type=int, help="25 on digits, 4 on MNIST")
    parser.add_argument("--width", type=int, default=16, help="channels of the first stage")
    parser.add_argument("--blocks", type=int, default=1, help="residual blocks in a stage")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.1, help="the highest learning rate of the cycle")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="half the width, 700 images, 5 epochs: a few seconds")
    options = parser.parse_args(argv)
    if options.quick:
        options.width, options.batch_size = 8, 32
    epochs = options.epochs or (5 if options.quick else 4 if options.data == "mnist" else 25)

    tg.manual_seed(options.seed)
    training, test = load(options)
    loader = DataLoader(training, batch_size=options.batch_size, shuffle=True, drop_last=True)
    test_loader = DataLoader(test, batch_size=250)
    model = ResNet(options.width, options.blocks)
    optimizer = optim.SGD(model.parameters(), lr=options.lr, momentum=0.9, weight_decay=5e-4, nesterov=True)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, options.lr, total_steps=epochs * len(loader))
    print(
        f"{sum(p.numel() for p in model.parameters()):,} parameters; {len(training):,} images, {len(test):,} held out"
    )

    start = time.perf_counter()
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        for images, labels in loader:
            loss = F.cross_entropy(model(shifted(images, images.shape[-1] // 8)), labels, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        if epoch % 5 == 0 or epochs < 10:
            print(
                f"epoch {epoch:2d}: loss {total / len(loader):.4f}, held out {accuracy(model, test_loader):.2%} correct"
            )
    found = accuracy(model, test_loader)
    wrong = round((1 - found) * len(test))
    seconds = time.perf_counter() - start
    print(f"{found:.2%} of {len(test):,} held-out digits read correctly ({wrong} misread), after {seconds:.0f} s")
    return found


if __name__ == "__main__":
    main()
