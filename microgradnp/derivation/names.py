"""Names for the values of a graph that a line of Python can use."""

from __future__ import annotations

import keyword
import re
from typing import Any

from microgradnp.drawing.outline import Outline
from microgradnp.emitter.lines import Names

WORD = re.compile(r"[^\W\d][\w.\[\]'\"]*( #\d+)?")


def code_names(outline: Outline) -> list[str]:
    """For each value a name that a line of Python can use. No two values share a name."""
    taken = {"np", "special"} | {value.rule.name for value in outline.values if getattr(value, "rule", None) is not None}
    counted: dict[str, int] = {}  # the last number given to each name, so that none is tried twice
    names: list[str] = []
    for wish in outline.names:
        plain = re.sub(r"\W+", "_", wish.removeprefix("self.")).strip("_") if len(wish) < 60 and WORD.fullmatch(wish) else ""
        plain = f"{plain}_" if keyword.iskeyword(plain) else plain
        plain = plain or ("loss" if len(names) == len(outline.names) - 1 and "loss" not in taken else "")
        name = plain or "v"
        while not name.isidentifier() or name in taken or name == "v":
            number = counted[plain] = counted.get(plain, 1 if plain else 0) + 1
            name = f"{plain}_{number}" if plain else f"v{number}"
        taken.add(name)
        names.append(name)
    return names


def namer(node: Any, index: dict[int, int], names: list[str]) -> Names:
    """The names of a step's variables: "y" or "r" is the node, "g" its gradient, "0" an argument, "d0" its gradient."""

    def name(variable: str) -> str:
        if variable in ("y", "r"):
            return names[index[id(node)]]
        if variable == "g":
            return f"d_{names[index[id(node)]]}"
        argument = names[index[id(node.args[int(variable.lstrip("d"))])]]
        return f"d_{argument}" if variable[0] == "d" else argument

    return name
