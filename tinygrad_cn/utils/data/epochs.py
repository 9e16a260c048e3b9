"""One pass over the data: an iterator of batches that are made on demand, or by workers ahead of it."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator
from typing import Any, Self

from .crew import Crew
from .fetching import IndexFetcher, StreamFetcher
from .resuming import Progress
from .workers import Answer, Begin

__all__ = ["CrewEpoch", "LocalEpoch"]


class _Epoch:
    """What every pass has.

    Args:
        progress: where it stands: kept up to date, for the loader to write down.
        order: the indices of the batches; ``None``: the data set has none.
    """

    told: int | None = None  # how many batches the loader said that there would be, asked for the length of a stream

    def __init__(self, progress: Progress, order: Iterator[Any] | None) -> None:
        self._progress = progress
        self._order = order

    def __iter__(self) -> Self:
        return self

    def _draw(self) -> bool:
        """Takes the indices of one more batch from the order; whether there was one."""
        progress = self._progress
        if self._order is None or progress.exhausted:
            return False
        try:
            progress.pending.append(next(self._order))
        except StopIteration:
            progress.exhausted = True
            return False
        progress.drawn += 1
        return True

    def _handed_out_of_stream(self) -> None:
        self._progress.handed_out += 1
        if self.told is not None and self._progress.handed_out > self.told:
            warnings.warn(
                f"Length of IterableDataset was reported to be {self.told} batches (len(dataloader)), but "
                f"{self._progress.handed_out} were fetched. With workers each goes through the whole data set, unless "
                "it takes a share by get_worker_info()",
                stacklevel=3,
            )
            self.told = None

    def _finished(self) -> StopIteration:
        self._progress.finished = True
        return StopIteration()


class LocalEpoch(_Epoch):
    """A pass in which each batch is made when it is asked for, by the thread that asks."""

    def __init__(self, progress: Progress, order: Iterator[Any] | None, fetcher: IndexFetcher | StreamFetcher) -> None:
        super().__init__(progress, order)
        self._fetcher = fetcher

    def __next__(self) -> Any:
        progress = self._progress
        if progress.finished:
            raise StopIteration
        if self._order is None:
            return self._from_stream()
        if not progress.pending and not self._draw():
            raise self._finished()
        try:
            batch = self._fetcher.fetch(progress.pending[0])
        except Exception:  # who goes on after it goes on with the next; an interrupted batch is still to come
            self._hand_out()
            raise
        self._hand_out()
        return batch

    def _hand_out(self) -> None:
        self._progress.pending.popleft()
        self._progress.handed_out += 1

    def _from_stream(self) -> Any:
        try:
            batch = self._fetcher.fetch(None)
        except StopIteration:
            raise self._finished() from None
        self._handed_out_of_stream()
        self._progress.exhausted = getattr(self._fetcher, "ended", False)
        return batch


class CrewEpoch(_Epoch):
    """A pass whose batches are made by workers, ahead of being asked for.

    Batch ``i`` is made by worker ``i % n``; of data sets without indices each worker gives its next batch in turn, as
    long as it has any. So the order does not depend on who is quicker.

    Args:
        progress, order: as above.
        crew: the workers.
        ahead: how many batches each is asked for in advance.
        timeout: seconds to wait for a batch; 0: as long as it takes.
        keep: the workers stay for the next pass; else they end with this one, however it ends.
    """

    def __init__(
        self, progress: Progress, order: Iterator[Any] | None, crew: Crew, ahead: int, timeout: float, keep: bool
    ) -> None:
        super().__init__(progress, order)
        self._crew = crew
        self._ahead = max(ahead, 1)
        self._timeout = timeout
        self._asked = 0  # of the pending, those that workers were asked for
        self._close = None if keep else weakref.finalize(self, crew.close)
        crew.begin([Begin(0, s.random, s.dataset, s.handed_out) for s in progress.stations])
        self._number = crew.number
        if order is None:
            for worker, station in enumerate(progress.stations):
                for _ in range(0 if station.ended else self._ahead):
                    crew.ask(worker)
        else:
            self._ask_ahead()

    def __next__(self) -> Any:
        if self._progress.finished:
            raise StopIteration
        if self._number != self._crew.number:
            raise RuntimeError("DataLoader: the workers have begun a new pass; this iterator cannot go on")
        answer = self._from_streams() if self._order is None else self._by_index()
        if answer is None:
            if self._close is not None:
                self._close()
            raise self._finished()
        if answer.kind != "failure":
            return answer.value
        error = answer.value.raised()
        del answer
        try:
            raise error
        finally:
            del error  # its traceback holds this frame, which would hold it, and the workers with it

    def _by_index(self) -> Answer | None:
        progress = self._progress
        if not progress.pending:
            return None
        worker = progress.handed_out % len(progress.stations)
        answer = self._crew.answer(worker, self._timeout)
        progress.pending.popleft()
        progress.handed_out += 1
        progress.stations[worker].note(answer)
        self._asked -= 1
        self._ask_ahead()
        return answer

    def _ask_ahead(self) -> None:
        progress = self._progress
        count = len(progress.stations)
        while self._asked < self._ahead * count and (self._asked < len(progress.pending) or self._draw()):
            self._crew.ask((progress.handed_out + self._asked) % count, progress.pending[self._asked])
            self._asked += 1

    def _from_streams(self) -> Answer | None:
        progress = self._progress
        count = len(progress.stations)
        while not all(station.ended for station in progress.stations):
            worker = progress.turn
            station = progress.stations[worker]
            if not station.ended:
                answer = self._crew.answer(worker, self._timeout)
                station.note(answer)
                if answer.kind != "end":
                    progress.turn = (worker + 1) % count
                    self._handed_out_of_stream()
                    if not station.ended:
                        self._crew.ask(worker)
                    return answer
            progress.turn = (worker + 1) % count
        return None
