"""Identifiers for a generated text: like the name that is wished for, and like no other."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable

LONGEST = 60  # characters


def identifier(wish: str, is_taken: Callable[[str], bool], default: str = "v", numbers: dict[str, int] | None = None) -> str:
    """A Python identifier like `wish` that is not taken. `numbers` remembers where the last search for the same wish ended.

    >>> identifier("my weights", {"my_weights"}.__contains__)
    'my_weights_2'
    >>> identifier("class", set().__contains__)
    'class_'
    """
    plain = re.sub(r"\W+", "_", wish).strip("_") or default
    plain = f"_{plain}" if plain[0].isdigit() else plain
    plain = f"{plain}_" if keyword.iskeyword(plain) else plain
    plain = plain[:LONGEST]
    numbers = {} if numbers is None else numbers
    number = numbers.get(plain, 1)
    name = plain if number == 1 else f"{plain}_{number}"
    while is_taken(name):
        number += 1
        name = f"{plain}_{number}"
    numbers[plain] = number
    return name
