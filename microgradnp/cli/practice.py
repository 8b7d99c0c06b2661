"""`python -m microgradnp practice`: write an exercise in backprop, and check what the learner made of it."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from microgradnp.cli import options
from microgradnp.cli.colours import echo
from microgradnp.cli.errors import UnusableError, writing

COMMAND = "python -m microgradnp practice"


@click.command()
@click.argument("what", metavar="[KIND | FILE.py]", required=False, type=options.TARGET)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Which exercise of its kind to write.")
@click.option(
    "--level",
    type=click.Choice(["easy", "normal", "hard"]),
    default="normal",
    show_default=True,
    help="easy: one line is wrong. normal: each gradient is to be filled in. hard: all lines are yours.",
)
@click.option("--out", type=options.FILE, help="The file to write. Default: KIND.py.")
@click.option("--force", is_flag=True, help="Replace the file if it exists. What you wrote in it is lost.")
@click.option("--hint", "hints", count=True, help="Check, and give a hint. --hint --hint gives one more.")
@click.option("--solution", is_flag=True, help="Show the right backward pass of the exercise in FILE.py.")
@click.option("--json", "as_json", is_flag=True, help="Print the check as JSON.")
def practice(
    what: str | None, seed: int, level: str, out: Path | None, force: bool, hints: int, solution: bool, as_json: bool
) -> None:
    """Write an exercise in backprop, and check your answer.

    KIND is mlp, softmax, rnn, conv or batchnorm: an exercise is written to KIND.py, with a right forward pass. Every --seed gives
    another one. With FILE.py, what you wrote is checked, as often as you like. It is run as Python runs it.

    Exit status of a check: 0 if the exercise is solved, 1 if not yet, 2 if the file could not be run.
    """
    from microgradnp.practice.models import KINDS

    if what is None:
        click.echo(f"Exercises: {', '.join(KINDS)}. Write one: {COMMAND} mlp\nCheck it: {COMMAND} mlp.py")
    elif what in KINDS:
        write(what, seed, level, out or Path(f"{what}.py"), force)
    elif Path(what).suffix == ".py":
        raise SystemExit(check(Path(what), hints, solution, as_json))
    else:
        raise UnusableError(f"there is no exercise {what}; choose one of {', '.join(KINDS)}, or check a file: {what}.py")


def write(kind: str, seed: int, level: str, out: Path, force: bool) -> None:
    """Write an exercise. A file that is there stays, unless it is to be replaced."""
    from microgradnp.inspection.files import write_whole
    from microgradnp.practice.exercise import Exercise
    from microgradnp.practice.writing import file_text

    existed = out.exists()
    if existed and not force:
        raise UnusableError(
            f"{out} exists, and stays as it is. Check it: {COMMAND} {out}. For another exercise choose --out, or replace it with "
            "--force"
        )
    text = file_text(Exercise(kind, seed, level), out.as_posix())
    with writing(out):
        write_whole(out, text.encode())
    click.echo(f"{out}: {'replaced by ' if existed else ''}exercise {seed} of {kind}, {level}")
    click.echo(f"Open it, write the backward pass, and check it:\n  {COMMAND} {out}")


def check(file: Path, hints: int, solution: bool, as_json: bool) -> int:
    """Judge a file, and print the report. Returns the exit status."""
    from microgradnp.practice.judge import Attempt, PracticeError, judged
    from microgradnp.practice.report import text, to_json
    from microgradnp.practice.writing import solution_of

    try:
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():  # what the learner prints
            attempt = Attempt(file)
            if solution:
                click.echo(solution_of(attempt.exercise))
                return 0
            found = judged(attempt)
    except PracticeError as error:
        raise UnusableError(str(error)) from None
    if as_json:
        click.echo(to_json(found, str(file), hints))
    else:
        echo(text(found, str(file), hints))
    return found.status
