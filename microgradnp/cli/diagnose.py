"""`python -m microgradnp diagnose`: load two files, run `mg.diagnose`, print the diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

import microgradnp as mg
from microgradnp.cli import options
from microgradnp.cli.colours import echo
from microgradnp.cli.errors import UnusableError, running, with_options, writing
from microgradnp.cli.loading import arguments, load, load_code, naming_functions

STATUS = {"healthy": 0, "at its floor": 0, "sick": 1}


@click.command()
@click.argument("code", metavar="CODE.py[:FUNCTION]", type=options.TARGET)
@click.option("--model", metavar=options.MODEL, help="The model as a plain NumPy loss. Not needed where CODE returns a Fit.")
@options.data
@options.bind
@click.option("--budget", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds of processor time.")
@click.option("--html", type=options.FILE, help="Write the diagnosis as one offline page.")
@click.option("--draw", "picture", type=options.FILE, help="Write the picture: losses of the training and of the trials.")
@click.option("--open", "opened", is_flag=True, help="Open the page in the browser. Without --html: diagnosis.html.")
@click.option("--json", "as_json", is_flag=True, help="Print the diagnosis as JSON.")
def diagnose(
    code: str,
    model: str | None,
    data: Path | None,
    bind: Mapping[str, str],
    budget: float,
    html: Path | None,
    picture: Path | None,
    opened: bool,
    as_json: bool,
) -> None:
    """Say why a training has stalled, and what helps.

    The code runs unchanged, on copies of its arguments. --model names the same forward pass as a plain NumPy loss. Without
    --model the function is called once, and must return what `mg.fit` returned.

    Exit status: 0 if the training is healthy or at its floor, 1 if it is sick, 2 if that could not be told, or the code could
    not be run.
    """
    from microgradnp.debugger.capture.bind import BindingError
    from microgradnp.debugger.match.references import ModelError

    train = load_code(code)
    given = arguments(train, data, code)
    with running(f"{code} failed", BindingError, ModelError), naming_functions(code):
        if model is None:
            found = mg.diagnose(fitted(train, given, code), budget=budget)
        else:
            found = mg.diagnose(train, load(model), kwargs=given, bind=bind, budget=budget)
    if as_json:
        click.echo(found.to_json())
    else:
        echo(with_options(str(found)))
    html = Path("diagnosis.html") if opened and html is None else html
    for path, write in ((html, found.save), (picture, found.draw)):
        if path is not None:
            with writing(path):
                write(path)
    if opened and html is not None:
        options.show(html)
    raise SystemExit(STATUS.get(found.verdict, UnusableError.exit_code))


def fitted(train: object, given: dict[str, object], code: str) -> object:
    """What the function returned, or the error with which `mg.fit` ended. Raises UnusableError for anything but a Fit."""
    from microgradnp.training.result import Fit

    try:
        returned = train(**given)  # type: ignore[operator]
    except FloatingPointError as error:
        return error
    if not isinstance(returned, Fit):
        raise UnusableError(
            f"{code} returned no result of mg.fit. If it trains by itself, add --model {options.MODEL}, "
            "its model as a plain NumPy loss"
        )
    return returned
