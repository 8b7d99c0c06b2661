"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

MODEL = "MODEL.py:LOSS"
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def names(_context: click.Context, _option: click.Parameter, text: str | None) -> list[str] | None:
    """`"W, b"` -> `["W", "b"]`."""
    return None if text is None else [name.strip() for name in text.split(",")]


def pairs(_context: click.Context, _option: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """`["W1=self.W[0]"]` -> `{"W1": "self.W[0]"}`. Raises BadParameter where a side is missing."""
    found = {}
    for text in texts:
        name, _, expression = text.partition("=")
        if not name.strip() or not expression:
            raise click.BadParameter(f"{text!r} is not ARGUMENT=EXPRESSION, such as W1='self.W[0]'")
        found[name.strip()] = expression
    return found


class Target(click.ParamType):
    """`file.py:name`. A shell completes the name of the file."""

    name = "target"

    def shell_complete(self, _context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


def show(path: Path) -> None:
    """Open a page in the browser."""
    click.launch(str(path.resolve()))


TARGET = Target()
model = click.argument("model", metavar=MODEL, type=TARGET)
opened = click.option("--open", "opened", is_flag=True, help="Open what was written in the browser.")
data = click.option("--data", type=FILE, metavar="FILE.npz", help="A file with the arguments of the function, by name.")
wrt = click.option(
    "--wrt",
    metavar="NAME,NAME",
    callback=names,
    help="Arguments to differentiate with respect to. The default is every argument of floating-point numbers.",
)
bind = click.option(
    "--bind",
    multiple=True,
    metavar="ARGUMENT=EXPRESSION",
    callback=pairs,
    help="What the code calls an argument of the loss, such as W1='self.W[0]'. May be given several times.",
)
