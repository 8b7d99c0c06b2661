"""Places that hold values, as text: `net.layers[0].W`, `return[1]`; what holds them, and what they are called there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache


@lru_cache(maxsize=4096)
def holder_of(path: str) -> str:
    """What holds a value: `return` for `return[1]`, `self.grads` for `self.grads['W']`."""
    return re.sub(r"(\.\w+|\[[^\[\]]*\])$", "", path)


def below(path: str, own: str) -> str:
    """How a place is reached from the holder of a parameter: `.grads['W']` of `self.grads['W']`. Empty where it is not."""
    holder = holder_of(own)
    return path.removeprefix(holder) if tail(own) and is_inside(path, holder) else ""


def is_inside(path: str, holder: str) -> bool:
    """Whether a place is a holder itself, or lies in it."""
    return path == holder or path.startswith((f"{holder}.", f"{holder}["))


def tail(path: str) -> str:
    """The last word of a place: `.W` of `self.W`."""
    return path.removeprefix(holder_of(path))


def word(path: str) -> str:
    """The key or the attribute at the end of a place: `W` of `self.W` and of `net['W']`."""
    return tail(path).strip(".[]'\"")


def affixes_of(key: str, name: str) -> Iterator[tuple[str, str]]:
    """What stands before, or behind, a name in a key."""
    if name and key.endswith(name):
        yield key.removesuffix(name), ""
    if name and key.startswith(name) and key != name:
        yield "", key.removeprefix(name)


def root_of_place(path: str) -> str:
    """`return` for all that is returned, nothing for a variable, else what holds a value."""
    if re.match(r"return\b", path):
        return "return"
    return "" if path.isidentifier() else holder_of(path)
