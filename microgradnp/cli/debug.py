"""`python -m microgradnp debug`: load two files, run `mg.debug`, print the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

import microgradnp as mg
from microgradnp.cli import options
from microgradnp.cli.colours import echo
from microgradnp.cli.errors import UnusableError, running, with_options, writing
from microgradnp.cli.loading import arguments, load, load_code, naming_functions

if TYPE_CHECKING:
    from microgradnp.debugger.report.report import Report


@click.command()
@click.argument("code", metavar="CODE.py[:FUNCTION]", type=options.TARGET)
@click.option("--model", required=True, metavar=options.MODEL, type=options.TARGET, help="The model as a plain NumPy loss.")
@options.data
@options.bind
@click.option("--step", type=click.IntRange(min=0), default=0, show_default=True, help="The optimisation step to look at.")
@click.option("--budget", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds of processor time.")
@click.option("--html", type=options.FILE, help="Write the report as one offline page.")
@click.option("--view", "graph", type=options.FILE, help="Write the graph of the model, with the report laid over it.")
@click.option("--open", "opened", is_flag=True, help="Open the page in the browser. Without --html and --view: report.html.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def debug(
    code: str,
    model: str,
    data: Path | None,
    bind: Mapping[str, str],
    step: int,
    budget: float,
    html: Path | None,
    graph: Path | None,
    opened: bool,
    as_json: bool,
) -> None:
    """Run hand-written backprop and name the first wrong line.

    The code runs unchanged, on copies of its arguments. A script without functions is run as a whole. --model names the same
    forward pass as a plain NumPy loss.

    Exit status: 0 if every gradient is right, 1 if one is wrong, 2 if that could not be judged, or the code could not be run.
    """
    from microgradnp.debugger.capture.bind import BindingError
    from microgradnp.debugger.match.references import ModelError

    train, loss = load_code(code), load(model)
    given = arguments(train, data, code)
    with running(f"{code} failed", BindingError, ModelError), naming_functions(code):
        report = mg.debug(train, loss, kwargs=given, bind=bind, step=step, budget=budget)
    if as_json:
        click.echo(report.to_json())
    else:
        echo(with_options(str(report)))
    html = Path("report.html") if opened and html is graph is None else html
    for path, write in ((html, report.save), (graph, report.view)):
        if path is not None:
            with writing(path):
                write(path)
            if opened:
                options.show(path)
    raise SystemExit(exit_code(report, step))


def exit_code(report: Report, step: int = 0) -> int:
    """0 for right gradients, 1 for a wrong one, 2 for everything in between, and where an earlier step was judged instead."""
    judged = report.number >= step
    return 0 if report.ok and judged else 1 if report.word == "WRONG" else UnusableError.exit_code
