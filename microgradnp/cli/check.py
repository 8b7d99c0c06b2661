"""`python -m microgradnp check`: load a layer or a pair of functions, run `mg.check`, print the report."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

import microgradnp as mg
from microgradnp.cli import options
from microgradnp.cli.colours import echo
from microgradnp.cli.errors import UnusableError, running
from microgradnp.cli.loading import arrays_of, functions_of, module


@click.command()
@click.argument("code", metavar="FILE.py:LAYER or FILE.py:FORWARD,BACKWARD", type=options.TARGET)
@click.option(
    "--init", metavar="ARGUMENTS", help="What the class is built with, such as '4, 3'; `normal(4, 3)` is a random array."
)
@click.option("--shape", "shapes", multiple=True, metavar="NAME=5,4", callback=options.pairs, help="Draw an argument of forward.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", callback=options.pairs, help="Give an argument of forward.")
@options.data
@click.option(
    "--gradients", metavar="NAME,NAME", callback=options.names, help="Whose gradient each returned value is; _ for none."
)
@click.option("--output", metavar="ATTRIBUTE", help="The attribute that holds the output, if forward does not return it.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all random numbers.")
@click.option("--budget", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds for the wrong line.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def check(
    code: str,
    init: str | None,
    shapes: Mapping[str, str],
    values: Mapping[str, str],
    data: Path | None,
    gradients: Sequence[str] | None,
    output: str | None,
    seed: int,
    budget: float,
    as_json: bool,
) -> None:
    """Check a layer, or a forward and a backward function.

    Exit status: 0 if every gradient is right, 1 if one is wrong, 2 for everything in between.
    """
    rng = np.random.default_rng(seed)
    subject, *backward = loaded(code, init, rng)
    forward = subject if backward else forward_of(subject)
    given = given_to(forward, code, shapes, values, data, rng)
    with running(f"{code} failed", TypeError, ValueError):
        positional, named = bound(forward, given)
        report = mg.check(
            subject, *backward, *positional, kwargs=named, gradients=gradients, output=output, seed=seed, budget=budget
        )
    if as_json:
        click.echo(report.to_json())
    else:
        echo(str(report))
    raise SystemExit(report.exit_status)


def loaded(code: str, init: str | None, rng: np.random.Generator) -> list[Any]:
    """The layer, or the two functions, that the command names."""
    file, colon, names = code.rpartition(":")
    if not colon or not names:
        raise UnusableError(f"{code} names nothing; write file.py:Layer or file.py:forward,backward")
    found = [named(Path(file), name.strip()) for name in names.split(",")]
    if len(found) > 2:
        raise UnusableError(f"{code} names {len(found)} functions; write file.py:forward,backward")
    if len(found) == 1 and inspect.isclass(found[0]):
        names_known = {**vars(module(Path(file))), "np": np, "normal": lambda *shape: rng.normal(size=shape)}
        with running(f"{names}({init or ''}) failed"):
            np.random.seed(0)  # noqa: NPY002  # the class may draw its parameters
            return [eval(f"_class({init or ''})", names_known | {"_class": found[0]})]
    if init is not None:
        raise UnusableError(f"--init is for a class, and {names} is none")
    return found


def named(file: Path, name: str) -> Any:
    """What a file calls so: a class, a layer, or a function."""
    found: Any = module(file)
    for part in name.split("."):
        if not hasattr(found, part):
            raise UnusableError(f"{file} has no {name}; it has {functions_of(found) or 'no functions'}")
        found = getattr(found, part)
    return found


def forward_of(subject: Any) -> Callable[..., Any]:
    """The function whose arguments the command gives."""
    from microgradnp.debugger.pairs.check import METHODS

    name = next((f for f, b in METHODS if hasattr(subject, f) and hasattr(subject, b)), None)
    if name is None and not callable(subject):
        raise UnusableError(f"{type(subject).__name__} has no forward and backward; it has {methods_of(subject) or 'no methods'}")
    return getattr(subject, name) if name is not None else subject


def methods_of(subject: Any) -> str:
    """The public methods of an object, for a message."""
    return ", ".join(name for name in dir(subject) if name[0] != "_" and callable(getattr(subject, name)))


def given_to(
    forward: Callable[..., Any],
    code: str,
    shapes: Mapping[str, str],
    values: Mapping[str, str],
    data: Path | None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """The arguments of forward: from the file, drawn in the shapes, and as they are written."""
    held = arrays_of(data) if data is not None else {}
    found: dict[str, Any] = {name: array.item() if array.ndim == 0 else array for name, array in held.items()}
    for name, text in shapes.items():
        try:
            found[name] = rng.normal(size=tuple(int(n) for n in text.split(",") if n.strip()))
        except ValueError:
            raise UnusableError(f"--shape {name}={text}: a shape is whole numbers, such as {name}=5,4") from None
    for name, text in values.items():
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise UnusableError(f"--set {name}={text}: a value is a number, a list or a dict, such as stride=2") from None
        found[name] = np.asarray(value) if isinstance(value, list) else value
    needed = [p.name for p in parameters_of(forward) if p.default is p.empty]
    around = getattr(inspect.unwrap(forward), "__globals__", {}) if data is None else {}
    found |= {name: around[name] for name in needed if name not in found and name in around}
    missing = [name for name in needed if name not in found]
    if missing:
        raise UnusableError(
            f"{code} needs {', '.join(missing)}; give --shape {missing[0]}=5,4, --set {missing[0]}=..., "
            "--data file.npz, or global variables of the file"
        )
    unknown = [name for name in (*shapes, *values) if name not in {p.name for p in parameters_of(forward)}]
    if unknown:
        raise UnusableError(f"{code} takes no {', '.join(unknown)}; it takes {', '.join(p.name for p in parameters_of(forward))}")
    return found


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The arguments that can be given by name."""
    found = inspect.signature(function).parameters.values()
    return [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def bound(forward: Callable[..., Any], given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """(positional, by keyword) arguments of a call."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    skipped = False
    for parameter in parameters_of(forward):
        if parameter.name not in given:
            skipped = True
            continue
        if parameter.kind is parameter.KEYWORD_ONLY or skipped:
            named[parameter.name] = given[parameter.name]
        else:
            positional.append(given[parameter.name])
    return positional, named
