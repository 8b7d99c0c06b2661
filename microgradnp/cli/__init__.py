"""The commands of `python -m microgradnp`: tour, check, debug, diagnose, view, derive, emit and coverage, a file each."""

import click

from microgradnp import __version__
from microgradnp.cli import check, coverage, debug, derive, diagnose, emit, tour, view
from microgradnp.cli.errors import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="microgradnp")
def main() -> None:
    """Define a model in plain NumPy, see its computation graph, and check hand-written backprop."""


for command in (tour.tour, check.check, debug.debug, diagnose.diagnose, view.view, derive.derive, emit.emit, coverage.coverage):
    main.add_command(command)
