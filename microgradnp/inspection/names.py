"""What the user calls each box, found where nothing was said.

In this order: the Tensor's own name; the variable, list or dictionary of the caller that holds it; the variable that the
result was assigned to; the source text of the operand or of the expression. A name that would mislead is not given: the
results inside one call of a module or of a library function are made by one line of the user's, and only the last of them is
what that line is about.
"""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.origin import locate, names_in_frame, operands
from microgradnp.core.signatures import name_of

LONGEST_CONTAINER = 1000


def names_from(frame: Any) -> dict[int, str]:
    """id of each array and Tensor that the frame's variables hold, themselves or in a list or dictionary -> its name."""
    direct = names_in_frame(frame)
    found: dict[int, str] = {}
    for variables in (frame.f_globals, frame.f_locals):
        for variable, container in list(variables.items()):
            if direct.get(id(container)) != variable or not isinstance(container, (dict, list, tuple)):
                continue
            if len(container) <= LONGEST_CONTAINER:
                items = container.items() if isinstance(container, dict) else enumerate(container)
                found.update({id(value): f"{variable}[{key!r}]" for key, value in items if has_shape(value)})
    return found | direct


def has_shape(value: Any) -> bool:
    return isinstance(value, np.ndarray) or graph.is_node(value)


def name_boxes(values: list[Any], uses: dict[int, tuple[Any, int]], variables: dict[int, str]) -> list[str]:
    """A name for each Tensor and array in `values`, "" where there is none that would not mislead.

    `uses` gives, by id, a node that has the value as an argument, and at which position. Names that several boxes share,
    because a loop assigned them again and again, are numbered.
    """
    answers = last_at_their_place(values)
    said, found = [], []
    for value in values:
        name = getattr(value, "name", None)
        said.append(str(name) if name else None)
        found.append(
            variables.get(id(value))
            or assigned(value, answers)
            or operand(uses.get(id(value)), answers)
            or text_of(value, answers)
        )
    shared = collections.Counter(name for explicit, name in zip(said, found, strict=True) if explicit is None and name)
    number: collections.Counter[str] = collections.Counter()
    names = []
    for explicit, name in zip(said, found, strict=True):
        if explicit is None and name and shared[name] > 1:
            number[name] += 1
            name = f"{name} #{number[name]}"
        names.append(explicit or name or "")
    return names


def last_at_their_place(values: list[Any]) -> set[int]:
    """ids of the results that the source line which made them is about.

    When all results of one instruction are made by one function, each is: it is a loop. Otherwise the instruction called
    something that recorded several steps, and only those that no other step of it consumes are its results.
    """
    made: dict[Any, list[Any]] = collections.defaultdict(list)
    for node in values:
        if getattr(node, "place", None) is not None and node.rule is not None:
            made[id(node.place[0]), node.place[1]].append(node)
    answers: set[int] = set()
    for nodes in made.values():
        if len({(node.rule, node.scope) for node in nodes}) > 1:
            consumed = {id(parent) for node in nodes for parent in graph.parents(node)}
            nodes = [node for node in nodes if id(node) not in consumed]
        answers.update(id(node) for node in nodes)
    return answers


def assigned(value: Any, answers: set[int]) -> str | None:
    """The variable that a value was assigned to when it was made."""
    origin = locate(getattr(value, "place", None))
    is_answer = origin is not None and (value.rule is None or id(value) in answers)
    return origin.name if origin and is_answer else None


def text_of(value: Any, answers: set[int]) -> str | None:
    """The expression that a result is the value of."""
    if id(value) not in answers:
        return None
    origin = locate(value.place)
    return (origin.text or None) if origin else None


def operand(use: tuple[Any, int] | None, answers: set[int]) -> str | None:
    """The source text of an argument where it is used, when the source says which one it is."""
    if use is None or id(use[0]) not in answers:
        return None
    node, position = use
    origin = locate(node.place)
    texts = operands(origin.text, name_of(node.rule.function)) if origin else ()
    return texts[position] if len(texts) == len(node.args) else None
