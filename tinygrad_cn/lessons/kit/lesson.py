"""What a lesson is: formulas, code, an experiment, a plot, tables, and claims that the run must bear out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from matplotlib.figure import Figure

__all__ = ["Claim", "Findings", "Formula", "Language", "Lesson", "Progress", "Prose", "Setting", "Table", "Text"]

TEXTS = Path(__file__).parents[1] / "texts"

HAN = "[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"  # characters and punctuation
BETWEEN_HAN = re.compile(f"(?<={HAN})\\n(?={HAN})")

Language = Literal["en", "zh"]

#: What an experiment found: lists, dictionaries, strings and numbers only, so that a file of JSON holds it and a page
#: can be drawn from the file.
Findings = dict[str, Any]

Value = TypeVar("Value")


@dataclass(frozen=True)
class Text:
    """The same words in English and in Chinese.

    Example:
        >>> Text("epoch", "轮")["zh"]
        '轮'
    """

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Formula:
    """A formula in TeX, as matplotlib's mathtext reads it, and what it says."""

    tex: str
    meaning: Text


@dataclass(frozen=True)
class Table:
    """A table of a page: columns of text, and rows as wide."""

    columns: list[str]
    rows: list[list[str]]
    caption: str = ""


@dataclass(frozen=True)
class Claim:
    """Something the lesson says, and whether this run bears it out; `measured` holds the numbers compared."""

    text: Text
    holds: bool
    measured: str


class Progress:
    """Is told how far an experiment has come; this one keeps quiet."""

    def start(self, total: int) -> None:
        """`total` steps lie ahead, in units that the lesson chooses."""

    def advance(self, steps: int = 1) -> None:
        """So many more are done."""


@dataclass(frozen=True)
class Setting:
    """What was asked for on the command line.

    Args:
        data: `"digits"`, the 8x8 digits that come with scikit-learn, or `"mnist"`.
        data_dir: the folder with MNIST's four files; without it they are downloaded.
        seeds: how many runs with different random numbers, 0, 1, 2 and so on.
        quick: seconds instead of minutes: fewer images and epochs.
        jobs: how many processes may run side by side.
        progress: is told how far the experiment has come.
    """

    data: Literal["digits", "mnist"] = "digits"
    data_dir: Path | None = None
    seeds: int = 3
    quick: bool = False
    jobs: int = 1
    progress: Progress = field(default_factory=Progress, compare=False)

    def pick(self, *, mnist: Value, digits: Value, quick: Value) -> Value:
        """The value for the size of this run: the book's for MNIST, one for the digits, one for a quick look.

        Example:
            >>> Setting(quick=True).pick(mnist=400, digits=200, quick=20)
            20
        """
        if self.quick:
            return quick
        return mnist if self.data == "mnist" else digits


class Prose(NamedTuple):
    """The words of a page in one language, from `texts/NAME.LANGUAGE.md`."""

    title: str
    question: str
    notice: str


@dataclass(frozen=True)
class Lesson:
    """One lesson: everything a page needs but its words, which stand in `texts/`.

    Args:
        name: what is typed after `tinygrad-cn lesson`.
        source: the chapter of M. Nielsen's *Neural Networks and Deep Learning* that the claim comes from, or "".
        formulas: the mathematics, in the order of the argument.
        code: functions and classes whose source the page shows; they are what runs.
        run: the experiment.
        draw: fills an empty figure, from the findings alone.
        tables: the numbers, reported ones beside ours.
        claims: what the findings must show; the tests ask for all of them in quick form.
        size: of the figure, in inches.
        depends_on: the options of the command that change the findings; none for mathematics. The page names them.
    """

    name: str
    source: str
    formulas: tuple[Formula, ...]
    code: tuple[Callable[..., Any], ...]
    run: Callable[[Setting], Findings]
    draw: Callable[[Findings, Figure, Language], None]
    tables: Callable[[Findings, Language], list[Table]]
    claims: Callable[[Findings], list[Claim]]
    size: tuple[float, float] = (9.0, 4.0)
    depends_on: tuple[Literal["data", "seeds"], ...] = ("data", "seeds")

    def prose(self, language: Language) -> Prose:
        """The title, the question and, below a line of its own, `---`, what to notice."""
        text = (TEXTS / f"{self.name}.{language}.md").read_text(encoding="utf-8")
        text = BETWEEN_HAN.sub("", text)  # a line break is no space in Chinese
        head, _, notice = text.partition("\n---\n")
        title, _, question = head.removeprefix("# ").partition("\n")
        return Prose(title.strip(), question.strip(), notice.strip())
