"""The commands: `python -m microgradnp tour`."""

from __future__ import annotations

from pathlib import Path

import click

from microgradnp import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="microgradnp")
def main() -> None:
    """Define a model in plain NumPy, see its computation graph, and check hand-written backprop."""


@main.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("tour"),
    show_default=True,
    help="Folder for the pictures; made if it does not exist.",
)
@click.option("--seed", type=click.IntRange(min=0), default=4, show_default=True, help="Seed of data set B and of the weights.")
@click.option("--quick", is_flag=True, help="At most 1,000 iterations a run.")
def tour(out: Path, seed: int, quick: bool) -> None:
    """Tell the story: one network by hand with a bug, by hand done right, and through the graph."""
    from microgradnp.tour import tour

    try:
        tour(out, seed, quick)
    except OSError as error:
        raise click.ClickException(
            f"cannot write to {out}: {error.strerror or error}. Choose another folder with --out"
        ) from error
