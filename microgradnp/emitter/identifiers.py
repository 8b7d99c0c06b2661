"""Identifiers for a generated text: like the name that is wished for, and like no other."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable


def identifier(wish: str, is_taken: Callable[[str], bool], default: str = "v") -> str:
    """A Python identifier like `wish` that is not taken.

    >>> identifier("my weights", {"my_weights"}.__contains__)
    'my_weights_2'
    >>> identifier("class", set().__contains__)
    'class_'
    """
    plain = re.sub(r"\W+", "_", wish).strip("_") or default
    plain = f"_{plain}" if plain[0].isdigit() else plain
    plain = f"{plain}_" if keyword.iskeyword(plain) else plain
    name, number = plain, 1
    while is_taken(name):
        number += 1
        name = f"{plain}_{number}"
    return name
