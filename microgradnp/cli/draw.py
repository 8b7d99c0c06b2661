"""`python -m microgradnp draw`: load a loss and its arguments, draw its graph into a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import microgradnp as mg
from microgradnp.cli import options
from microgradnp.cli.errors import UnusableError, running, writing
from microgradnp.cli.view import loss_of


@click.command()
@options.model
@options.data
@options.wrt
@click.option("--out", type=options.FILE, default=Path("graph.svg"), show_default=True, help="The file: .svg, .png, .pdf or .gv.")
@click.option("--direction", type=click.Choice(["TB", "LR"]), default="TB", show_default=True, help="Where the arrows lead.")
@options.opened
def draw(model: str, data: Path | None, wrt: Sequence[str] | None, out: Path, direction: str, opened: bool) -> None:
    """Draw the graph of a loss as a picture.

    It shows shapes, values and gradients. PNG and PDF need the extra `graph`.

    Exit status: 2 if the model could not be loaded or run, or if the picture could not be written.
    """
    result = loss_of(model, data, wrt)
    if not isinstance(result, mg.Tensor):
        raise UnusableError(f"{model} returned a {type(result).__name__}, and must return the loss")
    with running(model):
        if result.requires_grad:
            result.backward(retain_grads=True)
    try:
        with writing(out):
            mg.render(result, out, direction=direction)
    except (ValueError, RuntimeError) as error:  # an unknown suffix, or no Graphviz
        raise UnusableError(str(error)) from None
    click.echo(f"{out}: {out.stat().st_size / 1000:.0f} kB")
    if opened:
        options.show(out)
