"""`python -m microgradnp derive`: load a loss and its arguments, print the derivation of its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import microgradnp as mg
from microgradnp.cli import options
from microgradnp.cli.errors import running
from microgradnp.cli.view import loss_of


@click.command()
@options.model
@options.data
@options.wrt
@click.option(
    "--format",
    "notation",
    type=click.Choice(["text", "latex", "document", "mathml", "markdown"]),
    default="text",
    show_default=True,
    help="The notation. A LaTeX document can be typeset as it is; latex is its equations alone.",
)
def derive(model: str, data: Path | None, wrt: Sequence[str] | None, notation: str) -> None:
    """Print the backward pass of a loss as mathematics.

    Each line has the gradient of one value, its formula, its shape and the rule that was used.

    Exit status: 2 if the model could not be loaded or run.
    """
    result = loss_of(model, data, wrt)
    with running(model):
        derivation = mg.derive(result)
    write = {"latex": derivation.latex, "mathml": derivation.mathml, "markdown": derivation.markdown, "text": derivation.text}
    click.echo(derivation.latex(document=True) if notation == "document" else write[notation]())
