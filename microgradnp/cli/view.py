"""`python -m microgradnp view`: load a loss and its arguments, write the page of its graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

import microgradnp as mg
from microgradnp.cli import options
from microgradnp.cli.errors import UnusableError, running, writing
from microgradnp.cli.loading import arguments, check_wrt, floating, load
from microgradnp.core.leaves import VARIABLES
from microgradnp.derivatives.trees import is_differentiable, leaves, tree_map
from microgradnp.derivatives.variables import variable


@click.command()
@options.model
@options.data
@options.wrt
@click.option("--out", type=options.FILE, default=Path("graph.html"), show_default=True, help="The page to write.")
@click.option("--direction", type=click.Choice(["TB", "LR"]), help="Top to bottom, or left to right. Default: what is larger.")
@click.option("--live", is_flag=True, help="The page computes: change numbers in it, and train.")
@options.opened
def view(
    model: str, data: Path | None, wrt: Sequence[str] | None, out: Path, direction: str | None, live: bool, opened: bool
) -> None:
    """Write the graph of a loss as one offline page.

    It shows values, gradients, and the backward pass step by step.

    Without --wrt, gradients are taken with respect to the model's own parameters. If it has none, all arguments of floating-point
    numbers are taken.

    Exit status: 2 if the model could not be loaded or run, or if the page could not be written.
    """
    if out.suffix not in (".html", ".htm"):
        raise UnusableError(f"{out}: the page is a file that ends in .html; for a picture use python -m microgradnp draw")
    result = loss_of(model, data, wrt)
    with running(model):
        page = mg.view(result, direction=direction, live=live)
    with writing(out):
        page.save(out)
    click.echo(f"{out}: {out.stat().st_size / 1000:.0f} kB")
    if opened:
        options.show(out)


def loss_of(model: str, data: Path | None, wrt: Sequence[str] | None) -> Any:
    """The loss of a model, called with the arrays of a file. See `view` for what requires a gradient."""
    loss = load(model)
    given = arguments(loss, data, model)
    check_wrt(wrt, given, model)
    with running(model):
        result = called(loss, given, wrt or ())
        if wrt is None and isinstance(result, mg.Tensor) and not result.requires_grad:
            result = called(loss, given, floating(given))
    return result


def called(loss: Any, given: Mapping[str, Any], wanted: Collection[str]) -> Any:
    """The loss of these arguments, as Tensors with the arguments' names. Those that are wanted require a gradient."""

    def tensors(name: str, value: Any) -> Any:
        def tensor(leaf: Any) -> Any:
            if not is_differentiable(leaf):
                return leaf
            made = variable(leaf, name) if name in wanted else mg.Tensor(leaf)
            made.name = name
            return made

        return tree_map(tensor, value)

    given = {name: tensors(name, value) for name, value in given.items()}
    try:
        return loss(**given)
    finally:  # from now on they are parameters
        for leaf in leaves(list(given.values())):
            VARIABLES.pop(id(leaf), None)
