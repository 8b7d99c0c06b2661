"""The names of a generated text: the objects that it refers to, and its local variables."""

from __future__ import annotations

import builtins
from typing import Any

from microgradnp.program.identifiers import identifier
from microgradnp.program.values import Value


class BackendError(Exception):
    """A backend has no text for a step. The message says which step; `step` is that step where it is known."""

    step: Value | None = None


class Names:
    """Objects by their names in a text, and names that nothing else has."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.taken: set[str] = set()
        self.once: dict[str, str] = {}
        self.numbers: dict[str, int] = {}  # the last number of each name that was wished for again and again

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
