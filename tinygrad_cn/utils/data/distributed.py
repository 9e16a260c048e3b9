"""DistributedSampler: each of several processes that train together visits its own share of the samples."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from tinygrad_cn.random import Generator

from .sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th sample of an order that all processes draw alike, from the ``rank``-th on.

    Call `set_epoch` before each pass, or the order is the same each time; also after taking a run up again.

    Args:
        dataset: the data set.
        num_replicas: how many processes there are; 1 unless given.
        rank: which of them this is; 0 unless given.
        shuffle: a random order.
        seed: of the order; the same in all processes.
        drop_last: leave samples out where they cannot be shared evenly; else some come twice.

    Raises:
        ValueError: ``rank`` is not from 0 to ``num_replicas - 1``.

    Example:
        >>> from tinygrad_cn.utils.data import DistributedSampler
        >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)]
        [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.num_replicas = 1 if num_replicas is None else num_replicas
        self.rank = 0 if rank is None else rank
        if not 0 <= self.rank < self.num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {self.num_replicas - 1}]")
        self.dataset, self.shuffle, self.seed, self.drop_last = dataset, shuffle, seed, drop_last
        self.epoch = 0
        count = len(dataset)
        self.num_samples = count // self.num_replicas if drop_last else -(-count // self.num_replicas)
        self.total_size = self.num_samples * self.num_replicas

    def set_epoch(self, epoch: int) -> None:
        """The order from now on is that of this epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        if self.shuffle:
            order = Generator().manual_seed(self.seed + self.epoch).permutation(count).tolist()
        else:
            order = list(range(count))
        repeated = order * -(-self.total_size // max(count, 1))  # those that are missing to an even share come again
        return iter(repeated[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples
