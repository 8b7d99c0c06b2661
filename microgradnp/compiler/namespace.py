"""The names of a text that Python runs: also the functions that it calls, which are looked up once."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.signatures import name_of
from microgradnp.core.table import TABLE, Rule
from microgradnp.emitter.quoting import public_name
from microgradnp.loops.names import Names


class Namespace(Names):
    """The names of a Python text. It stands where `emit` has its quotes: objects are bound, and nothing is quoted."""

    def __init__(self) -> None:
        super().__init__()
        self.objects["np"] = np
        self.taken |= {"np", "step"}
        self.known: dict[int, str] = {}
        self.definitions: dict[str, str] = {}  # none

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


def needs(library: str, extra: str) -> None:
    """Raises ImportError with the line that installs it when a library is missing."""
    if importlib.util.find_spec(library) is None:
        raise ImportError(f'compile: backend="{library}" needs {library}; pip install "microgradnp[{extra}]"')


def within(numbers: Any, n: int) -> None:
    """Raises IndexError, as NumPy does, for an index that is out of bounds for n entries."""
    if numbers.size and (numbers.min() < -n or numbers.max() >= n):
        raise IndexError(f"an index of {numbers.min()} ... {numbers.max()} is out of bounds for an axis of size {n}")
