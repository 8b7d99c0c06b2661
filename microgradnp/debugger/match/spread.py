"""Models that take containers of arrays: `loss(weights, biases, x, y)`. Each array in them is an argument of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.values import as_array
from microgradnp.debugger.match.references import ModelError, evaluate

MOST = 60  # arrays in one argument; more are data


@dataclass(frozen=True)
class Leaf:
    """The place of an array in an argument: its name there, `weights[0]`."""

    name: str


@dataclass(frozen=True)
class Spread:
    """A model whose arguments are the arrays inside of the arguments of another."""

    model: Callable[..., Any]
    nests: dict[str, Any]  # argument of the other model -> its value, with a Leaf in the place of each array

    def __call__(self, **values: Any) -> Any:
        whole = {argument: filled(nest, values) for argument, nest in self.nests.items()}
        inside = {name for nest in self.nests.values() for name in names_in(nest)}
        return self.model(**whole, **{name: value for name, value in values.items() if name not in inside})


def spread(
    model: Callable[..., Any], wanted: Wanted, expressions: dict[str, str], values: dict[str, Any], moving: Collection[str]
) -> tuple[Spread, Wanted] | None:
    """The model and the arguments to look for, where some of the `values` are containers of arrays; None where none is.

    Lists of samples stay whole where the model cannot take them apart: only what is `moving` is taken apart then.
    """
    nests = {argument: nest for argument, value in values.items() if (nest := nest_of(value, argument)) is not None}
    for some in (nests, {argument: nest for argument, nest in nests.items() if argument in moving}):
        if some and is_taken(found := Spread(model, some), values):
            return found, arguments_of(some, wanted, expressions)
    return None


def is_taken(model: Spread, values: dict[str, Any]) -> bool:
    """Whether a model runs on Tensors in the places of the arrays."""
    inside = {name: array for argument, nest in model.nests.items() for name, array in arrays_in(nest, values[argument])}
    rest = {argument: value for argument, value in values.items() if argument not in model.nests}
    try:
        evaluate(model, {**rest, **inside})
    except ModelError:
        return False
    return True


def arguments_of(nests: dict[str, Any], wanted: Wanted, expressions: dict[str, str]) -> Wanted:
    """What has to be found in the code: an array in the place of each container."""
    arguments: list[str] = []
    bind = {argument: expression for argument, expression in wanted.bind.items() if argument not in nests}
    for argument in wanted.arguments:
        inside = list(names_in(nests[argument])) if argument in nests else []
        arguments += inside or [argument]
        bind |= {name: expressions[argument] + name.removeprefix(argument) for name in inside}
    return Wanted(arguments, wanted.optional - set(nests), bind, wanted.inner)


def nest_of(value: Any, name: str) -> Any:
    """A container with a Leaf in the place of each array in it; None for what is no container of arrays, or too large."""
    if not isinstance(value, (list, tuple, dict)) or as_array(value) is not None:
        return None
    nest = with_leaves(value, name)
    return nest if 0 < len(list(names_in(nest))) <= MOST else None


def with_leaves(value: Any, name: str) -> Any:
    array = as_array(value)
    if array is not None and array.dtype.kind == "f" and array.ndim:
        return Leaf(name)
    if isinstance(value, (list, tuple)):
        return [with_leaves(item, f"{name}[{k}]") for k, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: with_leaves(item, f"{name}[{key!r}]") for key, item in value.items()}
    return value


def names_in(nest: Any) -> Iterator[str]:
    """The names of all arrays in a nest."""
    if isinstance(nest, Leaf):
        yield nest.name
    for item in nest.values() if isinstance(nest, dict) else nest if isinstance(nest, list) else ():
        yield from names_in(item)


def arrays_in(nest: Any, value: Any) -> Iterator[tuple[str, Any]]:
    """(name, array) of all arrays in a container."""
    if isinstance(nest, Leaf):
        yield nest.name, value
    elif isinstance(nest, dict):
        for key, item in nest.items():
            yield from arrays_in(item, value[key])
    elif isinstance(nest, list):
        for item, held in zip(nest, value, strict=True):
            yield from arrays_in(item, held)


def filled(nest: Any, values: dict[str, Any]) -> Any:
    """The container with the arrays in their places."""
    if isinstance(nest, Leaf):
        return values[nest.name]
    if isinstance(nest, list):
        return [filled(item, values) for item in nest]
    if isinstance(nest, dict):
        return {key: filled(item, values) for key, item in nest.items()}
    return nest
