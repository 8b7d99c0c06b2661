"""`python -m microgradnp coverage`: print the table of gradient rules."""

from __future__ import annotations

import click

import microgradnp as mg


@click.command()
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print the tables of the guide.")
def coverage(name: str | None, markdown: bool) -> None:
    """List the functions that have a gradient.

    With NAME, such as np.sort, say what is known of this one.
    """
    covered = mg.coverage()
    try:
        click.echo(covered.find(name) if name else covered.markdown() if markdown else covered)
    except KeyError as error:
        raise click.BadParameter(str(error.args[0])) from None
