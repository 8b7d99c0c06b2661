"""The names of a generated text: the functions and arrays that it refers to, and its local variables."""

from __future__ import annotations

import builtins
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.signatures import name_of
from microgradnp.core.table import TABLE, Rule
from microgradnp.emitter.identifiers import identifier
from microgradnp.emitter.quoting import public_name


class BackendError(Exception):
    """A backend has no text for a step; the message says which step."""


class Namespace:
    """Objects by their names in a text. It stands where `emit` has its quotes: objects are bound, and nothing is quoted."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {"np": np}
        self.taken: set[str] = {"np", "step"}
        self.known: dict[int, str] = {}
        self.once: dict[str, str] = {}
        self.definitions: dict[str, str] = {}  # none
        self.numbers: dict[str, int] = {}  # the last number of each name that was wished for again and again

    def name(self, function: Callable[..., Any], wish: str | None = None) -> str:
        """The name of a function, which is looked up once: `multiply` and not `np.multiply`."""
        if id(function) not in self.known:
            entry = TABLE.get(function)
            unwrapped = getattr(function, "__wrapped__", function) if getattr(function, "primitive", False) else function
            plain = entry.plain if isinstance(entry, Rule) else unwrapped
            shown = public_name(function)
            self.known[id(function)] = self.bind((shown or wish or name_of(function)).rpartition(".")[2], plain)
        return self.known[id(function)]

    def spelled(self, function: Callable[..., Any], text: str) -> str:  # noqa: ARG002
        return self.name(function)

    def bind(self, wish: str, item: Any) -> str:
        """A new name for an object."""
        name = self.local(wish)
        self.objects[name] = item
        return name

    def bind_once(self, wish: str, item: Any) -> str:
        """The same name each time for the same wish. Methods are new objects whenever Python looks them up."""
        if wish not in self.once:
            self.once[wish] = self.bind(wish, item)
        return self.once[wish]

    def local(self, wish: str) -> str:
        """An identifier that nothing else has."""
        name = identifier(wish, lambda name: name in self.taken or hasattr(builtins, name), numbers=self.numbers)
        self.taken.add(name)
        return name


def needs(library: str, extra: str) -> None:
    """Raises ImportError with the line that installs it when a library is missing."""
    if importlib.util.find_spec(library) is None:
        raise ImportError(f'compile: backend="{library}" needs {library}; pip install "microgradnp[{extra}]"')


def within(numbers: Any, n: int) -> None:
    """Raises IndexError, as NumPy does, for an index that is out of bounds for n entries."""
    if numbers.size and (numbers.min() < -n or numbers.max() >= n):
        raise IndexError(f"an index of {numbers.min()} ... {numbers.max()} is out of bounds for an axis of size {n}")
