"""A variational autoencoder of handwritten digits: it learns to draw digits that nobody wrote.

    python examples/vae.py
    python examples/vae.py --data mnist --epochs 10 --samples digits.png

The number to judge it by is the evidence lower bound (ELBO) on held-out images, in nats an image: the higher, the
likelier are images that it has not seen. Beside it stands what a model says that knows only how bright each pixel is
on average.

Source: D. P. Kingma, M. Welling, Auto-encoding variational Bayes, ICLR 2014, https://arxiv.org/abs/1312.6114.
"""

import argparse
import importlib.util
import time
from pathlib import Path

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.datasets import load_digits, load_mnist
from tinygrad_cn.nn import functional as F
from tinygrad_cn.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    def __init__(self, pixels, hidden=256, latent=8):
        super().__init__()
        self.latent = latent
        self.encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, pixels))

    def elbo(self, x):
        """The evidence lower bound of each image in nats. Shape: (N, pixels) -> (N,)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + tg.randn_like(mean) * tg.exp(0.5 * log_variance)
        likelihood = -F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none").sum(1)
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)  # from N(0, 1)
        return likelihood - divergence

    def sample(self, n):
        """Images drawn from the model. Shape: (n, pixels)."""
        return tg.sigmoid(self.decoder(tg.randn(n, self.latent)))


def load(options):
    """Training and held-out images as rows of black and white pixels, and the height of an image."""
    training, test = load_mnist(options.data_dir) if options.data == "mnist" else load_digits()
    (images, _), (held_out, _) = training.tensors, test.tensors
    return *((part.flatten(1) > 0.5).float() for part in (images, held_out)), images.shape[-1]


def save_grid(images, height, path):
    """Write images as one picture."""
    from matplotlib import image  # an extra

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = images.reshape(8, -1, height, height).permute(0, 2, 1, 3)  # (8, n, H, W) -> (8, H, n, W)
    grid = F.interpolate(rows.reshape(1, 1, 8 * height, -1), scale_factor=max(1, 64 // height))
    image.imsave(path, 1 - grid[0, 0].numpy(), cmap="gray", vmin=0, vmax=1)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--data-dir", help="the folder with MNIST's four files; without it they are downloaded")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--latent", type=int, default=8, help="numbers that an image is described by")
    parser.add_argument("--epochs", type=int, help="150 on digits, 5 on MNIST")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", default="runs/vae.png", type=Path, help="where to draw samples; needs matplotlib")
    parser.add_argument("--quick", action="store_true", help="15 epochs: a few seconds")
    options = parser.parse_args(argv)
    epochs = options.epochs or (15 if options.quick else 5 if options.data == "mnist" else 150)

    tg.manual_seed(options.seed)
    training, held_out, height = load(options)
    loader = DataLoader(TensorDataset(training), batch_size=options.batch_size, shuffle=True)
    model = VAE(training.shape[1], options.hidden, options.latent)
    optimizer = optim.Adam(model.parameters(), lr=options.lr)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    average = training.mean(0).clamp(1e-3, 1 - 1e-3).expand_as(held_out)
    baseline = -F.binary_cross_entropy(average, held_out, reduction="none").sum(1).mean().item()
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters:,} parameters; {len(training):,} images, {len(held_out):,} held out")
    print(f"held out, by the average brightness of each pixel: {baseline:.2f} nats an image")

    start = time.perf_counter()
    for epoch in range(1, epochs + 1):
        total = 0.0
        for (images,) in loader:
            loss = -model.elbo(images).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(images)
        scheduler.step()
        if epoch % max(1, epochs // 5) == 0 or epoch == epochs:
            with tg.no_grad():
                bound = tg.stack([model.elbo(held_out) for _ in range(20)]).mean().item()
            print(f"epoch {epoch:3d}: ELBO {-total / len(training):.2f} in training, {bound:.2f} held out")
    seconds = time.perf_counter() - start
    print(f"held-out ELBO {bound:.2f} nats an image, {bound - baseline:.2f} above the average image; {seconds:.0f} s")

    if importlib.util.find_spec("matplotlib"):
        with tg.no_grad():
            save_grid(model.sample(96), height, options.samples)
        print(f"96 digits that nobody wrote: {options.samples}")
    return bound - baseline


if __name__ == "__main__":
    main()
