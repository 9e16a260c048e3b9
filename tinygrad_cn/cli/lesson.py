"""`tinygrad-cn lesson`: lists the lessons, or runs one and writes its page."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from tinygrad_cn import lessons
from tinygrad_cn.lessons.kit.lesson import Findings, Language, Lesson, Setting
from tinygrad_cn.lessons.kit.lesson import Progress as Quiet
from tinygrad_cn.lessons.kit.page import results
from tinygrad_cn.lessons.kit.plots import chinese_font
from tinygrad_cn.lessons.kit.site import read_results, write_index, write_page, write_results

__all__ = ["lesson"]

INTERRUPTED = 130


class Data(StrEnum):
    digits = "digits"
    mnist = "mnist"


class Lang(StrEnum):
    en = "en"
    zh = "zh"
    both = "both"

    def languages(self) -> tuple[Language, ...]:
        if self is Lang.both:
            return ("en", "zh")
        return ("zh",) if self is Lang.zh else ("en",)


class Bar(Quiet):
    """A progress bar on the terminal."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=None)

    def start(self, total: int) -> None:
        self._progress.update(self._task, total=total)

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(self._task, steps)


def lesson(
    name: Annotated[str | None, typer.Argument(help="Which lesson, or all; without it they are listed.")] = None,
    lang: Annotated[Lang, typer.Option(help="The language of the page.")] = Lang.both,
    data: Annotated[Data, typer.Option(help="8x8 digits of scikit-learn, or MNIST as in the book.")] = Data.digits,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder with MNIST's four files, instead of a download.", exists=True, file_okay=False),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Runs with different random numbers.", min=1)] = 3,
    quick: Annotated[bool, typer.Option("--quick", help="A first look in seconds: fewer images and epochs.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes side by side.", min=1)] = 1,
    out: Annotated[Path, typer.Option(help="Folder for pages, plots and results.")] = Path("runs/lessons"),
    saved: Annotated[
        Path | None,
        typer.Option("--from", help="Write pages from results saved in this folder; nothing is run.", exists=True),
    ] = None,
    with_html: Annotated[bool, typer.Option("--html/--no-html", help="HTML beside Markdown.")] = True,
) -> None:
    """Rerun a lesson: what makes a network learn better, as an experiment with a plot."""
    console = Console(highlight=False, soft_wrap=True)
    errors = Console(highlight=False, soft_wrap=True, stderr=True)
    languages = lang.languages()
    if name is None:
        _list(console, languages[-1])
        return
    try:
        chosen = lessons.LESSONS if name == "all" else (lessons.find(name),)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error
    if data_dir is not None and data is not Data.mnist:
        raise typer.BadParameter("goes with --data mnist: the digits come with scikit-learn", param_hint="--data-dir")
    try:
        if saved is not None and name == "all":
            chosen = tuple(one for one in chosen if (saved / f"{one.name}.json").is_file())
        for one in chosen:
            if saved is not None:
                result = read_results(saved, one.name)
            else:
                result = _run(one, Setting(data.value, data_dir, seeds, quick, jobs), console)
                write_results(out, result)
            pages = write_page(out, one, result, languages, with_html=with_html)
            if saved is None:
                _show(one, result, languages[-1] if lang is not Lang.both else "en", console)
            for page in pages:
                console.print(f"The page: {page}", markup=False)
        if name == "all":
            write_index(out, chosen, languages, with_html=with_html)
            console.print(f"All pages: {out}", markup=False)
    except (ValueError, OSError) as error:  # damaged or missing files, no network
        errors.print(f"Error: {error}", style="red", markup=False)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        errors.print("Interrupted: this lesson wrote nothing.")
        raise typer.Exit(INTERRUPTED) from None
    if "zh" in languages and chinese_font() is None:
        errors.print(
            "No font with Chinese glyphs was found: plots are labelled in English. "
            "pip install 'tinygrad_cn[fonts]' brings one.",
            markup=False,
        )


def _list(console: Console, language: Language) -> None:
    table = Table("name", "", box=box.SIMPLE)
    for one in lessons.LESSONS:
        table.add_row(one.name, one.prose(language).title)
    console.print(table)
    console.print("tinygrad-cn lesson NAME runs one, tinygrad-cn lesson all every one. See also --help.")


def _run(one: Lesson, setting: Setting, console: Console) -> Findings:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    started = _processor_seconds()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        asked = Setting(
            setting.data, setting.data_dir, setting.seeds, setting.quick, setting.jobs, Bar(progress, one.name)
        )
        findings = one.run(asked)
    return results(one, setting, findings, _processor_seconds() - started)


def _processor_seconds() -> float:
    """What this process and those it has waited for have used: other programs on the machine do not count."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _show(one: Lesson, result: Findings, language: Language, console: Console) -> None:
    """The tables and the claims on the terminal."""
    console.print(f"\n[bold]{one.prose(language).title}[/bold]")
    for shown in one.tables(result["findings"], language):
        table = Table(*shown.columns, box=box.SIMPLE, caption=shown.caption or None, caption_justify="left")
        for row in shown.rows:
            table.add_row(*row)
        console.print(table)
    for claim in one.claims(result["findings"]):
        mark = "[green]✓[/green]" if claim.holds else "[red]✗[/red]"
        console.print(f"{mark} {claim.text[language]}  [dim]{claim.measured}[/dim]")
