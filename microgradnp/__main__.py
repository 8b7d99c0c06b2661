"""`python -m microgradnp`."""

from microgradnp.cli import main

main(prog_name="python -m microgradnp")
