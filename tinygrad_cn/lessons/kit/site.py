"""Where pages, plots and results lie, and how they are written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tinygrad_cn.lessons.kit.html import ABOUT, HOME, LANGUAGES, TITLE, index_page, page
from tinygrad_cn.lessons.kit.lesson import Findings, Language, Lesson
from tinygrad_cn.lessons.kit.page import RESULTS_FORMAT, markdown
from tinygrad_cn.lessons.kit.plots import render

__all__ = ["read_results", "write_index", "write_page", "write_results"]


def write_results(folder: Path, result: Findings) -> Path:
    """Writes `results/NAME.json`, one experiment's list of numbers a line."""
    path = folder / "results" / f"{result['lesson']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_indented(result) + "\n", encoding="utf-8")
    return path


def _indented(value: object, indent: str = "") -> str:
    """JSON with dictionaries over several lines and lists on one: a file that can be read and compared."""
    if isinstance(value, dict) and value:
        inner = indent + " "
        items = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {_indented(item, inner)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_results(folder: Path, name: str) -> Findings:
    """Reads `NAME.json`.

    Raises:
        FileNotFoundError: there is none in the folder.
        ValueError: it is of another format.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"no results of the lesson {name}: {path} does not exist")
    result: Findings = json.loads(path.read_text(encoding="utf-8"))
    if result.get("format") != RESULTS_FORMAT:
        raise ValueError(f"{path} has format {result.get('format')}, expected {RESULTS_FORMAT}; run the lesson anew")
    return result


def write_page(
    folder: Path, lesson: Lesson, result: Findings, languages: Sequence[Language], *, with_html: bool = True
) -> list[Path]:
    """Writes `LANGUAGE/NAME.md`, its plot, and `LANGUAGE/NAME.html`; returns the pages to open."""
    written = []
    for language in languages:
        here = folder / language
        here.mkdir(parents=True, exist_ok=True)
        (here / f"{lesson.name}.png").write_bytes(render(lesson, result["findings"], language))
        text = markdown(lesson, result, language, f"{lesson.name}.png")
        path = here / f"{lesson.name}.md"
        path.write_text(text, encoding="utf-8")
        if with_html:
            path = here / f"{lesson.name}.html"
            links = _links(f"{lesson.name}.html", language, languages)
            path.write_text(page(lesson.prose(language).title, text, language, links), encoding="utf-8")
        written.append(path)
    return written


def write_index(
    folder: Path, lessons: Sequence[Lesson], languages: Sequence[Language], *, with_html: bool = True
) -> None:
    """Writes the lists of pages: `LANGUAGE/index.html`, and `README.md` with all languages."""
    parts = []
    for language in languages:
        if with_html:
            links = _links("index.html", language, languages, home=False)
            (folder / language / "index.html").write_text(index_page(lessons, language, links), encoding="utf-8")
        items = "\n".join(f"- [{lesson.prose(language).title}]({language}/{lesson.name}.md)" for lesson in lessons)
        parts.append(f"# {TITLE[language]}\n\n{ABOUT[language]}\n\n{items}\n")
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")


def _links(name: str, language: Language, languages: Sequence[Language], *, home: bool = True) -> str:
    links = [f'<a href="index.html">{HOME[language]}</a>'] if home else []
    links += [f'<a href="../{other}/{name}">{LANGUAGES[other]}</a>' for other in languages if other != language]
    return " · ".join(links)
