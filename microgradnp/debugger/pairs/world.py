"""The user's pair, run again and again on copies, from the same random state.

A `Place` is where a number of the user's stands that can have a gradient: an argument, an entry of a
dict, an attribute of a layer.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.debugger.capture.program import seeded
from microgradnp.debugger.capture.values import is_user_instance
from microgradnp.debugger.record.world import World as Reached

DEPTH = 6
Path = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Place:
    """An array of floating-point numbers among the arguments, or in the object whose methods are checked."""

    name: str
    path: Path
    array: np.ndarray
    argument: bool

    @property
    def is_data(self) -> bool:
        """Zeros and ones, such as one-hot labels and masks: nobody expects their gradient."""
        return self.array.size > 1 and set(np.unique(self.array)) == {0.0, 1.0}

    @property
    def is_setting(self) -> bool:
        """A plain number, which may be a parameter or a setting."""
        return self.array.ndim == 0


@dataclass(eq=False)
class World:
    """Copies of everything that one run reads and writes."""

    owners: list[Any]  # of forward and of backward; one object twice for a layer
    args: list[Any]
    kwargs: dict[str, Any]
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None

    @property
    def roots(self) -> dict[str, Any]:
        """The arguments and owners that hold arrays, by name."""
        return roots_of(self.args, self.kwargs, *self.owners)

    def call_forward(self) -> Any:
        """Call `forward` with the arguments of this world."""
        return self.forward(*self.args, **self.kwargs)

    def put(self, values: Mapping[Path, Any]) -> None:
        """Set some places. An array is written in place, so that its other names see the new numbers too."""
        swaps: dict[int, Any] = {}
        for path, value in values.items():
            old = self.at(path)
            if isinstance(old, np.ndarray) and type(value) is np.ndarray and value.dtype == old.dtype and old.flags.writeable:
                old[...] = value
            elif isinstance(old, np.ndarray):
                swaps[id(old)] = value
            else:
                root, key = path
                self.roots[root][key] = float(value) if type(value) is np.ndarray else value
        if swaps:
            memo: dict[int, Any] = {}
            self.args[:] = exchanged(self.args, swaps, memo)
            self.kwargs.update(exchanged(self.kwargs, swaps, memo))
            for owner in self.owners:
                exchanged(owner, swaps, memo)

    def at(self, path: Path) -> Any:
        """What stands at a path."""
        value: Any = self.roots[path[0]]
        for key in path[1:]:
            value = getattr(value, key.name) if isinstance(key, Attribute) else value[key]
        return value

    def arrays(self) -> dict[Path, np.ndarray]:
        """The arrays of floating-point numbers in the objects of the methods, by their paths."""
        return {
            path: value for path, value in leaves(self.roots) if path[0] in ("self", "other") and isinstance(value, np.ndarray)
        }


@dataclass(frozen=True)
class Attribute:
    """A step of a path that is an attribute."""

    name: str


@dataclass(frozen=True, eq=False)
class Subject:
    """A pair with its arguments. `backward` is None where the function returns its gradients, or a function that does."""

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def name(self) -> str:
        owner = owner_of(self.forward)
        if owner is not None:
            return type(owner).__name__
        return " and ".join(name_of(f) for f in (self.forward, self.backward) if f is not None)

    @functools.cached_property
    def reached(self) -> Reached:
        """All data that the pair can reach."""
        return Reached(together, (self.forward, self.backward, list(self.args), dict(self.kwargs)), {})

    @contextlib.contextmanager
    def opened(self, values: Mapping[Path, Any] | None = None) -> Iterator[World]:
        """A world of copies in which some places hold other values. What the run changes elsewhere is put back afterwards."""
        with self.reached.copied() as call, seeded(self.seed), np.errstate(all="ignore"):
            forward, backward, args, kwargs = call.run()
            world = World([owner_of(forward), owner_of(backward)], args, kwargs, forward, backward)
            world.put(values or {})
            yield world

    def places(self) -> list[Place]:
        """Every array of floating-point numbers that the pair is given, once, even if it has several names."""
        roots = roots_of(list(self.args), self.kwargs, owner_of(self.forward), owner_of(self.backward))
        found: dict[int, Place] = {}
        for path, value in leaves(roots):
            key = id(value) if isinstance(value, np.ndarray) else hash(path)
            if key not in found:
                argument = path[0] in ("args", "kwargs")
                found[key] = Place(written(path, self.forward), path, np.asarray(value, float), argument)
        return list(found.values())

    def in_double_precision(self) -> Subject:
        """The same pair with copies of its arrays in double precision, after a first call made the layer's parameters."""
        with self.opened() as world:
            widen(world)
            return Subject(world.forward, world.backward, tuple(world.args), world.kwargs, self.seed)


def roots_of(args: list[Any], kwargs: dict[str, Any], owner: Any, other: Any) -> dict[str, Any]:
    """Where paths begin. A layer owns both methods, and is there once."""
    return {"args": args, "kwargs": kwargs, "self": owner, "other": None if other is owner else other}


def together(*parts: Any) -> tuple[Any, ...]:
    """The copies of forward, backward and their arguments."""
    return parts


def widen(world: World) -> None:
    """Turn the arrays of single precision into double precision."""
    narrow = {p: v for p, v in leaves(world.roots) if isinstance(v, np.ndarray) and v.dtype != float}
    world.put({path: value.astype(float) for path, value in narrow.items()})


def leaves(roots: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """(path, array) of the arrays of floating-point numbers, and the plain floats among the arguments."""
    for root, value in roots.items():
        if root in ("args", "kwargs"):
            for key, item in enumerate(value) if isinstance(value, list) else value.items():
                if isinstance(item, (float, np.floating)):
                    yield (root, key), item
        yield from walk(value, (root,), 0, set())


def walk(value: Any, path: Path, depth: int, seen: set[int]) -> Iterator[tuple[Path, np.ndarray]]:
    """The arrays in a value: an array, a container of arrays, or an object of the user's."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f" and value.size:
            yield path, value
        return
    if depth > DEPTH or id(value) in seen:
        return
    if isinstance(value, dict):
        items: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, (list, tuple)):
        items = list(enumerate(value))
    elif is_user_instance(value) or (depth == 0 and hasattr(value, "__dict__")):
        items = [(Attribute(name), item) for name, item in vars(value).items()]
    else:
        return
    for key, item in items[:400]:
        yield from walk(item, (*path, key), depth + 1, seen | {id(value)})


def exchanged(value: Any, swaps: Mapping[int, Any], memo: dict[int, Any], depth: int = 0) -> Any:
    """The value with other objects in the place of some arrays. Lists, dicts and objects are changed, tuples made anew."""
    if id(value) in swaps:
        return swaps[id(value)]
    if depth > DEPTH + 1 or id(value) in memo:
        return memo.get(id(value), value)
    if isinstance(value, tuple):
        items = [exchanged(item, swaps, memo, depth + 1) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    memo[id(value)] = value
    if isinstance(value, list):
        value[:] = [exchanged(item, swaps, memo, depth + 1) for item in value]
    elif isinstance(value, dict):
        value.update({name: exchanged(item, swaps, memo, depth + 1) for name, item in value.items()})
    elif is_user_instance(value) or (depth == 0 and hasattr(value, "__dict__")):
        for name, item in list(vars(value).items()):
            new = exchanged(item, swaps, memo, depth + 1)
            if new is not item:
                vars(value)[name] = new
    return value


def written(path: Path, forward: Callable[..., Any]) -> str:
    """A path as the user would write it: `x`, `params['W1']`, `layers[0].W`."""
    root, *rest = path
    if root == "args":
        names = argument_names(forward)
        position = rest.pop(0)
        text = names[position] if position < len(names) else f"argument {position + 1}"
    else:
        text = str(rest.pop(0)) if root == "kwargs" else ""
    for key in rest:
        text += f".{key.name}" if isinstance(key, Attribute) else f"[{key!r}]"
    return text.removeprefix(".")


def argument_names(function: Callable[..., Any]) -> list[str]:
    """The names of the positional arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def owner_of(function: Any) -> Any:
    """The object whose method this is, or the object that is called; None for a plain function."""
    if isinstance(function, types.MethodType):
        return function.__self__
    return None if function is None or not is_user_instance(function) else function


def plain(function: Any) -> Any:
    """The function behind a method or an object that can be called."""
    if isinstance(function, types.MethodType):
        return inspect.unwrap(function.__func__)
    return type(function).__call__ if is_user_instance(function) else inspect.unwrap(function)


def name_of(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
