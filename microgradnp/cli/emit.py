"""`python -m microgradnp emit`: load a loss and its arguments, print what `mg.emit` returns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import microgradnp as mg
from microgradnp.cli import options
from microgradnp.cli.errors import running
from microgradnp.cli.loading import arguments, floating, load


@click.command()
@options.model
@options.data
@options.wrt
@click.option("--name", default="value_and_grad", show_default=True, help="The name of the printed function.")
@click.option("--check", is_flag=True, help="Add code that compares the gradient with finite differences when it is run.")
def emit(model: str, data: Path | None, wrt: Sequence[str] | None, name: str, check: bool) -> None:
    """Print a loss and its gradient as NumPy source.

    The loss is traced with the arrays of the file.

    Exit status: 2 if the model could not be loaded or traced.
    """
    loss = load(model)
    given = arguments(loss, data, model)
    chosen = floating(given) if wrt is None else wrt
    with running(model):
        text = mg.emit(loss, **given, wrt=chosen[0] if len(chosen) == 1 else tuple(chosen) or None, name=name, check=check)
    click.echo(text, nl=False)
