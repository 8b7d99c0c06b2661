"""The commands of `python -m microgradnp`, a file each."""

import click

from microgradnp import __version__
from microgradnp.cli import check, coverage, debug, derive, diagnose, emit, practice, tour, view
from microgradnp.cli.errors import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="microgradnp")
def main() -> None:
    """Define a model in plain NumPy, see its computation graph, and check hand-written backprop."""


COMMANDS = (
    tour.tour,
    check.check,
    debug.debug,
    diagnose.diagnose,
    practice.practice,
    view.view,
    derive.derive,
    emit.emit,
    coverage.coverage,
)
for command in COMMANDS:
    main.add_command(command)
