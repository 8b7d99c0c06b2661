"""Names in a generated text: functions and arrays that it refers to, and its local variables."""

from __future__ import annotations

import builtins
import importlib.util
import keyword
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.signatures import name_of
from microgradnp.emitter.quoting import public_name


class BackendError(Exception):
    """A step that a backend has no text for; the message says which."""


class Namespace:
    """Objects by the names that a text calls them. It stands where `emit` has its quotes: nothing is quoted, all is at hand."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {"np": np}
        self.taken: set[str] = {"np", "step"}
        self.known: dict[int, str] = {}
        self.once: dict[str, str] = {}
        self.definitions: dict[str, str] = {}  # none

    def name(self, function: Callable[..., Any], wish: str | None = None) -> str:
        """The name of a function, which is looked up once: `multiply` and not `np.multiply`."""
        if id(function) not in self.known:
            plain = getattr(function, "__wrapped__", function) if getattr(function, "primitive", False) else function
            shown = public_name(function)
            self.known[id(function)] = self.bind((shown or wish or name_of(function)).rpartition(".")[2], plain)
        return self.known[id(function)]

    def spelled(self, function: Callable[..., Any], text: str) -> str:  # noqa: ARG002
        return self.name(function)

    def bind(self, wish: str, item: Any) -> str:
        """A name of its own for an object."""
        name = self.local(wish)
        self.objects[name] = item
        return name

    def bind_once(self, wish: str, item: Any) -> str:
        """The same name for the same object each time; for what Python makes anew whenever it is looked up."""
        self.once.setdefault(wish, self.bind(wish, item) if wish not in self.once else "")
        return self.once[wish]

    def local(self, wish: str) -> str:
        """An identifier that nothing else has."""
        plain = re.sub(r"\W+", "_", wish).strip("_") or "v"
        plain = f"_{plain}" if plain[0].isdigit() or keyword.iskeyword(plain) or hasattr(builtins, plain) else plain
        name, number = plain, 1
        while name in self.taken:
            number += 1
            name = f"{plain}_{number}"
        self.taken.add(name)
        return name


def needs(library: str, extra: str) -> None:
    """Raises ImportError with the line that installs it when a library is missing."""
    if importlib.util.find_spec(library) is None:
        raise ImportError(f'compile: backend="{library}" needs {library}; pip install "microgradnp[{extra}]"')


def within(numbers: Any, n: int) -> None:
    """Raises IndexError, as NumPy does, for a number that is none of n entries."""
    if numbers.size and (numbers.min() < -n or numbers.max() >= n):
        raise IndexError(f"an index of {numbers.min()} ... {numbers.max()} is out of bounds for an axis of size {n}")
