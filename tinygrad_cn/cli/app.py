"""The commands of `tinygrad-cn`: one line each, in the order of the help text."""

from __future__ import annotations

import typer

from tinygrad_cn.cli.gradcheck import gradcheck
from tinygrad_cn.cli.lesson import lesson
from tinygrad_cn.cli.train_command import train

app = typer.Typer(help="Networks trained by tinygrad_cn.", no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.callback()
def _commands() -> None:
    """Networks trained by tinygrad_cn."""  # with a callback, a single command keeps its own name


app.command()(train)
app.command()(gradcheck)
app.command()(lesson)
