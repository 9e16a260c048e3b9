"""The cells of the generated tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["cells", "heading"]


def cells(counts: Iterable[Sequence[int]]) -> list[str]:
    """A cell for each (passed, tried): empty where there is nothing to try, bold where something failed."""
    return [
        "" if not tried else str(tried) if passed == tried else f"**{passed} / {tried}**" for passed, tried in counts
    ]


def heading(*columns: str) -> list[str]:
    """The two lines that begin a table."""
    return ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
