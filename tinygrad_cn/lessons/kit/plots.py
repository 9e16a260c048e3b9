"""What the plots of the lessons share: fonts that hold Chinese, curves of mean and spread, words for the axes."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from tinygrad_cn.lessons.kit.lesson import Findings, Language, Lesson, Text

__all__ = [
    "ACCURACY",
    "COST",
    "EPOCH",
    "chinese_font",
    "draw_curve",
    "draw_curves",
    "draw_seeds",
    "label",
    "legend_above",
    "render",
]

EPOCH = Text("epoch", "轮")
ACCURACY = Text("accuracy [%]", "准确率 [%]")
COST = Text("cost", "代价")

#: Fonts with Chinese glyphs, as matplotlib names them: Linux, then macOS, then Windows.
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans CJK JP",  # the first face of the collection that holds them all
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "PingFang HK",
    "Hiragino Sans GB",
    "Heiti SC",
    "Heiti TC",
    "STHeiti",
    "Songti SC",
    "Arial Unicode MS",
    "Microsoft YaHei",
    "SimHei",
    "DengXian",
    "SimSun",
)


@lru_cache(maxsize=1)
def chinese_font() -> str | None:
    """The name of an installed font with Chinese glyphs, or of the one that the extra `fonts` brings; else `None`."""
    found = _known_font()
    if found is None:
        for path in _files_not_in_the_cache():
            font_manager.fontManager.addfont(path)
        found = _known_font()
    return found


def _known_font() -> str | None:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in known), None)


def _files_not_in_the_cache() -> Iterator[str]:
    """matplotlib lists the fonts once and keeps the list: what was installed since then is not in it."""
    hints = ("cjk", "notosanssc", "sourcehan", "wqy", "droidsansfallback")
    for path in font_manager.findSystemFonts():
        if any(hint in Path(path).name.lower().replace("-", "") for hint in hints):
            yield path
    package = importlib.util.find_spec("zhplot")  # only its font is used
    if package is not None and package.origin is not None:
        yield from map(str, (Path(package.origin).parent / "fonts").glob("*.ttf"))


@contextmanager
def _fonts(language: Language) -> Iterator[None]:
    families = ["DejaVu Sans"]
    font = chinese_font() if language == "zh" else None
    if font is not None:
        families.append(font)
    with matplotlib.rc_context({"font.family": families, "axes.grid": True, "grid.alpha": 0.3, "font.size": 9}):
        yield


def render(lesson: Lesson, findings: Findings, language: Language) -> bytes:
    """The lesson's plot as a PNG, in English where no font has Chinese glyphs."""
    if language == "zh" and chinese_font() is None:
        language = "en"
    with _fonts(language):
        figure = Figure(figsize=lesson.size, dpi=110, layout="constrained")
        lesson.draw(findings, figure, language)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the places are found; savefig would look for them twice more
        drawn = BytesIO()
        figure.savefig(drawn, format="png")
    picture = BytesIO()  # 128 colours are enough for lines and text, and a third of the size
    Image.open(drawn).convert("RGB").quantize(128, method=Image.Quantize.MEDIANCUT).save(picture, "png", optimize=True)
    return picture.getvalue()


def label(experiment: Findings, language: Language) -> str:
    """The name of an experiment, from its findings."""
    return experiment["label"][language]


def draw_curve(
    axes: Axes, experiment: Findings, name: str, text: str, color: str, style: str = "-", *, every: int = 1
) -> None:
    """A curve by epoch: the mean over the seeds, and a band of one standard deviation to both sides.

    Args:
        every: how long an epoch is, in the unit of the horizontal axis.
    """
    curve = experiment["curves"][name]
    epochs = range(every, every * len(curve["mean"]) + 1, every)
    axes.plot(epochs, curve["mean"], style, color=color, label=text, linewidth=1.4)
    low = [mean - sd for mean, sd in zip(curve["mean"], curve["sd"], strict=True)]
    high = [mean + sd for mean, sd in zip(curve["mean"], curve["sd"], strict=True)]
    axes.fill_between(epochs, low, high, color=color, alpha=0.2, linewidth=0)


def draw_curves(axes: Axes, findings: Findings, name: str, language: Language, keys: Iterable[str] = ()) -> None:
    """That curve of all experiments, or of those named, with labelled axes and a legend."""
    experiments = findings["experiments"]
    for i, key in enumerate(keys or experiments):
        draw_curve(axes, experiments[key], name, label(experiments[key], language), f"C{i}")
    axes.set_xlabel(EPOCH[language])
    axes.set_ylabel((ACCURACY if name.endswith("accuracy") else COST)[language])
    legend_above(axes)


def draw_seeds(
    axes: Axes, x: Sequence[float], curves: Sequence[Sequence[float]], text: str, color: str, style: str = "-"
) -> None:
    """A thin line for each seed and a thick one through their means, the geometric ones on a logarithmic scale."""
    if len(curves) > 1:
        axes.plot(x, np.transpose(curves), "-", color=color, alpha=0.3, linewidth=0.6)
    logarithmic = axes.get_yscale() == "log"
    middle = np.exp(np.log(curves).mean(axis=0)) if logarithmic else np.mean(curves, axis=0)
    axes.plot(x, middle, style, color=color, label=text, linewidth=1.6, markersize=4)


def legend_above(axes: Axes, columns: int = 2) -> None:
    """A legend over the axes, where no curve can run behind it, in fewer columns where the words are too long."""
    longest = max(
        sum(2 if ord(letter) > 0x2E80 else 1 for letter in text) for text in axes.get_legend_handles_labels()[1]
    )
    place = axes.get_subplotspec()
    side_by_side = 1 if place is None else place.get_gridspec().ncols
    inches = axes.figure.bbox.width / axes.figure.dpi / side_by_side - 0.7  # less the words on the vertical axis
    while columns > 1 and inches / columns < 0.5 + 0.075 * longest:
        columns -= 1
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, borderaxespad=0.2)
