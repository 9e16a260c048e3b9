"""The pages as a static site: Markdown to HTML, formulas as pictures in it; no network is needed to read it."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from functools import cache
from io import StringIO

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from matplotlib.figure import Figure
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from tinygrad_cn.lessons.kit.lesson import Language, Lesson, Text

__all__ = ["formula_svg", "index_page", "page"]

STYLE = """
body { font: 16px/1.65 "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei",
  system-ui, sans-serif; color: #222; margin: 0 auto; max-width: 54rem; padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.3; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
a { color: #0b5cad; } nav { font-size: .9rem; } img { max-width: 100%; height: auto; }
pre { background: #f6f7f9; border-radius: 6px; padding: .8rem 1rem; overflow-x: auto;
  font-size: .85rem; line-height: 1.5; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: .88rem; }
th, td { border-bottom: 1px solid #ddd; padding: .35rem .6rem; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #999; } .formula { margin: 1rem 0 .2rem; } .formula svg { max-width: 100%; height: auto; }
ul.lessons li { margin: .7rem 0; }
"""
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}
HOME = Text("All lessons", "全部课程")
TITLE = Text("How to make a neural network learn better", "怎样让神经网络学得更好")
ABOUT = Text(
    "Every claim is an experiment, rerun with tinygrad_cn: one command each.",
    "每一个说法都是一个实验，用 tinygrad_cn 重做，一条命令一个。",
)


@cache  # both languages show the same ones
def formula_svg(tex: str) -> str:
    """A formula as an SVG whose glyphs are paths: it needs no font and no script."""
    figure = Figure(figsize=(0.1, 0.1))
    figure.text(0, 0, f"${tex}$", fontsize=15, math_fontfamily="cm")
    drawn = StringIO()
    figure.savefig(drawn, format="svg", bbox_inches="tight", pad_inches=0.04, transparent=True, metadata={"Date": None})
    text = drawn.getvalue()
    svg = text[text.index("<svg") :]
    # Several formulas share a page: the names of their glyphs must not meet.
    prefix = f"f{hashlib.sha256(tex.encode()).hexdigest()[:8]}-"
    svg = re.sub(r'id="', f'id="{prefix}', svg)
    svg = re.sub(r'href="#', f'href="#{prefix}', svg)
    svg = re.sub(r"url\(#", f"url(#{prefix}", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(tex, quote=True)}"', 1)


class _Renderer(RendererHTML):
    """Markdown's own, but for fences and tables."""

    def fence(self, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
        token = tokens[index]
        if token.info == "math":
            return f'<div class="formula">{formula_svg(token.content.strip())}</div>\n'
        return str(highlight(token.content, get_lexer_by_name(token.info or "text"), HtmlFormatter()))

    def table_open(self, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
        return '<div class="table"><table>\n'

    def table_close(self, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
        return "</table></div>\n"


def page(title: str, markdown: str, language: Language, others: str) -> str:
    """A whole page of HTML.

    Args:
        others: links to put on top, as HTML.
    """
    body = MarkdownIt("commonmark", renderer_cls=_Renderer).enable("table").render(markdown)
    colours = HtmlFormatter().get_style_defs(".highlight")
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}{colours}</style>\n</head>\n"
        f"<body>\n<nav>{others}</nav>\n{body}</body>\n</html>\n"
    )


def index_page(lessons: Sequence[Lesson], language: Language, others: str) -> str:
    """The list of all pages that lie beside it."""
    items = []
    for lesson in lessons:
        prose = lesson.prose(language)
        items.append(f"- [{prose.title}]({lesson.name}.html)\n\n  {prose.question}".replace("\n", "\n  "))
    text = f"# {TITLE[language]}\n\n{ABOUT[language]}\n\n" + "\n".join(items)
    return page(TITLE[language], text, language, others)
