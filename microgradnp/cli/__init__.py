"""The commands: `python -m microgradnp tour`, `debug`, `view`, `emit` and `coverage`."""

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
    from microgradnp.cli.tour import tour

    try:
        tour(out, seed, quick)
    except OSError as error:
        raise click.ClickException(
            f"cannot write to {out}: {error.strerror or error}. Choose another folder with --out"
        ) from error


@main.command()
@click.argument("code", metavar="CODE.py:FUNCTION")
@click.option("--model", required=True, metavar="MODEL.py:LOSS", help="The same model as a plain NumPy loss.")
@click.option(
    "--data", type=click.Path(dir_okay=False, path_type=Path), help="An .npz file with the function's arguments, by name."
)
@click.option("--bind", multiple=True, metavar="ARGUMENT=EXPRESSION", help="What an argument of the loss is called in the code.")
@click.option("--step", type=click.IntRange(min=0), default=0, show_default=True, help="The optimisation step to look at.")
@click.option("--budget", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as one offline page.")
@click.option(
    "--view", "graph", type=click.Path(dir_okay=False, path_type=Path), help="Write the graph, with the report laid over it."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def debug(
    code: str,
    model: str,
    data: Path | None,
    bind: tuple[str, ...],
    step: int,
    budget: float,
    html: Path | None,
    graph: Path | None,
    as_json: bool,
) -> None:
    """Run hand-written backprop unchanged, and name the first wrong line.

    Exit status: 0 when the gradients are right, 1 when one is wrong, 2 when the code could not be run or bound.
    """
    from microgradnp.cli.debug import check, exit_code
    from microgradnp.cli.loading import UNUSABLE, UnusableError

    pairs = [text.partition("=") for text in bind]
    if bad := next((text for text, pair in zip(bind, pairs, strict=True) if not pair[0].strip() or not pair[2]), None):
        raise click.BadParameter(f"{bad!r} is not ARGUMENT=EXPRESSION, such as W1='self.W[0]'", param_hint="--bind")
    try:
        report = check(code, model, data, {name.strip(): value for name, _, value in pairs}, step, budget)
    except UnusableError as error:
        click.echo(f"microgradnp debug: {error}", err=True)
        raise SystemExit(UNUSABLE) from None
    click.echo(report.to_json() if as_json else str(report))
    for path, write in ((html, report.save), (graph, report.view)):
        try:
            if path is not None:
                write(path)
        except OSError as error:
            click.echo(f"microgradnp debug: cannot write {path}: {error.strerror or error}", err=True)
            raise SystemExit(UNUSABLE) from None
    raise SystemExit(exit_code(report))


@main.command()
@click.argument("model", metavar="MODEL.py:LOSS")
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="An .npz file with the loss's arguments, by name.")
@click.option(
    "--wrt", metavar="NAME,NAME", help="Arguments to differentiate with respect to; all of floating-point numbers if left out."
)
@click.option("--name", default="value_and_grad", show_default=True, help="Of the function that is printed.")
@click.option("--check", is_flag=True, help="Add a block that compares the gradient with differences when the text is run.")
def emit(model: str, data: Path | None, wrt: str | None, name: str, check: bool) -> None:
    """Print the loss and its gradient as NumPy source, for arrays like those in the file.

    Exit status: 2 when the model could not be loaded or traced.
    """
    from microgradnp.cli.emit import emitted
    from microgradnp.cli.loading import UNUSABLE, UnusableError

    try:
        click.echo(
            emitted(model, data, None if wrt is None else [part.strip() for part in wrt.split(",")], name, check), nl=False
        )
    except UnusableError as error:
        click.echo(f"microgradnp emit: {error}", err=True)
        raise SystemExit(UNUSABLE) from None


@main.command()
@click.argument("model", metavar="MODEL.py:LOSS")
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="An .npz file with the loss's arguments, by name.")
@click.option(
    "--wrt", metavar="NAME,NAME", help="Arguments to differentiate with respect to; all of floating-point numbers if left out."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("graph.html"),
    show_default=True,
    help="The page that is written.",
)
@click.option(
    "--direction", type=click.Choice(["TB", "LR"]), default="TB", show_default=True, help="Top to bottom, left to right."
)
@click.option("--open", "opened", is_flag=True, help="Open the page in the browser.")
def view(model: str, data: Path | None, wrt: str | None, out: Path, direction: str, opened: bool) -> None:
    """Write the graph of a loss as one offline page: values, gradients, the reverse sweep.

    Exit status: 2 when the model could not be loaded or run, or the page could not be written.
    """
    from microgradnp.cli.loading import UNUSABLE, UnusableError
    from microgradnp.cli.view import viewed

    try:
        viewed(model, data, None if wrt is None else [part.strip() for part in wrt.split(",")], out, direction)
    except UnusableError as error:
        click.echo(f"microgradnp view: {error}", err=True)
        raise SystemExit(UNUSABLE) from None
    click.echo(f"{out}: {out.stat().st_size / 1000:.0f} kB")
    if opened:
        click.launch(str(out.resolve()))


@main.command()
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="As the tables of the README.")
def coverage(name: str | None, markdown: bool) -> None:
    """Which functions have a gradient: all of them, or what is known of NAME, such as np.sort."""
    from microgradnp.rules.coverage import coverage

    covered = coverage()
    try:
        click.echo(covered.find(name) if name else covered.markdown() if markdown else covered)
    except KeyError as error:
        raise click.BadParameter(str(error.args[0])) from None
