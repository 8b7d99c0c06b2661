"""The commands of `python -m microgradnp`, a file each."""

import click

from microgradnp import __version__
from microgradnp.cli import check, coverage, debug, derive, diagnose, draw, emit, practice, tour, view
from microgradnp.cli.errors import Commands

COMPLETION = """\b
Shell completion, once in each shell (or in its start file):
  bash: eval "$(_MICROGRADNP_COMPLETE=bash_source microgradnp)"
  zsh:  eval "$(_MICROGRADNP_COMPLETE=zsh_source microgradnp)"
  fish: _MICROGRADNP_COMPLETE=fish_source microgradnp | source
"""


@click.group(cls=Commands, epilog=COMPLETION, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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
    draw.draw,
    derive.derive,
    emit.emit,
    coverage.coverage,
)
for command in COMMANDS:
    main.add_command(command)
