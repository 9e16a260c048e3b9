"""The networks that `tinygrad-cn train` trains."""

from __future__ import annotations

from tinygrad_cn import Tensor, nn


class DigitsNet(nn.Module):
    """A small convolutional network for digits of 8x8 pixels.

    Shape:
        - input: :math:`(N, 1, 8, 8)`
        - output: :math:`(N, 10)`, a score for each digit
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            # Batch normalisation takes away the mean of each map, so a bias before it would do nothing.
            nn.Conv2d(1, 32, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 32, 8, 8) -> (N, 32, 4, 4)
            nn.Conv2d(32, 64, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 64, 4, 4) -> (N, 64, 2, 2)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.25),
            nn.Linear(64 * 2 * 2, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))


class LeNet(nn.Module):
    """LeNet-5 for MNIST, with rectified linear units and max pooling.

    Shape:
        - input: :math:`(N, 1, 28, 28)`
        - output: :math:`(N, 10)`, a score for each digit

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document
    recognition*, Proceedings of the IEEE 86(11), 1998, section II.B.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 6, 28, 28) -> (N, 6, 14, 14)
            nn.Conv2d(6, 16, kernel_size=5),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 16, 10, 10) -> (N, 16, 5, 5)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, 10),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))
