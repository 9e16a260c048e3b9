"""The engine below the random numbers: MT19937, its seeds, and its states in PyTorch's layout.

Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
generator" (1998).
NumPy has the engine; what is here is PyTorch's way of seeding, saving and restoring it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Self, SupportsInt

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["MersenneStream"]

_DEFAULT_SEED = 67280421310721
_CHUNK = 1 << 15  # words worked on at once: they stay in the cache

# PyTorch's layout of a saved state, so that a state saved there is read here and the reverse.
_STATE = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),  # words left before the next twist, plus one
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("words", "<u8", 624),
        ("normal_x", "<f8"),
        ("normal_y", "<f8"),  # the second half of the last Box-Muller pair
        ("normal_rho", "<f8"),
        ("normal_is_valid", "<i4"),
        ("padding", "V12"),
    ]
)


class MersenneStream:
    """A stream of 32-bit words that starts from a seed, with the one number that waits for the next call.

    Args:
        device (str): only ``'cpu'``.
    Raises:
        ValueError: another device.

    >>> MersenneStream().manual_seed(0).initial_seed()
    0
    """

    _seed: int
    _cached_normal: float | None  # the second of a Box-Muller pair, for the next call
    _made: np.random.MT19937 | None

    def __init__(self, device: Any = "cpu") -> None:
        if str(device).partition(":")[0] != "cpu":
            raise ValueError(f"Generator: device {str(device)!r} does not exist here; the only one is 'cpu'")
        self.device = "cpu"
        self._lock = threading.RLock()
        self._reseed(_DEFAULT_SEED)

    # ------------------------------------------------------------------------------ seeds and states

    def manual_seed(self, seed: SupportsInt) -> Self:
        """Restart the stream from ``seed``; returns the generator.

        Args:
            seed (int): from -2**63 to 2**64 - 1; a negative one means ``seed + 2**64``. Only the low 32 bits select
                the stream.
        Raises:
            ValueError: ``seed`` is out of that range.
        """
        value = int(seed)
        if not -(2**63) <= value < 2**64:
            raise ValueError(f"manual_seed: {value} does not fit in 64 bits; take it modulo 2**64")
        with self._lock:
            self._reseed(value % 2**64)
        return self

    def seed(self) -> int:
        """Restart the stream from a seed taken from the operating system; returns the seed."""
        value = int.from_bytes(os.urandom(8), "little") >> 11
        self.manual_seed(value)
        return value

    def initial_seed(self) -> int:
        """The seed that the stream was started from."""
        return self._seed

    def get_state(self) -> np.ndarray:
        """The whole state, in PyTorch's layout.

        Shape:
            ``(5056,)``, uint8
        """
        with self._lock:
            engine = self._engine.state["state"]
            key, position = engine["key"], int(engine["pos"])
            record = np.zeros((), _STATE)
            record["seed"], record["seeded"], record["words"] = self._seed, 1, key
            if position == 624:  # just seeded, or all used up: both twist before the next word
                record["left"], record["next"] = 1, 0 if key[0] == self._seed % 2**32 else 624
            else:
                record["left"], record["next"] = 625 - position, position
            if self._cached_normal is not None:
                record["normal_y"], record["normal_is_valid"] = self._cached_normal, 1
        return np.frombuffer(record.tobytes(), np.uint8).copy()

    def set_state(self, new_state: ArrayLike) -> Self:
        """Continue from a state that `get_state` (or PyTorch's) returned.

        Args:
            new_state: ``uint8`` array of 5056 bytes.
        Raises:
            TypeError: it is not of bytes.
            ValueError: it is not the state of a generator.
        """
        state = np.asarray(new_state)
        if state.dtype != np.uint8:
            raise TypeError(
                f"set_state: a state is an array of uint8, got {state.dtype}; pass what get_state() returned"
            )
        if state.size != _STATE.itemsize:
            raise ValueError(
                f"set_state: a state has {_STATE.itemsize} bytes, got {state.size}; pass what get_state() returned"
            )
        record = np.frombuffer(state.tobytes(), _STATE)[0]
        left, position = int(record["left"]), int(record["next"])
        if not (record["seeded"] == 1 and 1 <= left <= 624 and position <= 624):
            raise ValueError("set_state: these bytes are not the state of a generator; pass what get_state() returned")
        with self._lock:
            self._reseed(int(record["seed"]))
            key = record["words"].astype(np.uint32)
            place: Any = {"key": key, "pos": 624 if left == 1 else position}
            self._engine.state = {"bit_generator": "MT19937", "state": place}
            self._cached_normal = float(record["normal_y"]) if record["normal_is_valid"] else None
        return self

    def _reseed(self, seed: int) -> None:
        self._seed = seed
        self._cached_normal = None
        self._made = None

    @property
    def _engine(self) -> np.random.MT19937:
        """The bit generator, made when first used: importing ``numpy.random`` takes milliseconds."""
        if self._made is None:
            engine = np.random.MT19937(0)
            np.random.RandomState(engine).seed(self._seed % 2**32)  # MT19937(seed) itself would hash the seed
            self._made = engine
        return self._made

    def __getstate__(self) -> np.ndarray:
        return self.get_state()

    def __setstate__(self, state: np.ndarray) -> None:
        self.device = "cpu"
        self._lock = threading.RLock()
        self.set_state(state)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(device='cpu', initial_seed={self._seed})"

    # ----------------------------------------------------------------------------------- the words

    def _words(self, n: int) -> np.ndarray:
        """The next ``n`` words of the stream, uint32."""
        if n < 2048:  # cheap to call, but eight bytes a word
            return self._engine.random_raw(n).astype(np.uint32)
        return np.random.Generator(self._engine).integers(0, 2**32, size=n, dtype=np.uint32)

    def _fill(self, out: np.ndarray, words_each: int, transform: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Fill ``out`` with ``transform`` of the words, ``words_each`` for an element, a chunk at a time."""
        flat = out.reshape(-1)
        if flat.size <= _CHUNK:
            flat[:] = transform(self._words(flat.size * words_each))
        else:
            for start in range(0, flat.size, _CHUNK):
                part = flat[start : start + _CHUNK]
                part[:] = transform(self._words(part.size * words_each))
        return out
