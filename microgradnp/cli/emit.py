"""`python -m microgradnp emit`: load a loss and its arguments, print what `mg.emit` returns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import microgradnp as mg
from microgradnp.cli import options
from microgradnp.cli.errors import running
from microgradnp.cli.loading import arguments, check_wrt, floating, load


@click.command()
@options.model
@options.data
@options.wrt
@click.option("--name", default="value_and_grad", show_default=True, help="The name of the printed function.")
@click.option("--check", is_flag=True, help="Add code that compares the gradient with finite differences when it is run.")
@click.option("--language", type=click.Choice(["numpy", "javascript"]), default="numpy", show_default=True)
def emit(model: str, data: Path | None, wrt: Sequence[str] | None, name: str, check: bool, language: str) -> None:
    """Print a loss and its gradient as NumPy source, or as JavaScript.

    The loss is traced with the arrays of the file.

    Exit status: 2 if the model could not be loaded or traced.
    """
    loss = load(model)
    given = arguments(loss, data, model)
    check_wrt(wrt, given, model)
    chosen = floating(given) if wrt is None else wrt
    with running(model):
        selected = chosen[0] if len(chosen) == 1 else tuple(chosen) or None
        text = mg.emit(loss, **given, wrt=selected, name=name, check=check, language=language)
    click.echo(text, nl=False)
