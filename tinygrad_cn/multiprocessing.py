"""``torch.multiprocessing`` by name: Python's own ``multiprocessing``. A Tensor that is sent to a process is copied."""

from multiprocessing import (
    Array,
    Barrier,
    Event,
    JoinableQueue,
    Lock,
    Manager,
    Pipe,
    Pool,
    Process,
    Queue,
    Semaphore,
    SimpleQueue,
    Value,
    active_children,
    cpu_count,
    current_process,
    freeze_support,
    get_context,
    get_start_method,
    set_start_method,
)

__all__ = [
    "Array",
    "Barrier",
    "Event",
    "JoinableQueue",
    "Lock",
    "Manager",
    "Pipe",
    "Pool",
    "Process",
    "Queue",
    "Semaphore",
    "SimpleQueue",
    "Value",
    "active_children",
    "cpu_count",
    "current_process",
    "freeze_support",
    "get_context",
    "get_sharing_strategy",
    "get_start_method",
    "set_sharing_strategy",
    "set_start_method",
]


def get_sharing_strategy() -> str:
    """``"file_descriptor"``, PyTorch's default; nothing is shared."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Taken: Tensors are copied between processes whatever is asked."""
